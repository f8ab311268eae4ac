"""
Proxies as services: their fields, their listeners, the health checks of their backends, and
the collection of all proxies.
"""
