"""
Tests for L{vaurien_twisted.record.logs}.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

from twisted.logger import Logger, LogLevel, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from vaurien_twisted.app.settings import LOG_FORMATS, LOG_LEVELS
from vaurien_twisted.model.options import Refused
from vaurien_twisted.record.logs import FORMATS, LogFile, formatLine, logInfo, logObserver, openLog


class LineTests(SynchronousTestCase):
    """
    One line a person can read.
    """

    def test_line(self) -> None:
        """
        Time, level, text.
        """
        line = formatLine(
            {
                "log_format": "{a} words",
                "a": 2,
                "log_time": 0.0,
                "log_level": LogLevel.warn,
            }
        )
        assert line is not None
        self.assertRegex(line, r"\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[warn\] 2 words\n\Z")

    def test_failure(self) -> None:
        """
        A failure adds its traceback.
        """
        try:
            raise ValueError("what went wrong")
        except ValueError:
            failure = Failure()
        line = formatLine({"log_format": "oh", "log_time": 0.0, "log_failure": failure})
        assert line is not None
        self.assertIn("[info] oh\nTraceback", line)
        self.assertTrue(line.endswith("ValueError: what went wrong\n"))

    def test_pitfall44_controlCharacters(self) -> None:
        """
        A line is one line, and holds nothing that a terminal would obey.
        """
        line = formatLine({"log_format": "{a}", "a": "x\x1b[2J\r\ny\x9b", "log_time": 0.0})
        assert line is not None
        self.assertTrue(line.endswith(r"[info] x\x1b[2J\r\ny\x9b" + "\n"))

    def test_nothing(self) -> None:
        """
        An event without words makes no line.
        """
        self.assertIsNone(formatLine({"log_time": 0.0}))


class TellTests(SynchronousTestCase):
    """
    Lines of which there are many.
    """

    def test_text(self) -> None:
        """
        The line says the facts, and JSON has them, and no more.
        """
        for form in FORMATS:
            stream = io.StringIO()
            log = Logger("vaurien_twisted.test", observer=logObserver(stream, "info", form))
            logInfo(log, "{count} of {client}", count=3, client="{braces}")
            line = stream.getvalue()
            self.assertIn("3 of {braces}", line)
            if form == "json":
                told = json.loads(line)
                self.assertEqual(
                    told,
                    {
                        "time": told["time"],
                        "level": "info",
                        "namespace": "vaurien_twisted.test",
                        "message": "3 of {braces}",
                        "count": 3,
                        "client": "{braces}",
                    },
                )

    def test_others(self) -> None:
        """
        Observers that do not know of it see the same text.
        """
        seen: list[str] = []
        log = Logger("vaurien_twisted.test", observer=lambda e: seen.append(formatEvent(e)))
        logInfo(log, "{count} of {client}", count=3, client="{braces}")
        self.assertEqual(seen, ["3 of {braces}"])


class ObserverTests(SynchronousTestCase):
    """
    Which events are written.
    """

    def written(self, level: str) -> set[str]:
        """
        What is written at C{level} of events of every level, ours and others'.
        """
        stream = io.StringIO()
        observer = logObserver(stream, level)
        for namespace in ("vaurien_twisted.proxies.proxy", "twisted.web"):
            log = Logger(namespace, observer=observer)
            for each in LogLevel.iterconstants():
                log.emit(each, f"{namespace[0]}-{each.name}")
        return {line.split()[-1] for line in stream.getvalue().splitlines()}

    def test_levels(self) -> None:
        """
        Ours from the level on; those of others only from warnings on.
        """
        loud = {"v-warn", "v-error", "v-critical", "t-warn", "t-error", "t-critical"}
        self.assertEqual(self.written("debug"), loud | {"v-debug", "v-info"})
        self.assertEqual(self.written("info"), loud | {"v-info"})
        self.assertEqual(self.written("warning"), loud)
        self.assertEqual(self.written("error"), loud - {"v-warn", "t-warn"})
        self.assertEqual(self.written("critical"), {"v-critical", "t-critical"})

    def test_everyChoice(self) -> None:
        """
        Each level that can be chosen writes what is critical.
        """
        for level in LOG_LEVELS:
            self.assertIn("v-critical", self.written(level))


class Broken(io.StringIO):
    """
    A stream that cannot be written.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error: Exception | None = error

    def write(self, text: str) -> int:
        """
        Fail, or write.
        """
        if self.error is not None:
            raise self.error
        return super().write(text)


class FileTests(SynchronousTestCase):
    """
    C{--log-output}.
    """

    def test_pitfall35_broken(self) -> None:
        """
        What cannot be written is lost, without another word; later lines are written.
        """
        for error in (BrokenPipeError(), OSError(28, "No space left"), ValueError("closed")):
            stream = Broken(error)
            log = Logger("vaurien_twisted.test", observer=logObserver(stream, "info"))
            log.info("one")
            stream.error = None
            log.info("two")
            self.assertEqual(stream.getvalue().split()[-1:], ["two"])

    def test_together(self) -> None:
        """
        Lines of which there are many are written together, before the next other line or when
        they have waited.
        """
        path = Path(self.mktemp())
        waiting: list[Any] = []
        service = LogFile(str(path), "info", "text", waiting.append)
        service.privilegedStartService()
        self.addCleanup(service.stopService)
        log = Logger("vaurien_twisted.test", observer=globalLogPublisher)
        logInfo(log, "one")
        logInfo(log, "two")
        self.assertEqual((path.read_text(), len(waiting)), ("", 1))
        waiting.pop()()
        self.assertEqual([line.split()[-1] for line in path.open()], ["one", "two"])
        logInfo(log, "three")
        log.info("four")
        words = [line.split()[-1] for line in path.open()]
        self.assertEqual(words, ["one", "two", "three", "four"])
        logInfo(log, "five")
        self.assertEqual(len(waiting), 2)
        service.reopen()
        self.assertIn("five", path.read_text())

    def test_pitfall35_reopen(self) -> None:
        """
        Where the file was moved away, lines go to a new one; where there can be none, to the
        old one.
        """
        path = Path(self.mktemp())
        file = LogFile(str(path), "info")
        file.privilegedStartService()
        self.addCleanup(file.stopService)
        log = Logger("vaurien_twisted.test")
        moved = path.with_suffix(".1")
        log.info("one")
        path.rename(moved)
        log.info("two")
        file.reopen()
        log.info("three")
        self.assertEqual(moved.read_text().split()[-1:], ["two"])
        self.assertEqual(path.read_text().split()[-1:], ["three"])
        path.unlink()
        path.mkdir()
        self.assertRaises(Refused, file.reopen)
        log.info("four")

    def test_standardOutput(self) -> None:
        """
        A dash is standard output.
        """
        self.assertIs(openLog("-"), sys.stdout)

    def test_unwritable(self) -> None:
        """
        A file that cannot be written is refused by the option's name.
        """
        for path in (self.mktemp() + "/log", "/"):
            refused = self.assertRaises(Refused, openLog, path)
            self.assertEqual(refused.name, "log_output")
            self.assertIn(f"cannot log to {path}: ", refused.description)

    def test_service(self) -> None:
        """
        It logs from start to stop, behind what the file held, and each line at once.
        """
        path = Path(self.mktemp())
        path.write_text("before\n")
        log = Logger("vaurien_twisted.test")
        service = LogFile(str(path), "info")
        log.info("too early")
        service.privilegedStartService()
        service.startService()
        log.info("in time")
        self.assertIn("in time", path.read_text())
        service.stopService()
        log.info("too late")
        text = path.read_text()
        self.assertTrue(text.startswith("before\n"))
        self.assertNotIn("too", text)

    def test_standardOutputStaysOpen(self) -> None:
        """
        Stopping does not close what is not ours.
        """
        stream = io.StringIO()
        self.patch(sys, "stdout", stream)
        count = len(globalLogPublisher._observers)
        service = LogFile("-", "info")
        service.privilegedStartService()
        service.stopService()
        self.assertFalse(stream.closed)
        self.assertEqual(len(globalLogPublisher._observers), count)


class JSONTests(SynchronousTestCase):
    """
    C{--log-format json}.
    """

    def written(self, *calls: Any) -> list[dict[str, Any]]:
        """
        The lines that are written of what is logged.
        """
        stream = io.StringIO()
        log = Logger("vaurien_twisted.test", observer=logObserver(stream, "info", "json"))
        for call in calls:
            call(log)
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    def test_line(self) -> None:
        """
        Time, level, message, and the facts by themselves; what is no plain fact is in the
        message alone, and nothing takes the place of those four.
        """
        [told] = self.written(
            lambda log: log.info(
                "{number}: {thing} {message}", number=3, thing=object, message="low"
            )
        )
        self.assertRegex(told.pop("time"), r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00\Z")
        self.assertEqual(
            told,
            {
                "level": "info",
                "namespace": "vaurien_twisted.test",
                "message": "3: <class 'object'> low",
                "number": 3,
            },
        )

    def test_oneLine(self) -> None:
        """
        Whatever is in it, an event is a line; one without words is none.
        """
        [told] = self.written(
            lambda log: log.warn("{text}", text="a\nb\u2028\udc80"), lambda log: log.info("")
        )
        self.assertEqual((told["level"], told["text"]), ("warn", "a\nb\u2028\udc80"))

    def test_failure(self) -> None:
        """
        A failure has its traceback.
        """
        [told] = self.written(lambda log: log.failure("oh", Failure(ValueError("what went wrong"))))
        self.assertIn("ValueError: what went wrong", told["traceback"])

    def test_service(self) -> None:
        """
        A log file can be such.
        """
        path = Path(self.mktemp())
        service = LogFile(str(path), "info", "json")
        service.privilegedStartService()
        Logger("vaurien_twisted.test").info("in time")
        service.stopService()
        [line] = path.read_text().splitlines()
        self.assertEqual(json.loads(line)["message"], "in time")

    def test_everyChoice(self) -> None:
        """
        Each format that can be chosen is there.
        """
        self.assertEqual(set(FORMATS), set(LOG_FORMATS))
