; What the captures mean is written in names.py. What C++ has besides C.
(call_expression function: (qualified_identifier scope: (_) @on name: (identifier) @call))
(call_expression function: (template_function name: (identifier) @call))
(call_expression function: (qualified_identifier scope: (_) @on
  name: (template_function name: (identifier) @call)))
(new_expression type: (type_identifier) @call)
(qualified_identifier scope: (_) @on name: (identifier) @member)
(qualified_identifier scope: (_) @on name: (type_identifier) @type)

(reference_declarator (identifier) @bind)
(optional_parameter_declaration declarator: (identifier) @bind)
(for_range_loop declarator: (identifier) @bind)
(structured_binding_declarator (identifier) @bind)
(lambda_capture_initializer left: (identifier) @bind)

(class_specifier name: (type_identifier) @skip body: (_))
(namespace_definition name: (_) @skip)
(type_parameter_declaration (type_identifier) @skip)
(alias_declaration name: (_) @define)
(field_declaration declarator: (field_identifier) @define)

(using_declaration (qualified_identifier) @import)
(using_declaration (identifier) @import)
