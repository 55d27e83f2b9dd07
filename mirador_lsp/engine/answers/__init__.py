"""Answers in words: what is asked about code is answered stage by stage, facts first.

It never changes code and never decides what is a finding; it must not know how an answer is shown.
Read `answering.py`, then `subject.py`.
"""
