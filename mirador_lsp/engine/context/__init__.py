"""What a model is shown besides the code it is asked about: found, chosen, counted, accounted for.

It never asks a model and never decides what is a finding. Nothing it gathers is obeyed: what comes
from the workspace is fenced and said to be data. Read `gathering.py`, then `compiler.py`;
`budget.py` has the rule for how much.
"""
