-- Findings as lists that follow what is found and mended, and as signs of their own.
local s = dofile(os.getenv('SESSION'))
vim.g.mirador = { signs = { warn = '!' } }
vim.cmd('Mirador findings')
s.wait('without a server it is said', function() return s.said[1] and s.said[1]:find('checkhealth', 1, true) end)
local client = s.open('sign.py')
s.wait('both findings', function() return s.codes()['ruff/F632'] and s.codes()['model/bug'] end)

local function quickfix()
  return vim.fn.getqflist({ items = 0, title = 0, idx = 0, id = 0 })
end
local code = vim.api.nvim_get_current_win()
vim.cmd('Mirador findings')
local list = quickfix()
assert(list.title == 'Mirador: findings' and #list.items == 2, vim.inspect(list))
assert(list.items[1].lnum == 2 and list.items[1].text:find('^%[model/bug%] This divides'), vim.inspect(list))
assert(list.items[2].lnum == 6 and list.items[2].type == 'W', vim.inspect(list))
assert(vim.bo.buftype == 'quickfix', 'the list is shown')
vim.cmd('cclose')
vim.api.nvim_set_current_win(code)
vim.cmd('Mirador findings buffer')
assert(#vim.fn.getloclist(code) == 2 and vim.fn.win_gettype() == 'loclist')
vim.cmd('lclose')
vim.api.nvim_set_current_win(code)

-- Another list in between: ours is still followed, and the other one is left alone.
vim.fn.setqflist({}, ' ', { title = 'other', items = { { text = 'of somebody else' } } })
vim.api.nvim_win_set_cursor(0, { 6, 16 })
s.act('%(ruff/F632%)$')
s.wait('the ready fix is made', function() return s.text():find('currency == "EUR"', 1, true) end)
vim.cmd('silent write')
s.wait('the lists follow', function()
  return #vim.fn.getqflist({ id = list.id, items = 0 }).items == 1 and #vim.fn.getloclist(code) == 1
end)
assert(quickfix().title == 'other' and #quickfix().items == 1)

local signs = vim.iter(vim.api.nvim_buf_get_extmarks(0, -1, 0, -1, { details = true, type = 'sign' })):map(function(mark)
  return (mark[2] + 1) .. ' ' .. vim.trim(mark[4].sign_text or '')
end):totable()
assert(vim.deep_equal(signs, { '2 !' }), vim.inspect(signs))

vim.cmd('Mirador dismiss known')
s.wait('none is left', function() return #vim.fn.getqflist({ id = list.id, items = 0 }).items == 0 end)
s.said = {}
vim.cmd('Mirador findings')
assert(s.said[1]:find('there is no finding'), vim.inspect(s.said))
s.leave(client)
