"""
The control service: one HTTP site, in which each face speaks of the same proxy.

L{site} puts faces and checks together, L{service} listens; L{vaurien} is the face
that Vaurien's own clients know.
"""
