# -*- test-case-name: tests.proxies.test_leased_changes -*-
"""
Changes of proxies that are undone when a lease ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from vaurien_twisted.proxies.proxy import Proxy

#: The earlier values of a proxy's C{upstream} and C{enabled}.
Before = dict[str, object]


class LeasedChanges:
    """
    Stores the values that proxies had before they were changed under leases.

    @param known: returns the proxies that exist.
    """

    _log = Logger()

    def __init__(self, known: Callable[[], list[Proxy]]) -> None:
        self._known = known
        self._before: dict[tuple[str, Proxy], Before] = {}

    def change(self, lease: str, proxy: Proxy, changes: Mapping[str, object]) -> None:
        """
        Store the values of a proxy that is about to be changed under a lease.  A field that is
        set back to its value before the first change is not restored later.

        @param changes: the new values of C{upstream} and C{enabled}, if they are set.
        """
        before = self._before.setdefault((lease, proxy), {})
        now: Before = {"upstream": proxy.backend, "enabled": proxy.enabled}
        for name, value in changes.items():
            if before.setdefault(name, now[name]) == value:
                del before[name]
        if not before:
            del self._before[lease, proxy]

    def forget(self, proxy: Proxy) -> None:
        """
        Undo nothing of a proxy, since it is deleted.
        """
        for key in [key for key in self._before if key[1] is proxy]:
            del self._before[key]

    def lift(self, lease: str) -> None:
        """
        Undo the changes that were made under a lease that has ended.
        """
        for key in [key for key in self._before if key[0] == lease]:
            proxy, before = key[1], self._before.pop(key)
            if proxy not in self._known():
                continue
            upstream, enabled = before.get("upstream"), before.get("enabled")
            undone = proxy.update(
                None,
                None if upstream is None else str(upstream),
                None if enabled is None else bool(enabled),
            )
            Deferred.fromCoroutine(undone).addErrback(self._failed, proxy)

    def _failed(self, failure: Failure, proxy: Proxy) -> None:
        self._log.error(
            "{name}: cannot undo a change after its lease: {reason}",
            name=proxy.name,
            reason=failure.getErrorMessage(),
        )
