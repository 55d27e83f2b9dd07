--- What the user thinks of a finding.

local findings = require('mirador.findings')
local server = require('mirador.server')

local M = {}

--- Dismisses a finding; without a reason the user is asked for one, and may give none.
---@param client_id integer
---@param place mirador.Place
---@param reason? string
function M.dismiss(client_id, place, reason)
  local function go_on(said)
    local client = vim.lsp.get_client_by_id(client_id)
    if said and client then
      server.execute(client, 'dismiss', vim.tbl_extend('force', place, { reason = said }))
    end
  end
  if reason and reason ~= '' then
    go_on(reason)
  else
    vim.ui.input({ prompt = 'Why is it dismissed? ' }, go_on)
  end
end

--- Shows a dismissed finding of a document again; the user chooses which.
---@param client vim.lsp.Client
---@param place mirador.Place
function M.restore(client, place)
  server.execute(client, 'showWithheld', { uri = place.uri, page = false }, function(result)
    local dismissed = vim.tbl_filter(function(one)
      return one.by == 'dismissed' or one.by == 'learned'
    end, result.hushed)
    if #dismissed == 0 then
      server.say('no finding of this buffer was dismissed, or withheld because others were.')
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
        server.execute(client, 'restore', { uri = place.uri, findingId = one.findingId })
      end
    end)
  end)
end

--- Gives a finding one to five stars.
---@param client vim.lsp.Client
---@param place mirador.Place
---@param words string
function M.rate(client, place, words)
  local rating = tonumber(words:match('^[1-5]$'))
  if rating == nil then
    server.say('give it one to five stars: `:Mirador rate 4`')
    return
  end
  findings.choose(place, function(finding)
    server.execute(client, 'rate', vim.tbl_extend('force', finding, { rating = rating }))
  end)
end

return M
