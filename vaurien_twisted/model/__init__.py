"""
Values that all other rooms use.  Nothing here does input or output.
"""
