-- A fix is shown to the other servers of its buffer first, and not made where they find it worse.
local s = dofile(os.getenv('SESSION'))

--- A server in this very process: it warns of texts that hold `complaint`.
local seen, closed, complaint = {}, {}, 'if prices else'
local function other(dispatchers)
  local requests = 0
  local function look(document)
    table.insert(seen, document)
    local diagnostics = { {
      range = { start = { line = 0, character = 0 }, ['end'] = { line = 0, character = 1 } },
      message = 'as before', severity = 2, source = 'others',
    } }
    if document.text:find(complaint, 1, true) then
      table.insert(diagnostics, vim.tbl_extend('force', diagnostics[1], { message = 'worse' }))
    end
    vim.schedule(function()
      dispatchers.notification('textDocument/publishDiagnostics', { uri = document.uri, diagnostics = diagnostics })
    end)
  end
  return {
    request = function(method, _, callback)
      requests = requests + 1
      callback(nil, method == 'initialize' and { capabilities = { textDocumentSync = 1 } } or vim.NIL)
      return true, requests
    end,
    notify = function(method, params)
      if method == 'textDocument/didOpen' then
        look(params.textDocument)
      elseif method == 'textDocument/didClose' then
        table.insert(closed, params.textDocument.uri)
      end
      return true
    end,
    is_closing = function() return false end,
    terminate = function() end,
  }
end
vim.lsp.config('others', { cmd = other, filetypes = { 'python' }, root_markers = { '.git' } })
vim.lsp.enable('others')

vim.g.mirador = { preview = false }
local client = s.open('sign.py')
s.wait('the other server', function() return vim.diagnostic.get(0)[1] and #seen == 1 end)
s.wait('both findings', function() return s.codes()['ruff/F632'] and s.codes()['model/bug'] end)
local before, buffers = s.text(), #vim.api.nvim_list_bufs()
vim.api.nvim_win_set_cursor(0, { 2, 8 })
vim.cmd('Mirador fix')
s.wait('both texts were shown and taken back', function() return #seen >= 3 and #closed >= 2 end)
s.wait('no job runs', function() return require('mirador').status():find('^Mirador') and not require('mirador').status():find('…') end)
assert(s.text() == before, 'the fix is worse for others')
assert(#vim.api.nvim_list_bufs() == buffers, 'no buffer was made of a text that is on no disk')
for _, document in ipairs(vim.list_slice(seen, 2)) do
  assert(vim.list_contains(closed, document.uri), document.uri)
end

complaint = 'nothing like this'
vim.cmd('Mirador fix')
s.wait('the fix is made', function() return s.text():find('if prices else 0.0', 1, true) end)
s.leave(client)
