# -*- test-case-name: tests.app.test_settings -*-
"""
The options of the command C{vaurien} and of the section C{[vaurien]}, declared once.  Those
of L{vaurien_twisted.proxies.options.ProxyOptions}, which hold for all proxies, come beside
them.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.model.options import option

LOG_LEVELS = ("debug", "info", "warn", "warning", "error", "critical")
LOG_FORMATS = ("text", "json")


@attrs.frozen
class Settings:
    """
    The settings of the C{[vaurien]} section, and of the options of the same names.
    """

    protocol: str = option(str, "tcp", "Wire protocol between the application and the backend.")
    proxy: str = option(
        str, "localhost:8000", "Where to listen: HOST:PORT or a Twisted endpoint string."
    )
    backend: str = option(
        str, "localhost:80", "The backend: HOST:PORT or a Twisted endpoint string."
    )
    behavior: str = option(
        str, "dummy", "What happens at first: a behavior, or percentages: 20:error,10:delay."
    )
    name: str = option(str, "proxy", "What the proxy is called.")
    http: bool = option(bool, False, "Open the control service.")
    http_host: str = option(str, "localhost", "Where the control service listens.")
    http_port: int = option(
        int, 8080, "The control service's port; 0 picks one.", minimum=0, maximum=65535
    )
    toxiproxy: str = option(
        str,
        "",
        "Open the control service for Toxiproxy's clients too: HOST:PORT, or localhost:8474 "
        "where no address follows.",
    )
    token: str = option(
        str,
        "",
        "What every request to the control service must bring; better in VAURIEN_TOKEN, "
        "which other users of the machine cannot see.",
    )
    insecure: bool = option(
        bool, False, "Let the control service listen beyond this machine without a token."
    )
    timeout: float = option(
        float,
        30.0,
        "How long a connection to the backend may take to be made.",
        unit="s",
        minimum=0.001,
        maximum=86400,
    )
    log_level: str = option(str, "info", "What to log, and all above it.", choices=LOG_LEVELS)
    log_format: str = option(
        str, "text", "How: lines for people, or a JSON object a line.", choices=LOG_FORMATS
    )
    log_output: str = option(str, "-", "A file to log to; - is standard output.")
    seed: int = option(
        int,
        -1,
        "Seed of all decisions, to repeat a run; the default -1 picks one and logs it.",
        minimum=-1,
        maximum=2**63 - 1,
    )
    journal: str = option(str, "", "A file to append the journal of decisions to, as JSON lines.")
    demo: bool = option(
        bool, False, "Start a small web backend too, and print three things to try."
    )
    announce: int = option(
        int,
        -1,
        "A file descriptor that gets one line of JSON with the real addresses, once all listens.",
        minimum=-1,
    )
