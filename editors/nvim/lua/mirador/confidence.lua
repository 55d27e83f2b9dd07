--- How sure a model was, as a colour and as a word: whoever sees no colours reads the word.

local M = {}

vim.api.nvim_set_hl(0, 'MiradorConfidenceLow', { default = true, link = 'Comment' })
-- No link to Normal: its background would show in a float, which has another.
vim.api.nvim_set_hl(0, 'MiradorConfidenceFair', { default = true })
vim.api.nvim_set_hl(0, 'MiradorConfidenceHigh', { default = true, link = 'DiagnosticInfo' })

---@param confidence number 0 to 1.
---@return 'Low'|'Fair'|'High'
local function step(confidence)
  return confidence < 0.5 and 'Low' or confidence < 0.8 and 'Fair' or 'High'
end

--- The highlight group: the same steps as on the command line.
---@param confidence number 0 to 1.
---@return string
function M.group(confidence)
  return 'MiradorConfidence' .. step(confidence)
end

--- The same in words: `72 %, medium`.
---@param confidence number 0 to 1.
---@return string
function M.words(confidence)
  local word = ({ Low = 'low', Fair = 'medium', High = 'high' })[step(confidence)]
  return ('%d %%, %s'):format(math.floor(confidence * 100 + 0.5), word)
end

return M
