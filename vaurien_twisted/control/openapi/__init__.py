"""
The description of the control service in OpenAPI 3.1: C{/openapi.json}.

L{operation} is what a route declares about itself, L{schema} makes JSON Schemas of declared
options, L{bodies} and L{answers} are the schemas of what requests send and get, L{document} puts
them together with the routes.
"""
