"""
Tests for the API of wire protocols.
"""

from __future__ import annotations

from tests.control.support import REGISTRY
from tests.control.test_vaurien import Faced
from tests.lines import Lines
from vaurien_twisted.control.schema import describe, describeProtocol


class ProtocolsTests(Faced):
    """
    C{/protocols}.
    """

    def test_all(self):
        """
        Every protocol, and which is spoken.
        """
        told = self.ask("GET", "/protocols").json
        self.assertEqual(told["protocol"], "tcp")
        self.assertEqual(sorted(told["protocols"]), sorted(REGISTRY.wires))
        for name, wire in REGISTRY.wires.items():
            each = told["protocols"][name]
            self.assertEqual(each["aliases"], list(wire.aliases))
            self.assertEqual([error["code"] for error in each["errors"]], list(wire.errors))
            self.assertNotRegex(each["description"], r"[A-Z]\{|\n")
            self.assertEqual(each["commands"], list(wire.commands))

    def test_commands(self):
        """
        Where C{when} can ask for a command, the usual ones are named, as exchanges have them.
        """
        told = self.ask("GET", "/protocols").json["protocols"]
        for name, each in told.items():
            asked = "command" in [target["name"] for target in each["targets"]]
            self.assertEqual(asked, bool(each["commands"]), name)
            self.assertEqual(len(set(each["commands"])), len(each["commands"]), name)
        for name, command in (
            *(("http", "DELETE"), ("mysql", "COM_QUERY"), ("postgresql", "Query")),
            *(("redis", "GET"), ("memcache", "get"), ("smtp", "MESSAGE")),
        ):
            self.assertIn(command, told[name]["commands"])
        [choices] = [t["choices"] for t in told["http"]["targets"] if t["name"] == "direction"]
        self.assertEqual(choices, ["client", "backend", "upstream", "downstream"])

    def test_one(self):
        """
        One of them, by its name or another.
        """
        whole = self.ask("GET", "/protocols").json["protocols"]["memcache"]
        for name in ("memcache", "memcached"):
            told = self.ask("GET", f"/protocols/{name}").json
            self.assertEqual(told, {"protocol": "memcache", **whole})

    def test_unknown(self):
        """
        404 names the nearest.
        """
        answer = self.ask("GET", "/protocols/mysq")
        self.assertEqual((answer.status, answer.error["location"]), (404, "path"))
        self.assertEqual(answer.error["name"], "mysq")
        self.assertIn("did you mean 'mysql'", answer.error["description"])

    def test_methods(self):
        """
        Nothing can be put there.
        """
        for path in ("/protocols", "/protocols/http"):
            self.assertEqual(self.ask("PUT", path, {}).status, 405)


class DescribingTests(Faced):
    """
    The description of a protocol.
    """

    def test_protocol(self):
        """
        Everything that it declares; the matchers of all protocols come last.
        """
        told = describeProtocol(Lines())
        self.assertEqual(told["description"], "The protocol of lines.")
        self.assertEqual((told["aliases"], told["unit"], told["options"]), (["rows"], "rows", []))
        self.assertEqual(
            [(target["name"], target["kind"]) for target in told["targets"]],
            [
                ("command", "word"),
                ("key", "glob"),
                ("sql", "regex"),
                ("field", "fields"),
                ("client", "network"),
                ("direction", "word"),
            ],
        )
        self.assertEqual(
            told["errors"][1],
            {
                "code": "gone",
                "message": "no more",
                "description": "It is going away.",
                "transient": False,
                "transaction": "",
                "state": "X1",
            },
        )
        self.assertTrue(told["errors"][0]["transient"])

    def test_markup(self):
        """
        Descriptions have no epytext markup.
        """

        class Marked(Lines):
            """
            Says C{"this"} and L{that<some.where>},
            I{so}.
            """

        self.assertEqual(describe(Marked())["description"], 'Says "this" and that, so.')
