"""What models cost through Mirador, each row beside the engine alone in the same run.

`straight.py` is the engine alone. Read `engine.py` first.
"""
