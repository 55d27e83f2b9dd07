"""Chains: reviews and changes of one file, step after step.

A chain asks the same engine as everybody else. It must never write to a disk: what it made of a
file is a text, and whether that text goes anywhere is the user's word.
"""
