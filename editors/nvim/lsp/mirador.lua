---@brief
---
--- Mirador reviews what you save with models that run on this machine.
---
--- Needs Neovim 0.11 and `mirador` in the PATH. Put this folder (`editors/nvim`) into the
--- 'runtimepath', then:
---
--- ```lua
--- vim.lsp.enable('mirador')
--- ```
---
--- Findings are ordinary diagnostics (`:h vim.diagnostic`), fixes are code actions (`gra`), and
--- `:Mirador` has the rest (`:h mirador`). Settings go under `settings.mirador`, for instance with
--- `vim.lsp.config('mirador', { settings = { mirador = { review = { gate = 0.5 } } } })`.

---@param name string
local function change(name)
  return function(command, context)
    local client = vim.lsp.get_client_by_id(context.client_id)
    if client then
      require('mirador.changes').run(client, name, command.arguments[1])
    end
  end
end

---@type vim.lsp.Config
return {
  cmd = { 'mirador', 'serve', '--stdio' },
  filetypes = {
    'bash', 'c', 'cpp', 'cs', 'css', 'go', 'html', 'java', 'javascript', 'javascriptreact', 'json',
    'php', 'python', 'ruby', 'rust', 'sh', 'typescript', 'typescriptreact', 'yaml',
  },
  root_markers = { '.mirador.toml', '.git' },
  settings = { mirador = {} },
  capabilities = {
    workspace = {
      -- A change that no analyzer could look at says so, and is shown first.
      workspaceEdit = { changeAnnotationSupport = { groupsOnLabel = false } },
    },
    experimental = {
      mirador = {
        status = true,
        review = true,
        stream = true,
        answers = true,
        checkDiagnostics = true,
        -- Settings are what the user's own Lua says; Neovim runs a project's only when trusted.
        vouchesForSettings = true,
      },
    },
  },
  handlers = {
    ['mirador/status'] = function(_, status, context)
      require('mirador.status').heard(status, context.client_id)
    end,
    ['mirador/review'] = function(_, news, context)
      require('mirador.watch').heard(news, context.client_id)
    end,
    ['mirador/stream'] = function(_, stream, context)
      require('mirador.watch').said(stream, context.client_id)
    end,
    -- The server says who speaks; Neovim would say it twice.
    ['window/showMessage'] = function(_, params)
      require('mirador.server').shout(params.message, params.type)
    end,
    ['mirador/checkDiagnostics'] = function(_, params, context)
      return require('mirador.neighbours').answer(params, context.client_id)
    end,
    ['workspace/applyEdit'] = function(_, params, context)
      return require('mirador.preview').answer(params, context.client_id)
    end,
    ['$/progress'] = function(err, params, context)
      if not require('mirador.answers').heard(params) then
        return vim.lsp.handlers['$/progress'](err, params, context)
      end
    end,
  },
  -- Code actions and lenses call these: an answer streams into a window, a reason is asked for, and
  -- what a model writes is shown before it is made.
  commands = {
    ['mirador.explain'] = function(command, context)
      require('mirador.answers').ask(context.client_id, command.arguments[1])
    end,
    ['mirador.ask'] = function(command, context)
      require('mirador.answers').question(context.client_id, command.arguments[1])
    end,
    ['mirador.dismiss'] = function(command, context)
      require('mirador.opinions').dismiss(context.client_id, command.arguments[1])
    end,
    ['mirador.fix'] = change('fix'),
    ['mirador.document'] = change('document'),
    ['mirador.writeTests'] = change('writeTests'),
    ['mirador.action'] = change('action'),
  },
}
