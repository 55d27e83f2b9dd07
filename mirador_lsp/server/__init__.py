"""Mirador as a language server: it turns what editors send into requests and events into LSP.

It must never know a model, an analyzer or a file format; those are reached through `app` alone.
Read `wiring.py` first: its table names every method the server speaks.
"""
