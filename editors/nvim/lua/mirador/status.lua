--- What the server says of itself, for status lines. Drawing one asks nobody and waits for nothing.

local M = {}

---@class mirador.Status What the server says of itself; `docs/protocol.md` has the fields.
---@field kind 'normal'|'warning'|'error'
---@field busy boolean
---@field message string
---@field remedy string
---@field stage string
---@field model string
---@field paused? boolean Nothing is reviewed by itself.
---@field waiting? integer How many requests go first.
---@field stages? { stage: string, model: string, reason: string }[]
---@field queues? { name: string, residents: string[] }[]

---@type table<integer, mirador.Status>
local statuses = {}
---@type table<integer, integer> How many changes wait for the user to leave off typing.
local waits = {}
--- How many messages wait for it.
local held = 0

---@param client_id integer
local function tell(client_id)
  local event = { pattern = 'MiradorStatus', modeline = false, data = statuses[client_id] }
  vim.api.nvim_exec_autocmds('User', event)
  vim.cmd.redrawstatus({ bang = true })
end

--- Keeps what a server says of itself.
---@param status mirador.Status
---@param client_id integer
function M.heard(status, client_id)
  statuses[client_id] = status
  tell(client_id)
end

--- A change waits to be shown, or does no longer.
---@param client_id integer
---@param more 1|-1
function M.wait(client_id, more)
  waits[client_id] = (waits[client_id] or 0) + more
  tell(client_id)
end

--- A message waits to be seen, or does no longer.
---@param more 1|-1
function M.hold(more)
  held = held + more
  vim.cmd.redrawstatus({ bang = true })
end

--- The latest words of a server.
---@param client_id integer
---@return mirador.Status?
function M.latest(client_id)
  return statuses[client_id]
end

--- One short text.
---@param status mirador.Status
---@return string
function M.words(status)
  if status.busy and (status.waiting or 0) > 0 then
    return ('Mirador: %d before us'):format(status.waiting)
  elseif status.busy then
    return status.stage ~= '' and ('Mirador: %s…'):format(status.stage) or 'Mirador…'
  end
  if status.kind == 'normal' then
    return status.paused and 'Mirador: paused' or 'Mirador'
  end
  return ('Mirador: %s'):format(status.message)
end

--- One short text for a status line; empty where Mirador does not look at the buffer.
---@param buffer? integer
---@return string
function M.text(buffer)
  local client = require('mirador.server').of(buffer)
  if client and (waits[client.id] or 0) > 0 then
    return 'Mirador: a change waits'
  elseif client and held > 0 then
    return 'Mirador: a message waits'
  end
  local status = client and statuses[client.id]
  return status and M.words(status) or client and 'Mirador' or ''
end

vim.api.nvim_create_autocmd('LspDetach', {
  group = vim.api.nvim_create_augroup('mirador.status', {}),
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'mirador' and client:is_stopped() then
      statuses[client.id] = nil
    end
  end,
})

return M
