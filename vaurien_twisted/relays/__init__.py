"""
Relays: the Twisted Protocols and Factories that carry bytes and perform commands.

C{source} pauses, C{couple} holds the two transports, C{lane} queues one direction,
C{pipeline} orders replies, C{dialogue} carries bytes and performs commands, C{link}
joins a client to the backend, C{relay} has the Protocols and Factories, a named pair
per wire protocol.
"""
