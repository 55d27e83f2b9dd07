-- An explanation fills a window while the model speaks; a question goes on below; `q` cancels.
local s = dofile(os.getenv('SESSION'))
local stream = require('mirador.answers')
local client = s.open('cart.py')
s.wait('instant finding', function() return s.codes()['ruff/S307'] end)

vim.api.nvim_win_set_cursor(0, { 1, 5 })
local code = vim.api.nvim_get_current_win()
vim.cmd('Mirador explain')
local buffer = s.wait('the window is there', stream.shown)
assert(vim.api.nvim_get_current_win() == code, 'the code keeps the cursor')
s.wait('the first words', function() return s.text(buffer):find('Divides the sum') end)
assert(not s.text(buffer):find('must look first'), 'the model has not said all')
s.release('explain')
s.wait('the whole explanation', function()
  return s.text(buffer):find('# cart.py: mean', 1, true) and s.text(buffer):find('must look first')
end)
local _, window = stream.shown()
s.wait('who says it and how sure', function()
  return vim.wo[window].winbar:find('quick, qwen2%.5%-coder%-0%.5b, %d+ %%%%, %l+')
end)

vim.cmd('Mirador ask what if there are no prices?')
s.wait('the answer', function()
  return s.text(buffer):find('# what if there are no prices?', 1, true) and s.text(buffer):find('Return `0.0`', 1, true)
end)

-- A further question is about the same code, wherever it stands by now.
vim.api.nvim_buf_set_lines(vim.api.nvim_win_get_buf(code), 0, 0, true, { '# Prices.', '', '' })
local input, asked = vim.ui.input, nil
vim.ui.input = function(_, answer) answer('what if again?') end
local request = client.request
client.request = function(self, method, params, ...)
  asked = method == 'mirador/ask' and params or asked
  return request(self, method, params, ...)
end
vim.api.nvim_set_current_win(window)
vim.api.nvim_feedkeys('a', 'x', false)
vim.ui.input, client.request = input, nil
assert(asked and asked.position.line == 3, vim.inspect(asked))
s.wait('answered below', function() return s.text(buffer):find('# what if again?', 1, true) end)
vim.api.nvim_set_current_win(code)

-- A code action does the same as the command.
s.act('^Explain `mean`')
s.wait('explained again', function()
  return not s.text(buffer):find('what if') and s.text(buffer):find('must look first')
end)

local before = #s.journal()
vim.cmd('Mirador ask endlessly?')
s.wait('the endless answer begins', function() return s.text(buffer):find('well well') end)
vim.api.nvim_set_current_win(window)
vim.api.nvim_feedkeys('q', 'x', false)
assert(not vim.api.nvim_buf_is_valid(buffer), 'q closes the window')
s.wait('and stops the model', function()
  return vim.list_contains(vim.list_slice(s.journal(), before + 1), 'cancelled')
end)
s.leave(client)
