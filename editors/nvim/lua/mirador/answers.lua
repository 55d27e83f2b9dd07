--- Explanations and answers, in a window that fills while the model speaks.

local confidence = require('mirador.confidence')
local transcript = require('mirador.transcript')
local window = require('mirador.window')

local M = {}

local HINT = 'q closes, a asks'

---@class mirador.View
---@field buffer integer
---@field window integer
---@field client_id integer
---@field place? mirador.Followed
---@field entries mirador.Entry[]
---@field conversation string
---@field request? integer
---@field drawn boolean A redraw is on its way.
---@field latest? mirador.Entry The entry that was last brought into view.

---@type mirador.View?
local view
---@type table<string, fun(value: table)>
local listeners = {}
local tokens = 0

---@param shown mirador.View
---@return boolean
local function alive(shown)
  return vim.api.nvim_buf_is_valid(shown.buffer)
end

---@param shown mirador.View
local function draw(shown)
  shown.drawn = false
  if not alive(shown) then
    return
  end
  local lines, marks, last = transcript.render(shown.entries)
  window.fill(shown.buffer, lines, marks)
  local entry = shown.entries[#shown.entries]
  if shown.latest ~= entry then
    -- A further question begins below what is seen.
    shown.latest = entry
    window.show(shown.window, last)
  end
  window.bar(shown.window, entry.by, HINT, confidence.group(entry.sure))
end

--- Many parts come in a row; they are drawn together.
---@param shown mirador.View
local function draw_soon(shown)
  if not shown.drawn then
    shown.drawn = true
    vim.schedule(function()
      draw(shown)
    end)
  end
end

--- Hands a `$/progress` on to the answer it belongs to; false when it belongs to none of ours.
---@param params { token: string|integer, value: table }
---@return boolean
function M.heard(params)
  local listener = listeners[params.token]
  if listener then
    listener(params.value)
  end
  return listener ~= nil
end

---@param shown mirador.View
local function cancel(shown)
  local client = vim.lsp.get_client_by_id(shown.client_id)
  if shown.request and client then
    client:cancel_request(shown.request)
  end
  shown.request = nil
end

---@return mirador.View
local function open()
  ---@type mirador.View
  local shown = { buffer = 0, window = 0, client_id = 0, entries = {}, conversation = '', drawn = false }
  shown.buffer, shown.window = window.open('answer', HINT, function()
    cancel(shown)
    if shown.place then
      shown.place.drop()
    end
    if view == shown then
      view = nil
    end
  end)
  vim.keymap.set('n', 'a', function()
    vim.ui.input({ prompt = 'Ask Mirador: ' }, function(said)
      if said and vim.trim(said) ~= '' and view == shown then
        -- What is asked about may stand elsewhere by now.
        M.ask(shown.client_id, shown.place.now(), vim.trim(said), true)
      end
    end)
  end, { buffer = shown.buffer, nowait = true, desc = 'Ask on' })
  return shown
end

--- Hears the parts of one answer until `hush` is called.
---@param shown mirador.View
---@param entry mirador.Entry
---@return string token
---@return fun() hush
local function listen(shown, entry)
  tokens = tokens + 1
  local token = ('mirador.nvim/%d/%d'):format(vim.uv.os_getpid(), tokens)
  listeners[token] = function(part)
    transcript.take(entry, part)
    draw_soon(shown)
  end
  return token, function()
    listeners[token] = nil
  end
end

---@param shown mirador.View
---@param entry mirador.Entry
---@param result? table
---@param err? lsp.ResponseError
local function finish(shown, entry, result, err)
  entry.ended = transcript.ending(result, err)
  if result then
    entry.title = result.title ~= '' and result.title or entry.title
    if result.text ~= '' then
      transcript.take(entry, vim.tbl_extend('force', result, { kind = 'answer' }))
    end
    for _, message in ipairs(result.notices or {}) do
      transcript.take(entry, { kind = 'notice', message = message })
    end
    shown.conversation = result.conversation ~= '' and result.conversation or shown.conversation
  end
  draw_soon(shown)
end

--- Asks for an explanation or, with a question, for an answer, and shows it as it comes.
---@param client_id integer
---@param place mirador.Place
---@param question? string
---@param follows? boolean Goes on below what is shown.
function M.ask(client_id, place, question, follows)
  local client = vim.lsp.get_client_by_id(client_id)
  if not client then
    return
  end
  if view and alive(view) then
    cancel(view)
  else
    view = open()
  end
  local shown = assert(view)
  shown.client_id = client_id
  if shown.place then
    shown.place.drop()
  end
  shown.place = require('mirador.place').follow(place, client.offset_encoding)
  if not follows then
    shown.entries, shown.conversation = {}, ''
  end
  local entry = transcript.entry(question)
  table.insert(shown.entries, entry)
  draw_soon(shown)
  local token, hush = listen(shown, entry)
  local params = vim.tbl_extend('force', place, {
    textDocument = { uri = place.uri },
    partialResultToken = token,
    question = question,
    conversation = question and shown.conversation ~= '' and shown.conversation or nil,
  })
  params.uri = nil
  local sent, request = client:request(question and 'mirador/ask' or 'mirador/explain', params, function(err, result)
    hush()
    finish(shown, entry, result, err)
  end, 0)
  shown.request = sent and request or nil
  if not sent then
    hush()
    entry.ended = 'The server does not run.'
  end
end

--- Asks a question; without words the user is asked for them.
---@param client_id integer
---@param place mirador.Place
---@param question? string
function M.question(client_id, place, question)
  require('mirador.server').with_words('Ask Mirador: ', question, function(said)
    M.ask(client_id, place, said)
  end)
end

--- The buffer and the window that show answers, for those who want to change them.
---@return integer? buffer
---@return integer? window
function M.shown()
  if view and alive(view) then
    return view.buffer, view.window
  end
end

return M
