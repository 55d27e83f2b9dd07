; What the captures mean is written in names.py. TypeScript and TSX share this.
(type_identifier) @type
(nested_type_identifier module: (_) @on name: (_) @type)
(extends_clause value: (identifier) @type)
(extends_clause value: (member_expression object: (_) @on property: (_) @type))

(required_parameter pattern: (identifier) @bind)
(optional_parameter pattern: (identifier) @bind)
(abstract_class_declaration name: (_) @bind)
(interface_declaration name: (_) @bind)
(enum_declaration name: (_) @bind)
(type_parameter name: (_) @bind)

(type_alias_declaration name: (_) @define)
(public_field_definition name: (_) @define)
(enum_assignment name: (_) @define)
(function_signature name: (_) @define)
