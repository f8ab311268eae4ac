"""
Tests for L{vaurien_twisted.model.durations}.
"""

from __future__ import annotations

import attrs
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.model.durations import inUnit
from vaurien_twisted.model.options import Refused, build, option


@attrs.frozen
class Timed:
    """
    Options of several units.
    """

    sleep: float = option(float, 1.0, "A time.", unit="s", minimum=0, maximum=86400)
    latency: int = option(int, 0, "A time.", unit="ms")
    size: int = option(int, 0, "No time.", unit="bytes")


class DurationTests(SynchronousTestCase):
    """
    Numbers with units of time.
    """

    def test_units(self) -> None:
        """
        Each unit, parts that add up, and fractions.
        """
        for text, seconds in (
            ("500ms", 0.5),
            ("2s", 2),
            ("5m", 300),
            ("1h30m", 5400),
            ("1d", 86400),
            (" 0.3S ", 0.3),
            ("250us", 0.00025),
        ):
            self.assertEqual(inUnit(text, "s"), seconds, text)
        self.assertEqual(inUnit("0.3s", "ms"), 300)
        self.assertEqual(inUnit("2ms", "µs"), 2000)

    def test_none(self) -> None:
        """
        Texts that are not durations.
        """
        for text in ("", "2", "s", "-2s", "2 x", "2s3", "1e3s", "2ss", "9" * 99 + "s"):
            self.assertIsNone(inUnit(text, "s"), text)

    def test_options(self) -> None:
        """
        Options with a unit of time accept them; an option keeps its unit and its bounds.
        """
        built = build(Timed, {"sleep": "500ms", "latency": "2s"}, "x", strict=True)
        self.assertEqual((built.sleep, built.latency), (0.5, 2000))
        self.assertIsInstance(built.sleep, float)
        self.assertEqual(build(Timed, {"sleep": "2"}, "x").sleep, 2.0)
        for wrong in ({"size": "2s"}, {"latency": "1.5us"}, {"sleep": "2d"}):
            self.assertRaises(Refused, build, Timed, wrong, "x")
        with self.assertRaises(Refused) as caught:
            build(Timed, {"sleep": "2 parsecs"}, "x")
        self.assertIn("500ms", str(caught.exception))
