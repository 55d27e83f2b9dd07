-- The configuration of a user, for the tests in a terminal.
vim.opt.runtimepath:prepend(assert(os.getenv('PLUGIN')))
vim.o.termguicolors = not os.getenv('PLAIN')
vim.o.laststatus = 3
vim.o.number = true
vim.o.shortmess = vim.o.shortmess .. 'I'
vim.o.statusline = "%f %m%=%{v:lua.require'mirador'.status()} "
vim.diagnostic.config({ virtual_text = true })
vim.g.mirador = { window = os.getenv('WINDOW'), signs = { error = '●', warn = '●', info = '○', hint = '○' } }
local scripted = not os.getenv('REAL')
vim.lsp.config('mirador', {
  cmd = { assert(os.getenv('PYTHON')), '-m', 'mirador_lsp', 'serve', '--stdio' },
  settings = {
    mirador = {
      server = { explain_ahead = false },
      stages = scripted and {
        quick = { models = { 'small' } },
        deep = { models = { 'large' } },
        synthesis = { models = { 'large' } },
      } or nil,
    },
  },
})
vim.lsp.enable('mirador')
