--- A change as a difference of two windows, in a tab page of its own. Nothing is changed before `a`.

local server = require('mirador.server')

local M = {}

--- The server waits five minutes for an answer; what is agreed to later would not be told to it.
local PATIENCE_MS = 290000
local TOO_LATE = 'the change was not decided on within five minutes, and is not made; ask again.'
--- A key that comes sooner may still be meant for the code.
local GRACE_MS = 300
--- What the server takes for a decision of the user's: it says nothing, and does not ask again.
local NO = 'declined'
local STALE = 'the text was edited meanwhile'

---@class mirador.Preview
---@field page integer The tab page.
---@field before integer The buffer with the text as it is.
---@field after integer The buffer with the text as it would be.
---@field since integer When it was shown, in milliseconds.
---@field decide fun(agreed: boolean, why?: string)

---@type mirador.Preview[]
local open_previews = {}

---@return integer
local function now()
  return math.floor(vim.uv.hrtime() / 1e6)
end

---@param name string
---@param lines string[]
---@param filetype string
---@return integer
local function scratch(name, lines, filetype)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.api.nvim_buf_set_name(buffer, ('mirador://%d/%s'):format(buffer, name))
  vim.bo[buffer].bufhidden = 'wipe'
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].modified = false
  -- Not the file type: language servers and plugins would take it for a file of the project.
  vim.bo[buffer].syntax = filetype
  return buffer
end

--- What a change does, and how far it was checked: `Fix: it (parses, lints clean)`.
---@param label string
---@return string title
---@return string checked
function M.parts(label)
  local title, checked = label:match('^(.-) %(([^()]+)%)$')
  return title or label, checked or ''
end

--- The two windows; the cursor is in the new text, at the first difference.
---@param changed mirador.Changed
---@param label string
---@return mirador.Preview
local function show(changed, label)
  local window = require('mirador.window')
  local path = vim.uri_to_fname(changed.uri)
  local name = vim.fn.fnamemodify(path, ':t')
  local filetype = vim.filetype.match({ filename = path, contents = changed.after }) or ''
  local before = scratch(name, changed.before, filetype)
  local after = scratch(name, changed.after, filetype)
  vim.cmd('tab split')
  local page = vim.api.nvim_get_current_tabpage()
  local left = vim.api.nvim_get_current_win()
  vim.api.nvim_win_set_buf(left, before)
  local right = vim.api.nvim_open_win(after, true, { split = vim.o.columns >= 100 and 'right' or 'below', win = left })
  for _, each in ipairs({ left, right }) do
    vim.api.nvim_win_call(each, function()
      vim.cmd('diffthis')
    end)
  end
  local title, checked = M.parts(label)
  window.bar(left, title, changed.creates and 'there is no such file yet ' or 'as it is ', 'Title')
  window.bar(right, checked, 'a accepts, q leaves it ', 'Title')
  vim.cmd('silent! normal! gg')
  if vim.fn.diff_hlID(1, 1) == 0 then
    vim.cmd('silent! normal! ]c')
  end
  return { page = page, before = before, after = after, since = now(), decide = function() end }
end

---@param preview mirador.Preview
local function close(preview)
  open_previews = vim.tbl_filter(function(other)
    return other ~= preview
  end, open_previews)
  for _, buffer in ipairs({ preview.before, preview.after }) do
    if vim.api.nvim_buf_is_valid(buffer) then
      vim.api.nvim_buf_delete(buffer, { force = true })
    end
  end
end

--- `a` and `q`, and every other way to leave.
---@param preview mirador.Preview
local function listen(preview)
  for _, buffer in ipairs({ preview.before, preview.after }) do
    vim.keymap.set('n', 'a', function()
      if now() - preview.since >= GRACE_MS then
        preview.decide(true)
      end
    end, { buffer = buffer, nowait = true, desc = 'Make the change' })
    vim.keymap.set('n', 'q', function()
      preview.decide(false, NO)
    end, { buffer = buffer, nowait = true, desc = 'Leave the text as it is' })
    vim.api.nvim_create_autocmd('BufWipeout', {
      buffer = buffer,
      once = true,
      callback = function()
        -- The windows are just being closed; what closes the rest has to wait.
        vim.schedule(function()
          preview.decide(false, NO)
        end)
      end,
    })
  end
end

--- Resumes a coroutine once, with what it is given first.
---@param thread thread
---@return fun(...: any)
local function once(thread)
  local done = false
  return function(...)
    if not done then
      done = true
      coroutine.resume(thread, ...)
    end
  end
end

--- Waits, in a coroutine, until nobody is typing: a tab page that opens must take no keys.
---@param client_id integer
---@return boolean idle False where somebody typed for five minutes.
local function until_idle(client_id)
  local typing, status = require('mirador.typing'), require('mirador.status')
  if typing.idle() then
    return true
  end
  local go_on = once(assert(coroutine.running(), 'asked outside of a coroutine'))
  local timer = assert(vim.uv.new_timer())
  local forget = typing.once_idle(function()
    go_on(true)
  end)
  timer:start(PATIENCE_MS, 0, vim.schedule_wrap(function()
    go_on(false)
  end))
  status.wait(client_id, 1)
  local idle = coroutine.yield()
  status.wait(client_id, -1)
  timer:close()
  forget()
  return idle
end

--- Shows a change and waits, in a coroutine, for what the user says of it.
---@param changed mirador.Changed
---@param label string
---@return boolean agreed
---@return string? why_not
local function ask(changed, label)
  local thread = assert(coroutine.running(), 'asked outside of a coroutine')
  local back = vim.api.nvim_get_current_win()
  local preview = show(changed, label)
  local timer = assert(vim.uv.new_timer())
  local decided = false
  preview.decide = function(agreed, why)
    if decided then
      return
    end
    decided = true
    timer:close()
    close(preview)
    if vim.api.nvim_win_is_valid(back) then
      vim.api.nvim_set_current_win(back)
    end
    coroutine.resume(thread, agreed, why)
  end
  table.insert(open_previews, preview)
  listen(preview)
  timer:start(PATIENCE_MS, 0, vim.schedule_wrap(function()
    server.say(TOO_LATE)
    preview.decide(false, NO)
  end))
  return coroutine.yield()
end

--- Whether the text is still the one that a change is for.
---@param changed mirador.Changed
---@return boolean
local function current(changed)
  local version = vim.lsp.util.buf_versions[vim.uri_to_bufnr(changed.uri)]
  return changed.version == nil or version == nil or changed.version == version
end

---@param edit lsp.WorkspaceEdit
---@return boolean
local function unsure(edit)
  return vim.iter(vim.tbl_values(edit.changeAnnotations or {})):any(function(note)
    return note.needsConfirmation == true
  end)
end

--- Waits, in a coroutine, until the user has seen a change and decided.
---@param changed mirador.Changed
---@param label string
---@param client_id integer
---@return boolean agreed
---@return string? why_not
local function agreed_to(changed, label, client_id)
  if not until_idle(client_id) then
    server.say(TOO_LATE)
    return false, NO
  end
  if not current(changed) then
    -- What was typed meanwhile is for the server to take in; it sends the change anew.
    return false, STALE
  end
  return ask(changed, label)
end

---@param params lsp.ApplyWorkspaceEditParams
---@param client_id integer
---@return lsp.ApplyWorkspaceEditResult
local function answer(params, client_id)
  local client = assert(vim.lsp.get_client_by_id(client_id))
  local changed, why = require('mirador.edits').changed(params.edit, client.offset_encoding)
  if not changed then
    return { applied = false, failureReason = why }
  end
  local shows = require('mirador.config').get().preview and require('mirador.changes').runs(client_id)
  if current(changed) and (shows or unsure(params.edit)) then
    local agreed, why_not = agreed_to(changed, params.label or 'Change', client_id)
    if not agreed then
      return { applied = false, failureReason = why_not }
    end
  end
  if not current(changed) then
    return { applied = false, failureReason = STALE }
  end
  local made, problem = pcall(vim.lsp.util.apply_workspace_edit, params.edit, client.offset_encoding)
  return { applied = made, failureReason = not made and tostring(problem) or nil }
end

--- Answers `workspace/applyEdit`. Runs in the coroutine in which Neovim calls its handlers.
---@param params lsp.ApplyWorkspaceEditParams
---@param client_id integer
---@return lsp.ApplyWorkspaceEditResult
function M.answer(params, client_id)
  -- An error after a wait would be nobody's, and the server would wait for an answer.
  local fine, result = pcall(answer, params, client_id)
  return fine and result or { applied = false, failureReason = tostring(result) }
end

--- The previews that are open, for those who want other keys.
---@return mirador.Preview[]
function M.shown()
  return vim.list_slice(open_previews)
end

return M
