"""Measures Mirador against what a user would use instead; `python -m benchmarks` prints the table.

Nothing in Mirador may import it, and it asserts no times: machines differ. Read `bench.py` first.
"""
