; What the captures mean is written in structure.py.
(function_definition name: (_) @name body: (_) @body) @function
(method_declaration name: (_) @name body: (_) @body) @function
(class_declaration name: (_) @name body: (_) @body) @class
(interface_declaration name: (_) @name body: (_) @body) @class
(trait_declaration name: (_) @name body: (_) @body) @class
(enum_declaration name: (_) @name body: (_) @body) @class
(namespace_definition name: (_) @name body: (_) @body) @space

(namespace_use_declaration) @import
(comment) @comment

[
  (if_statement) (for_statement) (foreach_statement) (while_statement) (do_statement)
  (switch_statement) (try_statement)
] @nest
(else_clause (if_statement) @chained)
