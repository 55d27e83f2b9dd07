--- The review that runs, in a window: stage by stage, with the words of the model as they come.

local course = require('mirador.course')
local window = require('mirador.window')

local M = {}

---@class mirador.Watch
---@field buffer integer
---@field window integer
---@field client_id integer

--- The latest review of each client, also while nobody looks.
---@type table<integer, mirador.Course>
local courses = {}
---@type mirador.Watch?
local view
local drawn = false

local function draw()
  drawn = false
  if not view or not vim.api.nvim_buf_is_valid(view.buffer) then
    return
  end
  local now = courses[view.client_id]
  if now then
    window.fill(view.buffer, course.render(now))
    window.bar(view.window, now.ended and 'Reviewed' or 'Reviewing…', 'q closes, c cancels')
  else
    window.fill(view.buffer, { 'No review has run yet. The next one is shown here.' }, {})
  end
end

---@param client_id integer
local function draw_soon(client_id)
  if view and view.client_id == client_id and not drawn then
    drawn = true
    vim.schedule(draw)
  end
end

--- Takes `mirador/review`.
---@param news table
---@param client_id integer
function M.heard(news, client_id)
  if news.kind == 'began' then
    courses[client_id] = course.begin(news)
  elseif courses[client_id] then
    course.take(courses[client_id], news)
  end
  draw_soon(client_id)
end

--- Takes `mirador/stream`.
---@param stream table
---@param client_id integer
function M.said(stream, client_id)
  if courses[client_id] then
    course.hear(courses[client_id], stream)
    draw_soon(client_id)
  end
end

--- Opens the window, or goes on in the one there is.
---@param client vim.lsp.Client
function M.open(client)
  if not (view and vim.api.nvim_buf_is_valid(view.buffer)) then
    local buffer, shown = window.open('review', 'q closes, c cancels', function()
      view = nil
    end)
    vim.keymap.set('n', 'c', function()
      local now = view and courses[view.client_id]
      local running = view and vim.lsp.get_client_by_id(view.client_id)
      if now and running then
        require('mirador.server').execute(running, 'cancel', { uri = now.uri })
      end
    end, { buffer = buffer, nowait = true, desc = 'Cancel the review' })
    view = { buffer = buffer, window = shown, client_id = client.id }
  end
  view.client_id = client.id
  draw()
end

--- The buffer and the window that show the review.
---@return integer? buffer
---@return integer? window
function M.shown()
  if view then
    return view.buffer, view.window
  end
end

return M
