"""
Tests of C{vaurien_twisted.record}.
"""
