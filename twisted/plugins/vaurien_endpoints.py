"""
C{express:} in endpoint strings.
"""

from vaurien_twisted.express.parsers import ClientParser, ServerParser

expressServer = ServerParser()
expressClient = ClientParser()
