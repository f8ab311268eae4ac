"""
gRPC over HTTP/2, as part of C{http}.
"""
