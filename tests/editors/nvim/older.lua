-- A Neovim without `vim.lsp.enable`: what docs/editors.md says to put into init.lua, with LSP alone.
-- Written for 0.7, and run in 0.11 too.
local folder = assert(os.getenv('FOLDER'))
local seen = {}
vim.notify = function(message) table.insert(seen, message) end

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
end

local function codes()
  local found = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(0)) do
    found[diagnostic.code or vim.tbl_get(diagnostic, 'user_data', 'lsp', 'code') or ''] = diagnostic
  end
  return found
end

local function wait(what, condition)
  if not vim.wait(60000, condition, 20) then
    error('timed out: ' .. what .. '\n' .. vim.inspect({ seen, vim.diagnostic.get(0), text() }), 0)
  end
  print('ok ' .. what)
end

local function main()
  vim.opt.runtimepath:prepend(assert(os.getenv('PLUGIN')))
  vim.cmd('runtime plugin/mirador.lua')
  if vim.fn.has('nvim-0.11') == 0 then
    local said = vim.api.nvim_exec('Mirador explain', true)
    assert(said:find('needs Neovim 0.11', 1, true), said)
    vim.cmd('checkhealth mirador')
    assert(text():find('Neovim 0.11 or newer is needed', 1, true), text())
    vim.cmd('enew')
  end

  vim.cmd('luafile ' .. assert(os.getenv('SNIPPET')))
  vim.cmd('filetype plugin on')
  vim.cmd('edit ' .. folder .. '/sign.py')
  vim.bo.filetype = 'python'
  wait('both findings', function() return codes()['ruff/F632'] and codes()['model/bug'] end)

  vim.ui.select = function(items, options, choose)
    for _, item in ipairs(items) do
      if (options.format_item and options.format_item(item) or item):find('ruff/F632)', 1, true) then
        return choose(item, 1)
      end
    end
    error('no such action')
  end
  vim.api.nvim_win_set_cursor(0, { 6, 24 })
  vim.lsp.buf.code_action()
  wait('the fix is made', function() return text():find('currency == "EUR"', 1, true) ~= nil end)
  vim.cmd('silent write')
  wait('its finding is gone', function() return not codes()['ruff/F632'] end)
  assert(table.concat(vim.fn.readfile(folder .. '/sign.py'), '\n'):find('currency == "EUR"', 1, true))
  for _, client in pairs((vim.lsp.get_clients or vim.lsp.get_active_clients)()) do
    vim.lsp.stop_client(client.id)
  end
  wait('the server has left', function()
    return #vim.tbl_values((vim.lsp.get_clients or vim.lsp.get_active_clients)()) == 0
  end)
  vim.wait(300)
end

local well, problem = pcall(main)
if not well then
  io.stderr:write(tostring(problem) .. '\n')
  vim.cmd('cquit 1')
end
vim.cmd('qall!')
