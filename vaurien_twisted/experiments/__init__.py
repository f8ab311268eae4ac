"""
Experiments: a backend that fails by a plan, conditions that must hold meanwhile, a verdict.

C{located}, C{kinds}, C{fields}
    A file's text, and the declarations by which it is read.
C{document}, C{steps}, C{conditions}
    What the file can say.
C{curves}
    How values change over time.

An experiment drives Vaurien over its REST interface, as any client does.
"""
