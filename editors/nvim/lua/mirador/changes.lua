--- Changes of code that a model writes: fixes, doc comments, tests, actions of the user's own.

local server = require('mirador.server')

local M = {}

---@type table<integer, integer> How many run, by client.
local running = {}

--- Whether a change that a model writes is being worked out for a client.
---@param client_id integer
---@return boolean
function M.runs(client_id)
  return (running[client_id] or 0) > 0
end

--- Says what a change did; why there is none the server says itself.
---@param result table
function M.tell(result)
  if result.state == 'applied' then
    server.say(result.title)
  end
end

--- Has a change worked out.
---@param client vim.lsp.Client
---@param name string Of the server's command.
---@param argument table
function M.run(client, name, argument)
  running[client.id] = (running[client.id] or 0) + 1
  local params = { command = 'mirador.' .. name, arguments = { argument } }
  local function ended()
    running[client.id] = math.max((running[client.id] or 1) - 1, 0)
  end
  local sent = client:request('workspace/executeCommand', params, function(err, result)
    ended()
    if err and err.code ~= vim.lsp.protocol.ErrorCodes.RequestCancelled then
      server.say(err.message, vim.log.levels.ERROR)
    elseif type(result) == 'table' then
      M.tell(result)
    end
  end)
  if not sent then
    ended()
    server.say('the server does not run.', vim.log.levels.ERROR)
  end
end

return M
