"""
Behaviors: what can happen to an exchange.

One module per behavior, each a pure function from options and occasion to commands.
"""
