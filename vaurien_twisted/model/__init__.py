"""
Values that everything else speaks of.  Nothing here does input or output.
"""
