"""
Tests for L{vaurien_twisted.relays.struck_stream}: streams that wait.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.relays.multiplexed import Multiplexed, rule


class WaitingTests(SynchronousTestCase):
    """
    Streams that wait while others go on.
    """

    def test_delay(self) -> None:
        """
        A request waits before the backend gets it; those behind it do not.  The backend knows
        it by a higher number then.
        """
        for size in (0, 1):
            link = Multiplexed(rule("delay", "/slow", sleep=1), size=size)
            slow = link.ask("/slow", b"x" * 300)
            others = [link.ask(f"/{n}", x_n=str(n)) for n in range(5)]
            self.assertEqual([got.body for got in others], [b"/%d\n" % n for n in range(5)])
            self.assertFalse(slow.fields)
            link.wait(1)
            self.assertEqual((slow.body, slow.ended), (b"/slow\n" + b"x" * 300, True))
            self.assertEqual(link.ask("/after", b"y").body, b"/after\ny")
            self.assertEqual(sorted(link.asked), [3, 5, 7, 9, 11, 13, 15])

    def test_reply(self) -> None:
        """
        A reply waits.
        """
        link = Multiplexed(rule("delay", "/slow", sleep=1, before=False))
        slow, other = link.ask("/slow"), link.ask("/a")
        self.assertEqual((slow.fields, other.ended), ({}, True))
        link.wait(1)
        self.assertTrue(slow.ended)

    def test_hang(self) -> None:
        """
        A request is held until the rules are replaced.
        """
        link = Multiplexed(rule("hang", "/slow"))
        slow = link.ask("/slow")
        link.wait(1000)
        self.assertFalse(slow.fields)
        [proxied] = link.pair.factory.links
        self.assertEqual((proxied.snapshot.state, proxied.snapshot.faults), ("waiting", ["hang"]))
        link.setRules()
        link.pump()
        self.assertTrue(slow.ended)
        self.assertEqual(proxied.snapshot.state, "open")

    def test_lifted(self) -> None:
        """
        Nothing waits for the end of a delay that was lifted.
        """
        for more in ({}, {"before": False}):
            link = Multiplexed(rule("delay", "/slow", sleep=1000, **more))
            slow = link.ask("/slow")
            link.setRules()
            link.pump()
            self.assertTrue(slow.ended)
            self.assertEqual(link.pair.clock.getDelayedCalls(), [])

    def test_given(self) -> None:
        """
        A client that gives up a stream that waits: the backend never hears of it.
        """
        link = Multiplexed(rule("delay", "/slow", sleep=1))
        link.ask("/slow", b"x" * 1000)
        link.client.reset_stream(1)
        link.pump()
        link.wait(1)
        self.assertEqual((link.asked, link.pair.factory.memory.held), ({}, 0))
        self.assertEqual(link.ask("/a").body, b"/a\n")
        self.assertEqual(link.client.outbound_flow_control_window, 65535)

    def test_credit(self) -> None:
        """
        What is kept back is credited to its sender, so that others go on.
        """
        link = Multiplexed(rule("delay", "/slow", sleep=1, before=False))
        slow = [link.ask("/slow", b"x" * 30_000) for _ in range(6)]
        self.assertEqual(link.ask("/a", b"y" * 60_000).body, b"/a\n" + b"y" * 60_000)
        link.wait(1)
        self.assertEqual([len(got.body) for got in slow], [30_006] * 6)
        self.assertEqual(link.ask("/a", b"y" * 60_000).body, b"/a\n" + b"y" * 60_000)

    def test_otherWindow(self) -> None:
        """
        However much of one stream is kept back, others have the whole window of the connection,
        again and again; so have later ones when it has gone on, or was given up.
        """
        for leaves in (False, True):
            link = Multiplexed(rule("delay", "/late", sleep=1, before=False), answers=False)
            kept = link.ask("/late")
            link.reply(1, b"x" * 65_535)
            link.pump()
            for stream in (3, 5):
                other = link.ask("/other")
                link.reply(stream, b"y" * 300_000)
                link.pump()
                self.assertEqual(len(other.body), 300_000)
                if leaves and stream == 3:
                    link.client.reset_stream(1)
                link.wait(1)
                self.assertEqual(len(kept.body), 0 if leaves else 65_535)
            for end in (link.client, link.server):
                self.assertGreater(end.outbound_flow_control_window, 32_767)
        link = Multiplexed(rule("delay", "/late", sleep=1))
        link.ask("/late", b"x" * 65_535)
        for stream in (3, 5):
            link.ask("/other", b"y" * 300_000)
            self.assertEqual(len(link.asked[stream][1]), 300_000)
        link.wait(1)
        self.assertEqual(len(link.asked[7][1]), 65_535)

    def test_backendEnds(self) -> None:
        """
        A reply that waits reaches the client though the backend has closed.
        """
        link = Multiplexed(rule("delay", "/slow", sleep=1, before=False))
        slow = link.ask("/slow")
        link.pair.loseBackend()
        self.assertEqual(link.pair.client.ended, [])
        link.wait(1)
        self.assertEqual((slow.ended, link.pair.client.ended), (True, ["lose"]))

    def test_stopped(self) -> None:
        """
        Nothing is left of a link that is reset while streams wait.
        """
        link = Multiplexed(rule("delay", "/slow", sleep=1))
        link.ask("/slow")
        link.pair.loseClient(clean=False)
        self.assertEqual(link.pair.clock.getDelayedCalls(), [])
