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
--- Findings are ordinary diagnostics (`:h vim.diagnostic`). Settings go under `settings.mirador`,
--- for instance with `vim.lsp.config('mirador', { settings = { mirador = { review = { gate = 0.5 } } } })`.

---@type vim.lsp.Config
return {
  cmd = { 'mirador', 'serve', '--stdio' },
  filetypes = {
    'bash', 'c', 'cpp', 'cs', 'css', 'go', 'html', 'java', 'javascript', 'javascriptreact', 'json',
    'php', 'python', 'ruby', 'rust', 'sh', 'typescript', 'typescriptreact', 'yaml',
  },
  root_markers = { '.mirador.toml', '.git' },
  settings = { mirador = {} },
}
