# -*- test-case-name: tests.control.test_access -*-
"""
Access to the control service: from this machine, or with the token.
"""

from __future__ import annotations

import ipaddress

import attrs

from vaurien_twisted.model.environment import TOKEN_VARIABLE
from vaurien_twisted.model.options import FALSE, TRUE, Refused
from vaurien_twisted.transports.addresses import hostPort

#: The address that clients of Toxiproxy connect to by default.
TOXIPROXY = "localhost:8474"


@attrs.frozen
class Access:
    """
    Who may use the control service.

    @ivar token: the token that requests must carry, C{""} for none.
    @ivar insecure: whether the service may listen on other addresses than loopback without a
        token.
    """

    token: str = attrs.field(default="", repr=False)
    insecure: bool = False

    def check(self, host: str, name: str) -> None:
        """
        Check that not everyone on the network could use a service.

        @param host: where the service is to listen.
        @param name: the option that set the host.
        @raise Refused: other machines can reach C{host}, and there is no token.
        """
        if not (self.token or self.insecure or isLoopback(host)):
            raise Refused(
                f"other machines can reach {host or 'every address'}: "
                f"give a token (--token, {TOKEN_VARIABLE}), or --insecure to do without",
                name,
            )

    def anyName(self, host: str) -> bool:
        """
        Whether requests to a service on C{host} may have any C{Host} header: a token keeps web
        pages out, and without one the service is open to everyone.
        """
        return bool(self.token) or (self.insecure and not isLoopback(host))


def isLoopback(host: str) -> bool:
    """
    Whether C{host}, a name or an IP address, can only be reached from this machine.
    """
    if host.lower().removesuffix(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checkToken(token: str) -> None:
    """
    Check that a token can be sent in a header (RFC 6750 section 2.1).

    @raise Refused: it cannot, or is empty.
    """
    if not token or not all("!" <= letter <= "~" for letter in token):
        raise Refused("a token must be printable ASCII characters without spaces", "token")


def toxiproxyPlace(text: str) -> tuple[str, int] | None:
    """
    The address to open for clients of Toxiproxy.

    @param text: C{HOST:PORT}, a port, or true or false.
    @return: the host and the port, C{None} for false.
    @raise Refused: C{text} is none of these.
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
        raise Refused(f"{text!r} is not a valid address: write HOST:PORT", "toxiproxy")
    return place
