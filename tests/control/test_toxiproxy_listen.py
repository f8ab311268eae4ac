"""
Tests for the addresses that proxies of Toxiproxy's API listen on.
"""

from __future__ import annotations

import socket

from tests.control.toxiproxy_case import UPSTREAM, ToxiproxyCase
from vaurien_twisted.transports import dual_stack
from vaurien_twisted.transports.dual_stack import canDualStack

ALL = (":0", "0.0.0.0:0", "[::]:0")


class DualStackTests(ToxiproxyCase):
    """
    Proxies on all addresses of the machine.
    """

    def assertBoth(self, listen: str) -> None:
        """
        Clients reach a proxy by IPv4 and by IPv6, if the machine has both.
        """
        if not canDualStack():
            self.assertRegex(listen, r"\A0\.0\.0\.0:")
            return
        host, _, port = listen.rpartition(":")
        self.assertEqual(host, "[::]")
        for place in ("127.0.0.1", "::1"):
            socket.create_connection((place, int(port)), 30).close()

    def assertEach(self, method: str, path: str) -> None:
        """
        A proxy listens on both, whichever way its address is given.
        """
        for number, listen in enumerate(ALL):
            item = {"name": f"p{number}", "listen": listen, "upstream": UPSTREAM}
            answer = self.ask(method, path, [item] if path == "/populate" else item)
            self.assertEqual(answer.status, 201, answer.body)
            told = answer.json["proxies"][0] if path == "/populate" else answer.json
            self.assertBoth(told["listen"])

    def test_create(self) -> None:
        """
        A new proxy accepts both.
        """
        self.assertEach("POST", "/proxies")

    def test_populate(self) -> None:
        """
        Proxies of a list accept both.
        """
        self.assertEach("POST", "/populate")

    def test_again(self) -> None:
        """
        Populating again with either form keeps the proxy and its port.
        """
        told = self.create(listen=":0")
        port = told["listen"].rpartition(":")[2]
        known = self.proxies.get("db")
        for listen in (f":{port}", f"0.0.0.0:{port}", f"[::]:{port}", ":0"):
            item = {"name": "db", "listen": listen, "upstream": UPSTREAM}
            self.assertEqual(self.ask("POST", "/populate", [item]).json, {"proxies": [told]})
            self.assertIs(self.proxies.get("db"), known)

    def test_change(self) -> None:
        """
        A proxy moves from one address to all of them, on the same port.
        """
        port = self.create()["listen"].rpartition(":")[2]
        answer = self.ask("PATCH", "/proxies/db", {"listen": f"0.0.0.0:{port}"})
        self.assertEqual(answer.json["listen"].rpartition(":")[2], port)
        self.assertBoth(answer.json["listen"])

    def test_noIPv6(self) -> None:
        """
        Where the machine has no IPv6, a proxy accepts IPv4.
        """
        self.patch(dual_stack, "canDualStack", lambda: False)
        for number, listen in enumerate(ALL):
            told = self.create(f"p{number}", listen=listen)
            self.assertRegex(told["listen"], r"\A0\.0\.0\.0:[1-9]")
