"""
Vaurien side by side with other relays: C{bash benchmarks/run}.

L{quantities} names what is measured, L{relays} who is measured, L{servers} before what,
L{works} how; L{bench} starts everything and goes round.  L{results} keeps the figures,
which L{table}, L{plot} and L{report} show.  L{readings} understands what other programs
print.
"""
