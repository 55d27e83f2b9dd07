; What the captures mean is written in structure.py.
(function_item name: (_) @name body: (_) @body) @function
(macro_definition name: (_) @name) @function
(struct_item name: (_) @name body: (_)? @body) @class
(enum_item name: (_) @name body: (_) @body) @class
(union_item name: (_) @name body: (_) @body) @class
(trait_item name: (_) @name body: (_) @body) @class
(impl_item type: (_) @name body: (_) @body) @impl
(mod_item name: (_) @name body: (_) @body) @space

(attribute_item) @attached
(use_declaration) @import
(extern_crate_declaration) @import
(line_comment) @comment
(block_comment) @comment

[
  (if_expression) (for_expression) (while_expression) (loop_expression) (match_expression)
] @nest
(else_clause (if_expression) @chained)
