"""
Conversations made at random, one kind for each wire protocol: what is said through a
proxy must be, byte for byte, what is said without one, and an injected error must stand
exactly where the reply would have stood.

    python -m tests.conversations redis 100000

plays so many on transports in memory.
"""
