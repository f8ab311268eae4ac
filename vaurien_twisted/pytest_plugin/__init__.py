"""
The plugin for pytest: proxies as fixtures, faults that must strike, and a report of what
happened.  It loads nothing of the server, which runs in a process of its own.
"""
