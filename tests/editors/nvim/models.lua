-- Another model without a restart, what the status says of models, and a model that is not there.
local s = dofile(os.getenv('SESSION'))
local client = s.open('cart.py')
s.wait('the first review', function() return s.codes()['ruff/S307'] end)

---@param what string
---@param command string
---@param words string What is said, literally.
local function says(what, command, words)
  s.said = {}
  vim.cmd(command)
  s.wait(what, function()
    return vim.iter(s.said):any(function(said) return said:find(words, 1, true) end)
  end)
end

says('one stage', 'Mirador use-model large quick', 'large for quick')
says('it runs there, and why', 'Mirador status', 'quick on large: first choice for quick')
says('all stages', 'Mirador use-model small', 'small for quick, deep, synthesis')
says('it runs there', 'Mirador status', 'quick on small: first choice for quick')
says('taken back', 'Mirador use-model auto', 'auto for quick, deep, synthesis')
says('a model that is not there', 'Mirador use-model enormous', 'enormous')
says('a server that nobody named', 'Mirador use-model nobody/large', 'There is no model nobody/large.')
says('a stage that has no model', 'Mirador use-model small instant', 'The stage is one of')
says('nothing named', 'Mirador use-model', 'name the model')
assert(not s.codes()['internal'] and #vim.lsp.get_clients({ name = 'mirador' }) == 1)

-- While others go first, the status line says how many.
local mirador = require('mirador')
require('mirador.status').heard({ kind = 'normal', busy = true, stage = 'deep', waiting = 3, message = '' }, client.id)
assert(mirador.status() == 'Mirador: 3 before us', mirador.status())
s.leave(client)
