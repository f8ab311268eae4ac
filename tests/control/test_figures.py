"""
Tests for the API that tells figures to compute with.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.watched import watched


class FiguresTests(SynchronousTestCase):
    """
    C{/figures}.
    """

    def test_figures(self) -> None:
        """
        Sums, and the histogram's buckets in which there is something.
        """
        seen, asker = watched({"behavior": "dummy"})
        seen.connect()
        [before] = asker.ask("GET", "/figures").json["proxies"]
        self.assertEqual((before["name"], before["failed"]), (seen.proxy.name, 0))
        self.assertEqual(before["connections"], 1)
        seen.proxy.counters.duration.observe(0.003)
        [after] = asker.ask("GET", "/figures").json["proxies"]
        [bucket] = [each for each in after["durations"] if each not in before["durations"]]
        self.assertEqual(bucket[1], 1)
        self.assertAlmostEqual(bucket[0], 0.003, delta=0.0021001)
