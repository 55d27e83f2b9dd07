--- Runs the functions of a table of tests, each by itself, and ends with a status.
---@param tests table<string, fun()>
return function(tests)
  local failed = 0
  local names = vim.tbl_keys(tests)
  table.sort(names)
  for _, name in ipairs(names) do
    local well, problem = xpcall(tests[name], debug.traceback)
    print((well and 'ok ' or 'FAILED ') .. name)
    if not well then
      failed = failed + 1
      print(problem)
    end
  end
  print(('%d passed, %d failed'):format(#names - failed, failed))
  os.exit(failed == 0 and #names > 0 and 0 or 1)
end
