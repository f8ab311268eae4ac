"""
Tests for L{vaurien_twisted.wire.websocket}.
"""
