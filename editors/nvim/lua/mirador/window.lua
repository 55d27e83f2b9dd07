--- A window for text that fills while you work: beside the code, below it, or above it.

local M = {}

local OPTIONS = {
  wrap = true, linebreak = true, breakindent = true, breakindentopt = 'list:-1',
  number = false, relativenumber = false, signcolumn = 'no',
  foldenable = false, spell = false, list = false, cursorline = false,
}
local space = vim.api.nvim_create_namespace('mirador.window')

---@param kind 'split'|'float'
---@param columns integer
---@param lines integer
---@param hint string What can be done in it.
---@return vim.api.keyset.win_config
function M.layout(kind, columns, lines, hint)
  local wide = columns >= 120
  if kind == 'split' then
    return {
      split = wide and 'right' or 'below',
      width = wide and math.floor(columns * 0.4) or nil,
      height = not wide and math.floor(lines * 0.4) or nil,
    }
  end
  local width = math.max(math.min(math.floor(columns * (wide and 0.45 or 0.9)), columns - 4), 1)
  local height = math.max(math.min(math.floor(lines * 0.5), lines - 6), 1)
  return {
    relative = 'editor', style = 'minimal', width = width, height = height,
    row = 1, col = columns - width - 3,
    border = vim.o.winborder == '' and 'rounded' or nil,
    title = ' Mirador ', footer = (' %s '):format(hint), footer_pos = 'right',
  }
end

--- Opens a window without taking the cursor.
---@param name string Of the buffer, behind `mirador://`.
---@param hint string What can be done in it.
---@param closed fun() Called once, when it is gone.
---@return integer buffer
---@return integer window
function M.open(name, hint, closed)
  local buffer = vim.api.nvim_create_buf(false, true)
  local kind = require('mirador.config').get().window
  local window = vim.api.nvim_open_win(buffer, false, M.layout(kind, vim.o.columns, vim.o.lines, hint))
  vim.api.nvim_buf_set_name(buffer, ('mirador://%s/%d'):format(name, buffer))
  vim.bo[buffer].bufhidden = 'wipe'
  vim.bo[buffer].filetype = 'markdown'
  -- What goes on in a further line stands below the words, not below the bullet.
  vim.bo[buffer].formatlistpat = [[^\s*\([-*+>✓▶✗·]\|\d\+[.)]\)\s\+]]
  vim.bo[buffer].modifiable = false
  for option, value in pairs(OPTIONS) do
    vim.api.nvim_set_option_value(option, value, { scope = 'local', win = window })
  end
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = buffer, nowait = true, desc = 'Close' })
  vim.api.nvim_create_autocmd('BufWipeout', { buffer = buffer, once = true, callback = closed })
  return buffer, window
end

--- Puts lines and their colours into the buffer.
---@param buffer integer
---@param lines string[]
---@param marks mirador.Mark[]
function M.fill(buffer, lines, marks)
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].modified = false
  vim.api.nvim_buf_clear_namespace(buffer, space, 0, -1)
  for _, mark in ipairs(marks) do
    vim.api.nvim_buf_set_extmark(buffer, space, mark.row, mark.col, {
      end_row = mark.end_row, end_col = mark.end_col, hl_group = mark.group,
    })
  end
end

--- Scrolls a window so that a line is its first.
---@param window integer
---@param line integer From one.
function M.show(window, line)
  if vim.api.nvim_win_is_valid(window) then
    vim.api.nvim_win_call(window, function()
      vim.fn.winrestview({ topline = line, lnum = line, col = 0 })
    end)
  end
end

--- A text that fits; what is cut off is an ellipsis.
---@param text string
---@param width integer In columns.
---@return string
function M.cut(text, width)
  if vim.fn.strdisplaywidth(text) <= width then
    return text
  end
  while text ~= '' and vim.fn.strdisplaywidth(text) >= width do
    text = vim.fn.strcharpart(text, 0, vim.fn.strchars(text) - 1)
  end
  return text .. '…'
end

--- Writes the bar of a window: on the left who speaks, on the right what can be done. A float has the
--- latter below.
---@param window integer
---@param left string
---@param right string
---@param group? string A highlight group for the left side.
function M.bar(window, left, right, group)
  if vim.api.nvim_win_is_valid(window) then
    right = vim.api.nvim_win_get_config(window).relative == '' and right or ''
    local space_left = vim.api.nvim_win_get_width(window) - vim.fn.strdisplaywidth(right) - 2
    -- A model's name is text, not a format: in a window bar `%` means something.
    local text = M.cut(left, space_left):gsub('%%', '%%%%')
    vim.wo[window].winbar = ('%%#%s#%s%%*%%=%s'):format(group or 'WinBar', text, right)
  end
end

return M
