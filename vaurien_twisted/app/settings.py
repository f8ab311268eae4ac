# -*- test-case-name: tests.app.test_settings -*-
"""
The options of the command C{vaurien} and of the section C{[vaurien]}, declared once.  Those of
L{vaurien_twisted.proxies.options.ProxyOptions}, which hold for all proxies, are added.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.model.options import option

LOG_LEVELS = ("debug", "info", "warn", "warning", "error", "critical")
LOG_FORMATS = ("text", "json")


@attrs.frozen
class Settings:
    """
    The options of the service.  To add one, add a field here and read it where it is needed.
    """

    protocol: str = option(
        str,
        "tcp",
        "The wire protocol of the backend, such as http or mysql: vaurien help protocols has all.",
    )
    proxy: str = option(
        str, "localhost:8000", "The address to listen on: HOST:PORT or a Twisted endpoint string."
    )
    backend: str = option(
        str,
        "localhost:80",
        "The address of the backend: HOST:PORT, a Twisted endpoint string, or a URL such as "
        "redis://HOST:PORT/0, which chooses the protocol if --protocol does not.",
    )
    behavior: str = option(
        str, "dummy", "The behavior at the start, or percentages of several: 20:error,10:delay."
    )
    name: str = option(str, "proxy", "The name of the proxy.")
    http: bool = option(bool, False, "Open the control service: the web page, REST and vaurienctl.")
    http_host: str = option(str, "localhost", "The address that the control service listens on.")
    http_port: int = option(
        int, 8080, "The port of the control service; 0 takes a free one.", minimum=0, maximum=65535
    )
    toxiproxy: str = option(
        str,
        "",
        "Open the control service for clients of Toxiproxy, on HOST:PORT. Without a value: on "
        "localhost:8474.",
    )
    token: str = option(
        str,
        "",
        "The token that every request to the control service must carry. Better set the variable "
        "VAURIEN_TOKEN, which other users of the machine cannot read.",
    )
    insecure: bool = option(
        bool, False, "Let other machines use the control service without a token."
    )
    timeout: float = option(
        float,
        30.0,
        "How long to wait for a connection to the backend.",
        unit="s",
        minimum=0.001,
        maximum=86400,
    )
    log_level: str = option(str, "info", "The lowest level to log.", choices=LOG_LEVELS)
    log_format: str = option(
        str, "text", "The format of the log: lines of text, or lines of JSON.", choices=LOG_FORMATS
    )
    log_output: str = option(str, "-", "The file to log to; - is standard output.")
    seed: int = option(
        int,
        -1,
        "The seed of all random decisions: give it again to repeat a run. -1: pick one and log it.",
        minimum=-1,
        maximum=2**63 - 1,
    )
    journal: str = option(
        str, "", "A file to append the journal of decisions to, as lines of JSON."
    )
    demo: bool = option(bool, False, "Start a small web backend as well, and print what to try.")
    announce: int = option(
        int,
        -1,
        "A file descriptor to write the real addresses to, as a line of JSON, when everything "
        "listens. -1: none.",
        minimum=-1,
    )
