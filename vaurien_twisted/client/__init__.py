"""
Clients of a running Vaurien, for programs and tests.  This room imports nothing of the server.
"""
