"""Mirador: a code reviewer that lives in the editor and keeps the code on the machine."""

__version__ = "0.1.0"
