"""
Tests for L{vaurien_twisted.client.held_lease}.
"""

from __future__ import annotations

import queue

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.client.common import RequestRefused, Unreachable
from vaurien_twisted.client.held_lease import HeldLease

#: The time limit of a wait, in seconds.
PATIENCE = 60.0


class ScriptedClient:
    """
    A client whose renewals end as the test sets it.
    """

    def __init__(self, *failures: Exception | None) -> None:
        self.asked: queue.Queue[str] = queue.Queue()
        self._failures = list(failures)

    def take_lease(self, seconds: float) -> str:
        self.asked.put(f"take {seconds}")
        return "mine"

    def renew_lease(self, name: str) -> None:
        self.asked.put(f"renew {name}")
        failure = self._failures.pop(0)
        if failure is not None:
            raise failure

    def end_lease(self, name: str) -> None:
        self.asked.put(f"end {name}")


class HeldLeaseTests(SynchronousTestCase):
    """
    It is renewed until it ends.
    """

    def test_renewed(self) -> None:
        """
        It is renewed again and again, also after the service did not answer once, and no more
        after the service has ended it.
        """
        refused = RequestRefused(404, "there is no lease 'mine'")
        client = ScriptedClient(None, Unreachable("http://localhost:8080", "refused"), refused)
        lease = HeldLease(client, 0.03)
        self.assertEqual(lease.name, "mine")
        said = [client.asked.get(timeout=PATIENCE) for _ in range(4)]
        self.assertEqual(said, ["take 0.03", "renew mine", "renew mine", "renew mine"])
        lease.end()
        self.assertEqual(client.asked.get(timeout=PATIENCE), "end mine")
        self.assertTrue(client.asked.empty())
