"""One file for each group of LSP methods: convert in, call, convert out.

It must never hold state (that is `session.py`) nor build LSP values by hand (that is `to_lsp.py`).
Read `sync.py` first: a save starts there.
"""
