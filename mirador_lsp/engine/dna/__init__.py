"""What the user prefers, applied to any model; and how models behave, measured and compared.

It never decides what is a finding, and no preference is ever taken from a workspace. Read
`applied.py` for what each preference changes, `probing.py` for how models are measured.
"""
