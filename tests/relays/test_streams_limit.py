"""
Tests of C{max_streams}: what the client is told, and what is refused.
"""

from __future__ import annotations

from typing import Any

from h2.settings import SettingCodes
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.multiplexed import Multiplexed, rule
from vaurien_twisted.wire.http2.frames import SETTINGS, framesIn, settings
from vaurien_twisted.wire.http2.stream_limit import PENDING, UNLIMITED, StreamLimit

REFUSED = 7


class Acknowledged(Multiplexed):
    """
    Ends that count the acknowledgements of SETTINGS.
    """

    @property
    def unacknowledged(self) -> int:
        """
        How many SETTINGS the server has sent, less the acknowledgements that it has got.
        """
        # h2 raises where there are more acknowledgements than SETTINGS.
        return sum(len(each) - 1 for each in self.server.local_settings._settings.values())


class LimitTests(SynchronousTestCase):
    """
    SETTINGS_MAX_CONCURRENT_STREAMS as the client gets it.
    """

    def told(self, link: Multiplexed) -> int:
        """
        How many streams the client believes that it may have.
        """
        return link.client.remote_settings.max_concurrent_streams

    def test_told(self) -> None:
        """
        A new connection is told the number; a smaller one of the backend stays.
        """
        for count, told in ((2, 2), (100, 100), (1000, 100), (0, 0)):
            link = Multiplexed(rule("max_streams", count=count))
            # h2 says that it takes 100.
            self.assertEqual(self.told(link), told)
            for code in (SettingCodes.MAX_FRAME_SIZE, SettingCodes.INITIAL_WINDOW_SIZE):
                self.assertEqual(
                    link.client.remote_settings[code], link.server.local_settings[code]
                )

    def test_changed(self) -> None:
        """
        Open connections are told of each change; the backend is told of none.
        """
        link = Acknowledged()
        self.assertEqual(self.told(link), 100)
        rules: list[dict[str, Any]] = [rule("max_streams", count=count) for count in (5, 3)]
        for given, told in ((rules[:1], 5), (rules, 3), (rules[:1], 5), ([], 100)):
            link.setRules(*given)
            link.pump()
            self.assertEqual((self.told(link), link.unacknowledged), (told, 0))
        self.assertEqual(link.ask("/a").body, b"/a\n")
        self.assertEqual(link.pair.client.ended, [])

    def test_backendChanges(self) -> None:
        """
        What the backend says later is lowered, too, and stands when the rule is gone.
        """
        link = Acknowledged(rule("max_streams", count=10))
        for count, told in ((50, 10), (4, 4), (60, 10)):
            link.server.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: count})
            link.pump()
            self.assertEqual((self.told(link), link.unacknowledged), (told, 0))
        link.setRules()
        link.pump()
        self.assertEqual(self.told(link), 60)

    def test_crossing(self) -> None:
        """
        Each acknowledgement reaches whoever has sent the SETTINGS, in whatever order these go.
        """
        limit = StreamLimit()
        self.assertEqual(limit.passing([(4, 1)]), [(4, 1)])
        self.assertEqual(limit.change(5, True), settings({3: 5}))
        self.assertEqual(limit.passing([(3, 9)]), [(3, 5)])
        self.assertEqual(limit.change(5, True), b"")
        self.assertEqual(limit.change(None, True), settings({3: 9}))
        self.assertEqual(limit.passing([(3, 9), (4, 2)]), [(3, 9), (4, 2)])
        acknowledged = [limit.acknowledged() for _ in range(5)]
        self.assertEqual(acknowledged, [True, False, True, False, True])

    def test_unlimited(self) -> None:
        """
        A backend that names no limit, and a client that acknowledges nothing.
        """
        limit = StreamLimit()
        self.assertEqual(limit.change(3, False), b"")
        self.assertEqual(limit.passing([]), [(3, 3)])
        self.assertEqual(limit.change(None, True), settings({3: UNLIMITED}))
        frames = [limit.change(1 + each % 2, True) for each in range(2 * PENDING)]
        self.assertEqual(sum(bool(each) for each in frames), PENDING - 1)

    def test_some(self) -> None:
        """
        Rules for some requests, for a share or for a time of counts tell nothing; nor does one
        that is not to.
        """
        plain = rule("max_streams", count=2)
        for made in (
            {**plain, "when": {"path": "/a"}},
            {**plain, "percent": 50},
            {**plain, "after": 1},
            {**plain, "times": 1},
            rule("max_streams", count=2, announce=False),
        ):
            self.assertEqual(self.told(Multiplexed(made)), 100)

    def test_unchanged(self) -> None:
        """
        Without the behavior SETTINGS pass byte by byte.
        """
        link = Multiplexed(rule("delay", "/never"))
        data = link.server.initiate_connection() or settings({3: 7, 0x99: 1, 4: 2**20})
        link.pair.backendProtocol.dataReceived(data)
        heard = link.pair.client.heard()
        self.assertEqual(heard, data)
        self.assertEqual([kind for kind, *_ in framesIn(heard)], [SETTINGS])

    def test_refuses(self) -> None:
        """
        A client that does not keep to the number is refused what is too much, until another stream
        is over.
        """
        for announce in (True, False):
            link = Multiplexed(rule("max_streams", count=2, announce=announce), answers=False)
            # A client that has not read it yet.
            link.client.remote_settings.max_concurrent_streams = 100
            link.client.remote_settings.acknowledge()
            first, second = link.ask("/a"), link.ask("/b")
            third = link.ask("/c")
            self.assertEqual((first.reset, second.reset, third.reset), (None, None, REFUSED))
            link.reply(1, b"a")
            link.pump()
            fourth = link.ask("/d")
            self.assertEqual((first.ended, fourth.reset), (True, None))
            effects = [entry["effect"] for entry in link.journal if "effect" in entry]
            self.assertEqual(effects, ["error rst-stream:REFUSED_STREAM"])
