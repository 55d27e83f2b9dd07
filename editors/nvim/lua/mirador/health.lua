--- `:checkhealth mirador`

local M = {}

---@param command string[]
---@return boolean
local function runs(command)
  if vim.fn.executable(command[1]) == 0 then
    vim.health.error(('`%s` is not there or cannot be run'):format(command[1]), {
      'Install Mirador as its README says.',
      "Name it: vim.lsp.config('mirador', { cmd = { '/path/to/mirador', 'serve', '--stdio' } })",
    })
    return false
  end
  return true
end

--- Lets Mirador look at its own parts.
---@param program string[] Command and arguments up to `serve`.
local function doctor(program)
  local command = vim.list_extend(vim.deepcopy(program), { 'doctor', '--json' })
  local done = vim.system(command, { text = true, timeout = 60000 }):wait()
  local read, report = pcall(vim.json.decode, done.stdout or '')
  if not read or type(report) ~= 'table' or type(report.checks) ~= 'table' then
    vim.health.error(('`%s` gave no report'):format(table.concat(command, ' ')), { done.stderr or '' })
    return
  end
  for _, check in ipairs(report.checks) do
    local line = ('%s: %s'):format(check.name, check.detail)
    local remedy = check.remedy ~= '' and { check.remedy } or nil
    if check.health == 'ok' then
      vim.health.ok(line)
    elseif check.health == 'error' then
      vim.health.error(line, remedy)
    else
      vim.health.warn(line, remedy)
    end
  end
end

---@param command any
---@return string[]?
local function program_of(command)
  if type(command) ~= 'table' then
    return nil
  end
  local program = {}
  for _, word in ipairs(command) do
    if word == 'serve' then
      return program
    end
    table.insert(program, word)
  end
  return nil
end

function M.check()
  vim.health.start('Mirador: the editor')
  if vim.fn.has('nvim-0.11') == 0 then
    vim.health.error('Neovim 0.11 or newer is needed')
    return
  end
  vim.health.ok('Neovim ' .. tostring(vim.version()))
  if vim.lsp.is_enabled and vim.lsp.is_enabled('mirador') then
    vim.health.ok('enabled')
  elseif vim.lsp.is_enabled then
    vim.health.warn('not enabled', { "Put vim.lsp.enable('mirador') into your init.lua." })
  end
  local clients = vim.lsp.get_clients({ name = 'mirador' })
  for _, client in ipairs(clients) do
    vim.health.ok(('running for %s'):format(client.root_dir or 'single files'))
  end
  if #clients == 0 then
    vim.health.info('no server runs; one starts with the first file of a language it knows')
  end

  vim.health.start('Mirador: the server')
  local config = vim.lsp.config.mirador
  local program = config and program_of(config.cmd)
  if not program then
    vim.health.info('it is started in a way of your own, so its parts cannot be looked at here')
  elseif runs(program) then
    doctor(program)
  end
end

return M
