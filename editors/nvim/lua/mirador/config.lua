--- What a user can choose. Nothing has to be chosen.

local M = {}

---@class mirador.Signs Texts of the signs in the margin, by severity.
---@field error? string
---@field warn? string
---@field info? string
---@field hint? string

---@class mirador.Options
---@field window? 'split'|'float' Where answers are shown.
---@field preview? boolean Changes that a model writes are shown before they are made.
---@field signs? mirador.Signs|boolean Signs of our findings; without it those of |vim.diagnostic|.

---@type mirador.Options
local DEFAULTS = { window = 'split', preview = true }

---@type table<string, { takes: string, holds: fun(value: any): boolean }>
local KNOWN = {
  window = {
    takes = "'split' or 'float'",
    holds = function(value)
      return value == 'split' or value == 'float'
    end,
  },
  preview = {
    takes = 'true or false',
    holds = function(value)
      return type(value) == 'boolean'
    end,
  },
  signs = {
    takes = "true, false, or texts: { error = 'E', warn = 'W', info = 'I', hint = 'H' }",
    holds = function(value)
      if type(value) ~= 'table' then
        return type(value) == 'boolean'
      end
      for severity, text in pairs(value) do
        if not vim.tbl_contains({ 'error', 'warn', 'info', 'hint' }, severity) or type(text) ~= 'string' then
          return false
        end
      end
      return true
    end,
  },
}

--- What is wrong with options, one sentence each.
---@param options any
---@return string[]
function M.problems(options)
  if options == nil then
    return {}
  elseif type(options) ~= 'table' then
    return { 'The options are not a table.' }
  end
  local problems = {}
  for name, value in pairs(options) do
    if not KNOWN[name] then
      table.insert(problems, ('There is no option `%s`.'):format(name))
    elseif not KNOWN[name].holds(value) then
      table.insert(problems, ('`%s` takes %s.'):format(name, KNOWN[name].takes))
    end
  end
  table.sort(problems)
  return problems
end

--- The options that hold now. One that cannot be used counts as not given; `:checkhealth` names it.
---@return mirador.Options
function M.get()
  local options = vim.deepcopy(DEFAULTS)
  local given = vim.g.mirador
  for name, value in pairs(type(given) == 'table' and given or {}) do
    if KNOWN[name] and KNOWN[name].holds(value) then
      options[name] = value
    end
  end
  return options
end

return M
