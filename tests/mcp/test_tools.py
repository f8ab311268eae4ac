"""
Tests for L{vaurien_twisted.mcp.tools} and L{vaurien_twisted.mcp.compact}.
"""

from __future__ import annotations

import json

import jsonschema
from twisted.trial.unittest import SynchronousTestCase

from tests.mcp.support import Service
from vaurien_twisted.client.common import RequestRefused
from vaurien_twisted.model.options import Refused

#: How long all tools together may be as JSON, in characters: an assistant reads them first.
LONG = 60_000

#: Operations that are no tools: files, streams, lists without a name, the description itself,
#: and what another tool does.
LEFT_OUT = {
    "getIndex",
    "getPart",
    "getEvents",
    "getMetrics",
    "getDocument",
    "listToxics",
    "setProxyNormal",
}


class ToolsTests(SynchronousTestCase):
    """
    Tools of a service.
    """

    def setUp(self) -> None:
        """
        A service.
        """
        self.service = Service()

    def test_all(self) -> None:
        """
        Every operation is a tool, but for those that cannot be, and for variants.
        """
        found = set()
        for own in self.service.document["paths"].values():
            for operation in own.values():
                name = operation["operationId"]
                found.add(name.removesuffix("OfProxy").removesuffix("ByPatch"))
        self.assertEqual(set(self.service.tools), found - LEFT_OUT)

    def test_schemas(self) -> None:
        """
        The schemas are valid, refer to nothing, and are short.
        """
        whole = 0
        for tool in self.service.tools.values():
            text = json.dumps(tool.schema)
            jsonschema.Draft202012Validator.check_schema(tool.schema)
            self.assertNotIn("$ref", text)
            self.assertEqual(tool.schema["type"], "object")
            self.assertTrue(tool.description, tool.name)
            whole += len(text) + len(tool.description)
        self.assertLess(whole, LONG)

    def test_proxies(self) -> None:
        """
        A tool is for the first proxy, or for the one that is named.
        """
        call = self.service.call
        call("setBehavior", body={"name": "hang"}, proxy="other")
        self.assertEqual(call("getBehavior")["behavior"], "dummy")
        self.assertEqual(call("getBehavior", proxy="other")["behavior"], "hang")
        call("setAllNormal")
        self.assertEqual(call("getBehavior", proxy="other")["behavior"], "dummy")

    def test_rules(self) -> None:
        """
        Rules are added and removed.
        """
        call = self.service.call
        rule = {"behavior": "delay", "options": {"sleep": 2}, "name": "slow one"}
        jsonschema.validate({"body": rule}, self.service.tools["addRule"].schema)
        self.assertEqual(call("addRule", body=rule)["name"], "slow one")
        call("removeRule", rule="slow one")
        self.assertEqual(call("getRules")["rules"], [])

    def test_queries(self) -> None:
        """
        Arguments go into the query.
        """
        told = self.service.call("getJournal", latest=1, kind="set", proxy=None)
        self.assertEqual(set(told), {"journal", "last"})
        _, path, _ = self.service.tools["endConnection"].request({"number": "3", "reset": True})
        self.assertEqual(path, "/connections/3?reset=true")

    def test_refused(self) -> None:
        """
        What is unknown or missing is refused before the service is asked.
        """
        for name, arguments, reason in (
            ("addRule", {}, "addRule needs the argument 'body'"),
            ("getRules", {"proxi": "x"}, "getRules has no argument 'proxi': did you mean 'proxy'?"),
        ):
            refused = self.assertRaises(Refused, self.service.call, name, **arguments)
            self.assertEqual(str(refused), reason)
        refused = self.assertRaises(
            RequestRefused, self.service.call, "setBehavior", body={"name": "dealy"}
        )
        self.assertIn("did you mean 'delay'?", str(refused))

    def test_behaviors(self) -> None:
        """
        Behaviors are named, their options are not described.
        """
        [schema] = [self.service.tools["addRule"].schema["properties"]["body"]]
        self.assertIn("error", schema["properties"]["behavior"]["enum"])
        self.assertEqual(schema["properties"]["options"]["type"], "object")
        self.assertNotIn("sleep", json.dumps(schema))
