"""
Drives a running Vaurien from code and from tests.  Imports nothing of the server.
"""
