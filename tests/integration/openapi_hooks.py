"""
Hooks of schemathesis: before each case, what its path names is there.

The case before may have deleted it, closed it or pointed it elsewhere.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import schemathesis

from tests.integration.openapi_names import BACKEND, URL, names
from vaurien_twisted.client.blocking import Client, RequestRefused

#: How long one request or connection of ours may take, in seconds.
PATIENCE = 60.0


class Stage:
    """
    Creates what is missing at a service.
    """

    def __init__(self, url: str, backend: str) -> None:
        self._client = Client(url=url, timeout=PATIENCE)
        self._backend = backend
        self._links: list[socket.socket] = []

    def prepare(self, path: str, parameters: dict[str, Any]) -> None:
        """
        Have what the parameters of a path name.

        @param path: as the document has it: C{/proxies/{name}/toxics/{toxic}}.
        @param parameters: by name; the number of a connection is set to one that is open.
        """
        if path.startswith("/leases/"):
            self._have("/leases", {"name": parameters["name"], "for": 60})
            return
        if path.startswith("/connections/"):
            parameters["number"] = str(self._connection())
            return
        name = parameters["name"] if path.startswith("/proxies/{name}") else "proxy"
        if "rule" in parameters or path.startswith("/proxies/{name}"):
            self._proxy(name)
        if "rule" in parameters:
            rule = {"behavior": "delay", "name": parameters["rule"], "options": {"sleep": 0}}
            self._have(f"/proxies/{name}/rules", rule)
        if "toxic" in parameters:
            toxic = {"type": "latency", "name": parameters["toxic"]}
            self._have(f"/proxies/{name}/toxics", toxic)

    def _proxy(self, name: str) -> None:
        self._have("/proxies", {"name": name, "upstream": self._backend, "listen": "127.0.0.1:0"})

    def _have(self, path: str, what: dict[str, object]) -> None:
        # Refused if it is there, or if there is no room: then the case gets its 404.
        with suppress(RequestRefused):
            self._client.request("POST", path, what)

    def _connection(self) -> int:
        """
        The number of an open connection of the first proxy.
        """
        proxies = self._client.request("GET", "/state")["proxies"]
        name = proxies[0]["name"] if proxies else "proxy"
        if not proxies:
            self._proxy(name)
        found = self._open(name)
        if found:
            return found
        self._client.request("POST", f"/proxies/{name}/normal")
        change = {"enabled": True, "listen": "127.0.0.1:0", "upstream": self._backend}
        listen = self._client.request("PATCH", f"/proxies/{name}", change)["listen"]
        while self._links:
            self._links.pop().close()
        host, port = listen.rsplit(":", 1)
        self._links.append(socket.create_connection((host, int(port)), PATIENCE))
        while not found:
            found = self._open(name)
        return found

    def _open(self, name: str) -> int:
        """
        The number of the newest open connection, 0 if there is none.
        """
        query = urlencode({"proxy": name})
        found = self._client.request("GET", f"/connections?{query}")["connections"]
        return int(found[-1]["id"]) if found else 0


_stage: Stage | None = None


@schemathesis.hook
def before_call(context: Any, case: Any, **_: Any) -> None:
    """
    Have what the case names.
    """
    global _stage
    if _stage is None:
        _stage = Stage(os.environ[URL], os.environ[BACKEND])
    if case.path_parameters:
        path, parameters = case.operation.path, case.path_parameters
        if all(parameters.get(name) in known for name, known in names(path).items()):
            _stage.prepare(path, parameters)
