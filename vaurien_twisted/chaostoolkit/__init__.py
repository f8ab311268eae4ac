"""
An extension for Chaos Toolkit: C{chaos run} can then use Vaurien.

C{actions}
    Create proxies, and put faults in force.
C{probes}
    What proxies have seen.
C{controls}
    Lift everything at the end of an experiment, and add to its journal what Vaurien did.
C{sessions}
    Which service is asked, and what an experiment has changed there.
C{discovery}
    The list of all of this, for C{chaos discover vaurien-twisted}.
"""
