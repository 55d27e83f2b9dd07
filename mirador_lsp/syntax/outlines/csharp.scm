; What the captures mean is written in structure.py.
(method_declaration name: (_) @name body: (_) @body) @function
(constructor_declaration name: (_) @name body: (_) @body) @function
(destructor_declaration name: (_) @name body: (_) @body) @function
(operator_declaration operator: _ @name body: (_) @body) @function
(local_function_statement name: (_) @name body: (_) @body) @function
(property_declaration name: (_) @name accessors: (_) @body) @function
(indexer_declaration "this" @name accessors: (_) @body) @function
(class_declaration name: (_) @name body: (_) @body) @class
(struct_declaration name: (_) @name body: (_) @body) @class
(interface_declaration name: (_) @name body: (_) @body) @class
(enum_declaration name: (_) @name body: (_) @body) @class
(record_declaration name: (_) @name) @class
(namespace_declaration name: (_) @name body: (_) @body) @space

(using_directive) @import
(comment) @comment

[
  (if_statement) (for_statement) (foreach_statement) (while_statement) (do_statement)
  (switch_statement) (try_statement) (using_statement) (lock_statement) (fixed_statement)
] @nest
(if_statement alternative: (if_statement) @chained)
