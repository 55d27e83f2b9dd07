; What the captures mean is written in structure.py.
(method name: (_) @name body: (_)? @body) @function
(singleton_method name: (_) @name body: (_)? @body) @function
(class name: (_) @name body: (_)? @body) @class
(module name: (_) @name body: (_)? @body) @class

((call !receiver method: (identifier) @_load) @import
  (#any-of? @_load "require" "require_relative" "load" "autoload"))
(comment) @comment

[
  (if) (unless) (while) (until) (for) (case) (begin) (do_block)
] @nest
