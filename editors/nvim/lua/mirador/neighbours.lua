--- What other language servers would say of a text that nobody has yet.
---
--- They are shown both texts, the document's and the new one, as documents of their own that lie
--- beside it and are on no disk, and what they say of the two is compared. That takes a few seconds
--- at most, and the editor goes on meanwhile.

local M = {}

--- The server does not wait longer than five seconds.
local LONGEST_MS = 4000
--- A server that publishes nothing for this long has said all; some publish twice.
local QUIET_MS = 400
local MOST = 5

local count = 0

---@class mirador.Ask One other server, asked about two texts.
---@field client vim.lsp.Client
---@field heard table<string, lsp.Diagnostic[]>
---@field pending integer Answers to pulls that are still out.
---@field last integer When something came, in milliseconds.

---@return integer
local function now()
  return math.floor(vim.uv.hrtime() / 1e6)
end

---@param buffer integer
---@return vim.lsp.Client[]
local function others(buffer)
  return vim.tbl_filter(function(client)
    return client.name ~= 'mirador' and client:supports_method('textDocument/didOpen', buffer)
  end, vim.lsp.get_clients({ bufnr = buffer }))
end

--- A name beside the document, so that what it imports is found.
---@param uri string
---@return string
local function beside(uri)
  count = count + 1
  local folder, name = uri:match('^(.*/)([^/]*)$')
  return ('%s.mirador-%d-%s'):format(folder or '', count, name or uri)
end

--- Hears what a server publishes about our documents; all else goes where it went before.
---@param ask mirador.Ask
---@param uris table<string, true>
---@return fun() undo
local function listen(ask, uris)
  local method = 'textDocument/publishDiagnostics'
  local before = ask.client.handlers[method]
  local function hear(err, params, context)
    if params and uris[params.uri] then
      ask.heard[params.uri] = params.diagnostics
      ask.last = now()
      return
    end
    return (before or vim.lsp.handlers[method])(err, params, context)
  end
  ask.client.handlers[method] = hear
  return function()
    if ask.client.handlers[method] == hear then
      ask.client.handlers[method] = before
    end
  end
end

---@param ask mirador.Ask
---@param uri string
local function pull(ask, uri)
  ask.pending = ask.pending + 1
  local params = { textDocument = { uri = uri } }
  ask.client:request('textDocument/diagnostic', params, function(_, report)
    ask.pending = ask.pending - 1
    ask.last = now()
    if report and report.items then
      ask.heard[uri] = report.items
    end
  end)
end

---@param ask mirador.Ask
---@param texts table<string, string>
---@param language string
local function open(ask, texts, language)
  local filetype = ask.client.get_language_id and ask.client.get_language_id(0, language) or language
  for uri, text in pairs(texts) do
    ask.client:notify('textDocument/didOpen', {
      textDocument = { uri = uri, languageId = filetype, version = 0, text = text },
    })
    if ask.client.server_capabilities.diagnosticProvider then
      pull(ask, uri)
    end
  end
end

--- Lets the editor go on until `done` or the time is up.
---@param done fun(): boolean
local function wait(done)
  local thread = coroutine.running()
  local timer = assert(vim.uv.new_timer())
  local ends = now() + LONGEST_MS
  timer:start(20, 20, vim.schedule_wrap(function()
    if timer:is_closing() then
      return
    end
    if done() or now() >= ends then
      timer:close()
      coroutine.resume(thread)
    end
  end))
  coroutine.yield()
end

---@param ask mirador.Ask
---@param before string
---@param after string
---@param worse { message: string, source: string }[]
local function compare(ask, before, after, worse)
  local left = {}
  local function key(diagnostic)
    return (diagnostic.source or '') .. '\0' .. diagnostic.message
  end
  for _, diagnostic in ipairs(ask.heard[before]) do
    left[key(diagnostic)] = (left[key(diagnostic)] or 0) + 1
  end
  for _, diagnostic in ipairs(ask.heard[after]) do
    local known = left[key(diagnostic)] or 0
    left[key(diagnostic)] = known - 1
    local serious = (diagnostic.severity or 1) <= vim.lsp.protocol.DiagnosticSeverity.Warning
    if known <= 0 and serious and #worse < MOST then
      table.insert(worse, { message = diagnostic.message, source = diagnostic.source or ask.client.name })
    end
  end
end

--- Answers `mirador/checkDiagnostics`. Runs in the coroutine in which Neovim calls its handlers.
---@param params { textDocument: { uri: string }, text: string }
---@param client_id integer
---@return { asked: boolean, worse: { message: string, source: string }[] }
function M.answer(params, client_id)
  local uri = params.textDocument.uri
  local mirador = vim.lsp.get_client_by_id(client_id)
  local buffer = vim.iter(mirador and vim.tbl_keys(mirador.attached_buffers) or {}):find(function(number)
    return vim.uri_from_bufnr(number) == uri
  end)
  local clients = buffer and others(buffer) or {}
  if #clients == 0 then
    return { asked = false, worse = {} }
  end
  local before, after = beside(uri), beside(uri)
  local text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, true), '\n')
  local texts = { [before] = vim.bo[buffer].endofline and text .. '\n' or text, [after] = params.text }
  local asks, undos = {}, {}
  for _, client in ipairs(clients) do
    local ask = { client = client, heard = {}, pending = 0, last = now() }
    table.insert(undos, listen(ask, { [before] = true, [after] = true }))
    table.insert(asks, ask)
    open(ask, texts, vim.bo[buffer].filetype)
  end

  local function complete(ask)
    return ask.heard[before] ~= nil and ask.heard[after] ~= nil
  end
  wait(function()
    return vim.iter(asks):all(function(ask)
      return complete(ask) and ask.pending == 0 and now() - ask.last >= QUIET_MS
    end)
  end)

  local answer = { asked = false, worse = {} }
  for index, ask in ipairs(asks) do
    if complete(ask) then
      answer.asked = true
      compare(ask, before, after, answer.worse)
    end
    for closed in pairs(texts) do
      ask.client:notify('textDocument/didClose', { textDocument = { uri = closed } })
    end
    -- A server that clears what it said of a closed document must not make a buffer of it.
    vim.defer_fn(undos[index], 2000)
  end
  return answer
end

return M
