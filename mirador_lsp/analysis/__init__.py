"""The facts of the instant stage: what tools and rules see without a model.

It must never know a model, a setting, a client or the network, and never lets foreign code or
configuration steer what it runs. Read `rules.py` first, then `ruff.py`.
"""
