"""The vocabulary every other room speaks: frozen values, the event union and the ports.

It must never know a library, a file, a process or the clock. Read `ports.py` first.
"""
