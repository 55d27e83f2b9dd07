; What the captures mean is written in structure.py.
(function_definition declarator: (_) @declarator body: (_) @body) @function
(struct_specifier name: (_) @name body: (_) @body) @class
(union_specifier name: (_) @name body: (_) @body) @class
(enum_specifier name: (_) @name body: (_) @body) @class
(type_definition
  type: [
    (struct_specifier !name body: (_) @body)
    (union_specifier !name body: (_) @body)
    (enum_specifier !name body: (_) @body)
  ]
  declarator: (type_identifier) @name) @class
(type_definition type: [
    (struct_specifier name: (_))
    (union_specifier name: (_))
    (enum_specifier name: (_))
  ] @wrapped) @wrapper

(preproc_include) @import
(comment) @comment

[
  (if_statement) (for_statement) (while_statement) (do_statement) (switch_statement)
] @nest
(else_clause (if_statement) @chained)
