# -*- test-case-name: tests.app.test_demo -*-
"""
A small web backend to try Vaurien on.
"""

from __future__ import annotations

import json
import os
import shutil
import sys

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.interfaces import IListeningPort
from twisted.web.resource import Resource
from twisted.web.server import Request, Site

from vaurien_twisted.interfaces.network import IServerReactor
from vaurien_twisted.transports.addresses import addressText, listenOn

INVITATION = """\
A web backend runs behind the proxy on http://{proxy}/.  Try this in another shell:

  1. Send a request:      curl -i http://{proxy}/
  2. Make requests fail:  {command} set-behavior error
                          curl -i http://{proxy}/
  3. Make them slow:      {command} set-behavior delay sleep=2
                          time curl http://{proxy}/
  4. Back to normal:      {command} normal

Ctrl-C ends the demo.  To watch it, and to set faults with the mouse:

open http://{control}/ in a browser
"""


class Hello(Resource):
    """
    Answers every path with a line of JSON that counts the requests.
    """

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self._served = 0

    def render_GET(self, request: Request) -> bytes:
        self._served += 1
        request.setHeader(b"content-type", b"application/json")
        path = request.path.decode("ascii", "replace")
        described = {"hello": "from the backend", "path": path, "served": self._served}
        return json.dumps(described).encode() + b"\n"


class DemoBackend(Service):
    """
    Serves L{Hello} on a free port of this machine.

    @ivar address: C{HOST:PORT}; C{""} while it does not listen.
    """

    def __init__(self, reactor: IServerReactor) -> None:
        self._endpoint = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        self._port: IListeningPort | None = None
        self.address = ""
        self.listening: Deferred[None] | None = None

    def privilegedStartService(self) -> None:
        self.listening = Deferred.fromCoroutine(self._listen())

    async def _listen(self) -> None:
        site = Site(Hello())
        site.noisy = False
        self._port = await listenOn(self._endpoint, site, "127.0.0.1:0", "demo")
        self.address = addressText(self._port.getHost())

    def stopService(self) -> Deferred[None]:
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        port, self._port, self.address = self._port, None, ""
        if port is not None:
            await maybeDeferred(port.stopListening)


def invitation(proxy: str, control: str) -> str:
    """
    The suggested commands, with the addresses of the proxy and of the control service.
    """
    port = control.rpartition(":")[2]
    command = _vaurienctl() + ("" if port == "8080" else f" --http-port {port}")
    page = control.replace("127.0.0.1", "localhost")
    return INVITATION.format(proxy=proxy, control=page, command=command)


def _vaurienctl() -> str:
    """
    The command C{vaurienctl}, with its path if that is needed.
    """
    beside = os.path.join(os.path.dirname(sys.executable), "vaurienctl")
    if shutil.which("vaurienctl") is None and os.path.exists(beside):
        return os.path.relpath(beside) if beside.startswith(os.getcwd()) else beside
    return "vaurienctl"
