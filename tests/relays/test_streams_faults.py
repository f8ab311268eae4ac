"""
Tests of the behaviors that are for streams of HTTP/2.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.multiplexed import Multiplexed, rule
from tests.relays.support import REGISTRY, Pair
from vaurien_twisted.model.options import Refused
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.codec import planFromRules


class SlowWindowTests(SynchronousTestCase):
    """
    C{slow_window}.
    """

    def test_downstream(self) -> None:
        """
        The backend stops after the first window; other streams go on; then it goes on, too.
        """
        link = Multiplexed(rule("slow_window", "/slow", seconds=2), answers=False)
        slow = link.ask("/slow")
        link.reply(1, b"x" * 200_000)
        link.pump()
        other = link.ask("/other")
        link.reply(3, b"y" * 200_000)
        link.pump()
        self.assertEqual((len(slow.body), len(other.body)), (65_535, 200_000))
        link.wait(2)
        self.assertEqual((len(slow.body), slow.ended), (200_000, True))

    def test_upstream(self) -> None:
        """
        So does an upload.
        """
        link = Multiplexed(rule("slow_window", "/slow", direction="upstream"))
        slow = link.ask("/slow", b"x" * 200_000)
        other = link.ask("/other", b"y" * 200_000)
        self.assertEqual((slow.ended, other.ended, len(link.asked[1][1])), (False, True, 65_535))
        link.setRules()
        link.pump()
        self.assertEqual((slow.ended, len(link.asked[1][1])), (True, 200_000))

    def test_given(self) -> None:
        """
        Nothing is left of a stream that its client gives up.
        """
        link = Multiplexed(rule("slow_window", "/slow", seconds=2, direction="both"))
        link.ask("/slow", b"x" * 200_000)
        link.client.reset_stream(1)
        link.pump()
        self.assertEqual(link.pair.clock.getDelayedCalls(), [])
        self.assertEqual(link.ask("/a").body, b"/a\n")


class DelayMessageTests(SynchronousTestCase):
    """
    C{delay_message}.
    """

    def test_frames(self) -> None:
        """
        The frames before it pass at once.
        """
        for message in (1, 2, 3):
            link = Multiplexed(rule("delay_message", "/slow", message=message), answers=False)
            slow = link.ask("/slow")
            link.reply(1, b"one", False)
            link.pump()
            for part in (b"two", b"three"):
                link.send(link.server, 1, part, False)
                link.pump()
            self.assertEqual(slow.body, b"".join((b"one", b"two", b"three")[: message - 1]))
            link.server.end_stream(1)
            link.pump()
            link.wait(1)
            self.assertEqual((slow.body, slow.ended), (b"onetwothree", True))

    def test_short(self) -> None:
        """
        A reply that has fewer frames comes to its end, also if an empty frame says so.
        """
        link = Multiplexed(rule("delay_message", "/slow", message=9), answers=False)
        slow = link.ask("/slow")
        link.reply(1, b"one", False)
        link.pump()
        link.server.end_stream(1)
        link.pump()
        self.assertEqual((slow.body, slow.ended), (b"one", True))

    def test_cut(self) -> None:
        """
        A reply that waits is cut all the same.
        """
        cut = rule("error", "/slow", at="partial", count=2, unit="units", then="reset")
        link = Multiplexed(rule("delay_message", "/slow", message=2), cut, answers=False)
        slow = link.ask("/slow")
        link.reply(1, b"one", False)
        for part in (b"two", b"three"):
            link.send(link.server, 1, part, False)
        link.pump()
        self.assertEqual(slow.body, b"one")
        link.wait(1)
        self.assertEqual((slow.body, slow.reset), (b"onetwo", 2))


class OtherProtocolTests(SynchronousTestCase):
    """
    Where there are no streams.
    """

    def test_refused(self) -> None:
        """
        Protocols without streams do not have these behaviors.
        """
        for name in ("max_streams", "slow_window", "delay_message", "exceed_deadline"):
            builder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("redis"))
            rules: list[dict[str, Any]] = [{"behavior": name}]
            error = self.assertRaises(Refused, planFromRules, builder, rules)
            self.assertIn("use protocol http", str(error))

    def test_http1(self) -> None:
        """
        Requests of HTTP/1 pass, and do not count.
        """
        pair = Pair("http")
        builder = RuleBuilder(REGISTRY, wire=REGISTRY.wire("http"))
        pair.factory.setPlan(planFromRules(builder, [rule("max_streams", count=0)]))
        request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        self.assertEqual(pair.ask(request), request)
        self.assertEqual([e for e in pair.factory.journal.since() if e["kind"] == "decision"], [])
