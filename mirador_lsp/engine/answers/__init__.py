"""Answers in words: what is asked about code is answered stage by stage, facts first.

It never changes code, never decides what is a finding, and must not know how an answer is shown.
Read `answering.py`, then `subject.py`.
"""
