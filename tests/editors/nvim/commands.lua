-- The command line: completion, places, errors, the check-up.
local s = dofile(os.getenv('SESSION'))
local mirador = require('mirador')
local client = s.open('cart.py')
s.wait('instant finding', function() return s.codes()['ruff/S307'] end)

local all = vim.fn.getcompletion('Mirador ', 'cmdline')
assert(#all == 32, vim.inspect(all))
assert(vim.deep_equal(vim.fn.getcompletion('Mirador review-s', 'cmdline'), { 'review-selection', 'review-symbol' }))
assert(#vim.fn.getcompletion('Mirador ask w', 'cmdline') == 0)
assert(vim.deep_equal(vim.fn.getcompletion('Mirador review-file deep s', 'cmdline'), { 'security', 'style', 'synthesis' }))
assert(vim.deep_equal(vim.fn.getcompletion('Mirador rate ', 'cmdline'), { '1', '2', '3', '4', '5' }))
assert(#vim.fn.getcompletion('Mirador rate 4 ', 'cmdline') == 0)
s.wait('models complete once the server spoke of them', function()
  return vim.deep_equal(vim.fn.getcompletion('Mirador use-model q', 'cmdline'), { 'qwen2.5-coder-0.5b' })
end)
assert(vim.deep_equal(vim.fn.getcompletion('Mirador use-model auto d', 'cmdline'), { 'deep' }))

-- Every subcommand has a command of the server, or does its work here.
local offered = client.server_capabilities.executeCommandProvider.commands
for _, name in ipairs(all) do
  local command = 'mirador.' .. name:gsub('%-(%l)', string.upper)
  assert(vim.list_contains(offered, command) or vim.list_contains({ 'search', 'findings', 'watch' }, name), command)
end

vim.cmd('Mirador review-file nonsense')
s.wait('an unknown lens is said', function()
  return vim.iter(s.said):any(function(said) return said:find('`nonsense` is neither', 1, true) end)
end)
-- And every command of the server has a subcommand; only lenses show findings.
for _, command in ipairs(offered) do
  local name = command:gsub('^mirador%.', ''):gsub('%u', function(letter) return '-' .. letter:lower() end)
  assert(vim.list_contains(all, name) or name == 'show-findings', command)
end

vim.cmd('Mirador pause')
s.wait('paused', function() return mirador.status() == 'Mirador: paused' end)
vim.cmd('Mirador resume')
s.wait('resumed', function() return mirador.status() == 'Mirador' end)
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
assert(report:find('plugin and server are both', 1, true), report)
assert(report:find('buffers: cart.py', 1, true), report)
assert(report:find('OK ruff: ') and report:find('OK python: '), report)

-- A server that is not there is named, with what mends it.
vim.lsp.config('mirador', { cmd = { '/nowhere/mirador', 'serve', '--stdio' } })
vim.cmd('checkhealth mirador')
assert(s.text():find('ERROR `/nowhere/mirador` is not there', 1, true), s.text())
s.leave(client)
