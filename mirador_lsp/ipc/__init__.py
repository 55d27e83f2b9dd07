"""How processes of Mirador on one machine find each other and speak.

Frames on unix sockets, the lock that elects one host, and what a process does to itself first. It
never knows what the messages mean.
"""
