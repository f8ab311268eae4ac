"""
Tests for L{vaurien_twisted.control.passed}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.watched import watched


class PassedAPITests(SynchronousTestCase):
    """
    C{/passed}.
    """

    def test_passed(self) -> None:
        """
        From the first request on, exchanges that no rule affects are listed, and explained.
        """
        seen, asker = watched({"behavior": "error", "when": {"command": "SET"}})
        client = seen.connect()
        client.ask(b"GET early\n")
        client.answer(b"1\n")
        self.assertEqual(asker.ask("GET", "/passed").json["passed"], [])
        client.ask(b"GET a\n")
        client.ask(b"SET b\n")
        seen.clock.advance(0.5)
        client.answer(b"1\n")
        told = asker.ask("GET", "/passed?proxy=proxy").json
        [entry] = [each for each in told["passed"] if each["description"]]
        self.assertEqual((entry["description"], entry["exchange"]), ("GET a", 2))
        self.assertEqual(entry["timing"]["duration"], 0.5)
        self.assertNotIn("whole", entry)
        since = told["last"]
        self.assertEqual(asker.ask("GET", f"/passed?since={since}").json["passed"], [])
        explained = asker.ask("GET", "/explain?connection=1&exchange=2").json
        self.assertEqual(explained["timing"], entry["timing"])
        explained = asker.ask("GET", "/explain?connection=1&exchange=3").json
        self.assertEqual(explained["timing"]["requestBytes"], len(b"SET b\n"))

    def test_closed(self) -> None:
        """
        Why no rule met a request is still known when its connection is closed.
        """
        seen, asker = watched({"behavior": "error", "when": {"command": "SET"}})
        asker.ask("GET", "/passed")
        client = seen.connect()
        client.ask(b"GET a\n")
        client.answer(b"1\n")
        client.relay.connectionLost()
        seen.endpoint.protocols[0].connectionLost()
        explained = asker.ask("GET", "/explain?connection=1&exchange=1").json
        self.assertTrue(explained["known"])
        self.assertEqual(explained["rules"][0]["reason"], "no match: when command 'SET'")

    def test_missed(self) -> None:
        """
        The answer has the number of dropped exchanges.
        """
        seen, asker = watched()
        client = seen.connect()
        asker.ask("GET", "/passed")
        for number in range(602):
            client.ask(b"GET %d\n" % number)
            client.answer(b"1\n")
        told = asker.ask("GET", "/passed?since=2").json
        self.assertEqual((len(told["passed"]), told["missed"], told["kept"]), (500, 100, 500))

    def test_refused(self) -> None:
        """
        An unknown proxy, and values that are not valid.
        """
        _, asker = watched()
        self.assertEqual(asker.ask("GET", "/passed?proxy=prxoy").status, 404)
        self.assertEqual(asker.ask("GET", "/passed?since=x").status, 400)
        self.assertEqual(asker.ask("GET", "/passed?limit=501").status, 400)
