"""
The control service: one HTTP site, in which each face speaks of the same proxy.

L{site} puts faces and checks together, L{service} listens.  The faces: L{vaurien}, that
Vaurien's clients have known since 2013; L{rules}; L{protocols}; L{journal}.
"""
