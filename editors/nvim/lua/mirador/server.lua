--- The way to the server, and what is said to the user.

local M = {}

---@class mirador.Place What a command is about.
---@field uri string
---@field range? lsp.Range
---@field position? lsp.Position
---@field findingId? string

--- Tells the user something. Whoever types would not see it: Neovim writes `-- INSERT --` over it.
--- They are told when they pause, and the status says meanwhile that there is a message.
---@param message string
---@param level integer
local function tell(message, level)
  local typing = require('mirador.typing')
  if typing.idle() then
    vim.notify(message, level)
    return
  end
  local status = require('mirador.status')
  status.hold(1)
  typing.once_idle(function()
    status.hold(-1)
    vim.notify(message, level)
  end)
end

---@param message string
---@param level? integer
function M.say(message, level)
  tell('Mirador: ' .. message, level or vim.log.levels.INFO)
end

--- Shows a message of the server.
---@param message string
---@param kind lsp.MessageType
function M.shout(message, kind)
  local levels = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO }
  tell(message, levels[kind] or vim.log.levels.DEBUG)
end

--- The client of a buffer, if it has one.
---@param buffer? integer
---@return vim.lsp.Client?
function M.of(buffer)
  return vim.lsp.get_clients({ bufnr = buffer or 0, name = 'mirador' })[1]
end

--- Any client; what is not about a buffer goes to the first.
---@return vim.lsp.Client?
function M.any()
  return M.of(0) or vim.lsp.get_clients({ name = 'mirador' })[1]
end

--- Sends a request and says what went wrong, if something did and nobody stopped it.
---@param client vim.lsp.Client
---@param method string
---@param params table
---@param after? fun(result: table)
function M.ask(client, method, params, after)
  client:request(method, params, function(err, result)
    if err then
      if err.code ~= vim.lsp.protocol.ErrorCodes.RequestCancelled then
        M.say(err.message, vim.log.levels.ERROR)
      end
    elseif after and type(result) == 'table' then
      after(result)
    end
  end)
end

--- Sends a command.
---@param client vim.lsp.Client
---@param name string Without `mirador.`
---@param argument? table
---@param after? fun(result: table)
function M.execute(client, name, argument, after)
  M.ask(client, 'workspace/executeCommand', { command = 'mirador.' .. name, arguments = { argument } }, after)
end

--- Goes on with what was said, or asks the user for it; an empty answer ends it.
---@param prompt string
---@param said? string
---@param go_on fun(said: string)
function M.with_words(prompt, said, go_on)
  local function checked(words)
    if words and vim.trim(words) ~= '' then
      go_on(vim.trim(words))
    end
  end
  if said and vim.trim(said) ~= '' then
    checked(said)
  else
    vim.ui.input({ prompt = prompt }, checked)
  end
end

return M
