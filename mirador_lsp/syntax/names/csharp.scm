; What the captures mean is written in names.py.
(identifier) @read
(member_access_expression expression: _ @on name: (identifier) @member)

(invocation_expression function: (identifier) @call)
(invocation_expression function: (generic_name (identifier) @call))
(invocation_expression function: (member_access_expression
  expression: _ @on name: (identifier) @call))
(invocation_expression function: (member_access_expression
  expression: _ @on name: (generic_name (identifier) @call)))
(invocation_expression function: (conditional_access_expression
  condition: (_) @on (member_binding_expression name: (identifier) @call)))
(object_creation_expression type: (identifier) @call)
(object_creation_expression type: (generic_name (identifier) @call))
(object_creation_expression type: (qualified_name qualifier: (_) @on name: (identifier) @call))

(base_list (identifier) @type)
(attribute name: (identifier) @type)
(generic_name (identifier) @type)
(type_argument_list (identifier) @type)
(nullable_type type: (identifier) @type)
(array_type type: (identifier) @type)
(variable_declaration type: (identifier) @type)
(parameter type: (identifier) @type)
(method_declaration returns: (identifier) @type)
(local_function_statement type: (identifier) @type)
(property_declaration type: (identifier) @type)
(cast_expression type: (identifier) @type)
(foreach_statement type: (identifier) @type)
(catch_declaration type: (identifier) @type)
(declaration_pattern type: (identifier) @type)
(typeof_expression type: (identifier) @type)

(variable_declarator name: (identifier) @bind)
(parameter name: (identifier) @bind)
(foreach_statement left: (identifier) @bind)
(catch_declaration name: (identifier) @bind)
(declaration_expression name: (identifier) @bind)
(declaration_pattern name: (identifier) @bind)
(implicit_parameter) @bind
(assignment_expression left: (identifier) @bind operator: "=")
(assignment_expression left: (identifier) @update
  operator: ["+=" "-=" "*=" "/=" "%=" "&=" "|=" "^=" "<<=" ">>=" ">>>=" "??="])
(assignment_expression left: (member_access_expression
  expression: _ @on name: (identifier) @set))
(assignment_expression left: (element_access_expression expression: (identifier) @touch))
(postfix_unary_expression (identifier) @update)
(prefix_unary_expression ["++" "--"] (identifier) @update)

(method_declaration name: (_) @skip)
(constructor_declaration name: (_) @skip)
(destructor_declaration name: (_) @skip)
(local_function_statement name: (_) @skip)
(class_declaration name: (_) @skip)
(struct_declaration name: (_) @skip)
(interface_declaration name: (_) @skip)
(record_declaration name: (_) @skip)
(enum_declaration name: (_) @skip)
(type_parameter name: (_) @skip)
(namespace_declaration name: (_) @skip)
(file_scoped_namespace_declaration name: (_) @skip)
(qualified_name (identifier) @skip)
(argument name: (_) @skip)

(field_declaration (variable_declaration (variable_declarator name: (_) @define)))
(event_field_declaration (variable_declaration (variable_declarator name: (_) @define)))
(property_declaration name: (_) @define)
(enum_member_declaration name: (_) @define)
(delegate_declaration name: (_) @define)

(using_directive !name (qualified_name) @import)
(using_directive !name (identifier) @import)
(using_directive name: (_) @alias (qualified_name) @import)
