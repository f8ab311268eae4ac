"""
Express: plain TCP at full speed, behind ordinary Twisted endpoints.

C{poller} batches the events of its sockets through one epoll object, which is a single
reader of the reactor.  C{transport} sends written bytes at once and provides
Twisted's transport interfaces; C{connected_socket} has the methods about its socket.  C{port}
listens, C{connector} connects, C{endpoints} has endpoints of both, and C{endpoint_parsers} parses
endpoint strings.  C{splice} joins two transports, so that each sends the bytes that the other
reads; C{socket_pair} does that without transports, as long as nothing else is needed.  C{reactor}
waits for express sockets first, and C{busy_poll} decides how long it polls before it sleeps.
Protocols on express transports are ordinary Twisted Protocols.
"""
