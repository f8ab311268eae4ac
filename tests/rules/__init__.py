"""
Tests of C{vaurien_twisted.rules}.
"""
