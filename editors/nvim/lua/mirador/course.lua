--- How a review goes, as lines: its stages, and what the model says at the moment.

local confidence = require('mirador.confidence')

local M = {}

--- So many pieces of code are shown with what was said of them; older ones make room.
local MOST_UNITS = 4

---@class mirador.Stage
---@field name string
---@field state 'waits'|'runs'|'done'|'failed'
---@field model string
---@field at string Where it is, or what it took.

---@class mirador.Unit What a model says of one piece of code.
---@field title string
---@field said mirador.Run[]

---@class mirador.Course One review, as far as it went.
---@field run integer
---@field uri string
---@field name string
---@field stages mirador.Stage[]
---@field units mirador.Unit[]
---@field notices string[]
---@field ended? string

---@param news table As `docs/protocol.md` has `mirador/review` of kind `began`.
---@return mirador.Course
function M.begin(news)
  local stages = {}
  for _, name in ipairs(news.stages) do
    local spared = vim.list_contains(news.spared, name)
    table.insert(stages, { name = name, state = 'waits', model = '', at = spared and 'as before' or '' })
  end
  return { run = news.run, uri = news.uri, name = news.name, stages = stages, units = {}, notices = {} }
end

---@param course mirador.Course
---@param name string
---@return mirador.Stage
local function stage_of(course, name)
  for _, stage in ipairs(course.stages) do
    if stage.name == name then
      return stage
    end
  end
  local stage = { name = name, state = 'waits', model = '', at = '' }
  table.insert(course.stages, stage)
  return stage
end

---@param news table
---@return string
local function took(news)
  local words = { ('%.1f s'):format(news.seconds) }
  if news.completionTokens > 0 then
    local known = news.cachedTokens > 0 and (' (%d known before)'):format(news.cachedTokens) or ''
    table.insert(words, ('read %d tokens%s, wrote %d'):format(news.promptTokens, known, news.completionTokens))
  end
  if news.notReviewed > 0 then
    table.insert(words, ('%d not reviewed'):format(news.notReviewed))
  end
  return table.concat(words, ', ')
end

---@param news table
---@return string
local function where(news)
  local lens = news.lens ~= '' and (' (%s)'):format(news.lens) or ''
  local waits = news.waiting > 0 and (', %d go first'):format(news.waiting) or ''
  return ('%d/%d %s%s%s'):format(news.done, news.total, news.unit, lens, waits)
end

---@param course mirador.Course
---@param news table
---@return string
local function ending(course, news)
  local words = { news.message }
  if news.summary ~= '' then
    table.insert(words, news.summary)
  end
  if news.state == 'stopped' then
    for _, stage in ipairs(course.stages) do
      stage.state = stage.state == 'runs' and 'waits' or stage.state
    end
  end
  return table.concat(words, ' ')
end

--- Takes news of the review in; those of other reviews are left out.
---@param course mirador.Course
---@param news table As `docs/protocol.md` has `mirador/review`.
function M.take(course, news)
  if news.run ~= course.run then
    return
  elseif news.kind == 'stage' then
    local stage = stage_of(course, news.stage)
    local leaves = news.leaves and ', leaves this machine' or ''
    stage.state, stage.model, stage.at = 'runs', news.model .. leaves, ''
  elseif news.kind == 'at' then
    stage_of(course, news.stage).at = where(news)
  elseif news.kind == 'done' then
    local stage = stage_of(course, news.stage)
    stage.state, stage.model, stage.at = 'done', news.model, took(news)
  elseif news.kind == 'failed' then
    local stage = stage_of(course, news.stage)
    stage.state, stage.at = 'failed', vim.trim(news.message .. ' ' .. news.remedy)
  elseif news.kind == 'notice' and not vim.list_contains(course.notices, news.message) then
    table.insert(course.notices, news.message)
  elseif news.kind == 'ended' then
    course.ended = ending(course, news)
  end
end

--- Takes words of a model in.
---@param course mirador.Course
---@param stream table As `docs/protocol.md` has `mirador/stream`.
function M.hear(course, stream)
  if stream.uri ~= course.uri then
    return
  end
  local lens = stream.lens ~= '' and (' (%s)'):format(stream.lens) or ''
  local title = ('%s, %s: %s%s'):format(stream.stage, stream.model, stream.unit, lens)
  local unit = course.units[#course.units]
  if not unit or unit.title ~= title then
    unit = { title = title, said = {} }
    table.insert(course.units, unit)
    if #course.units > MOST_UNITS then
      table.remove(course.units, 1)
    end
  end
  table.insert(unit.said, { content = stream.content, confidence = stream.confidence })
end

--- The review as lines. Each stage has a sign and a word: nothing is told by colour alone.
---@param course mirador.Course
---@return string[] lines
---@return mirador.Mark[] marks
function M.render(course)
  local transcript = require('mirador.transcript')
  local lines, marks = { '# ' .. course.name, '' }, {}
  local signs = { waits = '·', runs = '▶', done = '✓', failed = '✗' }
  for _, stage in ipairs(course.stages) do
    local words = vim.tbl_filter(function(word)
      return word ~= ''
    end, { ('%s %-10s %-6s'):format(signs[stage.state], stage.name, stage.state), stage.model, stage.at })
    table.insert(lines, vim.trim(table.concat(words, '  ')))
  end
  table.insert(lines, '')
  for _, notice in ipairs(course.notices) do
    table.insert(lines, '> ' .. notice)
  end
  if course.ended then
    table.insert(lines, course.ended)
  end
  -- What is said now is on top.
  for index = #course.units, 1, -1 do
    local unit = course.units[index]
    local sure = confidence.words(unit.said[#unit.said].confidence)
    vim.list_extend(lines, { '', ('## %s, %s'):format(unit.title, sure), '' })
    transcript.add_runs(lines, marks, unit.said)
  end
  return lines, marks
end

return M
