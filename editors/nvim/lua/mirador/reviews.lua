--- Reviews that are asked for.

local server = require('mirador.server')

local M = {}

M.STAGES = { 'instant', 'quick', 'deep', 'synthesis' }
M.LENSES = { 'bug', 'security', 'performance', 'style' }

--- What came of a review, in one line.
---@param result table
---@return string?
function M.words(result)
  if result.state ~= 'finished' or not result.findings then
    return nil
  end
  local withheld = (result.withheld or 0) > 0 and (', %d withheld'):format(result.withheld) or ''
  local took = result.seconds and (' in %.1f s'):format(result.seconds) or ''
  local risk = ''
  for _, overview in ipairs(result.overviews or {}) do
    risk = risk .. (', risk %s'):format(overview.risk)
  end
  return ('%d findings%s%s%s'):format(result.findings, withheld, took, risk)
end

--- Stages and lenses among words: `deep security`.
---@param words string
---@return { stages?: string[], lenses?: string[] }? which
---@return string? unknown The first word that is neither.
function M.narrowed(words)
  local which = {}
  for word in words:gmatch('%S+') do
    local kind = vim.list_contains(M.STAGES, word) and 'stages' or vim.list_contains(M.LENSES, word) and 'lenses'
    if not kind then
      return nil, word
    end
    which[kind] = which[kind] or {}
    table.insert(which[kind], word)
  end
  return which
end

--- Reviews, and says what came of it.
---@param client vim.lsp.Client
---@param name string Of the server's command.
---@param place? mirador.Place
---@param words string Stages and lenses to keep to.
function M.review(client, name, place, words)
  local which, unknown = M.narrowed(words)
  if not which then
    server.say(('`%s` is neither a stage nor a lens.'):format(unknown), vim.log.levels.ERROR)
    return
  end
  local argument = vim.tbl_extend('force', place or {}, which)
  server.execute(client, name, next(argument) and argument or nil, function(result)
    local said = M.words(result)
    if said then
      server.say(said)
    end
  end)
end

return M
