"""
Events and lines in streams of any protocol, and their faults.
"""
