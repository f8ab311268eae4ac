"""
The C{vaurienctl} command.
"""
