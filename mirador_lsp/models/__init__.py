"""Where models run: the embedded engine, the scripted stand-in, and the models on this machine.

It must never know what is being reviewed, or how a reply is read: text goes in, text comes out.
Read `embedded.py` first, then follow a request through `client.py`, `host.py` and `worker_main.py`.
"""
