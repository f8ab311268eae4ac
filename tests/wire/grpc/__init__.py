"""
Tests of C{vaurien_twisted.wire.grpc}.
"""
