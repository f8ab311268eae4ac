"""
Tests of C{vaurien_twisted.experiments}.
"""
