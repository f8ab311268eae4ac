"""
Tests of C{vaurien_twisted.client}.
"""
