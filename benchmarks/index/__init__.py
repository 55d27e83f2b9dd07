"""What the index of a workspace costs: its first build, its upkeep, its answers.

Read `hosted.py` first: it is the real host, measured from outside.
"""
