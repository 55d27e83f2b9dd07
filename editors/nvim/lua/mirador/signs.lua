--- Findings as signs in the margin. Without the option, the signs are those of `vim.diagnostic`.

local M = {}

--- What |vim.diagnostic.config()| takes for the signs that were chosen.
---@param signs mirador.Signs|boolean
---@return boolean|vim.diagnostic.Opts.Signs
function M.config(signs)
  if type(signs) == 'boolean' then
    return signs
  end
  local text = {}
  for name, sign in pairs(signs) do
    text[vim.diagnostic.severity[name:upper()]] = sign
  end
  return { text = text }
end

--- Gives a client's findings the signs that were chosen; other servers' stay as they are.
---@param client_id integer
function M.attach(client_id)
  local signs = require('mirador.config').get().signs
  if signs ~= nil then
    vim.diagnostic.config({ signs = M.config(signs) }, vim.lsp.diagnostic.get_namespace(client_id))
  end
end

return M
