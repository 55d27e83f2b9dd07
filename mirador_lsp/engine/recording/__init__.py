"""What requests say is turned into history: listeners take notes, the recorder keeps them.

It must never delay or fail a request: nothing is written while somebody waits, and a book that
cannot be written costs one notice. Read `recorder.py` first.
"""
