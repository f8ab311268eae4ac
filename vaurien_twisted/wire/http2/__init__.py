"""
HTTP/2 (RFC 9113), as part of C{http}.
"""
