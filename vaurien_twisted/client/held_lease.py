# -*- test-case-name: tests.client.test_held_lease -*-
"""
A lease that is renewed for as long as this process runs.
"""

from __future__ import annotations

import threading

from vaurien_twisted.client.blocking import Client, ClientError, RequestRefused

#: How long a lease lasts unless it is renewed, in seconds.
LEASE = 30.0


class HeldLease:
    """
    A lease that a thread renews three times as often as needed.  Faults that are set under its
    name are lifted at its end, and proxies that were created under it are deleted: when L{end} is
    called, or some time after this process was killed.

    @param client: asks the service.
    @param seconds: how long the faults stay after this process was killed.
    @ivar name: what C{lease} of a rule, toxic or proxy has to be.
    @raise ClientError: the service gives none.
    """

    def __init__(self, client: Client, seconds: float = LEASE) -> None:
        self.name = client.take_lease(seconds)
        self._client = client
        self._pause = seconds / 3
        self._ended = threading.Event()
        threading.Thread(target=self._renew, name="vaurien-lease", daemon=True).start()

    def _renew(self) -> None:
        while not self._ended.wait(self._pause):
            try:
                self._client.renew_lease(self.name)
            except RequestRefused:
                # It has ended; the next fault that is set says so.
                return
            except ClientError:
                # Perhaps the service answers the next time.
                continue

    def end(self) -> None:
        """
        Lift what was set under it.

        @raise ClientError: it has ended before, or there is no answer.
        """
        self._ended.set()
        self._client.end_lease(self.name)
