--- What a change would make of a text, without making it.

local M = {}

---@class mirador.Changed One file as it is and as it would be.
---@field uri string
---@field before string[]
---@field after string[]
---@field creates boolean There is no such file yet.
---@field version? integer The version of the text that the change is for.

--- The lines of a document as the editor has it; none of a file that is not there.
---@param uri string
---@return string[]
local function lines_of(uri)
  local buffer = vim.uri_to_bufnr(uri)
  if not vim.api.nvim_buf_is_loaded(buffer) and vim.fn.filereadable(vim.uri_to_fname(uri)) == 0 then
    return {}
  end
  vim.fn.bufload(buffer)
  return vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
end

--- Lines with edits made in them.
---@param before string[]
---@param edits lsp.TextEdit[]
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return string[]
function M.applied(before, edits, encoding)
  local scratch = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(scratch, 0, -1, false, before)
  vim.lsp.util.apply_text_edits(vim.deepcopy(edits), scratch, encoding)
  local after = vim.api.nvim_buf_get_lines(scratch, 0, -1, false)
  vim.api.nvim_buf_delete(scratch, { force = true })
  return after
end

--- The one file that an edit is about. Ours touch one document or create one file; what does
--- anything else cannot be shown whole, and so is no change to be agreed to.
---@param edit lsp.WorkspaceEdit
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return mirador.Changed? changed
---@return string? why_not
function M.changed(edit, encoding)
  local creates, documents = {}, {}
  for _, part in ipairs(edit.documentChanges or {}) do
    if part.kind == 'create' then
      creates[part.uri] = true
    elseif part.kind then
      return nil, ('a change that would %s a file cannot be shown'):format(part.kind)
    else
      table.insert(documents, part)
    end
  end
  for uri, edits in pairs(not edit.documentChanges and edit.changes or {}) do
    table.insert(documents, { textDocument = { uri = uri }, edits = edits })
  end
  if #documents ~= 1 then
    return nil, ('a change of %d files cannot be shown'):format(#documents)
  end
  local document = documents[1]
  local uri = document.textDocument.uri
  local before = creates[uri] and {} or lines_of(uri)
  local version = document.textDocument.version
  return {
    uri = uri,
    before = before,
    after = M.applied(before, document.edits, encoding),
    creates = creates[uri] == true,
    version = version ~= vim.NIL and version or nil,
  }
end

return M
