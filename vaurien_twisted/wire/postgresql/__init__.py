"""
The protocol of PostgreSQL, version 3.
"""
