"""
Wire protocols: they divide bytes into exchanges, and encode errors.

One folder per protocol (C{tcp} is a module), without input or output: bytes in, pieces out, no
reactor and no clock.  C{http2}, C{grpc}, C{websocket} and C{streams} are parts of C{http}.  A
protocol needs C{protocol} and C{errors}.  It has C{requests}, C{replies} and C{session} if both
directions are parsed, C{matchers} if rules can match more than the command, and C{fastpath} if
requests can be counted without parsing them.
"""
