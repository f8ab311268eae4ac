"""
Tests for L{vaurien_twisted.relays.starttls}; that it works with real servers is shown by
L{tests.integration.test_upgrade}.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.policies import ProtocolWrapper
from twisted.trial.unittest import SynchronousTestCase

from tests.integration.authority import papers
from tests.relays.support import Wire
from vaurien_twisted.model.options import Refused, build
from vaurien_twisted.relays.byte_counter import ByteCounter
from vaurien_twisted.relays.factory import RelayFactory
from vaurien_twisted.relays.starttls import bare, give
from vaurien_twisted.relays.transports import TransportPair
from vaurien_twisted.wire.smtp.protocol import SMTP


class OptionsTests(SynchronousTestCase):
    """
    Files of a wire protocol.
    """

    def make(self, **words: str) -> RelayFactory:
        """
        A factory of relays with these options.
        """
        endpoint: Any = None
        options = build(SMTP.options, words, "it")
        return RelayFactory(Clock(), endpoint, wire=SMTP(), options=options)

    def test_without(self) -> None:
        """
        Nothing is loaded where TLS is not read.
        """
        self.assertIsNone(self.make().context.upgrades)
        self.assertIsNotNone(self.make(tls_certificate=papers().server.both).context.upgrades)

    def test_refused(self) -> None:
        """
        A file that is not as it should be is refused by the option it was given for.
        """
        both = papers().server.both
        for words, name, reason in (
            ({"tls_certificate": "/no/file"}, "tls_certificate", "cannot read /no/file"),
            ({"tls_certificate": both, "tls_ca": "/no/file"}, "tls_ca", "cannot read /no/file"),
            ({"tls_certificate": both, "tls_client": "/no/file"}, "tls_client", "cannot read"),
            ({"tls_certificate": both, "tls_name": "a.example"}, "tls_name", "needs tls_ca"),
        ):
            refused = self.assertRaises(Refused, self.make, **words)
            self.assertEqual(refused.name, f"protocol_smtp_{name}")
            self.assertIn(reason, refused.description)

    def test_command(self) -> None:
        """
        The command says it in a line, by the option's name, and ends with status 2.
        """
        words = ["--protocol", "mysql", "--protocol-mysql-tls-certificate", "/no/file"]
        done = subprocess.run(
            [sys.executable, "-m", "vaurien_twisted", *words],
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(
            (done.returncode, done.stderr),
            (
                2,
                "vaurien: --protocol-mysql-tls-certificate: cannot read /no/file: "
                "No such file or directory\n",
            ),
        )


class TransportsTests(SynchronousTestCase):
    """
    Transports that change hands.
    """

    def test_give(self) -> None:
        """
        What a transport reads goes to another protocol, whichever kind it is.
        """
        plain: Any = StringTransport()
        give(bare(ByteCounter(plain)), "protocol")
        self.assertEqual(plain.protocol, "protocol")
        nothing: Any = None
        wrapper = ProtocolWrapper(nothing, nothing)
        wrapper.transport = plain
        give(bare(wrapper), "protocol")
        self.assertEqual(wrapper.wrappedProtocol, "protocol")

    def test_couple(self) -> None:
        """
        Two transports that are held are read no more, whatever else ends; those that stand
        for them are.
        """
        client, backend = Wire(), Wire()
        transports = TransportPair(client)
        transports.join(backend)
        transports.start()
        transports.hold()
        transports.paceClient(True)
        transports.paceClient(False)
        self.assertEqual([each.producerState for each in (client, backend)], ["paused"] * 2)
        transports.stopPacing()
        self.assertEqual([each.producer for each in (client, backend)], [None, None])
        ours, theirs = Wire(), Wire()
        transports.replace(ours, theirs)
        self.assertEqual((transports.client, transports.backend), (ours, theirs))
        self.assertEqual([each.producerState for each in (ours, theirs)], ["producing"] * 2)
        assert theirs.producer is not None
        theirs.producer.pauseProducing()
        self.assertEqual(ours.producerState, "paused")
