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
    experimental = {
      mirador = {
        status = true,
        answers = true,
        checkDiagnostics = true,
        -- Settings are what the user's own Lua says; Neovim runs a project's only when trusted.
        vouchesForSettings = true,
      },
    },
  },
  handlers = {
    ['mirador/status'] = function(_, status, context)
      require('mirador').heard(status, context.client_id)
    end,
    ['mirador/checkDiagnostics'] = function(_, params, context)
      return require('mirador.check').answer(params, context.client_id)
    end,
    ['$/progress'] = function(err, params, context)
      if not require('mirador.stream').heard(params) then
        return vim.lsp.handlers['$/progress'](err, params, context)
      end
    end,
  },
  -- Code actions and lenses call these: an answer streams into a window, a reason is asked for.
  commands = {
    ['mirador.explain'] = function(command, context)
      require('mirador').explain(context.client_id, command.arguments[1])
    end,
    ['mirador.ask'] = function(command, context)
      require('mirador').ask(context.client_id, command.arguments[1])
    end,
    ['mirador.dismiss'] = function(command, context)
      require('mirador').dismiss(context.client_id, command.arguments[1])
    end,
  },
}
