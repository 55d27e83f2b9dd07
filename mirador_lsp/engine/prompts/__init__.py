"""Prompts as files with versions, and the one function that renders them.

No prompt text lives in Python, and no prompt file knows which model reads it. Read `render.py`.
"""
