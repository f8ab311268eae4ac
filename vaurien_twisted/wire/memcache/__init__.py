"""
The text protocol of memcached, meta commands included.
"""
