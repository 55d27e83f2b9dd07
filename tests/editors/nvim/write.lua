-- A doc comment and a new file of tests, by code actions: shown first, then made; the file is opened.
local s = dofile(os.getenv('SESSION'))
local preview = require('mirador.preview')
local client = s.open('sign.py')
local buffer = vim.api.nvim_get_current_buf()
s.wait('reviewed', function() return s.codes()['ruff/F632'] end)

vim.api.nvim_win_set_cursor(0, { 1, 5 })
s.wait('parsed', function()
  local symbols = vim.lsp.buf_request_sync(0, 'textDocument/codeAction', {
    textDocument = { uri = vim.uri_from_bufnr(0) },
    range = vim.lsp.util.make_range_params(0, client.offset_encoding).range,
    context = { diagnostics = {} },
  }, 20000)
  return vim.iter(symbols[client.id].result or {}):any(function(action) return action.title == 'Document `mean`' end)
end)
s.act('^Document `mean`$')
s.decide('a')
s.wait('documented', function() return s.text(buffer):find('"""The mean of prices."""', 1, true) end)

s.act('^Write tests for `mean`$')
local shown = s.wait('the new file is shown', function() return preview.shown()[1] end)
assert(s.text(shown.before) == '', s.text(shown.before))
assert(s.text(shown.after):find('assert mean([1, 3]) == 2', 1, true), s.text(shown.after))
local file = s.folder .. '/test_sign.py'
assert(vim.fn.filereadable(file) == 0, 'nothing is on the disk yet')
local windows = vim.api.nvim_tabpage_list_wins(shown.page)
assert(vim.wo[windows[1]].winbar:find('there is no such file yet', 1, true), vim.wo[windows[1]].winbar)
s.decide('a')
s.wait('the file is open', function() return vim.api.nvim_buf_get_name(0):find('test_sign%.py$') end)
vim.cmd('silent write')
assert(s.on_disk('test_sign.py'):find('assert mean([1, 3]) == 2', 1, true))
s.leave(client)
