; What the captures mean is written in names.py.
(variable_name) @read
(command name: (command_name (word) @call))

(variable_assignment name: (variable_name) @bind)
(declaration_command (variable_name) @bind)
(for_statement variable: (variable_name) @bind)
((command name: (command_name (word) @_fill) argument: (word) @bind .)
  (#any-of? @_fill "read" "mapfile" "readarray")
  (#not-match? @bind "^-"))

(program (variable_assignment name: (variable_name) @define))
(program (declaration_command (variable_assignment name: (variable_name) @define)))

((command name: (command_name (word) @_load) . argument: (_) @import)
  (#any-of? @_load "source" "."))
