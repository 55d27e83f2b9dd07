"""What the store survives, and what that costs. `python -m benchmarks.store` runs everything.

It knows no model and no editor; nothing it needs leaves this machine.
"""
