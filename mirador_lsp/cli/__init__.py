"""The command line: one file for each command, one renderer for each format.

It must never know how a model, an analyzer or the disk works; it asks `mirador_lsp.app` and listens
to events. Read `main.py` first, then `review.py`.
"""
