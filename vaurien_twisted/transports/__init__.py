"""
Transports: what lies between TCP and the links, by endpoint strings and by options.

C{addresses} makes endpoints of addresses, C{endpoint_strings} of Vaurien's own endpoint strings:
C{ssl:}, C{tls:}, C{unix:}, C{haproxy:}, C{proxied:} and C{systemd:}.  C{tls} has the endpoints that
speak TLS, C{tls_transport} a connection, C{tls_engine} OpenSSL without input and output;
C{certificates} and C{virtual_hosts} read certificates and keys from files.  C{proxy_header} writes
and reads the header of the PROXY protocol, C{proxy_protocol_client} sends it and
C{proxy_protocol_server} receives it.  C{systemd} and C{unix_sockets} listen on other sockets than
TCP's, C{dual_stack} on IPv4 and IPv6; C{application_protocols} chooses by ALPN.  All of this is
made of ordinary Twisted endpoints.
"""
