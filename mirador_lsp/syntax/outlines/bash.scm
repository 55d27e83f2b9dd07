; What the captures mean is written in structure.py.
(function_definition name: (_) @name body: (_) @body) @function

((command name: (command_name) @_load) @import
  (#any-of? @_load "source" "."))
(comment) @comment

[
  (if_statement) (for_statement) (c_style_for_statement) (while_statement) (case_statement)
] @nest
