-- The command line: completion, places, errors, the check-up.
local s = dofile(os.getenv('SESSION'))
local mirador = require('mirador')
local client = s.open('cart.py')
s.wait('instant finding', function() return s.codes()['ruff/S307'] end)

local all = vim.fn.getcompletion('Mirador ', 'cmdline')
assert(#all == 28, vim.inspect(all))
assert(vim.deep_equal(vim.fn.getcompletion('Mirador review-s', 'cmdline'), { 'review-selection', 'review-symbol' }))
assert(#vim.fn.getcompletion('Mirador ask w', 'cmdline') == 0)

-- Every subcommand has a command of the server, or does its work here.
local offered = client.server_capabilities.executeCommandProvider.commands
for _, name in ipairs(all) do
  local command = 'mirador.' .. name:gsub('%-(%l)', string.upper)
  assert(vim.list_contains(offered, command) or name == 'search', command)
end

vim.cmd('Mirador nonsense')
s.wait('an unknown subcommand is said', function()
  return vim.iter(s.said):any(function(said) return said:find('no `:Mirador nonsense`') end)
end)
vim.cmd('5,6Mirador review-selection')
s.wait('the selection is reviewed', function()
  return vim.iter(s.said):any(function(said) return said:find('1 findings') end)
end)
vim.cmd('new')
vim.cmd('Mirador explain')
s.wait('no server here, and why', function()
  return vim.iter(s.said):any(function(said) return said:find('checkhealth mirador') end)
end)
assert(mirador.status() == '')

vim.cmd('checkhealth mirador')
local report = s.text()
assert(report:find('OK enabled') and report:find('OK running for'), report)
assert(report:find('OK ruff: ') and report:find('OK python: '), report)

-- A server that is not there is named, with what mends it.
vim.lsp.config('mirador', { cmd = { '/nowhere/mirador', 'serve', '--stdio' } })
vim.cmd('checkhealth mirador')
assert(s.text():find('ERROR `/nowhere/mirador` is not there', 1, true), s.text())
s.leave(client)
