--- Questions and answers as lines of Markdown, with the colours of what a model said.

local confidence = require('mirador.confidence')

local M = {}

---@class mirador.Run Words of a model that came together.
---@field content string
---@field confidence number

---@class mirador.Entry One question with its answer, as far as it came.
---@field question string Empty for an explanation.
---@field title string
---@field by string Who says what is shown, and how sure.
---@field sure number
---@field text string The whole answer of the stage that holds.
---@field said mirador.Run[] The same in runs, where the model said it word for word.
---@field draft mirador.Run[] What the stage that speaks has said so far.
---@field speaks string The stage that speaks.
---@field notices string[]
---@field ended? string

---@class mirador.Mark Where a colour is; rows and columns (bytes) from zero.
---@field row integer
---@field col integer
---@field end_row integer
---@field end_col integer
---@field group string

---@param question? string
---@return mirador.Entry
function M.entry(question)
  return {
    question = question or '', title = 'Explain', by = 'Reading the code…', sure = 0.5,
    text = '', said = {}, draft = {}, speaks = '', notices = {},
  }
end

---@param runs mirador.Run[]
---@return string
local function joined(runs)
  local words = {}
  for _, run in ipairs(runs) do
    table.insert(words, run.content)
  end
  return table.concat(words)
end

---@param part table
---@return string
local function speaker(part)
  return table.concat(vim.tbl_filter(function(word)
    return word ~= ''
  end, { part.stage or '', part.model or '' }), ', ')
end

--- Takes one part of an answer in.
---@param entry mirador.Entry
---@param part table As `docs/protocol.md` has it.
function M.take(entry, part)
  local who = speaker(part)
  if part.kind == 'stage' then
    entry.draft, entry.speaks = {}, who
    entry.by, entry.sure = who .. ' is at work…', 0.5
  elseif part.kind == 'text' then
    table.insert(entry.draft, { content = part.content, confidence = part.confidence })
    entry.by, entry.sure = ('%s, %s…'):format(who, confidence.words(part.confidence)), part.confidence
  elseif part.kind == 'answer' then
    local same = vim.trim(joined(entry.draft)) == vim.trim(part.text)
    entry.said = same and entry.draft or {}
    entry.text, entry.draft = part.text, {}
    entry.by, entry.sure = ('%s, %s'):format(who, confidence.words(part.confidence)), part.confidence
  elseif part.kind == 'notice' and not vim.tbl_contains(entry.notices, part.message) then
    table.insert(entry.notices, part.message)
  end
end

--- Adds a text behind the lines there are; returns where it begins.
---@param lines string[]
---@param text string
local function add(lines, text)
  vim.list_extend(lines, vim.split(text, '\r?\n'))
end

--- Adds runs of words, each in the colour of its confidence.
---@param lines string[]
---@param marks mirador.Mark[]
---@param runs mirador.Run[]
function M.add_runs(lines, marks, runs)
  table.insert(lines, '')
  for _, run in ipairs(runs) do
    local row, col = #lines - 1, #lines[#lines]
    local parts = vim.split(run.content, '\r?\n')
    lines[#lines] = lines[#lines] .. parts[1]
    vim.list_extend(lines, parts, 2)
    local mark = {
      row = row, col = col, end_row = #lines - 1, end_col = #lines[#lines],
      group = confidence.group(run.confidence),
    }
    local last = marks[#marks]
    if last and last.group == mark.group and last.end_row == row and last.end_col == col then
      last.end_row, last.end_col = mark.end_row, mark.end_col
    else
      table.insert(marks, mark)
    end
  end
end

---@param entry mirador.Entry
---@param lines string[]
---@param marks mirador.Mark[]
local function write(entry, lines, marks)
  add(lines, '# ' .. (entry.question ~= '' and entry.question:gsub('%s+', ' ') or entry.title))
  add(lines, '')
  if #entry.said > 0 then
    M.add_runs(lines, marks, entry.said)
    add(lines, '')
  elseif entry.text ~= '' then
    add(lines, entry.text)
    add(lines, '')
  end
  if #entry.draft > 0 then
    if entry.text ~= '' then
      add(lines, ('_%s goes on:_'):format(entry.speaks))
      add(lines, '')
    end
    M.add_runs(lines, marks, entry.draft)
    add(lines, '')
  end
  for _, notice in ipairs(entry.notices) do
    add(lines, '> ' .. notice)
  end
  if entry.ended and entry.ended ~= '' then
    add(lines, ('_%s_'):format(entry.ended))
  end
end

--- All entries, one below the other.
---@param entries mirador.Entry[]
---@return string[] lines
---@return mirador.Mark[] marks
---@return integer last The line (from one) with the heading of the last entry.
function M.render(entries)
  local lines, marks, last = {}, {}, 1
  for index, entry in ipairs(entries) do
    if index > 1 then
      vim.list_extend(lines, { '', '---', '' })
    end
    last = #lines + 1
    write(entry, lines, marks)
  end
  return lines, marks, last
end

--- How an answer ended, in a word or two.
---@param result? table
---@param err? lsp.ResponseError
---@return string
function M.ending(result, err)
  if err then
    local cancelled = err.code == vim.lsp.protocol.ErrorCodes.RequestCancelled
    return cancelled and 'Stopped.' or err.message
  end
  if not result or result.state == 'stopped' then
    return 'Stopped.'
  end
  return result.state == 'finished' and ('%.1f s'):format(result.seconds) or 'No answer.'
end

return M
