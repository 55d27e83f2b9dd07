--- What every script of the Neovim tests begins with: the plugin, the server, a file, and patience.
--- Run by `nvim --headless --clean -n -l SCRIPT`; a script that raises ends with a status of its own.

local M = { folder = assert(os.getenv('FOLDER')), said = {}, progress = {} }

---@param what string
---@param condition fun(): any
---@param patience? integer In milliseconds.
---@return any
function M.wait(what, condition, patience)
  local value
  local seen = vim.wait(patience or 60000, function()
    value = condition()
    return value
  end, 20)
  if not seen then
    local state = { said = M.said, diagnostics = vim.diagnostic.get(), lines = M.lines() }
    error('timed out: ' .. what .. '\n' .. vim.inspect(state), 0)
  end
  print('ok ' .. what)
  return value
end

---@param buffer? integer
---@return string[]
function M.lines(buffer)
  return vim.api.nvim_buf_get_lines(buffer or 0, 0, -1, false)
end

---@param buffer? integer
---@return string
function M.text(buffer)
  return table.concat(M.lines(buffer), '\n')
end

--- Our diagnostics of the current buffer by their code.
---@return table<string, vim.Diagnostic>
function M.codes()
  local seen = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(0)) do
    if diagnostic.source == 'mirador' then
      seen[diagnostic.code] = diagnostic
    end
  end
  return seen
end

--- What happened to each question to the scripted model.
---@return string[]
function M.journal()
  local path = M.folder .. '/journal'
  if vim.fn.filereadable(path) == 0 then
    return {}
  end
  return vim.tbl_map(function(line)
    return vim.json.decode(line).event
  end, vim.fn.readfile(path))
end

--- Lets a reply that the script holds back go on.
---@param name string
function M.release(name)
  vim.fn.writefile({}, M.folder .. '/' .. name)
end

---@param name string
---@return string
function M.on_disk(name)
  return table.concat(vim.fn.readfile(M.folder .. '/' .. name), '\n')
end

--- Chooses the code action with this title, as a user does, once it is offered.
---@param pattern string
function M.act(pattern)
  local client = vim.lsp.get_clients({ bufnr = 0, name = 'mirador' })[1]
  M.wait('offered: ' .. pattern, function()
    local params = vim.lsp.util.make_range_params(0, client.offset_encoding)
    local line = vim.diagnostic.get(0, { lnum = vim.api.nvim_win_get_cursor(0)[1] - 1 })
    params.context = { diagnostics = vim.lsp.diagnostic.from(line) }
    local answer = client:request_sync('textDocument/codeAction', params, 20000, 0)
    return vim.iter(answer and answer.result or {}):any(function(action)
      return action.title:find(pattern) ~= nil
    end)
  end)
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      return action.title:find(pattern) ~= nil
    end,
  })
end

--- Presses a key in the preview of a change, when it is shown.
---@param key string
---@param patience? integer In milliseconds.
---@return mirador.Preview
function M.decide(key, patience)
  local preview = require('mirador.preview')
  local shown = M.wait('a change is shown', function() return preview.shown()[1] end, patience)
  M.wait('it is decided', function()
    if not vim.api.nvim_buf_is_valid(shown.after) then
      return true
    end
    vim.api.nvim_feedkeys(key, 'x', false)
  end)
  return shown
end

--- Starts the server with a file and returns its client.
---@param name string
---@return vim.lsp.Client
function M.open(name)
  vim.cmd('filetype plugin on') -- `--clean -l` leaves it off
  vim.cmd.edit(M.folder .. '/' .. name)
  vim.bo.filetype = 'python'
  return M.wait('attached', function()
    local client = vim.lsp.get_clients({ name = 'mirador' })[1]
    return client and client.initialized and client
  end)
end

--- Ends the server by the protocol, and the script well.
---@param client vim.lsp.Client
function M.leave(client)
  client:stop()
  M.wait('stopped', function()
    return client:is_stopped()
  end)
  vim.wait(300) -- lets `exit` leave the pipe
  os.exit(0)
end

vim.opt.runtimepath:prepend(assert(os.getenv('PLUGIN')))
vim.cmd('runtime plugin/mirador.lua')
vim.notify = function(message)
  table.insert(M.said, message)
end
vim.lsp.config('mirador', {
  cmd = { assert(os.getenv('PYTHON')), '-m', 'mirador_lsp', 'serve', '--stdio' },
  settings = { mirador = { review = { stages = { 'instant', 'quick' } }, server = { explain_ahead = false } } },
})
vim.lsp.enable('mirador')
vim.api.nvim_create_autocmd('LspProgress', {
  callback = function(event)
    table.insert(M.progress, event.data.params.value.kind)
  end,
})

return M
