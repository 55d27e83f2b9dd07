if vim.g.loaded_mirador or vim.fn.has('nvim-0.11') == 0 then
  return
end
vim.g.loaded_mirador = true

vim.api.nvim_create_user_command('Mirador', function(call)
  require('mirador').command(call)
end, {
  nargs = '+',
  range = true,
  desc = 'Review, explain and change code with local models',
  complete = function(lead, line)
    return require('mirador').complete(lead, line)
  end,
})
