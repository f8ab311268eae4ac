"""
Twisted's own port forwarder as a program: C{portforward.py PORT BACKENDPORT}.
"""

from __future__ import annotations

import sys
from typing import Any

from twisted.protocols.portforward import ProxyFactory


def main(port: int, backend: int) -> None:
    """
    Relay until interrupted, on the loopback interface.
    """
    from twisted.internet import reactor as installed

    # Which methods it has depends on the platform.
    reactor: Any = installed
    # The backlog is that of the other relays: the default of 50 would drop some clients.
    factory = ProxyFactory("127.0.0.1", backend)
    reactor.listenTCP(port, factory, backlog=1024, interface="127.0.0.1")
    reactor.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
