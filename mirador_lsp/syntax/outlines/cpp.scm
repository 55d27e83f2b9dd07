; What the captures mean is written in structure.py.
(function_definition declarator: (_) @declarator body: (_) @body) @function
(function_definition declarator: (_) @declarator (try_statement) @body) @function
(class_specifier name: (_) @name body: (_) @body) @class
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
(namespace_definition name: (_) @name body: (_) @body) @space
(template_declaration (_) @wrapped .) @wrapper
(type_definition type: [
    (struct_specifier name: (_))
    (union_specifier name: (_))
    (enum_specifier name: (_))
  ] @wrapped) @wrapper

(preproc_include) @import
(using_declaration) @import
(comment) @comment

[
  (if_statement) (for_statement) (for_range_loop) (while_statement) (do_statement)
  (switch_statement) (try_statement)
] @nest
(else_clause (if_statement) @chained)
