"""
Tests of the express endpoints.
"""
