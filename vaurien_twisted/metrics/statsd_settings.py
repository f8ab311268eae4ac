# -*- test-case-name: tests.metrics.test_statsd -*-
"""
The settings of statsd, from the command line and the configuration file.
"""

from __future__ import annotations

import attrs

from vaurien_twisted.model.options import option


@attrs.frozen
class StatsdSettings:
    """
    The C{[statsd]} section of the ini file.
    """

    enabled: bool = option(bool, False, "Report the counters to a statsd server.")
    host: str = option(str, "localhost", "The server's name or IP address.")
    port: int = option(int, 8125, "The server's UDP port.", minimum=1, maximum=65535)
    prefix: str = option(str, "vaurien", "What all names begin with.")
    sample_rate: float = option(
        float, 1.0, "Which share of the counts is sent; the server is told.", minimum=0, maximum=1
    )
