-- A ready fix, a fix by the model that is shown before it is made, and one that is made at once.
local s = dofile(os.getenv('SESSION'))
local preview = require('mirador.preview')
local client = s.open('sign.py')
s.wait('both findings', function() return s.codes()['ruff/F632'] and s.codes()['model/bug'] end)

vim.api.nvim_win_set_cursor(0, { 6, 16 })
s.act('%(ruff/F632%)$')
s.wait('the ready fix is made', function() return s.text():find('currency == "EUR"', 1, true) end)

vim.cmd('silent write')
s.wait('reviewed again', function() return s.codes()['model/bug'] and not s.codes()['ruff/F632'] end)

-- Shown, and left: nothing was changed, neither before nor after.
local buffer, before, code = vim.api.nvim_get_current_buf(), s.text(), vim.api.nvim_get_current_win()
vim.api.nvim_win_set_cursor(0, { 2, 8 })
vim.cmd('Mirador fix')
local shown = s.wait('the change is shown', function() return preview.shown()[1] end)
assert(#vim.api.nvim_list_tabpages() == 2 and s.text(buffer) == before)
assert(s.text(shown.before) == before and s.text(shown.after):find('if prices else 0.0', 1, true))
local windows = vim.api.nvim_tabpage_list_wins(shown.page)
assert(#windows == 2 and vim.wo[windows[1]].diff and vim.wo[windows[2]].diff)
assert(vim.wo[windows[1]].winbar:find('Fix: This divides', 1, true), vim.wo[windows[1]].winbar)
assert(vim.wo[windows[2]].winbar:find('a accepts, q leaves it', 1, true))
assert(not vim.iter({ shown.before, shown.after }):any(function(each) return vim.lsp.get_clients({ bufnr = each })[1] end))
s.decide('q')
assert(#vim.api.nvim_list_tabpages() == 1 and vim.api.nvim_get_current_win() == code)
s.wait('the server knows', function() return not require('mirador.changes').runs(client.id) end)
assert(s.text(buffer) == before)
assert(not vim.iter(s.said):any(function(said) return said:find('not wanted') or said:find('did not make') end))

-- Closed in some other way: the same.
vim.cmd('Mirador fix')
s.wait('shown again', function() return preview.shown()[1] end)
vim.cmd('tabclose')
s.wait('gone', function() return not preview.shown()[1] end)
assert(s.text(buffer) == before and #vim.api.nvim_list_tabpages() == 1)

-- Edited meanwhile: what was shown is not made; it is worked out for the new text and shown anew.
vim.cmd('Mirador fix')
s.wait('shown a third time', function() return preview.shown()[1] end)
vim.api.nvim_buf_set_lines(buffer, -1, -1, true, { '', '', 'CENT = 100' })
s.decide('a')
assert(not s.text(buffer):find('if prices else 0.0', 1, true))
s.decide('a')
s.wait('the fix by the model is made', function() return s.text():find('if prices else 0.0', 1, true) end)
assert(s.lines()[#s.lines()] == 'CENT = 100', s.text())
s.wait('it is said how far it was checked', function()
  return vim.iter(s.said):any(function(said) return said:find('parses') end)
end)
vim.cmd('silent write')
assert(s.on_disk('sign.py'):find('if prices else 0.0', 1, true))
assert(s.on_disk('sign.py'):find('currency == "EUR"', 1, true))

-- Without the preview it is made at once; a code action does the same as the command.
vim.cmd('silent undo | silent undo | silent write')
s.wait('the old text is reviewed', function() return s.codes()['model/bug'] end)
vim.g.mirador = { preview = false }
vim.api.nvim_win_set_cursor(0, { s.codes()['model/bug'].lnum + 1, 8 })
s.act('^Fix with Mirador')
s.wait('made at once', function() return s.text():find('if prices else 0.0', 1, true) end)
s.leave(client)
