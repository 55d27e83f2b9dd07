"""What the user decided about findings, applied to the next ones like them.

Everything here follows from the decisions in the store and is undone with them: there is no model
to train and nothing else that is kept. Read `judging.py` first.
"""
