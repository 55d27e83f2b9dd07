--- Waiting until nobody types: what comes up then takes no keys, and no `-- INSERT --` covers it.

local M = {}

--- Whether nobody types, selects or answers a question.
---@return boolean
function M.idle()
  return vim.api.nvim_get_mode().mode:find('^n') ~= nil
end

--- Calls `go_on` once nobody types; never before this returns.
---@param go_on fun()
---@return fun() forget Calls it no more.
function M.once_idle(go_on)
  local autocmd = vim.api.nvim_create_autocmd('ModeChanged', {
    pattern = '*:n*',
    once = true,
    callback = vim.schedule_wrap(go_on),
  })
  return function()
    pcall(vim.api.nvim_del_autocmd, autocmd)
  end
end

return M
