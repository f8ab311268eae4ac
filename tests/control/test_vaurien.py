"""
Tests for Vaurien's own API.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import REGISTRY, Asker, around, controlled, makeProxy
from vaurien_twisted.control.site import controlRoot


class Faced(SynchronousTestCase):
    """
    A test with a proxy and its site.
    """

    def setUp(self) -> None:
        """
        Neither remembers other tests.
        """
        self.proxy, self.asker = controlled()
        self.ask = self.asker.ask

    def assertRefused(self, body, name, *words, path="/behavior"):
        """
        The PUT of C{body} is refused as C{name}'s fault, in these words, and changes nothing.
        """
        before = self.proxy.plan, self.proxy.backend
        answer = self.ask("PUT", path, body)
        self.assertEqual(answer.status, 400, answer.body)
        self.assertEqual((answer.error["location"], answer.error["name"]), ("body", name))
        for word in words:
            self.assertIn(word, answer.error["description"])
        self.assertEqual((self.proxy.plan, self.proxy.backend), before)


class BehaviorTests(Faced):
    """
    C{/behavior}.
    """

    def test_dummyAtFirst(self):
        """
        An empty plan is returned as dummy.
        """
        answer = self.ask("GET", "/behavior")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json, {"behavior": "dummy", "options": {}})

    def test_set(self):
        """
        A behavior is put in force with its options; the answer of GET has all of them.
        """
        answer = self.ask("PUT", "/behavior", {"name": "delay", "sleep": 2})
        self.assertEqual((answer.status, answer.json), (200, {"status": "ok"}))
        told = self.ask("GET", "/behavior").json
        self.assertEqual(told, {"behavior": "delay", "options": {"sleep": 2.0, "before": True}})
        (rule,) = self.proxy.plan.draws[0].alternatives
        self.assertEqual((rule.behavior.name, rule.options.sleep), ("delay", 2.0))

    def test_textValues(self):
        """
        Values may be text, as from a command line.
        """
        self.ask("PUT", "/behavior", {"name": "delay", "sleep": "0.5", "before": "no"})
        told = self.ask("GET", "/behavior").json
        self.assertEqual(told["options"], {"sleep": 0.5, "before": False})

    def test_pitfall18_optionsDoNotLeak(self):
        """
        Options of one call do not reach the next: they take their defaults again.
        """
        self.ask("PUT", "/behavior", {"name": "delay", "sleep": 9, "before": False})
        self.ask("PUT", "/behavior", {"name": "delay"})
        told = self.ask("GET", "/behavior").json
        self.assertEqual(told["options"], {"sleep": 1.0, "before": True})

    def test_pitfall18_proxiesAreApart(self):
        """
        A change of one proxy does not affect another with the same behaviors.
        """
        other = makeProxy()
        self.ask("PUT", "/behavior", {"name": "hang"})
        told = Asker(controlRoot(around(other))).ask("GET", "/behavior").json
        self.assertEqual(told, {"behavior": "dummy", "options": {}})

    def test_percentages(self):
        """
        Percentages are returned with options by behavior, and accepted in that form.
        """
        body = {"name": "20:error,10.5:delay", "options": {"delay": {"sleep": 3}}}
        self.assertEqual(self.ask("PUT", "/behavior", body).status, 200)
        told = self.ask("GET", "/behavior").json
        self.assertEqual(told["behavior"], "20:error,10.5:delay")
        self.assertEqual(told["options"]["delay"], {"sleep": 3.0, "before": True})
        self.assertEqual(told["options"]["error"]["warmup"], 0)
        before = self.proxy.plan
        self.ask("PUT", "/behavior", {"name": "dummy"})
        again = {"name": told["behavior"], "options": told["options"]}
        self.assertEqual(self.ask("PUT", "/behavior", again).status, 200)
        self.assertEqual(self.proxy.plan, before)

    def test_percentagesBesideTheName(self):
        """
        Options by behavior may also be members next to the name.
        """
        self.ask("PUT", "/behavior", {"name": "20:error,10:delay", "delay": {"sleep": 4}})
        self.assertEqual(self.proxy.plan.draws[0].alternatives[1].options.sleep, 4.0)

    def test_onePercentage(self):
        """
        The options of the only behavior may be given with or without its name.
        """
        for options in ({"sleep": 4}, {"delay": {"sleep": 4}}):
            self.ask("PUT", "/behavior", {"name": "dummy"})
            self.ask("PUT", "/behavior", {"name": "20:delay", **options})
            (rule,) = self.proxy.plan.draws[0].alternatives
            self.assertEqual((rule.percent, rule.options.sleep), (20.0, 4.0))

    def test_optionsObject(self):
        """
        The options of a behavior may be in an object, as in the answer.
        """
        self.ask("PUT", "/behavior", {"name": "delay", "options": {"sleep": 6}})
        self.assertEqual(self.proxy.plan.draws[0].alternatives[0].options.sleep, 6.0)

    def test_unknownBehavior(self):
        """
        The nearest is named.
        """
        self.assertRefused({"name": "dealy"}, "name", "'dealy'", "did you mean 'delay'")
        self.assertRefused({"name": "10:dealy"}, "name", "did you mean 'delay'")

    def test_missingName(self):
        """
        A missing name, and one that is not text.
        """
        for body in ({}, {"sleep": 2}, {"name": None}, {"name": 3}, {"name": ["delay"]}):
            self.assertRefused(body, "name", "pick one of", "delay")
        self.assertRefused({"name": ""}, "name", "pick one of")

    def test_badOptions(self):
        """
        An unknown option, a value of the wrong kind and one out of bounds are refused, also
        together with valid ones.
        """
        self.assertRefused({"name": "delay", "slep": 2}, "slep", "did you mean 'sleep'")
        self.assertRefused({"name": "delay", "before": False, "sleep": "x"}, "sleep", "a number")
        self.assertRefused({"name": "delay", "sleep": -1}, "sleep", "minimum 0")
        self.assertRefused({"name": "delay", "sleep": True}, "sleep", "a number")
        self.assertRefused({"name": "hang", "sleep": 1}, "sleep", "no options")

    def test_badPercentages(self):
        """
        Percentages over 100, below 0, and no numbers; a behavior twice; options of another.
        """
        self.assertRefused({"name": "60:error,50:delay"}, "percent", "110")
        self.assertRefused({"name": "-1:error"}, "percent", "-1")
        self.assertRefused({"name": "nan:error"}, "percent", "nan")
        self.assertRefused({"name": "some:error"}, "percent", "some")
        self.assertRefused({"name": "10:delay,20:delay"}, "name", "twice")
        self.assertRefused({"name": "10:delay,5:error", "options": {"dlay": {}}}, "dlay", "delay")
        self.assertRefused({"name": "10:delay,5:error", "options": {"delay": 2}}, "delay", "object")

    def test_badOptionsObject(self):
        """
        C{options} must be an object, and the only other member.
        """
        self.assertRefused({"name": "delay", "options": 3}, "options", "an object")
        self.assertRefused({"name": "delay", "options": None}, "options", "an object")
        self.assertRefused({"name": "delay", "options": {}, "sleep": 1}, "sleep", "must be within")


class BehaviorsTests(Faced):
    """
    C{/behaviors}.
    """

    def test_names(self):
        """
        The names, sorted, and no more.
        """
        answer = self.ask("GET", "/behaviors")
        self.assertEqual(answer.json, {"behaviors": sorted(REGISTRY.behaviors)})

    def test_verbose(self):
        """
        What each does, in plain words, and its options as declared.
        """
        details = self.ask("GET", "/behaviors?verbose=1").json["details"]
        self.assertEqual(sorted(details), sorted(REGISTRY.behaviors))
        for name, told in details.items():
            self.assertTrue(told["description"], name)
            self.assertNotRegex(told["description"], r"[A-Z]\{|\n")
        (sleep, before) = details["delay"]["options"]
        self.assertEqual((sleep["name"], sleep["unit"], sleep["default"]), ("sleep", "s", 1.0))
        self.assertEqual(before["type"], "bool")

    def test_notVerbose(self):
        """
        C{verbose} may be no, and must be yes or no.
        """
        self.assertNotIn("details", self.ask("GET", "/behaviors?verbose=0").json)
        answer = self.ask("GET", "/behaviors?verbose=%ff")
        self.assertEqual((answer.status, answer.error["location"]), (400, "querystring"))


class BackendTests(Faced):
    """
    C{/backend}.
    """

    def test_get(self):
        """
        As it was written.
        """
        self.assertEqual(self.ask("GET", "/backend").json, {"backend": "localhost:8888"})

    def test_set(self):
        """
        Another is taken.
        """
        answer = self.ask("PUT", "/backend", {"backend": "example.com:80"})
        self.assertEqual(answer.json, {"status": "ok"})
        self.assertEqual(self.ask("GET", "/backend").json, {"backend": "example.com:80"})

    def test_refused(self):
        """
        Invalid addresses, a missing field, and other fields.
        """

        def refused(body, name, *words):
            self.assertRefused(body, name, *words, path="/backend")

        refused({"backend": "nowhere"}, "backend", "HOST:PORT")
        refused({"backend": "localhost:0"}, "backend", "port 0")
        refused({"backend": 80}, "backend", "text")
        refused({}, "backend", "HOST:PORT")
        refused({"backend": "localhost:1", "bakend": "x"}, "bakend", "did you mean 'backend'")
