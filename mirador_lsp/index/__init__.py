"""The index of a workspace: what is where, found by words, names and meaning.

It runs in a process of its own. It never knows a model, an editor or who asks, and keeps the
only copy of nothing: all of it can be built anew.
"""
