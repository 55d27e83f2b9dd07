; What the captures mean is written in names.py. JavaScript and TypeScript share this.
(identifier) @read
(shorthand_property_identifier) @read
(member_expression object: (_) @on property: (_) @member)

(call_expression function: (identifier) @call)
(call_expression function: (member_expression object: (_) @on property: (_) @call))
(new_expression constructor: (identifier) @call)
(new_expression constructor: (member_expression object: (_) @on property: (_) @call))
(decorator (identifier) @type)
(decorator (member_expression object: (_) @on property: (_) @type))

(variable_declarator name: (identifier) @bind)
(shorthand_property_identifier_pattern) @bind
(array_pattern (identifier) @bind)
(pair_pattern value: (identifier) @bind)
(rest_pattern (identifier) @bind)
(assignment_pattern left: (identifier) @bind)
(assignment_expression left: (identifier) @bind)
(assignment_expression left: (member_expression object: (_) @on property: (_) @set))
(assignment_expression left: (subscript_expression object: (identifier) @touch))
(augmented_assignment_expression left: (identifier) @update)
(augmented_assignment_expression left: (member_expression object: (_) @on property: (_) @set))
(augmented_assignment_expression left: (subscript_expression object: (identifier) @touch))
(update_expression argument: (identifier) @update)
(update_expression argument: (member_expression object: (_) @on property: (_) @set))
(unary_expression operator: "delete"
  argument: (member_expression object: (_) @on property: (_) @set))
(for_in_statement left: (identifier) @bind)
(arrow_function parameter: (identifier) @bind)
(catch_clause parameter: (identifier) @bind)
(function_declaration name: (identifier) @bind)
(generator_function_declaration name: (identifier) @bind)
(class_declaration name: (_) @bind)
(statement_identifier) @skip

(program (lexical_declaration (variable_declarator name: (identifier) @define)))
(program (variable_declaration (variable_declarator name: (identifier) @define)))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @define))))
(program (export_statement (variable_declaration (variable_declarator name: (identifier) @define))))

(import_statement
  (import_clause (named_imports (import_specifier name: (_) @import !alias)))
  source: (string) @module)
(import_statement
  (import_clause (named_imports (import_specifier name: (_) @import alias: (identifier) @alias)))
  source: (string) @module)
(import_statement (import_clause (identifier) @import) source: (string) @module)
(import_statement (import_clause (namespace_import (identifier) @alias)) source: (string) @import)
(import_statement . (string) @import)
(export_statement (export_clause (export_specifier name: (_) @import)) source: (string) @module)
(export_statement !declaration source: (string) @import)
((variable_declarator
  name: (identifier) @alias
  value: (call_expression function: (identifier) @_load arguments: (arguments . (string) @import)))
  (#eq? @_load "require"))
((variable_declarator
  name: (object_pattern (shorthand_property_identifier_pattern) @import)
  value: (call_expression function: (identifier) @_load arguments: (arguments . (string) @module)))
  (#eq? @_load "require"))
