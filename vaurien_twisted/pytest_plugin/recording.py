# -*- test-case-name: tests.pytest_plugin.test_recording -*-
"""
The client of the plugin.  It records the proxies that it changes, and sets faults and creates
proxies under a lease.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from vaurien_twisted.client.blocking import Client

#: The paths whose body may have a C{lease}: C{/proxies/NAME/behavior} and so on.
LEASED = ("behavior", "rules", "toxics")


class RecordingClient(Client):
    """
    A client that records which proxies it has changed.

    @param url: the URL of the service.
    @param timeout: see L{Client}, in seconds.
    @ivar changed: the names of the changed proxies.
    @ivar lease: the lease for all changes; C{""} for none.
    """

    def __init__(self, url: str, timeout: float) -> None:
        super().__init__(url=url, timeout=timeout)
        self.changed: set[str] = set()
        self.lease = ""

    def request(self, method: str, path: str, body: object = None) -> dict[str, object]:
        if method != "GET" and path.startswith("/proxies/"):
            self.changed.add(unquote(path.split("/")[2]))
        if self.lease and isinstance(body, Mapping):
            method, path, body = underLease(self.lease, method, path, body)
        return super().request(method, path, body)


def underLease(
    lease: str, method: str, path: str, body: Mapping[str, object]
) -> tuple[str, str, dict[str, object]]:
    """
    The body with the lease added.  A lease in the body has precedence, and a changed toxic keeps
    its own.

    @param body: the JSON of the request.
    """
    leased = dict(body)
    for name in ("rules", "toxics"):
        listed = leased.get(name)
        if isinstance(listed, Sequence):
            leased[name] = [{"lease": lease, **each} for each in listed]
    _, root, *place = path.split("/")
    if (method, root, place) == ("POST", "proxies", []):
        leased.setdefault("lease", lease)
    if root != "proxies" or not place:
        return method, path, leased
    if place[1:] == ["backend"] and "backend" in leased:
        # A change of the backend has no lease.
        return "POST", f"/proxies/{place[0]}", {"lease": lease, "upstream": leased["backend"]}
    if not place[1:] or (place[1:] in ([each] for each in LEASED) and "rules" not in leased):
        leased.setdefault("lease", lease)
    return method, path, leased
