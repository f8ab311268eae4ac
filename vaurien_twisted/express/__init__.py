"""
Express: plain TCP at full speed, behind ordinary Twisted endpoints.

C{poller} batches the events of its sockets through one epoll object, which is a single
reader of the reactor.  C{transport} sends at once what is written and keeps Twisted's
transport contract; what can be asked of its socket is in C{connected_socket}.  C{port} listens,
C{connector} connects, C{endpoints} makes endpoints of both, and C{endpoint_parsers} makes those of
strings.  C{joint} joins two transports, so that what one reads the other sends; C{socket_pair} does
that without transports, as long as nothing else is needed.  C{reactor} waits for express sockets
first, and C{busy_poll} tells it how long to poll before it sleeps.
Protocols that run on it are ordinary Twisted Protocols and need not know.
"""
