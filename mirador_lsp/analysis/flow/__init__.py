"""Data flow: whether what comes from outside reaches a place where it does harm.

A program (`syntax.program`) is run on values that stand for many (`values`), function by function,
into the functions it calls. What libraries do is told by a `Knowledge`; nothing here knows a
library. Every run has a budget, and what was left out for lack of it is told.
"""
