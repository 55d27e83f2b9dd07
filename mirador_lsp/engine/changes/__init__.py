"""Changing code: a model writes, and a ladder of checks decides whether a user gets to see it.

It must never show or apply anything; a `Patch` that comes out of it was checked. Read `ladder.py`
for the checks, `rewriting.py` for how a reply becomes a new text, `attempts.py` for the rounds,
then `fix.py`, which is the shortest whole example.
"""
