"""
The plugin for pytest: proxies as fixtures, faults that must strike, and a report of the faults.
The server runs in a process of its own; nothing of it is imported here.
"""
