"""
Tests for L{vaurien_twisted.experiments.run} and L{vaurien_twisted.experiments.phases}: whole
experiments in memory, by a clock.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.experiments.support import Lab
from vaurien_twisted.experiments.curves import tick, wave
from vaurien_twisted.experiments.report import exitStatus, report


def outcome(lab: Lab) -> str:
    assert lab.result is not None, lab.failure
    return str(report(lab.experiment, lab.result, 0.0)["outcome"])


class MethodTests(SynchronousTestCase):
    """
    Steps happen at the times of the file.
    """

    def test_set(self) -> None:
        """
        A fault is set for its duration, and removed.
        """
        lab = Lab(
            "method: [{hold: 1s}, {set: {behavior: delay, options: {sleep: 2}}, for: 3s}, "
            "{hold: 1}]"
        )
        lab.advance(6)
        times = [(round(at, 3), rules) for at, _, rules, _ in lab.service.set]
        self.assertEqual(
            times, [(1.0, [{"behavior": "delay", "options": {"sleep": 2}}]), (4.0, [])]
        )
        self.assertEqual([keep for *_, keep in lab.service.set], [True, False])
        self.assertTrue(lab.service.ended)
        self.assertIsNotNone(lab.result)

    def test_stays(self) -> None:
        """
        Without a time it stays until the end.
        """
        lab = Lab("method: [{set: {behavior: hang}}, {hold: 2s}]")
        lab.advance(1)
        self.assertEqual(lab.service.inForce(), [{"behavior": "hang"}])
        lab.advance(1.1)
        self.assertEqual(lab.service.inForce(), [])

    def test_ramp(self) -> None:
        """
        At each second the option in force is that of the line, to 1 percent.
        """
        lab = Lab("method: [{ramp: {behavior: delay, option: sleep, from: 0, to: 2s}, for: 120s}]")
        for second in range(1, 120):
            lab.advance(1)
            [rule] = lab.service.inForce()
            value = rule["options"]["sleep"]
            self.assertAlmostEqual(value, second / 60, delta=second / 60 / 100)
        lab.advance(2)
        self.assertEqual(lab.service.inForce(), [])

    def test_rampBetween(self) -> None:
        """
        A ramp of any length deviates by at most 1 percent of its range; a large fleet, whose
        setting takes a second, is set once a second.
        """
        for seconds in (4, 30):
            ramp = f"{{behavior: delay, option: sleep, from: 0, to: {seconds}}}"
            lab = Lab(f"method: [{{ramp: {ramp}, for: {seconds}s}}]")
            for step in range(1, seconds * 40):
                lab.advance(0.025, 0.0125)
                [rule] = lab.service.inForce()
                away = abs(rule["options"]["sleep"] - step * 0.025)
                self.assertLessEqual(away, seconds / 100 + 0.0126, step)
        self.assertEqual((tick(30), tick(30, 1.0), tick(0.5), tick(1e6)), (0.25, 1.0, 0.02, 1.0))

    def test_wave(self) -> None:
        """
        A wave keeps its period.
        """
        for shape in ("sine", "square", "saw"):
            lab = Lab(
                "method: [{wave: {behavior: delay, option: sleep, low: 1, high: 3, period: 20s, "
                f"shape: {shape}}}, for: 60s}}]"
            )
            for second in range(1, 60):
                lab.advance(1)
                [rule] = lab.service.inForce()
                self.assertAlmostEqual(
                    rule["options"]["sleep"], wave(1, 3, second, 20, shape), delta=0.02
                )

    def test_percent(self) -> None:
        """
        A percentage changes as options do.
        """
        lab = Lab(
            "method: [{ramp: {behavior: error, option: percent, to: 100, curve: steps, steps: 3}, "
            "for: 3s}]"
        )
        found = []
        for _ in range(3):
            lab.advance(0.5)
            found.append(lab.service.inForce()[0]["percent"])
            lab.advance(0.5)
        self.assertEqual(found, [0, 50, 100])

    def test_day(self) -> None:
        """
        A schedule of a day: at each full hour, and 5 minutes after each start.
        """
        lab = Lab("method: [{schedule: {cron: '0 * * * *', do: [{run: hourly}]}, for: 24h}]", ())
        for _ in range(24 * 60 + 1):
            lab.clock.advance(60)
        self.assertEqual(lab.externals.ran, ["hourly"] * 23)
        lab = Lab("method: [{schedule: {every: 5m, do: [{run: x}]}, for: 24h}]", ())
        for _ in range(24 * 60 + 1):
            lab.clock.advance(60)
        self.assertEqual(len(lab.externals.ran), 24 * 12)

    def test_flap(self) -> None:
        """
        A flapping backend.
        """
        lab = Lab("method: [{flap: {up: 2s, down: 1s}, for: 9s}]")
        seen = []
        for _ in range(9):
            lab.advance(0.5)
            seen.append(bool(lab.service.inForce()))
            lab.advance(0.5)
        self.assertEqual(seen, [False, False, True] * 3)

    def test_jitter(self) -> None:
        """
        Jitter follows from the seed.
        """

        def times(seed: int) -> list[float]:
            lab = Lab(
                f"seed: {seed}\nmethod: [{{flap: {{up: 2s, down: 1s, jitter: 0.9}}, for: 30s}}]"
            )
            lab.advance(31)
            return [round(at, 3) for at, *_ in lab.service.set]

        self.assertEqual(times(1), times(1))
        self.assertNotEqual(times(1), times(2))

    def test_parallel(self) -> None:
        """
        Faults of steps at the same time are in force together.
        """
        lab = Lab(
            "method:\n"
            " - parallel:\n"
            "   - {set: {behavior: delay}, for: 3s}\n"
            "   - sequence: [{hold: 1s}, {set: {behavior: error}, for: 1s}]\n"
        )
        seen = []
        for _ in range(4):
            lab.advance(0.5)
            seen.append([rule["behavior"] for rule in lab.service.inForce()])
            lab.advance(0.5)
        self.assertEqual(seen, [["delay"], ["delay", "error"], ["delay"], []])

    def test_restart(self) -> None:
        """
        A restart: down, then slow, then as before.
        """
        lab = Lab("method: [{restart: {down: 2s, slow: 4s, delay: 1s}}]")
        lab.advance(1)
        self.assertEqual(lab.service.inForce(), [{"behavior": "down"}])
        lab.advance(2)
        self.assertEqual(lab.service.inForce()[0]["behavior"], "delay")
        lab.advance(4)
        self.assertEqual(lab.service.inForce(), [])

    def test_others(self) -> None:
        """
        Toxics, ports and backends are restored.
        """
        lab = Lab(
            "method:\n"
            " - parallel:\n"
            "   - {set: {toxics: [{type: latency}]}, for: 1s}\n"
            "   - {set: {enabled: false}, for: 1s}\n"
            "   - {set: {backend: 'b:2'}, for: 2s}\n"
        )
        self.assertEqual(lab.service.toxics, [("db", "latency")])
        lab.advance(3)
        self.assertEqual(lab.service.toxics, [])
        self.assertEqual(
            lab.service.changes,
            [
                ("db", {"enabled": False}),
                ("db", {"backend": "b:2"}),
                ("db", {"enabled": True}),
                ("db", {"backend": "before:1"}),
            ],
        )


class EndTests(SynchronousTestCase):
    """
    All faults are removed, however the run ends.
    """

    def test_cancelled(self) -> None:
        """
        An interrupted experiment is halted.
        """
        lab = Lab("load: x\nmethod: [{set: {behavior: hang}, for: 60s}]")
        lab.advance(2)
        self.assertTrue(lab.load.running)
        lab.deferred.cancel()
        self.assertEqual(lab.service.inForce(), [])
        self.assertFalse(lab.load.running)
        self.assertEqual(exitStatus(outcome(lab)), 3)

    def test_commandFails(self) -> None:
        """
        So is one of which a step fails.
        """
        lab = Lab("method: [{set: {behavior: hang}}, {hold: 1s}, {run: 'false'}]")
        lab.externals.status = 1
        lab.advance(2)
        self.assertEqual(lab.service.inForce(), [])
        self.assertEqual(outcome(lab), "halted")
        self.assertIn("status 1", lab.result.reason)

    def test_before(self) -> None:
        """
        Where a condition does not hold before, nothing begins.
        """
        text = "hypothesis: [{probe: 'http://x'}]\nmethod: [{set: {behavior: hang}, for: 2s}]"
        lab = Lab(text)
        lab.advance(3)
        self.assertEqual(outcome(lab), "held")
        failing = Lab(text, good=False)
        self.assertEqual(outcome(failing), "halted")
        self.assertEqual(failing.service.set, [])

    def test_halt(self) -> None:
        """
        A lasting breach halts the experiment if the policy says so.
        """
        lab = Lab(
            "hypothesis: [{quantile: 99%, below: 100ms}]\n"
            "policy: {halt: 3s}\n"
            "method: [{set: {behavior: delay}, for: 60s}]"
        )
        for _ in range(6):
            lab.count(ms500=10)
            lab.advance(1)
        self.assertEqual(outcome(lab), "halted")
        self.assertIn("broken for", lab.result.reason)
        self.assertEqual(lab.service.inForce(), [])


class VerdictTests(SynchronousTestCase):
    """
    The figures of a run.
    """

    TEXT = (
        "hypothesis:\n"
        " - {quantile: 99%, below: 1s}\n"
        " - {recovery: 4s, after: bad, below: 200ms}\n"
        "method: [{name: normal, hold: 5s}, {name: bad, set: {behavior: hang}, for: 5s}, "
        "{name: again, hold: 10s}]"
    )

    def run_(self, bad: dict[str, int], slowFor: int = 0) -> dict[str, object]:
        lab = Lab(self.TEXT)
        for second in range(22):
            if 5 <= second < 10:
                lab.count(**bad)
            elif 10 <= second < 10 + slowFor:
                lab.count(ms500=100)
            else:
                lab.count(ms5=100)
            lab.advance(1)
        assert lab.result is not None, lab.failure
        return report(lab.experiment, lab.result, 0.0)

    def test_held(self) -> None:
        """
        All held.
        """
        found = self.run_({"ms500": 100})
        self.assertEqual(found["outcome"], "held", found["conditions"])

    def test_broken(self) -> None:
        """
        A broken condition is named with its phase, time and figure.
        """
        found = self.run_({"ms2000": 100})
        self.assertEqual(found["outcome"], "broken")
        judged = {each["phase"]: each for each in found["conditions"][0]["judged"]}
        self.assertEqual(judged["normal"]["outcome"], "held")
        self.assertEqual(judged["bad"]["outcome"], "broken")
        [[begin, end]] = judged["bad"]["breaches"]
        self.assertAlmostEqual(begin, 5, delta=1.1)
        self.assertAlmostEqual(end, 10, delta=1.1)

    def test_outweighed(self) -> None:
        """
        Many fast exchanges do not hide a time in which all were slow; exchanges that are slow in
        only one reading do not break a phase.
        """
        for slow, wanted in ((3, "broken"), (1, "held")):
            lab = Lab("hypothesis: [{quantile: 99%, below: 1s}]\nmethod: [{name: all, hold: 8s}]")
            for second in range(9):
                if 4 <= second < 4 + slow:
                    lab.count(ms2000=1)
                else:
                    lab.count(ms5=1000)
                lab.advance(1)
            assert lab.result is not None, lab.failure
            [condition] = report(lab.experiment, lab.result, 0.0)["conditions"]
            [judged] = condition["judged"]
            self.assertEqual(judged["outcome"], wanted, judged)
            self.assertEqual(len(judged["breaches"]), 1)

    def test_recovery(self) -> None:
        """
        Recovery is measured from the phase's end.
        """
        for slow, wanted in ((0, "held"), (3, "held"), (8, "broken")):
            found = self.run_({"ms500": 100}, slow)
            self.assertEqual(found["conditions"][1]["outcome"], wanted, slow)

    def test_silence(self) -> None:
        """
        Silence is not success.
        """
        found = self.run_({})
        self.assertEqual(found["outcome"], "unknown")
        self.assertIn("not enough data", str(found["conditions"][0]["judged"]))
