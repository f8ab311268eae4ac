"""
An error preset is one row: what users see of it follows.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from unittest.mock import patch

from twisted.internet.testing import MemoryReactorClock
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

import vaurien_twisted
from tests.control.support import Asker
from tests.lines import Lines
from vaurien_twisted.app.tap import Options
from vaurien_twisted.control.schema import describeProtocol
from vaurien_twisted.control.site import controlRoot
from vaurien_twisted.ctl import output
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.proxies.collection import ProxyCollection
from vaurien_twisted.proxies.declaration import ProxyDefaults
from vaurien_twisted.proxies.proxy import Proxy
from vaurien_twisted.record.journal import Journal
from vaurien_twisted.rules.build import RuleBuilder
from vaurien_twisted.rules.registry import Registry, loadRegistry
from vaurien_twisted.wire.errors import ErrorCatalog

#: The row.
ROW = WireError("LATE", "come back tomorrow", "The server is closed.", fits=("loud",))


class Errand(Lines):
    """
    A protocol whose catalog has got one more row.
    """

    name = "errand"
    aliases = ()
    catalog = ErrorCatalog(
        "errand",
        (*Lines.catalog.rows, ROW),
        form="only these",
        situations=lambda exchange: ("loud",),
    )


def registry() -> Registry:
    """
    All that is installed, and that protocol.
    """
    found = loadRegistry()
    return Registry(found.behaviors, {**found.wires, "errand": Errand()})


COMMAND = ["--protocol", "errand", "--backend", "localhost:1", "--behavior", "error"]


class PresetErrandTests(SynchronousTestCase):
    """
    One row, and nothing else.
    """

    def test_commandLine(self) -> None:
        """
        C{vaurien} takes the code, and names it to whoever mistypes it.
        """
        options = Options(registry())
        options.parseOptions([*COMMAND, "--behavior-error-code", "LATE"])
        mistyped = [*COMMAND, "--behavior-error-code", "LTAE"]
        refused = self.assertRaises(UsageError, Options(registry()).parseOptions, mistyped)
        self.assertIn("did you mean 'LATE'?", str(refused))

    def test_ini(self) -> None:
        """
        So does a file.
        """
        file = Path(self.mktemp())
        file.write_text(
            "[vaurien]\nprotocol = errand\nbackend = localhost:1\nbehavior = error\n"
            "[behavior:error]\ncode = LATE\n"
        )
        Options(registry()).parseOptions(["--config", str(file)])
        file.write_text(file.read_text().replace("LATE", "LTAE"))
        words = ["--config", str(file)]
        refused = self.assertRaises(UsageError, Options(registry()).parseOptions, words)
        self.assertIn("did you mean 'LATE'?", str(refused))

    def test_rest(self) -> None:
        """
        C{/protocols} has it, from which C{vaurienctl list-errors} and the web form take it; and
        a rule may name it.
        """
        known, clock = registry(), MemoryReactorClock()
        journal = Journal(clock.seconds)
        proxy = Proxy(
            clock,
            name="proxy",
            listen="localhost:0",
            backend="localhost:1",
            wire=Errand(),
            ruleBuilder=RuleBuilder(known, wire=Errand()),
            journal=journal,
            seed=7,
        )
        proxies = ProxyCollection(clock, ProxyDefaults(known), journal, 7)
        proxies.add(proxy)
        asker = Asker(controlRoot(proxies))
        told = asker.ask("GET", "/protocols/errand").json
        put = asker.ask("PUT", "/behavior", {"name": "error", "code": "LATE"})
        row = next(error for error in told["errors"] if error["code"] == "LATE")
        self.assertEqual(
            row,
            {
                "code": "LATE",
                "message": "come back tomorrow",
                "description": "The server is closed.",
                "transient": True,
                "transaction": "",
                "state": "",
            },
        )
        self.assertEqual(put.status, 200, put.body)

    def test_chosen(self) -> None:
        """
        C{error} without a code may choose it.
        """
        self.assertIn(ROW, Errand().transientErrors(Exchange(1, "GET")))

    def test_list(self) -> None:
        """
        C{vaurienctl list-errors} prints it.
        """
        asked = Namespace(command="list-errors")
        printed = output.formatAnswer("http://localhost", asked, describeProtocol(Errand()))
        self.assertIn("LATE", printed.split())

    def test_docs(self) -> None:
        """
        The table of the reference has it.
        """
        docs = Path(vaurien_twisted.__file__).parent.parent / "docs"
        with patch.object(sys, "path", [str(docs), *sys.path]):
            from pieces import errors
        self.assertIn("come back tomorrow", errors(Errand().errors.values()))
