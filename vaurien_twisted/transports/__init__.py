"""
Transports: what lies between TCP and the links, by endpoint strings and by options.

C{strings} reads the endpoint strings that are ours: C{ssl:}, C{tls:}, C{haproxy:},
C{proxied:} and C{systemd:}.  C{certificates} makes TLS options of files, and says in a line
what is wrong with them.  C{secured} is TLS as links want it: paused where they pause, ended
as TCP would be; C{secured_endpoints} listens and connects with it.  C{introduced} reads the
header of the PROXY protocol and C{introducing} sends one.  C{inherited} listens on a socket
of systemd's.  Above all this is an ordinary Twisted endpoint.
"""
