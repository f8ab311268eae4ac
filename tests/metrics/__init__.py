"""
Tests of C{vaurien_twisted.metrics}.
"""
