; What the captures mean is written in names.py.
(identifier) @read
(selector_expression operand: (_) @on field: (_) @member)

(call_expression function: (identifier) @call)
(call_expression function: (selector_expression operand: (_) @on field: (_) @call))
(call_expression function: (index_expression operand: (identifier) @call))
(type_identifier) @type
(qualified_type package: (_) @on name: (_) @type)

(short_var_declaration left: (expression_list (identifier) @bind))
(assignment_statement left: (expression_list (identifier) @bind) operator: "=")
(assignment_statement left: (expression_list (identifier) @update)
  operator: ["+=" "-=" "*=" "/=" "%=" "&=" "|=" "^=" "<<=" ">>=" "&^="])
(assignment_statement left: (expression_list (selector_expression operand: (_) @on field: (_) @set)))
(assignment_statement left: (expression_list (index_expression operand: (identifier) @touch)))
(assignment_statement left: (expression_list
  (index_expression operand: (selector_expression operand: (_) @on field: (_) @set))))
(assignment_statement left: (expression_list (unary_expression operator: "*"
  operand: (identifier) @touch)))
(inc_statement (identifier) @update)
(dec_statement (identifier) @update)
(inc_statement (selector_expression operand: (_) @on field: (_) @set))
(dec_statement (selector_expression operand: (_) @on field: (_) @set))
(argument_list (unary_expression operator: "&" operand: (identifier) @touch))
(var_spec name: (identifier) @bind)
(const_spec name: (identifier) @bind)
(parameter_declaration name: (identifier) @bind)
(variadic_parameter_declaration name: (identifier) @bind)
(range_clause left: (expression_list (identifier) @bind))
(receive_statement left: (expression_list (identifier) @bind))
(type_switch_statement alias: (expression_list (identifier) @bind))
(type_parameter_declaration name: (identifier) @bind)

(function_declaration name: (_) @skip)
(keyed_element . (literal_element (identifier) @skip))

(source_file (const_declaration (const_spec name: (_) @define)))
(source_file (var_declaration (var_spec name: (_) @define)))
(source_file (var_declaration (var_spec_list (var_spec name: (_) @define))))
(type_spec name: (_) @define)
(type_alias name: (_) @define)

(import_spec !name path: (_) @import)
(import_spec name: (_) @alias path: (_) @import)
