"""The review of a change: what it did, what it causes elsewhere, how risky it is.

Facts come from the texts before and after, and from parsers. It knows no repository and asks no
model.
"""
