--- Mirador: reviews, explanations and changes of code by models that run on this machine.
---
--- Nothing has to be set up: `vim.lsp.enable('mirador')` starts the server, `:Mirador` is there.

local M = {}

--- Chooses options (the same as `vim.g.mirador`) and enables the server.
---@param options? mirador.Options
function M.setup(options)
  local server = require('mirador.server')
  for _, problem in ipairs(require('mirador.config').problems(options)) do
    server.say(problem .. ' See `:help mirador-options`.', vim.log.levels.WARN)
  end
  if type(options) == 'table' then
    vim.g.mirador = options
  end
  vim.lsp.enable('mirador')
end

--- One short text for a status line; empty where Mirador does not look at the buffer.
---@param buffer? integer
---@return string
function M.status(buffer)
  return require('mirador.status').text(buffer)
end

return M
