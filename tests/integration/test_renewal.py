"""
Certificates that are replaced in the same files: SIGHUP has the proxies read them again.
"""

from __future__ import annotations

import shutil
import socket
import ssl
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.threads import blockingCallFromThread
from twisted.trial.unittest import TestCase

from tests.integration.authority import Authority, Signed
from tests.integration.support import inThread, theReactor
from vaurien_twisted.app.service import Vaurien
from vaurien_twisted.app.tap import Options, serviceFor
from vaurien_twisted.model.options import Refused


class RenewalTests(TestCase):
    """
    A service with certificates on both sides, and a backend with TLS.
    """

    timeout = 300

    def setUp(self) -> None:
        self.place = Path(self.mktemp()).resolve()
        self.place.mkdir()
        self.authority = Authority(self.place, "authority")
        self.own = self.place / "own.pem"
        self.use(self.authority.sign("old", "localhost"))

    def use(self, signed: Signed) -> None:
        """
        Have this key and certificate in the file that the proxy reads.
        """
        shutil.copy(signed.both, self.own)

    def start(self, *words: str) -> Vaurien:
        """
        A service, stopped at the end.
        """
        options = Options()
        options.parseOptions(words)
        service = serviceFor(options, theReactor())
        service.privilegedStartService()
        service.startService()
        self.addCleanup(lambda: maybeDeferred(service.stopService))
        return service

    def reload(self, service: Vaurien) -> None:
        """
        What SIGHUP does.
        """
        blockingCallFromThread(theReactor(), lambda: Deferred.fromCoroutine(service.reload()))

    def backend(self) -> str:
        """
        A backend that the test itself accepts connections of.
        """
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(60)
        self.addCleanup(self.listening.close)
        return f"127.0.0.1:{self.listening.getsockname()[1]}"

    def connect(self, service: Vaurien) -> Any:
        """
        A client with TLS.
        """
        context = ssl.create_default_context(cafile=self.authority.certificate)
        port = int(service.proxy.address.rpartition(":")[2])
        plain = socket.create_connection(("127.0.0.1", port), 60)
        client = context.wrap_socket(plain, server_hostname="localhost")
        self.addCleanup(client.close)
        return client

    def shown(self, client: Any) -> str:
        """
        The name on the certificate that a client was shown.
        """
        return str(client.getpeercert()["subject"][0][0][1])

    @inThread
    def test_server(self) -> None:
        """
        New clients are shown the new certificate; open connections go on, and the port stays
        open.  A broken file changes nothing.
        """
        listen = f"ssl:0:interface=127.0.0.1:privateKey={self.own}"

        def begin() -> Vaurien:
            return self.start("--proxy", listen, "--backend", self.backend())

        service = blockingCallFromThread(theReactor(), begin)
        address = service.proxy.address
        before = self.connect(service)
        self.assertEqual(self.shown(before), "old")
        accepted, _ = self.listening.accept()
        self.addCleanup(accepted.close)
        self.use(self.authority.sign("new", "localhost"))
        self.assertEqual(self.shown(self.connect(service)), "old")
        self.reload(service)
        self.assertEqual(self.shown(self.connect(service)), "new")
        self.assertEqual(service.proxy.address, address)
        before.sendall(b"still here")
        self.assertEqual(accepted.recv(100), b"still here")
        self.own.write_bytes(b"broken")
        self.reload(service)
        self.assertEqual(self.shown(self.connect(service)), "new")

    @inThread
    def test_client(self) -> None:
        """
        So are the certificates for the backend, and those of in-band TLS.
        """
        words = ["--protocol", "mysql", "--proxy", "127.0.0.1:0"]
        backend = f"tls:localhost:1:trustRoots={self.authority.certificate}:certificate={self.own}"
        words += ["--protocol-mysql-tls-certificate", str(self.own), "--backend", backend]
        service = blockingCallFromThread(theReactor(), lambda: self.start(*words))
        relays = service.proxy.relays
        upgrades = relays.context.upgrades
        assert upgrades is not None
        before = relays.context.backend.endpoint, upgrades._server.options, upgrades._client.options
        self.reload(service)
        after = relays.context.backend.endpoint, upgrades._server.options, upgrades._client.options
        for old, new in zip(before, after, strict=True):
            self.assertIsNot(old, new)
        self.own.write_bytes(b"broken")
        self.assertRaises(Refused, service.proxy.renewCertificates)
