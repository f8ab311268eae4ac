# -*- test-case-name: tests.proxies.test_leases -*-
"""
Leases: faults set and proxies created under a lease are removed when its owner ends it, or does
not renew it in time.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

import attrs
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from vaurien_twisted.model.names import checkPathName
from vaurien_twisted.model.options import Refused, nearest, option

#: The most leases that can be held at a time.
LEASES = 1000


class NoSuchLease(Refused):
    """
    No lease with this name is held.
    """


class LeaseExists(Refused):
    """
    A lease with this name is held already.
    """


@attrs.frozen
class LeaseFields:
    """
    The fields of a lease in JSON; C{seconds} is written C{for}.
    """

    name: str = option(str, "", "The lease's name; one that cannot be guessed if not given.")
    seconds: float = option(
        float,
        30.0,
        "How long it is held unless it is renewed.",
        unit="s",
        minimum=0.1,
        maximum=86400.0,
    )


@attrs.define(eq=False)
class Lease:
    """
    A lease that is held.

    @ivar seconds: its duration in seconds, from the time when it was taken or renewed.
    @ivar owner: the actor who took it.
    @ivar ends: when it ends, in seconds by the clock.
    """

    name: str
    seconds: float
    owner: str
    ends: float
    timer: IDelayedCall | None = None


class Leases:
    """
    The leases of one Vaurien.

    @param clock: provides the time and timers.
    @param lift: called with the name of a lease that has ended and with the reason.
    """

    def __init__(self, clock: IReactorTime, lift: Callable[[str, str], None]) -> None:
        self._clock = clock
        self._lift = lift
        self._held: dict[str, Lease] = {}

    @property
    def held(self) -> list[Lease]:
        """
        The leases that are held, oldest first.
        """
        return list(self._held.values())

    def known(self, name: str) -> bool:
        """
        Whether a lease is held.
        """
        return name in self._held

    def check(self, name: str) -> None:
        """
        Check that a lease is held; C{""} for no lease.

        @raise Refused: it is not.
        """
        if name and name not in self._held:
            raise Refused(f"there is no lease {name!r}: it may have ended", "lease")

    def take(self, fields: LeaseFields, owner: str = "") -> Lease:
        """
        Take a new lease.

        @param owner: the actor who takes it.
        @raise LeaseExists: a lease has the same name.
        @raise Refused: the name is not valid, or L{LEASES} leases are held.
        """
        name = fields.name or secrets.token_urlsafe(12)
        checkPathName(name, "name")
        if name in self._held:
            raise LeaseExists(f"there is already a lease {name!r}", "name")
        if len(self._held) >= LEASES:
            raise Refused(f"there are already {LEASES} leases, the maximum", "name")
        lease = self._held[name] = Lease(name, fields.seconds, owner, 0.0)
        self._arm(lease)
        return lease

    def renew(self, name: str, seconds: float | None = None) -> Lease:
        """
        Renew a lease: its duration begins again.

        @param seconds: a new duration in seconds; C{None} keeps the current one.
        @raise NoSuchLease: it is not held.
        """
        lease = self._get(name)
        if seconds is not None:
            lease.seconds = seconds
        self._arm(lease)
        return lease

    def end(self, name: str) -> None:
        """
        End a lease, and remove the faults set under it.

        @raise NoSuchLease: it is not held.
        """
        self._end(self._get(name), "was ended")

    def stop(self) -> None:
        """
        Drop all leases without removing the faults set under them.
        """
        for lease in self._held.values():
            _cancel(lease)
        self._held = {}

    def _get(self, name: str) -> Lease:
        lease = self._held.get(name)
        if lease is None:
            raise NoSuchLease(f"there is no lease {name!r}: {nearest(name, self._held)}", "lease")
        return lease

    def _arm(self, lease: Lease) -> None:
        _cancel(lease)
        lease.ends = self._clock.seconds() + lease.seconds
        lease.timer = self._clock.callLater(lease.seconds, self._expired, lease)

    def _expired(self, lease: Lease) -> None:
        lease.timer = None
        self._end(lease, "was not renewed")

    def _end(self, lease: Lease, reason: str) -> None:
        _cancel(lease)
        del self._held[lease.name]
        self._lift(lease.name, reason)


def _cancel(lease: Lease) -> None:
    if lease.timer is not None:
        lease.timer.cancel()
        lease.timer = None
