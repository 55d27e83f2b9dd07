-- Code is found by what it does; the same through `workspace/symbol`, as every editor has it.
local s = dofile(os.getenv('SESSION'))
local client = s.open('cart.py')
s.wait('instant finding', function() return s.codes()['ruff/S307'] end)

local function symbols(query)
  local answers = vim.lsp.buf_request_sync(0, 'workspace/symbol', { query = query }, 20000)
  return answers and answers[client.id] and answers[client.id].result or {}
end
s.wait('the workspace is read', function() return #symbols('the mean of all prices') > 0 end)
local found = symbols('the mean of all prices')[1]
assert(found.name == 'mean', vim.inspect(found))
assert(vim.endswith(found.location.uri, '/cart.py'), found.location.uri)

vim.cmd('Mirador search mean of the prices')
local list = s.wait('the quickfix list fills', function()
  local now = vim.fn.getqflist({ items = 0, title = 0 })
  return #now.items > 0 and now
end)
assert(list.title == 'Mirador: mean of the prices', list.title)
assert(vim.iter(list.items):any(function(item) return item.text:find('^mean ') end), vim.inspect(list.items))
assert(vim.iter(s.said):any(function(said) return said:find('mirador models pull minilm', 1, true) end), vim.inspect(s.said))

vim.fn.setqflist({}, 'r', { items = {}, title = 'none' })
vim.cmd('Mirador search zzzzqqqq')
s.wait('nothing fits, and it is said', function()
  return vim.iter(s.said):any(function(said) return said:find('nothing fits') end)
end)
s.leave(client)
