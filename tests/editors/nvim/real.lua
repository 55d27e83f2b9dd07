-- An explanation and a fix by the real 0.5B model.
local MINUTES = 8 * 60000
local s = dofile(os.getenv('SESSION'))
local stream = require('mirador.answers')
local client = s.open('total.py')
s.wait('the misspelt name', function() return s.codes()['ruff/F821'] end)

vim.api.nvim_win_set_cursor(0, { 1, 5 })
vim.cmd('Mirador explain')
local buffer = s.wait('the window is there', stream.shown)
s.wait('the explanation', function() return s.text(buffer):find('total') and s.text(buffer):find('_%d+%.%d s_') end, MINUTES)
print(s.text(buffer))

vim.api.nvim_win_set_cursor(0, { 4, 19 })
vim.cmd('Mirador fix')
s.decide('a', MINUTES)
s.wait('the name is mended', function() return s.text():find('total %+= price\n') end, MINUTES)
vim.cmd('silent write')
assert(s.on_disk('total.py'):find('total += price', 1, true))
s.wait('nothing is wrong any more', function() return not s.codes()['ruff/F821'] end)
s.leave(client)
