"""
Experiments: faults in steps, conditions that must hold meanwhile, and a verdict.

C{located}, C{kinds}, C{fields}
    The text of a file, and the declarations by which it is parsed.
C{document}, C{steps}, C{conditions}, C{names}
    The objects of a file, and checks of its names against a service.
C{curves}, C{summary}, C{timeline}
    Values that change over time; steps in words; the times of all steps.
C{phases}, C{effects}
    Perform the steps; keep what was set, so that it can be removed.
C{service}, C{fleet}, C{targets}, C{keep_alive}, C{externals}, C{requests}
    Clients of one running Vaurien and of many, and their addresses; commands, and requests to
    other servers.
C{figures}, C{verdict}, C{record}, C{run}, C{conduct}
    Measured values; whether a condition held; one run from its beginning to its end.
C{decisions}, C{removable_steps}, C{bisect}
    Repeat a run, and find the faults that matter.
C{report}, C{notable}, C{html}, C{plots}, C{junit}, C{console}, C{command}
    Reports of a run in each form; the command line.

An experiment drives Vaurien over its REST interface, as any client does.
"""
