"""
Behaviors: a module for each kind of fault.

One module per behavior, listed in C{rules.registry}.  A behavior of exchanges is a pure function
from options and context to commands; one of streams makes a filter of the bytes of a
connection.
"""
