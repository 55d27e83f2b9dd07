"""The stages of a review, each one function `run(job, desk)`.

A stage must never know what runs before or after it, nor who shows its findings. Read `instant.py`
for facts, `sweep.py` for what the model stages share.
"""
