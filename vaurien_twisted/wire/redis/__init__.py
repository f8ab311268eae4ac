"""
The protocol of Redis: RESP2 and RESP3.
"""
