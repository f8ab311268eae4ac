"""
C{express:} in endpoint strings, and C{--reactor express}.
"""

from twisted.application.reactors import Reactor

from vaurien_twisted.express.endpoint_parsers import ClientParser, ServerParser

expressServer = ServerParser()
expressClient = ClientParser()
expressReactor = Reactor(
    "express", "vaurien_twisted.express.reactor", "epoll, led by express sockets (Vaurien)"
)
