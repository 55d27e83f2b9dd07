--- Explanations and answers, in a window that fills while the model speaks.

local M = {}

---@class mirador.Entry One question with its answer, as far as it came.
---@field question string Empty for an explanation.
---@field title string
---@field by string Who says what is shown, and how sure.
---@field sure number
---@field text string The whole answer of the stage that holds.
---@field draft string What the stage that speaks has said so far.
---@field speaks string The stage that speaks.
---@field notices string[]
---@field ended? string

---@class mirador.View
---@field buffer integer
---@field window integer
---@field client_id integer
---@field place mirador.Place
---@field entries mirador.Entry[]
---@field conversation string
---@field request? integer
---@field drawn boolean A redraw is on its way.

---@type mirador.View?
local view
---@type table<string, fun(value: table)>
local listeners = {}
local tokens = 0

for name, link in pairs({ Low = 'Comment', Fair = 'Normal', High = 'DiagnosticInfo' }) do
  vim.api.nvim_set_hl(0, 'MiradorConfidence' .. name, { default = true, link = link })
end

--- Grey for doubtful, plain for fair, cyan for sure: the same steps as on the command line.
---@param confidence number
---@return string
local function tone(confidence)
  local name = confidence < 0.5 and 'Low' or confidence < 0.8 and 'Fair' or 'High'
  return 'MiradorConfidence' .. name
end

---@param shown mirador.View
---@return boolean
local function alive(shown)
  return vim.api.nvim_buf_is_valid(shown.buffer)
end

---@param entry mirador.Entry
---@param lines string[]
local function write(entry, lines)
  local function add(text)
    vim.list_extend(lines, vim.split(text, '\r?\n'))
  end
  add('# ' .. (entry.question ~= '' and entry.question:gsub('%s+', ' ') or entry.title))
  add('')
  if entry.text ~= '' then
    add(entry.text)
    add('')
  end
  if entry.draft ~= '' then
    if entry.text ~= '' then
      add(('_%s goes on:_'):format(entry.speaks))
      add('')
    end
    add(entry.draft)
    add('')
  end
  for _, notice in ipairs(entry.notices) do
    add('> ' .. notice)
  end
  if entry.ended and entry.ended ~= '' then
    add(('_%s_'):format(entry.ended))
  end
end

---@param shown mirador.View
local function draw(shown)
  shown.drawn = false
  if not alive(shown) then
    return
  end
  local lines = {}
  for index, entry in ipairs(shown.entries) do
    if index > 1 then
      vim.list_extend(lines, { '', '---', '' })
    end
    write(entry, lines)
  end
  vim.bo[shown.buffer].modifiable = true
  vim.api.nvim_buf_set_lines(shown.buffer, 0, -1, false, lines)
  vim.bo[shown.buffer].modifiable = false
  vim.bo[shown.buffer].modified = false
  if vim.api.nvim_win_is_valid(shown.window) then
    local entry = shown.entries[#shown.entries]
    -- A model's name is text, not a format: in a window bar `%` means something.
    local by = entry.by:gsub('%%', '%%%%')
    vim.wo[shown.window].winbar = ('%%#%s#%s%%*%%=q closes, a asks'):format(tone(entry.sure), by)
  end
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

---@param entry mirador.Entry
---@param part table
local function take(entry, part)
  local who = table.concat(vim.tbl_filter(function(word)
    return word ~= ''
  end, { part.stage or '', part.model or '' }), ', ')
  if part.kind == 'stage' then
    entry.draft, entry.speaks = '', who
    entry.by, entry.sure = who .. ' is at work…', 0.5
  elseif part.kind == 'text' then
    entry.draft = entry.draft .. part.content
    entry.by, entry.sure = who .. '…', part.confidence
  elseif part.kind == 'answer' then
    entry.text, entry.draft = part.text, ''
    entry.by, entry.sure = ('%s, %d %%'):format(who, math.floor(part.confidence * 100 + 0.5)), part.confidence
  elseif part.kind == 'notice' and not vim.tbl_contains(entry.notices, part.message) then
    table.insert(entry.notices, part.message)
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
  local buffer = vim.api.nvim_create_buf(false, true)
  local wide = vim.o.columns >= 120
  local window = vim.api.nvim_open_win(buffer, false, {
    split = wide and 'right' or 'below',
    width = wide and math.floor(vim.o.columns * 0.4) or nil,
    height = not wide and math.floor(vim.o.lines * 0.4) or nil,
  })
  vim.api.nvim_buf_set_name(buffer, 'mirador://answer/' .. buffer)
  vim.bo[buffer].bufhidden = 'wipe'
  vim.bo[buffer].filetype = 'markdown'
  vim.bo[buffer].modifiable = false
  for option, value in pairs({
    wrap = true, linebreak = true, number = false, relativenumber = false, signcolumn = 'no',
    foldenable = false, spell = false, list = false,
  }) do
    vim.api.nvim_set_option_value(option, value, { scope = 'local', win = window })
  end
  local shown = { buffer = buffer, window = window, entries = {}, conversation = '', drawn = false }
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = buffer, nowait = true, desc = 'Close and stop' })
  vim.keymap.set('n', 'a', function()
    vim.ui.input({ prompt = 'Ask Mirador: ' }, function(said)
      if said and vim.trim(said) ~= '' and view == shown then
        M.ask(shown.client_id, shown.place, vim.trim(said), true)
      end
    end)
  end, { buffer = buffer, nowait = true, desc = 'Ask on' })
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = buffer,
    once = true,
    callback = function()
      cancel(shown)
      if view == shown then
        view = nil
      end
    end,
  })
  return shown
end

---@param result? table
---@param err? lsp.ResponseError
---@return string
local function ending(result, err)
  if err then
    local cancelled = err.code == vim.lsp.protocol.ErrorCodes.RequestCancelled
    return cancelled and 'Stopped.' or err.message
  end
  if not result or result.state == 'stopped' then
    return 'Stopped.'
  end
  return result.state == 'finished' and ('%.1f s'):format(result.seconds) or 'No answer.'
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
  shown.client_id, shown.place = client_id, place
  if not follows then
    shown.entries, shown.conversation = {}, ''
  end
  ---@type mirador.Entry
  local entry = {
    question = question or '', title = 'Explain', by = 'Reading the code…', sure = 0.5,
    text = '', draft = '', speaks = '', notices = {},
  }
  table.insert(shown.entries, entry)
  draw_soon(shown)

  tokens = tokens + 1
  local token = ('mirador.nvim/%d/%d'):format(vim.uv.os_getpid(), tokens)
  listeners[token] = function(part)
    take(entry, part)
    draw_soon(shown)
  end
  local params = vim.tbl_extend('force', place, {
    textDocument = { uri = place.uri },
    partialResultToken = token,
    question = question,
    conversation = question and shown.conversation ~= '' and shown.conversation or nil,
  })
  params.uri = nil
  local method = question and 'mirador/ask' or 'mirador/explain'
  local sent, request = client:request(method, params, function(err, result)
    listeners[token] = nil
    entry.ended = ending(result, err)
    if result then
      entry.title = result.title ~= '' and result.title or entry.title
      if result.text ~= '' then
        take(entry, vim.tbl_extend('force', result, { kind = 'answer' }))
      end
      for _, message in ipairs(result.notices or {}) do
        take(entry, { kind = 'notice', message = message })
      end
      shown.conversation = result.conversation ~= '' and result.conversation or shown.conversation
    end
    draw_soon(shown)
  end, 0)
  if sent then
    shown.request = request
  else
    listeners[token] = nil
    entry.ended = 'The server does not run.'
  end
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
