"""Figures of requests: counted from what the engine says of them, kept, and made readable.

It must never see code, questions or names of files: only counts, times and names of models leave
it. Read `counting.py` first.
"""
