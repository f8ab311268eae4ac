"""
Tests of C{vaurien_twisted.proxies}.
"""
