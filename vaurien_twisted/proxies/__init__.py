"""
Proxies as services: where they listen, whether their backend is up, all of them.
"""
