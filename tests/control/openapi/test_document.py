"""
Tests for L{vaurien_twisted.control.openapi}: the document describes the service.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from twisted.trial.unittest import SynchronousTestCase

from tests.control.support import Asker, around, makeProxy
from vaurien_twisted.behaviors._streams import OfStreams
from vaurien_twisted.control.openapi.document import makeDocument
from vaurien_twisted.control.site import controlRoot
from vaurien_twisted.interfaces import IStreamBehavior
from vaurien_twisted.model.options import listed, specs
from vaurien_twisted.proxies.options import ProxyOptions
from vaurien_twisted.rules.codec import RuleFields

#: What may stand in place of the variable segments of paths.
SEGMENTS = {"{name}": "proxy", "{toxic}": "latency_downstream", "{rule}": "delay", "{number}": "1"}


class Described:
    """
    A service, and its C{/openapi.json}.
    """

    def __init__(self, token: str = "") -> None:
        self.proxies = around(makeProxy())
        self._headers = {"Authorization": [f"Bearer {token}"]} if token else {}
        self.root = controlRoot(self.proxies, token=token)
        self._asker = Asker(self.root)
        self.document = self.ask("GET", "/openapi.json").json

    def ask(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        """
        The answer to a request.
        """
        headers = {**self._headers, **more.pop("headers", {})}
        return self._asker.ask(method, path, body, headers=headers, **more)

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """
        The described methods and paths.
        """
        for path, own in self.document["paths"].items():
            for method, operation in own.items():
                yield method.upper(), path, operation

    def schema(self, name: str) -> Any:
        """
        A validator for a component.
        """
        whole = {**self.document, "$ref": f"#/components/schemas/{name}"}
        return jsonschema.Draft202012Validator(whole)


def routesOf(root: Any) -> set[tuple[str, str]]:
    """
    The methods and paths that the APIs of a site answer, as their routers know them.
    """
    found = set()
    for mounted in root._table._mounted.values():
        for rule in mounted.routes._app.url_map.iter_rules():
            path = re.sub(r"<(\w+)>", r"{\1}", rule.rule)
            found |= {(method, path) for method in rule.methods - {"HEAD", "OPTIONS"}}
    return found


class DocumentTests(SynchronousTestCase):
    """
    The document as a whole.
    """

    def test_valid(self) -> None:
        """
        It is valid OpenAPI 3.1, with a token and without.
        """
        for token in ("", "secret"):
            document = Described(token).document
            self.assertEqual(document["openapi"], "3.1.0")
            validate(document, cls=OpenAPIV31SpecValidator)

    def test_routes(self) -> None:
        """
        It has every route there is, and no other.
        """
        service = Described()
        described = {(method, path) for method, path, _ in service.operations()}
        self.assertEqual(described, routesOf(service.root))

    def test_reachable(self) -> None:
        """
        The service has every described path and method: none is answered with 404 or 405.
        """
        service = Described()
        for method, path, operation in service.operations():
            if operation["operationId"] == "getEvents":
                method = "HEAD"
            for variable, value in SEGMENTS.items():
                path = path.replace(variable, value)
            answer = service.ask(method, path)
            self.assertIn(str(answer.status), operation["responses"], (method, path))

    def test_declared(self) -> None:
        """
        Every route describes its answer, and has a readable summary.
        """
        service = Described()
        for mounted in service.root._table._mounted.values():
            for declared in mounted.routes.declared:
                self.assertIn(declared.function, mounted.routes._operations, declared.path)
        for _, path, operation in service.operations():
            self.assertRegex(operation["summary"], r"^[A-Z].{5,120}$", path)
            self.assertNotRegex(operation["description"], r"\b[CLIU]\{", path)

    def test_components(self) -> None:
        """
        Every reference leads to something, and every component is used.
        """
        document = Described().document
        text = json.dumps(document)
        places = {place.split("/")[3] for place in re.findall(r"#/components/[^\"]+", text)}
        for kind in ("schemas", "responses"):
            for name in document["components"][kind]:
                self.assertIn(name, places)

    def test_token(self) -> None:
        """
        With a token, each operation declares that it needs it, except those that do not.
        """
        service = Described("secret")
        self.assertEqual(
            service.document["security"], [{"bearer": []}, {"basic": []}, {"header": []}]
        )
        public = {path for _, path, own in service.operations() if own.get("security") == []}
        self.assertEqual(public, {"/", "/health", "/page/{name}"})
        for _, path, operation in service.operations():
            self.assertEqual("401" in operation["responses"], path not in public, path)
        self.assertNotIn("securitySchemes", Described().document["components"])

    def test_public(self) -> None:
        """
        Those that need no token answer without it, and the others do not.
        """
        service = Described("secret")
        for method, path, operation in service.operations():
            for variable, value in SEGMENTS.items():
                path = path.replace(variable, value)
            status = Asker(service.root).ask(method, path).status
            self.assertEqual(status == 401, operation.get("security") != [], path)


class OptionTests(SynchronousTestCase):
    """
    Declared options are in the document.
    """

    def test_behaviors(self) -> None:
        """
        The options of each behavior, with their bounds.
        """
        service = Described()
        schemas = service.document["components"]["schemas"]
        for name, behavior in service.proxies.defaults.registry.behaviors.items():
            title = "".join(word.capitalize() for word in name.split("_"))
            properties = schemas[f"{title}Options"]["properties"]
            self.assertEqual(set(properties), set(listed(behavior.options)))
            for each, spec in listed(behavior.options).items():
                self.assertIn(spec.description, properties[each]["description"])
                self.assertEqual(properties[each].get("maximum"), spec.maximum)
                self.assertEqual(properties[each]["default"], spec.default)

    def test_fields(self) -> None:
        """
        The fields of rules and proxies.
        """
        schemas = Described().document["components"]["schemas"]
        names = {"for" if name == "lasting" else name for name in specs(RuleFields)}
        self.assertEqual(set(schemas["RuleFields"]["properties"]), names)
        self.assertLess(set(specs(ProxyOptions)), set(schemas["NewProxy"]["properties"]))

    def test_queries(self) -> None:
        """
        The fields of queries.
        """
        service = Described()
        found = {
            path: {each["name"] for each in own.get("parameters", []) if each["in"] == "query"}
            for method, path, own in service.operations()
            if method == "GET"
        }
        self.assertEqual(found["/explain"], {"connection", "exchange", "proxy"})
        self.assertLess({"since", "limit", "rule", "kind"}, found["/journal"])
        self.assertEqual(found["/behaviors"], {"verbose"})
        required = [
            (path, each["name"])
            for _, path, own in service.operations()
            for each in own.get("parameters", [])
            if each["required"] and each["in"] == "query"
        ]
        self.assertEqual(required, [("/explain", "connection")])

    def test_defaultsAreAccepted(self) -> None:
        """
        The service accepts each behavior as described, unless the protocol does not support it.
        """
        service = Described()
        for name, behavior in service.proxies.defaults.registry.behaviors.items():
            if isinstance(behavior, OfStreams):
                continue
            times = {} if IStreamBehavior.providedBy(behavior) else {"times": 3}
            for schema, method, path, body in (
                ("Rule", "POST", "/rules", {"behavior": name, "for": "30s", **times}),
                ("BehaviorSetting", "PUT", "/behavior", {"name": name}),
                ("Toxic", "POST", "/proxies/proxy/toxics", {"type": name}),
            ):
                service.schema(schema).validate(body)
                answer = service.ask(method, path, body)
                # Some are for other protocols than that of this proxy.
                if b"protocol 'tcp' has no" not in answer.body:
                    self.assertLess(answer.status, 300, (name, answer.body))

    def test_refused(self) -> None:
        """
        Bodies that the service refuses by name, kind or bounds are not valid in the schema either.
        """
        service = Described()
        for schema, method, path, body in (
            ("Rule", "POST", "/rules", {"behavior": "dealy"}),
            ("Rule", "POST", "/rules", {"behavior": "delay", "options": {"slep": 1}}),
            ("Rule", "POST", "/rules", {"behavior": "delay", "percent": 101}),
            ("Rule", "POST", "/rules", {"behavior": "delay", "options": {"sleep": "soon"}}),
            ("BehaviorSetting", "PUT", "/behavior", {"name": "delay", "sleep": -1}),
            ("Toxic", "POST", "/proxies/proxy/toxics", {"type": "latency", "toxicity": 2}),
            ("NewProxy", "POST", "/proxies", {"name": "db"}),
            ("NewProxy", "POST", "/proxies", {"name": "db", "upstream": "a:1", "enabled": "yes"}),
            ("LeaseRequest", "POST", "/leases", {"for": 1e9}),
        ):
            self.assertFalse(service.schema(schema).is_valid(body), body)
            self.assertEqual(service.ask(method, path, body).status, 400, body)


class PluginTests(SynchronousTestCase):
    """
    What plugins and other programs add.
    """

    def test_behavior(self) -> None:
        """
        A behavior of a plugin is in the document without more ado.
        """
        from tests.errands import Stumble

        proxies = around(makeProxy())
        proxies.defaults.registry.behaviors["stumble"] = Stumble()
        self.addCleanup(proxies.defaults.registry.behaviors.pop, "stumble")
        document: Any = makeDocument([], proxies.defaults, False)
        self.assertIn("StumbleOptions", document["components"]["schemas"])
