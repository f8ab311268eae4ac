# -*- test-case-name: tests.client.test_held_lease -*-
"""
A lease that is renewed for as long as this process runs.
"""

from __future__ import annotations

import threading

from vaurien_twisted.client.blocking import Client, ClientError, RequestRefused

#: The time of a lease that is not renewed, in seconds.
LEASE = 30.0


class HeldLease:
    """
    A lease that a thread renews three times as often as needed.  It ends when L{end} is called, or
    some time after this process was killed.  Then faults that were set under its name are removed,
    and proxies that were created under it are deleted.

    @param client: the client of the service.
    @param seconds: how long the faults stay in force after this process was killed.
    @ivar name: the value for C{lease} of a rule, toxic or proxy.
    @raise ClientError: the service refused.
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
                # The lease has ended; setting the next fault fails with that reason.
                return
            except ClientError:
                # The service may answer the next time.
                continue

    def end(self) -> None:
        """
        End the lease, and remove what was set under it.

        @raise ClientError: the lease had ended, or the service did not answer.
        """
        self._ended.set()
        self._client.end_lease(self.name)
