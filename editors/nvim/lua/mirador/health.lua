--- `:checkhealth mirador`. An older Neovim must be able to read this file, and is told what is missing.

local M = {}

local health = vim.health or {}
-- Before 0.10 the functions had other names, and before 0.8 another home.
if not health.start then
  local old = health.report_start and health or require('health')
  health = {
    start = old.report_start, ok = old.report_ok, info = old.report_info,
    warn = old.report_warn, error = old.report_error,
  }
end

--- How long the server's own check-up may take, in milliseconds.
local PATIENCE_MS = 60000

---@param command string[]
---@return boolean
local function runs(command)
  if vim.fn.executable(command[1]) == 1 then
    health.ok(('`%s` is %s'):format(command[1], vim.fn.exepath(command[1])))
    return true
  end
  health.error(('`%s` is not there or cannot be run'):format(command[1]), {
    'Install Mirador as its README says.',
    "Name it: vim.lsp.config('mirador', { cmd = { '/path/to/mirador', 'serve', '--stdio' } })",
  })
  return false
end

---@param program string[]
---@param ... string
---@return vim.SystemCompleted
local function run(program, ...)
  return vim.system(vim.list_extend(vim.deepcopy(program), { ... }), { text = true, timeout = PATIENCE_MS }):wait()
end

--- Whether plugin and server belong together.
---@param program string[]
local function version(program)
  local ours = require('mirador.version')
  local done = run(program, '--version')
  local theirs = (done.stdout or ''):match('^mirador (%S+)')
  if not theirs then
    health.error('the server does not say its version', { vim.trim(done.stderr or ''):sub(-500) })
  elseif theirs == ours then
    health.ok(('plugin and server are both %s'):format(ours))
  else
    health.warn(('the plugin is %s, the server %s'):format(ours, theirs), {
      'Take the plugin from the same release: what the one asks for the other may not know.',
    })
  end
end

--- Lets Mirador look at its own parts: models, stages, parser, engine, settings.
---@param program string[] Command and arguments up to `serve`.
local function doctor(program)
  local done = run(program, 'doctor', '--json')
  local read, report = pcall(vim.json.decode, done.stdout or '')
  if not read or type(report) ~= 'table' or type(report.checks) ~= 'table' then
    local what = table.concat(program, ' ')
    health.error(('`%s doctor --json` gave no report'):format(what), { vim.trim(done.stderr or ''):sub(-500) })
    return
  end
  for _, check in ipairs(report.checks) do
    local line = ('%s: %s'):format(check.name, check.detail)
    local remedy = check.remedy ~= '' and { check.remedy } or nil
    if check.health == 'ok' then
      health.ok(line)
    elseif check.health == 'error' then
      health.error(line, remedy)
    else
      health.warn(line, remedy)
    end
  end
end

--- Command and arguments up to `serve`; nil where a server is started in some other way.
---@param command any
---@return string[]?
function M.program(command)
  if type(command) ~= 'table' then
    return nil
  end
  for index, word in ipairs(command) do
    if word == 'serve' and index > 1 then
      return vim.list_slice(command, 1, index - 1)
    end
  end
  return nil
end

---@return boolean goes_on
local function editor()
  health.start('Mirador: the editor')
  if vim.fn.has('nvim-0.11') == 0 then
    health.error('Neovim 0.11 or newer is needed for the plugin', {
      '`:help mirador-older` has a configuration for older ones, with findings, hovers and code actions.',
    })
    return false
  end
  health.ok('Neovim ' .. tostring(vim.version()))
  local problems = require('mirador.config').problems(vim.g.mirador)
  for _, problem in ipairs(problems) do
    health.warn(problem, { '`:help mirador-options`' })
  end
  if #problems == 0 then
    local options = require('mirador.config').get()
    local changes = options.preview and 'shown first' or 'made at once'
    health.ok(('answers in a %s, changes %s'):format(options.window, changes))
  end
  return true
end

local function clients()
  health.start('Mirador: what runs')
  -- Not there in 0.11.0 to 0.11.1.
  local enabled = vim.lsp.is_enabled and vim.lsp.is_enabled('mirador')
  if enabled then
    health.ok('enabled')
  elseif vim.lsp.is_enabled then
    health.warn('not enabled', { "Put vim.lsp.enable('mirador') into your init.lua." })
  end
  local all = vim.lsp.get_clients({ name = 'mirador' })
  for _, client in ipairs(all) do
    local names = vim.tbl_map(function(buffer)
      return vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buffer), ':t')
    end, vim.tbl_keys(client.attached_buffers))
    table.sort(names)
    health.ok(('running for %s, buffers: %s'):format(
      client.root_dir or 'single files', #names > 0 and table.concat(names, ', ') or 'none'
    ))
    local status = require('mirador.status').latest(client.id)
    if status and status.kind ~= 'normal' then
      health.warn(status.message, status.remedy ~= '' and { status.remedy } or nil)
    end
  end
  if #all == 0 then
    health.info('no server runs; one starts with the first file of a language it knows')
  elseif #all > 1 then
    local roots = {}
    for _, client in ipairs(all) do
      local root = client.root_dir or ''
      if roots[root] then
        health.warn('two servers run for ' .. root, { 'Another plugin starts Mirador too: everything is shown twice.' })
      end
      roots[root] = true
    end
  end
end

function M.check()
  if not editor() then
    return
  end
  clients()
  health.start('Mirador: the server')
  local config = vim.lsp.config.mirador
  local program = config and M.program(config.cmd)
  if not program then
    health.info('it is started in a way of your own, so its parts cannot be looked at here')
  elseif runs(program) then
    version(program)
    doctor(program)
  end
end

return M
