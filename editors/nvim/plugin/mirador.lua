if vim.g.loaded_mirador then
  return
end
vim.g.loaded_mirador = true

-- An older Neovim must be able to read this file: it says what is missing instead of failing.
if vim.fn.has('nvim-0.11') == 0 then
  vim.cmd([[command! -nargs=* Mirador echohl WarningMsg
    \ | echomsg 'Mirador: this plugin needs Neovim 0.11; `:help mirador-older` says what works without it.'
    \ | echohl None]])
  return
end

vim.api.nvim_create_user_command('Mirador', function(call)
  require('mirador.commands').run(call)
end, {
  nargs = '+',
  range = true,
  desc = 'Review, explain and change code with local models',
  complete = function(lead, line, cursor)
    return require('mirador.commands').complete(lead, line:sub(1, cursor))
  end,
})

vim.api.nvim_create_autocmd('LspAttach', {
  group = vim.api.nvim_create_augroup('mirador', {}),
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'mirador' then
      require('mirador.signs').attach(client.id)
    end
  end,
})
