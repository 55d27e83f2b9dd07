-- What needs no server: options, words, transcripts, lists, edits, completion.
vim.opt.runtimepath:prepend(assert(os.getenv('PLUGIN')))
local run = dofile(assert(os.getenv('UNIT')))

---@param expected any
---@param got any
local function same(expected, got)
  assert(vim.deep_equal(expected, got), 'expected ' .. vim.inspect(expected) .. ', got ' .. vim.inspect(got))
end

local tests = {}

function tests.options_that_cannot_be_used_are_named_and_left_out()
  local config = require('mirador.config')
  vim.g.mirador = { window = 'float', preview = 'yes', sings = true, signs = { warn = 'W', worse = 'X' } }
  same({ window = 'float', preview = true }, config.get())
  same({
    'There is no option `sings`.',
    '`preview` takes true or false.',
    "`signs` takes true, false, or texts: { error = 'E', warn = 'W', info = 'I', hint = 'H' }.",
  }, config.problems(vim.g.mirador))
  same({ 'The options are not a table.' }, config.problems('float'))
  vim.g.mirador = 'float'
  same({ window = 'split', preview = true }, config.get())
  vim.g.mirador = nil
  same({}, config.problems(nil))
end

function tests.confidence_has_a_group_and_a_word()
  local confidence = require('mirador.confidence')
  same('MiradorConfidenceLow', confidence.group(0.49))
  same('MiradorConfidenceFair', confidence.group(0.5))
  same('MiradorConfidenceHigh', confidence.group(0.8))
  same('72 %, medium', confidence.words(0.72))
  same('Comment', vim.api.nvim_get_hl(0, { name = 'MiradorConfidenceLow' }).link)
  same('DiagnosticInfo', vim.api.nvim_get_hl(0, { name = 'MiradorConfidenceHigh' }).link)
  same(1, vim.fn.hlexists('MiradorConfidenceFair'))
  same({}, vim.api.nvim_get_hl(0, { name = 'MiradorConfidenceFair' }))
end

function tests.a_users_own_colours_win_and_outlive_a_colour_scheme()
  require('mirador.confidence')
  vim.cmd('highlight MiradorConfidenceLow guifg=#ff0000')
  same(nil, vim.api.nvim_get_hl(0, { name = 'MiradorConfidenceLow' }).link)
  vim.cmd('highlight clear')
  same('Comment', vim.api.nvim_get_hl(0, { name = 'MiradorConfidenceLow' }).link)
end

function tests.a_draft_is_coloured_run_by_run_and_runs_of_one_colour_are_one_mark()
  local transcript = require('mirador.transcript')
  local entry = transcript.entry('why?\nreally')
  transcript.take(entry, { kind = 'stage', stage = 'quick', model = 'small', reason = '' })
  for _, part in ipairs({ { 'Adds ', 0.9 }, { 'up', 0.9 }, { ' all\nprices', 0.3 } }) do
    transcript.take(entry, { kind = 'text', stage = 'quick', model = 'small', content = part[1], confidence = part[2] })
  end
  local lines, marks, last = transcript.render({ entry })
  same(1, last)
  same(6, select(3, transcript.render({ transcript.entry(), transcript.entry('more') })))
  same({ '# why? really', '', 'Adds up all', 'prices', '' }, lines)
  same({
    { row = 2, col = 0, end_row = 2, end_col = 7, group = 'MiradorConfidenceHigh' },
    { row = 2, col = 7, end_row = 3, end_col = 6, group = 'MiradorConfidenceLow' },
  }, marks)
  same('quick, small, 30 %, low…', entry.by)
end

function tests.an_answer_keeps_the_colours_where_it_is_what_was_said()
  local transcript = require('mirador.transcript')
  local function answered(text)
    local entry = transcript.entry()
    transcript.take(entry, { kind = 'text', stage = 'quick', model = 'm', content = 'Adds up.\n', confidence = 0.9 })
    transcript.take(entry, { kind = 'answer', stage = 'quick', model = 'm', text = text, confidence = 0.6 })
    return entry, transcript.render({ entry })
  end
  local _, _, coloured = answered('Adds up.')
  same(1, #coloured)
  local entry, lines, plain = answered('Adds everything up.')
  same({}, plain)
  same({ '# Explain', '', 'Adds everything up.', '' }, lines)
  same('quick, m, 60 %, medium', entry.by)
end

function tests.the_end_of_an_answer_is_said()
  local ending = require('mirador.transcript').ending
  same('1.2 s', ending({ state = 'finished', seconds = 1.23 }))
  same('No answer.', ending({ state = 'failed' }))
  same('Stopped.', ending({ state = 'stopped' }))
  same('Stopped.', ending(nil, { code = vim.lsp.protocol.ErrorCodes.RequestCancelled, message = '' }))
  same('It is broken.', ending(nil, { code = -32603, message = 'It is broken.' }))
end

function tests.a_review_is_told_stage_by_stage()
  local course = require('mirador.course')
  local now = course.begin({ run = 3, uri = 'file:///a.py', name = 'a.py', stages = { 'instant', 'quick', 'deep' }, spared = { 'deep' } })
  local function take(kind, fields)
    course.take(now, vim.tbl_extend('force', { run = 3, kind = kind }, fields))
  end
  local cost = { seconds = 1.24, promptTokens = 90, cachedTokens = 40, completionTokens = 7, notReviewed = 1 }
  take('stage', { stage = 'instant', model = '', leaves = false })
  take('done', vim.tbl_extend('force', cost, { stage = 'instant', model = '', completionTokens = 0, notReviewed = 0 }))
  take('stage', { stage = 'quick', model = 'small', leaves = true })
  take('at', { stage = 'quick', done = 1, total = 4, unit = 'Cart.total', lens = 'bug', waiting = 2 })
  course.take(now, { run = 2, kind = 'failed', stage = 'quick', message = 'another review', remedy = '' })
  same({
    '# a.py', '', '✓ instant    done    1.2 s',
    '▶ quick      runs    small, leaves this machine  1/4 Cart.total (bug), 2 go first',
    '· deep       waits   as before', '',
  }, (course.render(now)))

  take('done', vim.tbl_extend('force', cost, { stage = 'quick', model = 'small' }))
  take('failed', { stage = 'deep', message = 'It is not there.', remedy = 'Pull it.' })
  take('notice', { stage = '', message = 'cut' })
  take('notice', { stage = '', message = 'cut' })
  take('ended', { state = 'finished', message = '2 findings.', summary = 'See to the first.' })
  same({
    '✓ quick      done    small  1.2 s, read 90 tokens (40 known before), wrote 7, 1 not reviewed',
    '✗ deep       failed  It is not there. Pull it.', '', '> cut', '2 findings. See to the first.',
  }, vim.list_slice((course.render(now)), 4))
end

function tests.words_of_a_review_are_coloured_and_old_ones_make_room()
  local course = require('mirador.course')
  local now = course.begin({ run = 1, uri = 'file:///a.py', name = 'a.py', stages = {}, spared = {} })
  local stream = { uri = 'file:///a.py', stage = 'quick', model = 'm', unit = 'f', lens = '', content = 'no', confidence = 0.9 }
  course.hear(now, stream)
  course.hear(now, vim.tbl_extend('force', stream, { content = 'ne', confidence = 0.2 }))
  course.hear(now, vim.tbl_extend('force', stream, { uri = 'file:///b.py', content = 'of another file' }))
  local lines, marks = course.render(now)
  same({ '# a.py', '', '', '', '## quick, m: f, 20 %, low', '', 'none' }, lines)
  same({ 'MiradorConfidenceHigh', 'MiradorConfidenceLow' }, { marks[1].group, marks[2].group })
  for number = 1, 9 do
    course.hear(now, vim.tbl_extend('force', stream, { unit = 'f' .. number, lens = 'bug' }))
  end
  same(4, #now.units)
  same('quick, m: f9 (bug)', now.units[4].title)
end

function tests.windows_fit_every_screen()
  local layout = require('mirador.window').layout
  same('right', layout('split', 200, 50, 'q closes').split)
  same('below', layout('split', 80, 24, 'q closes').split)
  for _, screen in ipairs({ { 20, 8 }, { 80, 24 }, { 300, 90 } }) do
    local float = layout('float', screen[1], screen[2], 'q closes')
    assert(float.col >= 0 and float.width >= 1 and float.col + float.width + 2 <= screen[1], vim.inspect(float))
    assert(float.height >= 1 and float.row + float.height + 2 <= screen[2], vim.inspect(float))
  end
end

function tests.a_bar_is_cut_to_its_window()
  local cut = require('mirador.window').cut
  same('größer', cut('größer', 6))
  same('größ…', cut('größer', 5))
  same('…', cut('größer', 1))
end

function tests.a_label_says_what_and_how_far_it_was_checked()
  local parts = require('mirador.preview').parts
  same({ 'Fix: a (b) c', 'parses, lints clean' }, { parts('Fix: a (b) c (parses, lints clean)') })
  same({ 'Document `mean`', '' }, { parts('Document `mean`') })
end

function tests.signs_are_told_by_severity()
  local severity = vim.diagnostic.severity
  same({ text = { [severity.ERROR] = 'E', [severity.HINT] = 'h' } }, require('mirador.signs').config({ error = 'E', hint = 'h' }))
  same(false, require('mirador.signs').config(false))
end

function tests.reviews_keep_to_stages_and_lenses()
  local reviews = require('mirador.reviews')
  same({ stages = { 'deep' }, lenses = { 'security', 'bug' } }, reviews.narrowed(' security deep bug'))
  same({}, reviews.narrowed(''))
  local which, unknown = reviews.narrowed('deep thoughts')
  assert(which == nil and unknown == 'thoughts')
  same('3 findings, 2 withheld in 1.5 s', reviews.words({ state = 'finished', findings = 3, withheld = 2, seconds = 1.5 }))
  same(nil, reviews.words({ state = 'stopped' }))
end

function tests.what_was_found_by_meaning_is_a_list_of_places()
  same({ { filename = '/a.py', lnum = 4, text = 'mean  (words #1)' }, { filename = '/b.md', lnum = 1, text = 'Title  (meaning #2)' } },
    require('mirador.search').entries({
      { uri = 'file:///a.py', symbol = 'mean', text = 'x', why = { 'words #1' }, range = { start = { line = 3 } } },
      { uri = '', symbol = 'talk', text = 'x', why = {}, range = { start = { line = 0 } } },
      { uri = 'file:///b.md', symbol = '', text = '\n  Title\nmore', why = { 'meaning #2' }, range = { start = { line = 0 } } },
    }))
end

function tests.an_edit_is_worked_out_without_being_made()
  local file = vim.fn.tempname() .. '.py'
  vim.fn.writefile({ 'é = 1', 'b = 2' }, file)
  local uri = vim.uri_from_fname(file)
  local replaces = { range = { start = { line = 0, character = 4 }, ['end'] = { line = 0, character = 5 } }, newText = '3' }
  local changed = assert(require('mirador.edits').changed(
    { documentChanges = { { textDocument = { uri = uri, version = 7 }, edits = { replaces } } } }, 'utf-16'
  ))
  same({ 'é = 1', 'b = 2' }, changed.before)
  same({ 'é = 3', 'b = 2' }, changed.after)
  same(7, changed.version)
  same({ 'é = 1', 'b = 2' }, vim.fn.readfile(file))
  same(changed.after, assert(require('mirador.edits').changed({ changes = { [uri] = { replaces } } }, 'utf-16')).after)
end

function tests.a_new_file_is_shown_whole_and_what_cannot_be_shown_is_refused()
  local edits = require('mirador.edits')
  local uri = 'file:///nowhere/test_new.py'
  local writes = { range = { start = { line = 0, character = 0 }, ['end'] = { line = 0, character = 0 } }, newText = 'a = 1\nb = 2\n' }
  local document = { textDocument = { uri = uri, version = vim.NIL }, edits = { writes } }
  local changed = assert(edits.changed({ documentChanges = { { kind = 'create', uri = uri }, document } }, 'utf-8'))
  assert(changed.creates and #changed.before == 0 and changed.version == nil)
  same({ 'a = 1', 'b = 2' }, vim.list_slice(changed.after, 1, 2))
  local _, why = edits.changed({ documentChanges = { { kind = 'delete', uri = uri }, document } }, 'utf-8')
  same('a change that would delete a file cannot be shown', why)
  _, why = edits.changed({ documentChanges = { document, document } }, 'utf-8')
  same('a change of 2 files cannot be shown', why)
end

function tests.the_program_is_what_stands_before_serve()
  local program = require('mirador.health').program
  same({ 'mirador' }, program({ 'mirador', 'serve', '--stdio' }))
  same({ 'python', '-m', 'mirador_lsp' }, program({ 'python', '-m', 'mirador_lsp', 'serve' }))
  same(nil, program(function() end))
  same(nil, program({ 'ssh', 'there' }))
end

function tests.a_status_is_short()
  local words = require('mirador.status').words
  same('Mirador', words({ kind = 'normal', busy = false, message = 'Ready.' }))
  same('Mirador: paused', words({ kind = 'normal', busy = false, paused = true, message = '' }))
  same('Mirador: No model.', words({ kind = 'warning', busy = false, message = 'No model.' }))
  same('Mirador: deep…', words({ kind = 'normal', busy = true, stage = 'deep', message = '' }))
  same('Mirador: 3 before us', words({ kind = 'normal', busy = true, stage = 'deep', waiting = 3, message = '' }))
  same('', require('mirador.status').text())
end

function tests.drawing_the_status_costs_next_to_nothing()
  local text = require('mirador.status').text
  local count = 0
  local asked = vim.lsp.get_clients
  vim.lsp.get_clients = function(...)
    count = count + 1
    return asked(...)
  end
  text()
  vim.lsp.get_clients = asked
  same(1, count)
end

function tests.a_place_goes_along_with_its_code()
  local follow = require('mirador.place').follow
  local name = vim.fn.tempname() .. '.py'
  vim.cmd.edit(name)
  vim.api.nvim_buf_set_lines(0, 0, -1, true, { 'é = 1', 'b = "𝄞" + c', 'd' })
  local uri = vim.uri_from_bufnr(0)
  local cursor = { uri = uri, position = { line = 1, character = 9 } }
  local stretch = { uri = uri, range = { start = { line = 1, character = 0 }, ['end'] = { line = 2, character = 1 } } }
  local one, two = follow(cursor, 'utf-16'), follow(stretch, 'utf-16')
  same(cursor, one.now())
  same(stretch, two.now())
  vim.api.nvim_buf_set_lines(0, 0, 0, true, { '# new', '' })
  vim.api.nvim_buf_set_lines(0, -1, -1, true, { 'end' })
  vim.api.nvim_buf_set_text(0, 3, 0, 3, 0, { 'ä' })
  same({ line = 3, character = 10 }, one.now().position)
  same({ line = 4, character = 1 }, two.now().range['end'])
  one.drop()
  two.drop()
  same({}, vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_create_namespace('mirador.place'), 0, -1, {}))
  local finding = { uri = uri, findingId = 'f1' }
  same(finding, follow(finding, 'utf-16').now())
  vim.cmd('bwipeout!')
end

function tests.what_is_said_waits_for_whoever_types()
  local typing, status, said = require('mirador.typing'), require('mirador.status'), {}
  local idle, once_idle, notify = typing.idle, typing.once_idle, vim.notify
  local later
  vim.notify = function(message) table.insert(said, message) end
  typing.idle = function() return false end
  typing.once_idle = function(go_on)
    later = go_on
    return function() end
  end
  require('mirador.server').shout('Mirador: it was edited.', 1)
  same({}, said)
  later()
  same({ 'Mirador: it was edited.' }, said)
  same('', status.text())
  typing.idle, typing.once_idle, vim.notify = idle, once_idle, notify
end

function tests.subcommands_complete_behind_a_range_and_in_the_middle()
  local complete = require('mirador.commands').complete
  same({ 'review-selection', 'review-symbol' }, complete('review-s', "'<,'>Mirador review-s"))
  same({ 'all', 'buffer' }, complete('', 'Mirador findings '))
  same({}, complete('', 'Mirador findings all '))
  same({}, complete('x', 'Mirador nothing x'))
  same({ 'auto' }, complete('', 'Mirador use-model '))
  assert(#complete('', 'Mirador ') > 25)
end

run(tests)
