; What the captures mean is written in structure.py.
(method_declaration name: (_) @name body: (_) @body) @function
(constructor_declaration name: (_) @name body: (_) @body) @function
(compact_constructor_declaration name: (_) @name body: (_) @body) @function
(class_declaration name: (_) @name body: (_) @body) @class
(interface_declaration name: (_) @name body: (_) @body) @class
(annotation_type_declaration name: (_) @name body: (_) @body) @class
(enum_declaration name: (_) @name body: (_) @body) @class
(record_declaration name: (_) @name body: (_) @body) @class

(import_declaration) @import
(line_comment) @comment
(block_comment) @comment

[
  (if_statement) (for_statement) (enhanced_for_statement) (while_statement) (do_statement)
  (switch_expression) (try_statement) (try_with_resources_statement) (synchronized_statement)
] @nest
(if_statement alternative: (if_statement) @chained)
