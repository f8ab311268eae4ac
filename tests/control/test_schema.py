"""
Tests for L{vaurien_twisted.control.schema}: the answer of C{/schema}.
"""

from __future__ import annotations

from tests.control.toxiproxy_case import ToxiproxyCase
from vaurien_twisted.model.options import specs
from vaurien_twisted.proxies.options import ProxyFields, ProxyOptions
from vaurien_twisted.rules.codec import fieldSpecs, userNames
from vaurien_twisted.rules.toxics import ToxicFields


class SchemaTests(ToxiproxyCase):
    """
    The declared fields over HTTP.
    """

    def test_fields(self) -> None:
        """
        Each field is as it is declared, in order.
        """
        schema = self.ask("GET", "/schema").json
        self.assertEqual(set(schema), {"proxy", "rule", "toxic"})
        for name, declared in (
            ("proxy", {**specs(ProxyFields), **specs(ProxyOptions)}),
            ("rule", fieldSpecs()),
            ("toxic", userNames(specs(ToxicFields))),
        ):
            self.assertEqual(schema[name], [spec.describe() for spec in declared.values()])

    def test_toxic(self) -> None:
        """
        A toxic accepts its described fields, by these names.
        """
        self.create()
        toxic = {
            field["name"]: field["default"] for field in self.ask("GET", "/schema").json["toxic"]
        }
        given = {name: value for name, value in toxic.items() if value not in ("", None)}
        self.assertIn("for", toxic)
        answer = self.ask("POST", "/proxies/db/toxics", {**given, "type": "latency", "for": 7})
        self.assertEqual((answer.status, answer.json["for"]), (200, 7.0))

    def test_accepted(self) -> None:
        """
        The answer about a proxy can be sent back unchanged.
        """
        told = self.create(connect_first=True)
        self.assertIs(told["connect_first"], True)
        self.assertEqual(self.ask("POST", "/proxies/db", told).json, told)
