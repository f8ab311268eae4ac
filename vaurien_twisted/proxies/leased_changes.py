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

#: What a proxy had before: its backend, and whether it was enabled.
Before = dict[str, object]


class LeasedChanges:
    """
    Remembers what proxies had before they were changed under leases.

    @param known: gives the proxies that there are.
    """

    _log = Logger()

    def __init__(self, known: Callable[[], list[Proxy]]) -> None:
        self._known = known
        self._before: dict[tuple[str, Proxy], Before] = {}

    def change(self, lease: str, proxy: Proxy, changes: Mapping[str, object]) -> None:
        """
        A proxy is about to be changed under a lease.  What is set to what it was before the
        first change is no longer undone.

        @param changes: C{upstream} and C{enabled}, those of them that are set.
        """
        before = self._before.setdefault((lease, proxy), {})
        now: Before = {"upstream": proxy.backend, "enabled": proxy.enabled}
        for name, value in changes.items():
            if before.setdefault(name, now[name]) == value:
                del before[name]
        if not before:
            del self._before[lease, proxy]

    def lift(self, lease: str) -> None:
        """
        A lease has ended: undo what was changed under it.
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
            "{name}: a change under a lease could not be undone: {reason}",
            name=proxy.name,
            reason=failure.getErrorMessage(),
        )
