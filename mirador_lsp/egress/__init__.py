"""How Mirador speaks HTTP: to the host that the user named, and to nobody else.

Addresses, the client and its certificates, answers of a bounded size, and keys kept out of what is
said. It never knows what is sent or why; read `client.py` first.
"""
