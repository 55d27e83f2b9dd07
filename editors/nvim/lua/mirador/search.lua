--- Code of the workspace by words, names and meaning, in the quickfix list.

local server = require('mirador.server')

local M = {}

--- Entries of the quickfix list.
---@param hits table[] As `docs/protocol.md` has them.
---@return vim.quickfix.entry[]
function M.entries(hits)
  local items = {}
  for _, hit in ipairs(hits) do
    if hit.uri ~= '' then
      local text = hit.symbol ~= '' and hit.symbol or vim.trim(hit.text:match('%S[^\n]*') or '')
      table.insert(items, {
        filename = vim.uri_to_fname(hit.uri),
        lnum = hit.range.start.line + 1,
        text = ('%s  (%s)'):format(text, table.concat(hit.why, ', ')),
      })
    end
  end
  return items
end

--- Puts what fits into the quickfix list; without a query the user is asked for it.
---@param client vim.lsp.Client
---@param query? string
function M.search(client, query)
  server.with_words('Search the workspace: ', query, function(said)
    local params = { query = said, most = 50, uri = vim.uri_from_bufnr(0) }
    server.ask(client, 'mirador/search', params, function(found)
      for _, note in ipairs(found.notes) do
        server.say(note)
      end
      local items = M.entries(found.hits)
      if #items == 0 then
        server.say('nothing fits.')
        return
      end
      vim.fn.setqflist({}, ' ', { title = 'Mirador: ' .. said, items = items })
      vim.cmd.copen()
    end)
  end)
end

return M
