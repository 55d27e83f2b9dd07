--- Mirador's commands, and how it is.
---
--- Nothing has to be set up: `vim.lsp.enable('mirador')` starts the server, `:Mirador` is there.

local M = {}

---@class mirador.Place What a command is about.
---@field uri string
---@field range? lsp.Range
---@field position? lsp.Position
---@field findingId? string

---@class mirador.Status What the server says of itself; `docs/protocol.md` has the fields.
---@field kind 'normal'|'warning'|'error'
---@field busy boolean
---@field message string
---@field remedy string
---@field stage string
---@field model string
---@field waiting? integer How many requests go first.

---@class mirador.Call A subcommand that somebody typed.
---@field client vim.lsp.Client
---@field place mirador.Place
---@field words string What stands after the subcommand.

---@type table<integer, mirador.Status>
local statuses = {}

---@param message string
---@param level? integer
local function say(message, level)
  vim.notify('Mirador: ' .. message, level or vim.log.levels.INFO)
end

---@param buffer integer
---@return vim.lsp.Client?
local function client_of(buffer)
  local client = vim.lsp.get_clients({ bufnr = buffer, name = 'mirador' })[1]
  if not client then
    say('no server is attached to this buffer; `:checkhealth mirador` says why.', vim.log.levels.WARN)
  end
  return client
end

--- Sends a command to the server and says what came of it, if there is something to say.
---@param client vim.lsp.Client
---@param name string
---@param argument? table
---@param after? fun(result: table)
local function execute(client, name, argument, after)
  local params = { command = 'mirador.' .. name, arguments = { argument } }
  client:request('workspace/executeCommand', params, function(err, result)
    if err then
      if err.code ~= vim.lsp.protocol.ErrorCodes.RequestCancelled then
        say(err.message, vim.log.levels.ERROR)
      end
    elseif after and type(result) == 'table' then
      after(result)
    end
  end)
end

---@param result table
local function say_change(result)
  if result.state == 'applied' then
    say(result.title)
  end
end

---@param result table
local function say_review(result)
  if result.state == 'finished' and result.findings then
    local withheld = (result.withheld or 0) > 0 and (', %d withheld'):format(result.withheld) or ''
    local took = result.seconds and (' in %.1f s'):format(result.seconds) or ''
    local risk = ''
    for _, overview in ipairs(result.overviews or {}) do
      risk = risk .. (', risk %s'):format(overview.risk)
    end
    say(('%d findings%s%s%s'):format(result.findings, withheld, took, risk))
  end
end

--- Finds the finding that is meant: on the line of the place, else the user chooses in the buffer.
---@param call mirador.Call
---@param go_on fun(place: mirador.Place)
local function with_finding(call, go_on)
  local buffer = vim.uri_to_bufnr(call.place.uri)
  local line = vim.api.nvim_win_get_cursor(0)[1] - 1
  local function found(options)
    return vim.tbl_filter(function(diagnostic)
      return diagnostic.source == 'mirador' and vim.tbl_get(diagnostic, 'user_data', 'lsp', 'data', 'finding')
    end, vim.diagnostic.get(buffer, options))
  end
  local near = found({ lnum = line })
  local all = #near > 0 and near or found()
  local function chosen(diagnostic)
    if diagnostic then
      go_on({ uri = call.place.uri, findingId = diagnostic.user_data.lsp.data.finding })
    end
  end
  if #all == 0 then
    say('there is no finding in this buffer.')
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

---@param name string
---@param after? fun(result: table)
---@return fun(call: mirador.Call)
local function about_place(name, after)
  return function(call)
    execute(call.client, name, call.place, after)
  end
end

---@param name string
---@param after? fun(result: table)
---@return fun(call: mirador.Call)
local function about_finding(name, after)
  return function(call)
    with_finding(call, function(place)
      execute(call.client, name, place, after)
    end)
  end
end

---@param name string
---@param after? fun(result: table)
---@return fun(call: mirador.Call)
local function about_nothing(name, after)
  return function(call)
    execute(call.client, name, nil, after)
  end
end

---@type table<string, fun(call: mirador.Call)>
local subcommands = {
  ['review-file'] = about_place('reviewFile', say_review),
  ['review-selection'] = about_place('reviewSelection', say_review),
  ['review-symbol'] = about_place('reviewSymbol', say_review),
  ['review-changes'] = about_place('reviewChanges', say_review),
  ['review-workspace'] = about_place('reviewWorkspace', say_review),
  ['review-my-changes'] = about_nothing('reviewMyChanges', say_review),
  explain = function(call)
    M.explain(call.client.id, call.place)
  end,
  ask = function(call)
    M.ask(call.client.id, call.place, call.words)
  end,
  search = function(call)
    M.search(call.client.id, call.words)
  end,
  fix = about_finding('fix', say_change),
  ['fix-all'] = about_place('fixAll', say_change),
  document = about_place('document', say_change),
  ['write-tests'] = about_place('writeTests', say_change),
  action = function(call)
    if call.words == '' then
      say('name the action: `:Mirador action NAME`. Actions stand in your own settings.')
      return
    end
    execute(call.client, 'action', vim.tbl_extend('force', call.place, { name = call.words }), say_change)
  end,
  dismiss = function(call)
    with_finding(call, function(place)
      M.dismiss(call.client.id, place, call.words)
    end)
  end,
  restore = function(call)
    M.restore(call.client.id, call.place)
  end,
  helpful = about_finding('helpful'),
  ['not-helpful'] = about_finding('notHelpful'),
  rate = function(call)
    local rating = tonumber(call.words:match('^[1-5]$'))
    if rating == nil then
      say('give it one to five stars: `:Mirador rate 4`')
      return
    end
    with_finding(call, function(place)
      execute(call.client, 'rate', vim.tbl_extend('force', place, { rating = rating }))
    end)
  end,
  suppress = about_finding('suppress', say_change),
  ['show-evidence'] = about_finding('showEvidence'),
  ['show-withheld'] = about_place('showWithheld'),
  cancel = about_nothing('cancel', function(result)
    say(('%d stopped'):format(result.cancelled))
  end),
  status = about_nothing('status', function(result)
    for _, check in ipairs(result.checks or {}) do
      say(('%s: %s %s'):format(check.name, check.detail, check.remedy))
    end
    for _, runs in ipairs(result.stages or {}) do
      say(('%s on %s: %s'):format(runs.stage, runs.model, runs.reason))
    end
    for _, queue in ipairs(result.queues or {}) do
      say(('%s: works on %d of %d, %d wait'):format(queue.name, queue.running, queue.slots, queue.waiting))
    end
  end),
  doctor = about_nothing('doctor'),
  ['restart-models'] = about_nothing('restartModels'),
  ['use-model'] = function(call)
    local model, stage = call.words:match('^(%S+)%s*(%S*)$')
    if model == nil then
      say('name the model, and a stage if only that one is meant: `:Mirador use-model NAME [STAGE]`')
      return
    end
    execute(call.client, 'useModel', { model = model, stage = stage ~= '' and stage or nil }, function(result)
      say(('%s for %s'):format(result.model == '' and 'auto' or result.model, table.concat(result.stages, ', ')))
    end)
  end,
  ['print-debug-information'] = about_nothing('printDebugInformation'),
}

--- Subcommands that are not about the buffer, so that they work from any window.
---@type table<string, true>
local anywhere = {
  search = true,
  cancel = true,
  status = true,
  doctor = true,
  ['restart-models'] = true,
  ['use-model'] = true,
  ['print-debug-information'] = true,
}

--- The selection if the command was given one, else the cursor.
---@param call table What `nvim_create_user_command` hands over.
---@param client vim.lsp.Client
---@return mirador.Place
local function place_of(call, client)
  local uri = vim.uri_from_bufnr(0)
  if call.range == 0 then
    local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
    return { uri = uri, position = params.position }
  end
  local from, to = { call.line1, 0 }, { call.line2, math.max(vim.fn.col({ call.line2, '$' }) - 1, 0) }
  local first, last = vim.api.nvim_buf_get_mark(0, '<'), vim.api.nvim_buf_get_mark(0, '>')
  if first[1] == call.line1 and last[1] == call.line2 and vim.fn.visualmode() == 'v' then
    from, to = first, { last[1], math.min(last[2], to[2]) }
  end
  local params = vim.lsp.util.make_given_range_params(from, to, 0, client.offset_encoding)
  return { uri = uri, range = params.range }
end

--- Runs `:Mirador`.
---@param call table What `nvim_create_user_command` hands over.
function M.command(call)
  local name, words = call.args:match('^(%S+)%s*(.*)$')
  local subcommand = subcommands[name]
  if not subcommand then
    say(('there is no `:Mirador %s`.'):format(name), vim.log.levels.ERROR)
    return
  end
  local client = anywhere[name] and vim.lsp.get_clients({ name = 'mirador' })[1] or client_of(0)
  if client then
    subcommand({ client = client, place = place_of(call, client), words = vim.trim(words) })
  end
end

--- Completes the subcommand.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  if line:match('Mirador!?%s+%S+%s') then
    return {}
  end
  local names = vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, vim.tbl_keys(subcommands))
  table.sort(names)
  return names
end

--- Explains the code at a place, or a finding, in a window that fills.
---@param client_id integer
---@param place mirador.Place
function M.explain(client_id, place)
  require('mirador.stream').ask(client_id, place)
end

--- Asks a question about the code at a place; without one the user is asked for it.
---@param client_id integer
---@param place mirador.Place
---@param question? string
function M.ask(client_id, place, question)
  local function go_on(said)
    if said and vim.trim(said) ~= '' then
      require('mirador.stream').ask(client_id, place, vim.trim(said))
    end
  end
  if question and question ~= '' then
    go_on(question)
  else
    vim.ui.input({ prompt = 'Ask Mirador: ' }, go_on)
  end
end

--- Finds code by words, names and meaning, and puts what fits into the quickfix list.
---@param client_id integer
---@param query? string Without one the user is asked for it.
function M.search(client_id, query)
  local client = assert(vim.lsp.get_client_by_id(client_id))
  local function go_on(said)
    if not said or vim.trim(said) == '' then
      return
    end
    local params = { query = vim.trim(said), most = 50, uri = vim.uri_from_bufnr(0) }
    client:request('mirador/search', params, function(err, found)
      if err then
        say(err.message, vim.log.levels.ERROR)
        return
      end
      local items = vim.iter(found.hits):filter(function(hit)
        return hit.uri ~= ''
      end):map(function(hit)
        local text = hit.symbol ~= '' and hit.symbol or vim.trim(hit.text:match('%S[^\n]*') or '')
        return {
          filename = vim.uri_to_fname(hit.uri),
          lnum = hit.range.start.line + 1,
          text = ('%s  (%s)'):format(text, table.concat(hit.why, ', ')),
        }
      end):totable()
      vim.iter(found.notes):each(function(note)
        say(note)
      end)
      if #items == 0 then
        say('nothing fits.')
        return
      end
      vim.fn.setqflist({}, ' ', { title = 'Mirador: ' .. params.query, items = items })
      vim.cmd.copen()
    end)
  end
  if query and query ~= '' then
    go_on(query)
  else
    vim.ui.input({ prompt = 'Search the workspace: ' }, go_on)
  end
end

--- Dismisses a finding; without a reason the user is asked for one.
---@param client_id integer
---@param place mirador.Place
---@param reason? string
function M.dismiss(client_id, place, reason)
  local client = vim.lsp.get_client_by_id(client_id)
  local function go_on(said)
    if said and client then
      execute(client, 'dismiss', vim.tbl_extend('force', place, { reason = said }))
    end
  end
  if reason and reason ~= '' then
    go_on(reason)
  else
    vim.ui.input({ prompt = 'Why is it dismissed? ' }, go_on)
  end
end

--- Shows a dismissed finding of a document again; the user chooses which.
---@param client_id integer
---@param place mirador.Place
function M.restore(client_id, place)
  local client = assert(vim.lsp.get_client_by_id(client_id))
  execute(client, 'showWithheld', { uri = place.uri, page = false }, function(result)
    local dismissed = vim.tbl_filter(function(one)
      return one.by == 'dismissed' or one.by == 'learned'
    end, result.hushed)
    if #dismissed == 0 then
      say('no finding of this buffer was dismissed, or withheld because others were.')
      return
    end
    vim.ui.select(dismissed, {
      prompt = 'Show which finding again?',
      format_item = function(one)
        local why = one.by == 'learned' and (' (%s)'):format(one.reason) or ''
        return ('%d: %s%s'):format(one.line, one.message, why)
      end,
    }, function(one)
      if one then
        execute(client, 'restore', { uri = place.uri, findingId = one.findingId })
      end
    end)
  end)
end

--- Keeps what a server says of itself.
---@param status mirador.Status
---@param client_id integer
function M.heard(status, client_id)
  statuses[client_id] = status
  vim.api.nvim_exec_autocmds('User', { pattern = 'MiradorStatus', modeline = false, data = status })
  vim.cmd.redrawstatus({ bang = true })
end

--- One short text for a status line; empty where Mirador does not look at the buffer.
---@param buffer? integer
---@return string
function M.status(buffer)
  local client = vim.lsp.get_clients({ bufnr = buffer or 0, name = 'mirador' })[1]
  if not client then
    return ''
  end
  local status = statuses[client.id]
  if not status then
    return 'Mirador'
  end
  if status.busy and (status.waiting or 0) > 0 then
    return ('Mirador: %d before us'):format(status.waiting)
  elseif status.busy then
    return status.stage ~= '' and ('Mirador: %s…'):format(status.stage) or 'Mirador…'
  end
  return status.kind == 'normal' and 'Mirador' or ('Mirador: %s'):format(status.message)
end

--- Changes how the server is configured; the same as `vim.lsp.config('mirador', options)`.
---@param options? vim.lsp.Config
function M.setup(options)
  if options then
    vim.lsp.config('mirador', options)
  end
  vim.lsp.enable('mirador')
end

return M
