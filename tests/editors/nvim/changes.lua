-- `:Mirador review-my-changes`: what is not committed, saved or not, and what it breaks elsewhere.
local s = dofile(os.getenv('SESSION'))
local client = s.open('cart.py')

--- Lines and codes of our diagnostics of a file, open or not.
local function found(name)
  local buffer = vim.fn.bufnr(s.folder .. '/' .. name)
  local seen = {}
  for _, each in ipairs(buffer > 0 and vim.diagnostic.get(buffer) or {}) do
    table.insert(seen, (each.lnum + 1) .. ' ' .. each.code)
  end
  table.sort(seen)
  return table.concat(seen, ', ')
end

local function review()
  s.said = {}
  vim.cmd('Mirador review-my-changes')
  return s.wait('what was found is told', function()
    return s.said[1]
  end)
end

local told = review()
assert(told:find('^Mirador: 0 findings') and told:find('risk low'), told)

-- Not saved: the editor's text counts.
vim.api.nvim_buf_set_lines(0, 0, 1, true, { 'def total(items, rate, currency):' })
told = review()
assert(told:find('^Mirador: 1 findings') and told:find('risk high'), told)
s.wait('the call that no longer fits, in a file that is not open', function()
  return found('till.py') == '3 change/call-misfit'
end)

s.leave(client)
