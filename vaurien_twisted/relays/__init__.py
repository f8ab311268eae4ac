"""
Relays: the Twisted Protocols and Factories that carry bytes and perform commands.

C{source} pauses, C{couple} holds the two transports, C{lane} queues one direction,
C{pipeline} orders replies, C{performing} performs commands, C{skimming} passes over what
nothing happens to, C{dialogue} carries the bytes, C{stream}, C{passage} and C{staging}
have the stages of stream behaviors, C{link} joins a client to the backend, C{upgrade} has
it go on in TLS, C{relay} has the Protocols, C{factory} the Factory, C{pairs} a named pair of
them per wire protocol.
"""
