--- Findings: which one is meant, and all of them as a list.

local server = require('mirador.server')

local M = {}

---@class mirador.List A quickfix or location list that follows the findings.
---@field id integer
---@field buffer? integer The buffer of a location list.
---@field window? integer The window of a location list.

---@type mirador.List[]
local lists = {}
local refreshing = false

--- Our findings of a buffer, or of all, also of files that are not open.
---@param buffer? integer
---@param options? vim.diagnostic.GetOpts
---@return vim.Diagnostic[]
function M.of(buffer, options)
  return vim.tbl_filter(function(diagnostic)
    return diagnostic.source == 'mirador' and vim.tbl_get(diagnostic, 'user_data', 'lsp', 'data', 'finding')
  end, vim.diagnostic.get(buffer, options))
end

--- Says of which finding a call is: that on the line of the cursor, else the user chooses one of the buffer.
---@param place mirador.Place
---@param go_on fun(place: mirador.Place)
function M.choose(place, go_on)
  local buffer = vim.uri_to_bufnr(place.uri)
  local near = M.of(buffer, { lnum = vim.api.nvim_win_get_cursor(0)[1] - 1 })
  local all = #near > 0 and near or M.of(buffer)
  local function chosen(diagnostic)
    if diagnostic then
      go_on({ uri = place.uri, findingId = diagnostic.user_data.lsp.data.finding })
    end
  end
  if #all == 0 then
    server.say('there is no finding in this buffer.')
  elseif #all == 1 then
    chosen(all[1])
  else
    vim.ui.select(all, {
      prompt = 'Which finding?',
      format_item = function(diagnostic)
        return ('%d: %s'):format(diagnostic.lnum + 1, diagnostic.message)
      end,
    }, chosen)
  end
end

--- Entries of a list, worst first within a file, each with its rule.
---@param diagnostics vim.Diagnostic[]
---@return vim.quickfix.entry[]
function M.entries(diagnostics)
  local items = vim.diagnostic.toqflist(vim.tbl_map(function(diagnostic)
    local message = ('[%s] %s'):format(diagnostic.code or '', diagnostic.message)
    return vim.tbl_extend('force', diagnostic, { message = message })
  end, diagnostics))
  return items
end

---@param list mirador.List
---@param what table
---@param action string
local function set(list, what, action)
  if list.window then
    vim.fn.setloclist(list.window, {}, action, what)
  else
    vim.fn.setqflist({}, action, what)
  end
end

---@param list mirador.List
---@return boolean
local function there(list)
  if list.window then
    return vim.api.nvim_win_is_valid(list.window) and vim.fn.getloclist(list.window, { id = list.id }).id == list.id
  end
  return vim.fn.getqflist({ id = list.id }).id == list.id
end

---@param list mirador.List
---@return integer
local function position(list)
  local what = { id = list.id, idx = 0 }
  return (list.window and vim.fn.getloclist(list.window, what) or vim.fn.getqflist(what)).idx
end

--- Lists follow what is found, dismissed and mended; many changes in a row are taken together.
local function refresh()
  refreshing = false
  lists = vim.tbl_filter(there, lists)
  for _, list in ipairs(lists) do
    local items = M.entries(M.of(list.buffer))
    local at = math.max(math.min(position(list), #items), 1)
    set(list, { id = list.id, items = items, idx = at }, 'r')
  end
end

--- Puts findings into the quickfix list or, of this buffer alone, into the location list, and shows it.
---@param where 'quickfix'|'location'
function M.list(where)
  local location = where == 'location'
  local window = location and vim.api.nvim_get_current_win() or nil
  ---@type mirador.List
  local list = { id = 0, buffer = location and vim.api.nvim_get_current_buf() or nil, window = window }
  local items = M.entries(M.of(list.buffer))
  if #items == 0 then
    server.say(location and 'there is no finding in this buffer.' or 'there is no finding.')
    return
  end
  set(list, { title = 'Mirador: findings', items = items }, ' ')
  list.id = window and vim.fn.getloclist(window, { id = 0 }).id or vim.fn.getqflist({ id = 0 }).id
  table.insert(lists, list)
  vim.cmd(location and 'lopen' or 'botright copen')
end

vim.api.nvim_create_autocmd('DiagnosticChanged', {
  group = vim.api.nvim_create_augroup('mirador.findings', {}),
  callback = function()
    if #lists > 0 and not refreshing then
      refreshing = true
      vim.schedule(refresh)
    end
  end,
})

return M
