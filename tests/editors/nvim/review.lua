-- Diagnostics stage by stage, progress, hover, the status, a save, a close.
local s = dofile(os.getenv('SESSION'))
local client = s.open('cart.py')
local status = require('mirador').status

s.wait('instant finding', function() return s.codes()['ruff/S307'] end)
assert(not s.codes()['model/bug'], 'the model has not spoken yet')
assert(s.codes()['ruff/S307'].source == 'mirador')
assert(s.codes()['ruff/S307'].lnum == 5 and s.codes()['ruff/S307'].col == 11)
s.wait('progress begins', function() return s.progress[1] == 'begin' end)
s.wait('the status names the stage', function() return status() == 'Mirador: quick…' end)
s.release('go')
s.wait('model finding', function() return s.codes()['model/bug'] end)
assert(s.codes()['model/bug'].lnum == 1)
s.wait('progress ends', function() return s.progress[#s.progress] == 'end' end)
s.wait('the status is calm', function() return status() == 'Mirador' end)

vim.api.nvim_win_set_cursor(0, { 1, 5 })
-- A hover waits for no parser, so the first one may know nothing yet.
local asked = 0
local float = s.wait('hover window', function()
  if vim.uv.now() - asked > 2000 then
    asked = vim.uv.now()
    vim.lsp.buf.hover()
  end
  return vim.iter(vim.api.nvim_list_wins()):find(function(window)
    return vim.api.nvim_win_get_config(window).relative ~= ''
  end)
end)
local shown = s.text(vim.api.nvim_win_get_buf(float))
assert(shown:find('def mean%(prices%)') and shown:find('may be zero'), shown)
vim.api.nvim_win_close(float, true)

-- A line typed above moves everything down; the save is reviewed as the new version.
vim.api.nvim_buf_set_lines(0, 0, 0, true, { '# é😀' })
vim.cmd('silent write')
s.wait('moved after the save', function()
  local seen = s.codes()
  return seen['ruff/S307'] and seen['ruff/S307'].lnum == 6 and seen['model/bug'] and seen['model/bug'].lnum == 2
end)

vim.cmd('bdelete')
s.wait('cleared after the close', function() return #vim.diagnostic.get() == 0 end)
assert(status() == '', 'there is nothing to say of a buffer without Mirador')
s.leave(client)
