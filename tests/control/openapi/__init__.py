"""
Tests for the description of the control service.
"""
