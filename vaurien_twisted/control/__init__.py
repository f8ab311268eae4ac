"""
The control service: one HTTP site, whose APIs all act on the same proxies.

L{site} puts APIs and checks together, L{service} listens, L{routes} is how an API declares
its paths.  The APIs: L{vaurien}, that Vaurien's clients have known since 2013; L{rules};
L{toxiproxy}, which is Toxiproxy's; L{protocols}; L{journal}; L{events}; L{state};
L{connections}; L{explain}; L{metrics}; L{leases}; L{schema}; L{health}; and the web L{page}.
"""
