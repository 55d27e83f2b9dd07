-- Drives a real Neovim: open, diagnostics stage by stage, progress, save, stop.
-- Run: FOLDER=... PLUGIN=editors/nvim PYTHON=python nvim --headless --clean -l nvim_review.lua
-- Ends with status 0 only if everything was seen.
local folder = assert(os.getenv('FOLDER'))

local function wait(what, condition)
  if not vim.wait(60000, condition, 20) then
    error('timed out: ' .. what .. '\n' .. vim.inspect(vim.diagnostic.get()), 0)
  end
  print('ok ' .. what)
end

local function codes()
  local seen = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(0)) do
    seen[diagnostic.code] = diagnostic
  end
  return seen
end

vim.opt.runtimepath:prepend(assert(os.getenv('PLUGIN')))
vim.lsp.config('mirador', { cmd = { assert(os.getenv('PYTHON')), '-m', 'mirador_lsp', 'serve', '--stdio' } })
vim.lsp.enable('mirador')

local progress = {}
vim.api.nvim_create_autocmd('LspProgress', {
  callback = function(event)
    table.insert(progress, event.data.params.value.kind)
  end,
})

vim.cmd('filetype plugin on') -- `--clean -l` leaves it off
vim.cmd.edit(folder .. '/cart.py')
vim.bo.filetype = 'python'

wait('attached', function()
  local client = vim.lsp.get_clients({ name = 'mirador' })[1]
  return client and client.initialized
end)
local client = vim.lsp.get_clients({ name = 'mirador' })[1]
wait('instant finding', function() return codes()['ruff/S307'] end)
assert(not codes()['model/bug'], 'the model has not spoken yet')
assert(codes()['ruff/S307'].source == 'mirador')
assert(codes()['ruff/S307'].lnum == 5 and codes()['ruff/S307'].col == 11)
wait('progress begins', function() return progress[1] == 'begin' end)
vim.fn.writefile({}, folder .. '/go')
wait('model finding', function() return codes()['model/bug'] end)
assert(codes()['model/bug'].lnum == 1)
wait('progress ends', function() return progress[#progress] == 'end' end)

-- A line typed above moves everything down; the save is reviewed as the new version.
vim.api.nvim_buf_set_lines(0, 0, 0, true, { '# é😀' })
vim.cmd('silent write')
wait('moved after the save', function()
  local seen = codes()
  return seen['ruff/S307'] and seen['ruff/S307'].lnum == 6 and seen['model/bug'] and seen['model/bug'].lnum == 2
end)

vim.cmd('bdelete')
wait('cleared after the close', function() return #vim.diagnostic.get() == 0 end)
client:stop()
wait('stopped', function() return client:is_stopped() end)
vim.wait(300) -- lets `exit` leave the pipe
os.exit(0)
