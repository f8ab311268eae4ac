# -*- test-case-name: tests.control.test_protocols,tests.control.test_schema -*-
"""
Declarations as JSON: behaviors, wire protocols, and C{/schema}, the fields of proxies, rules
and toxics.
"""

from __future__ import annotations

from collections.abc import Mapping

from twisted.web.iweb import IRequest

from vaurien_twisted.control.docstrings import textOf
from vaurien_twisted.control.openapi.operation import Operation
from vaurien_twisted.control.responses import answer
from vaurien_twisted.control.routes import Routes
from vaurien_twisted.interfaces import IBehaviorBase, IWireProtocol
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.matchers import COMMON
from vaurien_twisted.model.options import Spec, listed
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.rules.codec import fieldSpecs, userNames
from vaurien_twisted.rules.toxics import ToxicFields


class SchemaAPI:
    """
    The fields that proxies, rules and toxics have in JSON.
    """

    routes = Routes()

    def __init__(self, proxies: ProxyCollection) -> None:
        self._proxies = proxies

    @routes.route("/schema", "GET")
    @routes.describe(Operation("Schema"))
    def getSchema(self, request: IRequest) -> bytes:
        """
        Each field with its type, default, description and bounds, in the form of the options
        that C{GET /behaviors?verbose=1} lists::

            {"proxy": [{"name": "name", "type": "str", "default": "", …}, …],
             "rule": […], "toxic": […]}

        The lists C{toxics} and C{rules} of a proxy, and C{behavior} and C{options} of a rule, are
        omitted.
        """
        schema = {
            "proxy": _fields(self._proxies.defaults.fields),
            "rule": _fields(fieldSpecs()),
            "toxic": _fields(userNames(listed(ToxicFields))),
        }
        return answer(request, schema)


def _fields(declared: Mapping[str, Spec]) -> list[dict[str, object]]:
    return [spec.describe() for spec in declared.values()]


def describe(item: IBehaviorBase | IWireProtocol) -> dict[str, object]:
    """
    A description of a behavior: its effect, and its options.
    """
    return {
        "description": " ".join(textOf(type(item)).split()),
        "options": _fields(listed(item.options)),
    }


def describeProtocol(wire: IWireProtocol) -> dict[str, object]:
    """
    A description of a wire protocol: its options, its aliases, the matchers for a rule's C{when}
    (those of all protocols last), the usual commands, the unit that replies can be cut by (C{""}
    for bytes only), whether the backend sends first, and its errors.
    """
    return {
        **describe(wire),
        "aliases": list(wire.aliases),
        "targets": [target.describe() for target in (*wire.targets, *COMMON)],
        "commands": list(wire.commands),
        "unit": wire.unit,
        "greets": wire.greets,
        "errors": [_error(error) for error in wire.errors.values()],
    }


def _error(error: WireError) -> dict[str, object]:
    return {
        "code": error.code,
        "message": error.message,
        "description": error.description,
        "transient": error.transient,
        "transaction": error.transaction.value,
        "state": error.state,
        **({"family": error.family} if error.family else {}),
    }
