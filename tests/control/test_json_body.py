"""
Tests for the reading of bodies.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import controlled
from vaurien_twisted.control.body_limit import LIMIT
from vaurien_twisted.control.json_body import DEPTH, VALUES
from vaurien_twisted.control.responses import WORDS
from vaurien_twisted.rules.plan import Plan


class BodyTests(SynchronousTestCase):
    """
    Bodies, good and bad, of a PUT.
    """

    def setUp(self):
        """
        A proxy and its site.
        """
        self.proxy, self.asker = controlled()

    def put(self, data: bytes, headers=None):
        """
        Put C{data} as the behavior.
        """
        return self.asker.ask("PUT", "/behavior", data=data, headers=headers)

    def assertRefused(self, data: bytes, *words: str) -> None:
        """
        The body is refused in these words; nothing is in force.
        """
        answer = self.put(data)
        self.assertEqual(answer.status, 400, answer.body)
        for word in words:
            self.assertIn(word, answer.error["description"])
        self.assertEqual(self.proxy.plan, Plan())

    def test_malformed(self):
        """
        Bodies that are not JSON.
        """
        self.assertRefused(b"", "not JSON", '{"name": "dummy"}')
        self.assertRefused(b'{"name": "delay"', "not JSON")
        self.assertRefused(b"name=delay", "not JSON")
        self.assertRefused(b'{"name": "delay"} more', "not JSON")
        self.assertRefused(b'{"name": "\xff"}', "not JSON")
        self.assertRefused('{"name": "delay"}'.encode("utf-16"), "not JSON")
        self.assertRefused(b"[" * 100_000, "nested too deep")

    def test_looseJSON(self):
        """
        Values that Python's parser accepts but JSON does not have, or that cannot be encoded.
        """
        for number in (b"NaN", b"Infinity", b"-Infinity"):
            self.assertRefused(b'{"name": "delay", "sleep": ' + number + b"}", "not a JSON number")
        self.assertRefused(b'{"name": "delay", "sleep": ' + b"9" * 5000 + b"}", "5000 digits")
        self.assertRefused(rb'{"name": "\ud800"}', "not JSON")
        self.assertRefused(b'{"name": "delay", "sleep": 1e999}', "it must be a number")

    def test_noObject(self):
        """
        JSON that is not an object.
        """
        for data in (b"[]", b'"delay"', b"3", b"null"):
            self.assertRefused(data, "must be a JSON object", data.decode())

    def test_twice(self):
        """
        A member that is there twice, at any depth, leaves open which is meant.
        """
        self.assertRefused(b'{"name": "delay", "sleep": 1, "sleep": 2}', "'sleep' is given twice")
        self.assertRefused(
            b'{"name": "1:delay,1:error", "options": {"delay": {}, "delay": {}}}', "twice"
        )

    def test_types(self):
        """
        Content-Type may be that of JSON, in any spelling, or missing.
        """
        spellings = (
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=UTF-8",
            "",
        )
        for spelling in spellings:
            answer = self.put(b'{"name": "hang"}', {"Content-Type": spelling})
            self.assertEqual(answer.status, 200, spelling)
        self.assertEqual(self.put(b'{"name": "hang"}').status, 200)

    def test_wrongTypes(self):
        """
        Any other Content-Type gets 415, which says what to send.
        """
        wrong = ("application/x-www-form-urlencoded", "text/plain", "application/jsonp", "\xff")
        for kind in wrong:
            answer = self.put(b'{"name": "hang"}', {"Content-Type": kind.encode("latin-1")})
            self.assertEqual(answer.status, 415, kind)
            self.assertIn("-H 'Content-Type: application/json'", answer.error["description"])
            self.assertEqual(answer.error["location"], "header")
            self.assertEqual(answer.header("accept"), "application/json")
        self.assertEqual(self.proxy.plan, Plan())

    def test_tooLarge(self):
        """
        The bound holds for a resource on any site: at it is read, over it is 413.
        """
        start = b'{"name": "hang"'
        self.assertEqual(self.put(start + b" " * (LIMIT - len(start) - 1) + b"}").status, 200)
        answer = self.put(start + b" " * (LIMIT - len(start)) + b"}")
        self.assertEqual(answer.status, 413)
        self.assertIn(str(LIMIT), answer.error["description"])

    def test_pitfall38_manyValues(self) -> None:
        """
        A body with very many values in it is not read.
        """
        for data in (b"[" + b"[]," * 100_000 + b"1]", b"{" + b'"a":1,' * 40_000 + b'"b":1}'):
            answer = self.put(data)
            self.assertEqual(answer.status, 413, answer.body)
            self.assertIn(f"over {VALUES} values", answer.error["description"])

    def test_pitfall41_nested(self) -> None:
        """
        A body that is nested deep is refused; brackets in texts are not counted.
        """
        for depth in (DEPTH + 1, 500, 2000):
            self.assertRefused(b"[" * depth + b"]" * depth, "nested too deep")
            self.assertRefused(b'{"a":' * depth + b"1" + b"}" * depth, "nested too deep")
        self.assertRefused(rb'{"name": "\"[[[[' + b"[" * 500 + b'"}', "there is no behavior")

    def test_pitfall41_saysBackLittle(self) -> None:
        """
        Who sends a very long name need not read it again.
        """
        for body in ({"name": "a" * 500_000}, {"name": "delay", "b" * 500_000: 1}):
            answer = self.asker.ask("PUT", "/behavior", body)
            self.assertEqual(answer.status, 400)
            self.assertLess(len(answer.body), 4 * WORDS)
