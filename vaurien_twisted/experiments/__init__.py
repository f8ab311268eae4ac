"""
Experiments: a backend that fails by a plan, conditions that must hold meanwhile, a verdict.

C{located}, C{kinds}, C{fields}
    A file's text, and the declarations by which it is read.
C{document}, C{steps}, C{conditions}, C{names}
    What the file can say, and which names a service knows.
C{curves}, C{summary}, C{timeline}
    How values change over time; steps in words; what will happen when.
C{phases}, C{effects}
    Carry out the steps; keep what was set, so that it can be lifted.
C{service}, C{fleet}, C{targets}, C{lasting}, C{surroundings}, C{requests}
    What is driven: running Vauriens, one or many, and where they are; commands and other
    servers.
C{figures}, C{verdict}, C{record}, C{run}, C{conduct}
    What was measured; whether a condition held; one run from its beginning to its end.
C{decisions}, C{without}, C{bisect}
    What repeats a run, and finds the faults that matter.
C{report}, C{struck}, C{html}, C{plots}, C{junit}, C{console}, C{command}
    Reports of a run in each form; the command line.

An experiment drives Vaurien over its REST interface, as any client does.
"""
