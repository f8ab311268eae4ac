"""
Wire protocols: how bytes divide into exchanges, and how each protocol says "error".

One folder per protocol (C{tcp} is a module), without input or output: bytes in, pieces out, no
reactor and no clock.  C{http2}, C{grpc}, C{websocket} and C{streams} are used by C{http}, and are
not chosen by themselves.  A protocol needs C{protocol} and C{errors}; it has C{requests},
C{replies} and C{session} where both directions are parsed, C{matchers} where rules can match
more than the command, and C{fastpath} where requests can be counted without being parsed.
"""
