-- Five decisions by a user's own commands: one kind is dismissed, another accepted; a new file follows.
local s = dofile(os.getenv('SESSION'))
local client = s.open('first.py')

---@param code string
local function go_to(code)
  local found = s.wait(code, function() return s.codes()[code] end)
  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
end

--- What a shell beside the editor is told: an opinion counts once it is on the disk.
---@return integer
local function dismissals()
  local command = { os.getenv('PYTHON'), '-m', 'mirador_lsp', 'feedback', 'list', '--json' }
  local decisions = vim.json.decode(vim.system(command):wait().stdout).decisions
  return #vim.tbl_filter(function(one) return one.verdict == 'dismissed' end, decisions)
end

for number, name in ipairs({ 'first.py', 'second.py', 'third.py' }) do
  s.open(name)
  if number < 3 then
    go_to('ruff/F632')
    s.act('%(ruff/F632%)$')
    s.wait('the fix is made', function() return s.text():find('currency == "EUR"', 1, true) end)
    vim.cmd('silent write')
    s.wait('it is gone', function() return not s.codes()['ruff/F632'] end)
  end
  go_to('ruff/B006')
  vim.cmd('Mirador dismiss we copy them')
  s.wait('dismissed', function() return not s.codes()['ruff/B006'] end)
  s.wait('and kept', function() return dismissals() == number end)
end

s.open('new.py')
local shown = s.wait('the new file is reviewed', function() return s.codes()['ruff/F632'] end)
assert(not s.codes()['ruff/B006'], vim.inspect(vim.diagnostic.get(0)))
assert(vim.diagnostic.get(0)[1].code == 'ruff/F632', vim.inspect(vim.diagnostic.get(0)))

vim.api.nvim_win_set_cursor(0, { shown.lnum + 1, shown.col })
vim.cmd('Mirador show-withheld')
s.wait('with its reason', function()
  return vim.iter(vim.api.nvim_list_bufs()):any(function(buffer)
    return s.text(buffer):find('you dismissed 3 like this', 1, true)
  end)
end)
vim.ui.select = function(choices, options, choose)
  assert(options.format_item(choices[1]):find('you dismissed 3 like this', 1, true))
  choose(choices[1])
end
vim.cmd('Mirador restore')
s.wait('shown again', function() return s.codes()['ruff/B006'] end)

s.open('last.py')
s.wait('the kind is shown again', function() return s.codes()['ruff/B006'] end)
s.leave(client)
