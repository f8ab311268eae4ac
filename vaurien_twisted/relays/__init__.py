"""
The link between a client and the backend.

C{factory} builds a relay for each client, and C{links} keeps the links that are open.
C{context} has what the links of a proxy share.  C{link} joins a client to the backend, and
C{ends} ends it.  A link that is not bare has a C{framed} path: C{exchanges} relays C{requests}
and C{replies}, each with a C{write_queue}, and C{filters} passes their bytes through stream
filters.  C{transports} has the two connections.
"""
