"""
What the plugin's client asks for under a lease.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.pytest_plugin.recording import underLease


class UnderLeaseTests(SynchronousTestCase):
    """
    Tests of L{underLease}.
    """

    def asked(self, method: str, path: str, body: dict[str, object]) -> object:
        """
        The request under the lease C{run}.
        """
        return underLease("run", method, path, body)

    def test_single(self) -> None:
        """
        A behavior, a rule, a toxic, a change of a proxy and a new one get the lease.
        """
        for method, path in (
            ("PUT", "/proxies/db/behavior"),
            ("POST", "/proxies/db/rules"),
            ("POST", "/proxies/db/toxics"),
            ("POST", "/proxies/db"),
            ("POST", "/proxies"),
        ):
            self.assertEqual(
                self.asked(method, path, {"a": 1}), (method, path, {"a": 1, "lease": "run"})
            )

    def test_lists(self) -> None:
        """
        Each rule and toxic of a list gets the lease; the list itself none.
        """
        rules = [{"behavior": "hang"}, {"behavior": "error", "lease": "own"}]
        leased = [{"behavior": "hang", "lease": "run"}, {"behavior": "error", "lease": "own"}]
        self.assertEqual(
            self.asked("PUT", "/proxies/db/rules", {"rules": rules, "seed": 7}),
            ("PUT", "/proxies/db/rules", {"rules": leased, "seed": 7}),
        )
        self.assertEqual(
            self.asked("POST", "/proxies", {"name": "db", "toxics": [{"type": "latency"}]}),
            (
                "POST",
                "/proxies",
                {"name": "db", "toxics": [{"type": "latency", "lease": "run"}], "lease": "run"},
            ),
        )

    def test_backend(self) -> None:
        """
        A backend is set by a change of the proxy, which can be undone.
        """
        self.assertEqual(
            self.asked("PUT", "/proxies/db/backend", {"backend": "b:1"}),
            ("POST", "/proxies/db", {"upstream": "b:1", "lease": "run"}),
        )

    def test_unchanged(self) -> None:
        """
        A lease that is named stays; a change of a toxic, and what is of no proxy, get none.
        """
        named: dict[str, object] = {"name": "hang", "lease": "own"}
        for method, path, body in (
            ("PUT", "/proxies/db/behavior", named),
            ("POST", "/proxies/db/toxics/slow", {"attributes": {"latency": 1}}),
            ("POST", "/leases", {"for": 30.0}),
        ):
            self.assertEqual(self.asked(method, path, body), (method, path, body))
