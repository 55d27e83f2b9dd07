--- `:Mirador`: the subcommands, what they take, and how they are completed.

local server = require('mirador.server')

local M = {}

---@class mirador.Call A subcommand that somebody typed.
---@field client vim.lsp.Client
---@field place mirador.Place
---@field words string What stands after the subcommand.

---@class mirador.Subcommand
---@field run fun(call: mirador.Call)
---@field anywhere? true It is not about the buffer, so it works from any window.
---@field takes? fun(words: string[]): string[] What can stand next, behind these words.

---@param name string
---@param about_nothing? true
---@return mirador.Subcommand
local function review(name, about_nothing)
  return {
    run = function(call)
      require('mirador.reviews').review(call.client, name, not about_nothing and call.place or nil, call.words)
    end,
    anywhere = about_nothing,
    takes = function(words)
      local reviews = require('mirador.reviews')
      return vim.tbl_filter(function(word)
        return not vim.list_contains(words, word)
      end, vim.list_extend(vim.list_slice(reviews.STAGES), reviews.LENSES))
    end,
  }
end

---@param name string
---@return mirador.Subcommand
local function change(name)
  return {
    run = function(call)
      require('mirador.changes').run(call.client, name, call.place)
    end,
  }
end

--- A command about the finding at the cursor.
---@param name string
---@param after? fun(result: table)
---@return mirador.Subcommand
local function opinion(name, after)
  return {
    run = function(call)
      require('mirador.findings').choose(call.place, function(finding)
        server.execute(call.client, name, finding, after)
      end)
    end,
  }
end

---@param name string
---@param after? fun(result: table)
---@return mirador.Subcommand
local function plain(name, after)
  return {
    run = function(call)
      server.execute(call.client, name, nil, after)
    end,
    anywhere = true,
  }
end

--- One word of these, and nothing behind it.
---@param ... string
---@return fun(words: string[]): string[]
local function one_of(...)
  local all = { ... }
  return function(words)
    return #words == 0 and all or {}
  end
end

---@param result table
local function tell_change(result)
  require('mirador.changes').tell(result)
end

---@param result table
local function tell_status(result)
  for _, check in ipairs(result.checks or {}) do
    server.say(('%s: %s %s'):format(check.name, check.detail, check.remedy))
  end
  for _, runs in ipairs(result.stages or {}) do
    server.say(('%s on %s: %s'):format(runs.stage, runs.model, runs.reason))
  end
  for _, queue in ipairs(result.queues or {}) do
    server.say(('%s: works on %d of %d, %d wait'):format(queue.name, queue.running, queue.slots, queue.waiting))
  end
end

---@type table<string, mirador.Subcommand>
local subcommands = {
  ['review-file'] = review('reviewFile'),
  ['review-selection'] = review('reviewSelection'),
  ['review-symbol'] = review('reviewSymbol'),
  ['review-changes'] = review('reviewChanges'),
  ['review-workspace'] = review('reviewWorkspace'),
  ['review-my-changes'] = review('reviewMyChanges', true),
  explain = {
    run = function(call)
      require('mirador.answers').ask(call.client.id, call.place)
    end,
  },
  ask = {
    run = function(call)
      require('mirador.answers').question(call.client.id, call.place, call.words)
    end,
  },
  search = {
    run = function(call)
      require('mirador.search').search(call.client, call.words)
    end,
    anywhere = true,
  },
  watch = {
    run = function(call)
      require('mirador.watch').open(call.client)
    end,
    anywhere = true,
  },
  findings = {
    run = function(call)
      require('mirador.findings').list(call.words == 'buffer' and 'location' or 'quickfix')
    end,
    anywhere = true,
    takes = one_of('all', 'buffer'),
  },
  fix = {
    run = function(call)
      require('mirador.findings').choose(call.place, function(finding)
        require('mirador.changes').run(call.client, 'fix', finding)
      end)
    end,
  },
  ['fix-all'] = {
    run = function(call)
      server.execute(call.client, 'fixAll', call.place, tell_change)
    end,
  },
  document = change('document'),
  ['write-tests'] = change('writeTests'),
  action = {
    run = function(call)
      if call.words == '' then
        server.say('name the action: `:Mirador action NAME`. Actions stand in your own settings.')
        return
      end
      local argument = vim.tbl_extend('force', call.place, { name = call.words })
      require('mirador.changes').run(call.client, 'action', argument)
    end,
    takes = function(words)
      return #words == 0 and require('mirador.models').actions() or {}
    end,
  },
  dismiss = {
    run = function(call)
      require('mirador.findings').choose(call.place, function(finding)
        require('mirador.opinions').dismiss(call.client.id, finding, call.words)
      end)
    end,
  },
  restore = {
    run = function(call)
      require('mirador.opinions').restore(call.client, call.place)
    end,
  },
  helpful = opinion('helpful'),
  ['not-helpful'] = opinion('notHelpful'),
  rate = {
    run = function(call)
      require('mirador.opinions').rate(call.client, call.place, call.words)
    end,
    takes = one_of('1', '2', '3', '4', '5'),
  },
  suppress = opinion('suppress', tell_change),
  ['show-evidence'] = opinion('showEvidence'),
  ['show-withheld'] = {
    run = function(call)
      server.execute(call.client, 'showWithheld', call.place)
    end,
  },
  cancel = {
    run = function(call)
      local about = call.words == 'buffer' and { uri = call.place.uri } or nil
      server.execute(call.client, 'cancel', about, function(result)
        server.say(('%d stopped'):format(result.cancelled))
      end)
    end,
    anywhere = true,
    takes = one_of('all', 'buffer'),
  },
  pause = plain('pause', function()
    server.say('nothing is reviewed by itself until `:Mirador resume`.')
  end),
  resume = plain('resume', function(result)
    server.say(('%d reviews begin'):format(result.reviewing))
  end),
  status = plain('status', tell_status),
  doctor = plain('doctor'),
  ['restart-models'] = plain('restartModels'),
  ['use-model'] = {
    run = function(call)
      require('mirador.models').use(call.client, call.words)
    end,
    anywhere = true,
    takes = function(words)
      return require('mirador.models').complete(words)
    end,
  },
  ['print-debug-information'] = plain('printDebugInformation'),
}

--- What of `all` begins with `lead`, in order.
---@param all string[]
---@param lead string
---@return string[]
local function beginning(all, lead)
  local fits = vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, all)
  table.sort(fits)
  return fits
end

--- All subcommands, in order.
---@return string[]
function M.names()
  return beginning(vim.tbl_keys(subcommands), '')
end

--- Runs `:Mirador`.
---@param call vim.api.keyset.create_user_command.command_args
function M.run(call)
  local name, words = call.args:match('^(%S+)%s*(.*)$')
  local subcommand = subcommands[name]
  if not subcommand then
    server.say(('there is no `:Mirador %s`.'):format(name), vim.log.levels.ERROR)
    return
  end
  local client = subcommand.anywhere and server.any() or server.of(0)
  if not client then
    server.say('no server is attached to this buffer; `:checkhealth mirador` says why.', vim.log.levels.WARN)
    return
  end
  local place = require('mirador.place').of(call, client.offset_encoding)
  subcommand.run({ client = client, place = place, words = vim.trim(words) })
end

--- Completes subcommands and what they take. It asks nobody, so that <Tab> never waits.
---@param lead string
---@param line string Up to the cursor.
---@return string[]
function M.complete(lead, line)
  local typed = line:match('Mirador!?%s+(.*)$') or ''
  local words = vim.split(typed:sub(1, #typed - #lead), '%s+', { trimempty = true })
  local name = table.remove(words, 1)
  if not name then
    return beginning(M.names(), lead)
  end
  local subcommand = subcommands[name]
  return subcommand and subcommand.takes and beginning(subcommand.takes(words), lead) or {}
end

return M
