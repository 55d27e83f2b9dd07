; What the captures mean is written in structure.py.
(function_declaration name: (_) @name body: (_) @body) @function
(method_declaration
  receiver: (parameter_list (parameter_declaration type: (_) @owner))
  name: (_) @name body: (_) @body) @function
(type_spec name: (_) @name
  type: [
    (struct_type (field_declaration_list) @body)
    (interface_type) @body
  ]) @class
(type_declaration (type_spec) @wrapped) @wrapper

(import_declaration) @import
(comment) @comment

[
  (if_statement) (for_statement) (expression_switch_statement) (type_switch_statement)
  (select_statement)
] @nest
(if_statement alternative: (if_statement) @chained)
