"""
C{vaurien mcp}: the operations of a running service as tools of the Model Context Protocol
(U{https://modelcontextprotocol.io}), for people who test with an assistant.

L{tools} makes tools of C{/openapi.json}, L{compact} shortens its schemas, L{strikes} is the tool
that says whether faults took effect and why not, L{server} speaks the protocol, L{command} is the
command line.
"""
