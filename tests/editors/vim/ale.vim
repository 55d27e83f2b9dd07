" ALE: findings, a hover, and a ready fix that is saved. Run by `vim -es`, without a terminal.
set nocompatible hidden
execute 'set runtimepath^=' . $ALE
filetype plugin on
let g:ale_linters_explicit = 1
let g:ale_linters = {'python': ['mirador']}
let g:ale_disable_lsp = 0
let g:ale_lint_delay = 0
let g:ale_set_loclist = 1
let g:ale_echo_cursor = 0
let g:ale_hover_to_preview = 1
runtime plugin/ale.vim
source $SNIPPET

function! Say(message) abort
  call writefile([a:message], '/dev/stdout', 'a')
endfunction

function! Codes() abort
  return map(copy(get(get(g:ale_buffer_info, bufnr('%'), {}), 'loclist', [])), {_, each -> get(each, 'code', '')})
endfunction

function! Wait(what, condition) abort
  let l:begun = reltime()
  while !a:condition()
    if reltimefloat(reltime(l:begun)) > 90
      call Say('timed out: ' . a:what . ' ' . join(getline(1, '$'), '|') . string(Codes()))
      cquit!
    endif
    sleep 50m
  endwhile
  call Say('ok ' . a:what)
endfunction

" A hover waits for no parser, so the first one may know less.
function! Hovered() abort
  let l:preview = bufnr('ALEPreviewWindow')
  if l:preview > 0 && join(getbufline(l:preview, 1, '$')) =~# 'may be zero'
    return 1
  endif
  ALEHover
  sleep 300m
  return 0
endfunction

function! Main() abort
  execute 'edit' fnameescape($FOLDER . '/sign.py')
  set filetype=python
  call ale#Queue(0, 'lint_file', bufnr('%'))
  call Wait('the finding of the analyzer', {-> index(Codes(), 'ruff/F632') >= 0})
  call Wait('the finding of the model', {-> index(Codes(), 'model/bug') >= 0})

  call cursor(1, 6)
  call Wait('the hover', function('Hovered'))

  call cursor(6, 22)
  call ale#codefix#Execute(0, {data, items -> ale#codefix#ApplyLSPCodeAction(data,
  \ filter(copy(items), {_, item -> item[1].title =~# '(ruff/F632)$'})[0][1])})
  call Wait('the ready fix is made', {-> join(getline(1, '$')) =~# 'currency == "EUR"'})
  silent write
  call Wait('its finding is gone', {-> index(Codes(), 'ruff/F632') < 0})
  if join(readfile($FOLDER . '/sign.py')) !~# 'currency == "EUR"'
    call Say('it was not saved')
    cquit!
  endif
  call Say('all well')
  qall!
endfunction

try
  call Main()
catch
  call Say(v:exception . ' ' . v:throwpoint)
  cquit!
endtry
