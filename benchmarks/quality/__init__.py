"""How good reviews are: findings held against cases whose defects are known.

`python -m benchmarks.quality` prints the tables. Nothing here may change what Mirador finds, and no
case of a labelled set is ever kept in the repository. Read `cases.py` and `tally.py` first.
"""
