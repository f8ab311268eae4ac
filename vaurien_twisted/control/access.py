# -*- test-case-name: tests.control.test_access -*-
"""
Who may use the control service: whoever is on this machine, or brings the token.
"""

from __future__ import annotations

import ipaddress

import attrs

from vaurien_twisted.model.environment import TOKEN_VARIABLE
from vaurien_twisted.model.options import FALSE, TRUE, Refused
from vaurien_twisted.transports.addresses import hostPort

#: Where Toxiproxy's clients look for it.
TOXIPROXY = "localhost:8474"


@attrs.frozen
class Access:
    """
    What protects the control service.

    @ivar token: what requests must bring, C{""} for nothing.
    @ivar insecure: whether it may listen beyond this machine without one.
    """

    token: str = attrs.field(default="", repr=False)
    insecure: bool = False

    def check(self, host: str, name: str) -> None:
        """
        @param host: where a service is to listen.
        @param name: the option that it was given for.
        @raise Refused: anyone who reaches C{host} could use the service.
        """
        if not (self.token or self.insecure or isLoopback(host)):
            raise Refused(
                f"{host or 'every address'} can be reached from other machines: "
                f"give a token (--token, {TOKEN_VARIABLE}), or --insecure to let anyone in",
                name,
            )

    def anyName(self, host: str) -> bool:
        """
        Whether clients may call a service on C{host} by any name: with a token web pages
        are kept out by that, and else the service is for everyone.
        """
        return bool(self.token) or (self.insecure and not isLoopback(host))


def isLoopback(host: str) -> bool:
    """
    Whether only this machine reaches C{host}, a name or an IP address.
    """
    if host.lower().removesuffix(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checkToken(token: str) -> None:
    """
    @raise Refused: C{token} cannot be sent in a header (RFC 6750 section 2.1), or is none.
    """
    if not token or not all("!" <= letter <= "~" for letter in token):
        raise Refused("a token is one or more printable ASCII characters without spaces", "token")


def toxiproxyPlace(text: str) -> tuple[str, int] | None:
    """
    The host and port to open for Toxiproxy's clients, C{None} for nowhere.

    @param text: C{HOST:PORT}, a port, or true or false.
    @raise Refused: it is none of them.
    """
    word = text.strip().lower()
    if not word or (word in FALSE and word != "0"):
        return None
    if word in TRUE:
        text = TOXIPROXY
    elif word.isdecimal():
        text = f"localhost:{word}"
    place = hostPort(text)
    if place is None:
        raise Refused(f"{text!r} is not an address: HOST:PORT is wanted", "toxiproxy")
    return place
