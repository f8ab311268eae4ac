"""
Proxies as services: their fields, their listeners, the checks of their backends, and the
collection of all.
"""
