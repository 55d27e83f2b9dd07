; What the captures mean is written in structure.py.
(function_definition name: (identifier) @name body: (_) @body) @function
(class_definition name: (identifier) @name body: (_) @body) @class
(decorated_definition definition: (_) @wrapped) @wrapper

(import_statement) @import
(import_from_statement) @import
(future_import_statement) @import

(comment) @comment
(module . (expression_statement (string)) @docstring)
(block . (expression_statement (string)) @docstring)

[
  (if_statement) (for_statement) (while_statement) (try_statement) (with_statement)
  (match_statement)
] @nest
