; What the captures mean is written in names.py.
(identifier) @read
(instance_variable) @read
(class_variable) @read
(global_variable) @read

(call !receiver method: (identifier) @call)
(call receiver: (_) @on method: (_) @call)
(constant) @type
(scope_resolution scope: (_) @on name: (constant) @type)

(assignment left: [(identifier) (instance_variable) (class_variable) (global_variable)] @bind)
(assignment left: (call receiver: (_) @on method: (_) @set))
(assignment left: (element_reference object: (identifier) @touch))
(assignment left: (element_reference object: (instance_variable) @touch))
(left_assignment_list [(identifier) (instance_variable)] @bind)
(operator_assignment left: [(identifier) (instance_variable) (class_variable)] @update)
(operator_assignment left: (call receiver: (_) @on method: (_) @set))
(operator_assignment left: (element_reference object: (_) @touch))
(method_parameters (identifier) @bind)
(block_parameters (identifier) @bind)
(lambda_parameters (identifier) @bind)
(destructured_parameter (identifier) @bind)
(optional_parameter name: (_) @bind)
(keyword_parameter name: (_) @bind)
(splat_parameter name: (_) @bind)
(hash_splat_parameter name: (_) @bind)
(block_parameter name: (_) @bind)
(for pattern: (identifier) @bind)
(exception_variable (identifier) @bind)

(method name: (_) @skip)
(singleton_method name: (_) @skip)
(class name: (constant) @skip)
(module name: (constant) @skip)

(assignment left: (constant) @define)

((call !receiver method: (identifier) @_load arguments: (argument_list . (string) @import))
  (#any-of? @_load "require" "require_relative" "load"))
