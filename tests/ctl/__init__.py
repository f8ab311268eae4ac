"""
Tests of C{vaurien_twisted.ctl}.
"""
