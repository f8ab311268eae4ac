"""
Tests of C{vaurien_twisted.app}.
"""
