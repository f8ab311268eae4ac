"""
The control service: one HTTP site, in which all faces speak of the same proxies.

L{site} puts faces and checks together, L{service} listens.  The faces: L{vaurien}, that
Vaurien's clients have known since 2013; L{rules}; L{toxiproxy}, which is Toxiproxy's;
L{protocols}; L{journal}.
"""
