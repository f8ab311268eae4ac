"""
The behavior C{stutter} and the wire protocol C{memo}.
"""
