--- What a command of the user is about.

local M = {}

--- The selection if the command was given one, else the cursor.
---@param call vim.api.keyset.create_user_command.command_args
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return mirador.Place
function M.of(call, encoding)
  local uri = vim.uri_from_bufnr(0)
  if call.range == 0 then
    return { uri = uri, position = vim.lsp.util.make_position_params(0, encoding).position }
  end
  local from, to = { call.line1, 0 }, { call.line2, math.max(vim.fn.col({ call.line2, '$' }) - 1, 0) }
  local first, last = vim.api.nvim_buf_get_mark(0, '<'), vim.api.nvim_buf_get_mark(0, '>')
  if first[1] == call.line1 and last[1] == call.line2 and vim.fn.visualmode() == 'v' then
    from, to = first, { last[1], math.min(last[2], to[2]) }
  end
  return { uri = uri, range = vim.lsp.util.make_given_range_params(from, to, 0, encoding).range }
end

return M
