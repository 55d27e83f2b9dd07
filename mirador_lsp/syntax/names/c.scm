; What the captures mean is written in names.py. C and C++ share this.
(identifier) @read
(field_expression argument: (_) @on field: (_) @member)

(call_expression function: (identifier) @call)
(call_expression function: (field_expression argument: (_) @on field: (field_identifier) @call))
(type_identifier) @type

(init_declarator declarator: (identifier) @bind)
(declaration declarator: (identifier) @bind)
(pointer_declarator declarator: (identifier) @bind)
(array_declarator declarator: (identifier) @bind)
(parameter_declaration declarator: (identifier) @bind)
(assignment_expression left: (identifier) @bind operator: "=")
(assignment_expression left: (identifier) @update
  operator: ["+=" "-=" "*=" "/=" "%=" "&=" "|=" "^=" "<<=" ">>="])
(assignment_expression left: (field_expression argument: (_) @on field: (_) @set))
(assignment_expression left: (subscript_expression argument: (identifier) @touch))
(assignment_expression left: (subscript_expression
  argument: (field_expression argument: (_) @on field: (_) @set)))
(assignment_expression left: (pointer_expression argument: (identifier) @touch))
(update_expression argument: (identifier) @update)
(update_expression argument: (field_expression argument: (_) @on field: (_) @set))
(argument_list (pointer_expression operator: "&" argument: (identifier) @touch))

(function_declarator declarator: (identifier) @skip)
(struct_specifier name: (type_identifier) @skip body: (_))
(union_specifier name: (type_identifier) @skip body: (_))
(enum_specifier name: (type_identifier) @skip body: (_))
(labeled_statement label: (_) @skip)

(preproc_def name: (_) @define)
(preproc_function_def name: (_) @define)
(type_definition declarator: (type_identifier) @define)
(enumerator name: (_) @define)
(translation_unit (declaration declarator: (init_declarator declarator: (identifier) @define)))
(translation_unit (declaration declarator: (function_declarator declarator: (identifier) @define)))

(preproc_include path: (_) @import)
