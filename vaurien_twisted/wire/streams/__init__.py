"""
What streams of any protocol carry: events, lines and their faults.
"""
