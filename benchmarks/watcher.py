"""
What a page that is open and a Prometheus server ask of a Vaurien: C{watcher.py PORT}, the
port of its control service.  Ends when that is gone.
"""

from __future__ import annotations

import http.client
import sys
import time
from threading import Thread

#: How often the page looks, and how often Prometheus does here, in seconds.
PAGE, SCRAPE = 1.0, 5.0


def follow(port: int) -> None:
    """
    Hear the events, as long as there are any.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/events")
    response = connection.getresponse()
    while response.read1(65536):
        pass


def main(port: int) -> None:
    """
    Watch.

    @raise OSError: the control service is gone.
    """
    Thread(target=follow, args=(port,), daemon=True).start()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    scraped = 0.0
    while True:
        paths = ["/state", "/connections"]
        if time.monotonic() - scraped >= SCRAPE:
            scraped = time.monotonic()
            paths.append("/metrics")
        for path in paths:
            connection.request("GET", path)
            connection.getresponse().read()
        time.sleep(PAGE)


if __name__ == "__main__":
    main(int(sys.argv[1]))
