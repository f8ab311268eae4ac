"""
Tests of C{vaurien_twisted.model}.
"""
