; What the captures mean is written in names.py. JavaScript and TSX share this.
((jsx_opening_element name: (identifier) @call) (#match? @call "^[A-Z]"))
(jsx_opening_element name: (identifier) @skip)
(jsx_opening_element name: (member_expression object: (_) @on property: (_) @call))
((jsx_self_closing_element name: (identifier) @call) (#match? @call "^[A-Z]"))
(jsx_self_closing_element name: (identifier) @skip)
(jsx_self_closing_element name: (member_expression object: (_) @on property: (_) @call))
(jsx_closing_element name: (identifier) @skip)
