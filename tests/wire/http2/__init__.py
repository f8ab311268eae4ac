"""
Tests of C{vaurien_twisted.wire.http2}.
"""
