; What the captures mean is written in names.py.
(class_heritage (identifier) @type)
(class_heritage (member_expression object: (_) @on property: (_) @type))
(field_definition property: (_) @define)
(formal_parameters (identifier) @bind)
