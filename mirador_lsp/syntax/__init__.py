"""Source text made readable: which language it is, its syntax tree, its outline and its queries.

It must never know a document, a file, a process or who asks; tree-sitter's types stay inside. Read
`parser.py` first.
"""
