--- Which model runs which stage, for the rest of a session.

local server = require('mirador.server')

local M = {}

--- The stages that models run.
local STAGES = { 'quick', 'deep', 'synthesis' }

--- Lets a model run a stage, or all.
---@param client vim.lsp.Client
---@param words string `MODEL [STAGE]`
function M.use(client, words)
  local model, stage = words:match('^(%S+)%s*(%S*)$')
  if model == nil then
    server.say('name the model, and a stage if only that one is meant: `:Mirador use-model NAME [STAGE]`')
    return
  end
  local argument = { model = model, stage = stage ~= '' and stage or nil }
  server.execute(client, 'useModel', argument, function(result)
    server.say(('%s for %s'):format(result.model == '' and 'auto' or result.model, table.concat(result.stages, ', ')))
  end)
end

--- The models that the server last spoke of.
---@return string[]
local function names()
  local client = server.any()
  local status = client and require('mirador.status').latest(client.id) or {}
  local seen = { auto = true }
  for _, runs in ipairs(status.stages or {}) do
    seen[runs.model] = true
  end
  for _, queue in ipairs(status.queues or {}) do
    for _, resident in ipairs(queue.residents or {}) do
      seen[resident] = true
    end
  end
  seen[''] = nil
  return vim.tbl_keys(seen)
end

--- What can follow `:Mirador use-model`.
---@param words string[]
---@return string[]
function M.complete(words)
  return #words == 0 and names() or #words == 1 and STAGES or {}
end

--- The actions of the user's own, as far as they stand in the editor's settings.
---@return string[]
function M.actions()
  local client = server.any()
  local actions = client and vim.tbl_get(client, 'settings', 'mirador', 'actions') or {}
  return vim.tbl_map(function(action)
    return action.name
  end, vim.islist(actions) and actions or {})
end

return M
