"""
Wire protocols: how bytes divide into exchanges, and how each protocol says "error".

One module per protocol, sans-IO: bytes in, pieces out, no reactor and no clock.
"""
