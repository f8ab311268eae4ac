"""
Which behavior meets which exchange, and why.
"""
