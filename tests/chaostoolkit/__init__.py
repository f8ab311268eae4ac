"""
Tests of the extension for Chaos Toolkit.
"""
