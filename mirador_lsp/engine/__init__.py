"""The brain: plans a review, runs its stages over the ports and merges what they say.

It must never know which engine runs a model, which analyzer found a fact, or who listens. Read
`engine.py`, then `orchestrator.py`.
"""
