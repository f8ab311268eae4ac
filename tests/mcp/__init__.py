"""
Tests for the tools of the Model Context Protocol.
"""
