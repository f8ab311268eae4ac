# -*- test-case-name: tests.pytest_plugin.test_plugin -*-
"""
The Vaurien of one pytest process, and its proxies.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from vaurien_twisted.client.blocking import Proxy
from vaurien_twisted.client.common import RequestRefused
from vaurien_twisted.client.held_lease import LEASE, HeldLease
from vaurien_twisted.client.launcher import ProxyProcess, stop_proxy
from vaurien_twisted.client.starting import start_proxy
from vaurien_twisted.pytest_plugin.recording import RecordingClient

#: The time limit of the start, in seconds.
STARTING = 60.0


class Server:
    """
    A Vaurien process that this object starts, or a shared one that runs already.

    @param url: the control service of a shared one; C{""} to start one.
    @param worker: a part of the names of proxies on a shared service, so that parallel tests do not
        use the same proxy.
    @ivar client: the client of the service.
    """

    def __init__(self, url: str = "", worker: str = "") -> None:
        self._lease: HeldLease | None = None
        self._prefix = f"{worker}-{os.getpid()}-" if url else ""
        self._process: ProxyProcess | None = None
        if not url:
            self._process = start_proxy(
                http_host="127.0.0.1", control_port=0, proxies={}, quiet=True, timeout=STARTING
            )
            url = self._process.http_url or ""
        self.client = RecordingClient(url=url, timeout=30.0)
        self._proxies: dict[str, tuple[Proxy, str, dict[str, object]]] = {}
        if self._prefix:
            self._lease = HeldLease(self.client, LEASE)
            self.client.lease = self._lease.name

    @property
    def own(self) -> bool:
        """
        Whether this object has started the process.
        """
        return self._process is not None

    def proxy(self, name: str, upstream: str, fields: Mapping[str, object]) -> Proxy:
        """
        The proxy with a name, which is created if there is none.

        @raise ValueError: the proxy exists with another backend or other fields.
        """
        own = dict(fields)
        known = self._proxies.get(name)
        if known is not None:
            proxy, backend, before = known
            if (backend, before) != (upstream, own):
                raise ValueError(
                    f"the proxy {name!r} has backend {backend} and {before}: use another name"
                )
            return proxy
        made = {"listen": "127.0.0.1:0", **own}
        protocol = made.pop("protocol", None)
        proxy = self.client.create_proxy(
            self._prefix + name,
            upstream,
            str(made.pop("listen")),
            None if protocol is None else str(protocol),
            **made,
        )
        self._proxies[name] = proxy, upstream, own
        return proxy

    @property
    def names(self) -> dict[str, str]:
        """
        The names of proxies by their names on the server.
        """
        return {proxy.name: name for name, (proxy, _, _) in self._proxies.items()}

    def backend(self, name: str) -> str:
        """
        The backend that a proxy was created with.
        """
        return self._proxies[name][1]

    def log(self) -> str:
        """
        The end of the server's log; C{""} for a shared service.
        """
        return "" if self._process is None else self._process.log()

    def stop(self) -> None:
        """
        Stop the process, or delete the proxies from a shared service.
        """
        if self._process is not None:
            stop_proxy(self._process)
        else:
            for proxy, _, _ in self._proxies.values():
                try:
                    proxy.delete()
                except RequestRefused as refused:
                    # With a lease that was not renewed in time, they are deleted already.
                    if refused.status != 404:
                        raise
        if self._lease is not None:
            self._lease.end()
