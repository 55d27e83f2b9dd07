--- What a command of the user is about.

local M = {}

local namespace = vim.api.nvim_create_namespace('mirador.place')

---@class mirador.Followed A place that goes along with the code while its buffer is edited.
---@field now fun(): mirador.Place
---@field drop fun() It is needed no more.

--- Follows a place that was named by where it is; a finding is where the server knows.
---@param place mirador.Place
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return mirador.Followed
function M.follow(place, encoding)
  local buffer = vim.uri_to_bufnr(place.uri)
  local range = place.range or (place.position and { start = place.position, ['end'] = place.position })
  if not range or not vim.api.nvim_buf_is_loaded(buffer) then
    return {
      now = function() return place end,
      drop = function() end,
    }
  end
  local function line(row)
    return vim.api.nvim_buf_get_lines(buffer, row, row + 1, false)[1] or ''
  end
  local last = vim.api.nvim_buf_line_count(buffer) - 1
  local function mark(point, right)
    local row = math.min(point.line, last)
    local column = vim.str_byteindex(line(row), encoding, point.character, false)
    return vim.api.nvim_buf_set_extmark(buffer, namespace, row, column, { right_gravity = right })
  end
  local from, to = mark(range.start, true), mark(range['end'], false)
  local function point(id)
    local at = vim.api.nvim_buf_get_extmark_by_id(buffer, namespace, id, {})
    return { line = at[1], character = vim.str_utfindex(line(at[1]), encoding, at[2], false) }
  end
  return {
    now = function()
      if not vim.api.nvim_buf_is_loaded(buffer) then
        return place
      end
      if place.position then
        return vim.tbl_extend('force', place, { position = point(from) })
      end
      return vim.tbl_extend('force', place, { range = { start = point(from), ['end'] = point(to) } })
    end,
    drop = function()
      if vim.api.nvim_buf_is_valid(buffer) then
        vim.api.nvim_buf_del_extmark(buffer, namespace, from)
        vim.api.nvim_buf_del_extmark(buffer, namespace, to)
      end
    end,
  }
end

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
