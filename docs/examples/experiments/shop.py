"""
A small web application on MySQL, for the experiment C{database.yaml}::

    python shop.py --port 5000 --database localhost:3307 [--careless]

It answers each request with the number of orders.  The careful one waits for the database for at
most 300 ms, and tells the number that it knew last where that is not enough.  The careless one
waits as long as it takes, and keeps connections that are dead.
"""

from __future__ import annotations

import argparse
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pymysql


class Orders:
    """
    The number of orders, from a connection per thread.
    """

    def __init__(self, address: dict[str, object], careless: bool) -> None:
        self._address = address
        self._careless = careless
        self._local = threading.local()
        self.known = 0

    def _connect(self) -> pymysql.Connection:
        limits = (
            {}
            if self._careless
            else {"connect_timeout": 0.3, "read_timeout": 0.3, "write_timeout": 0.3}
        )
        # Without TLS, so that the report can name the queries.
        return pymysql.connect(**self._address, **limits, ssl_disabled=True, autocommit=True)

    def count(self) -> int:
        """
        Ask the database; C{OSError} or C{pymysql.Error} where it does not answer.
        """
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 42")
                self.known = int(cursor.fetchone()[0])
        except Exception:
            if not self._careless:
                # It may be dead, or still send the answer to this query.
                self._local.connection = None
            raise
        return self.known


def handler(orders: Orders, careless: bool) -> type[BaseHTTPRequestHandler]:
    """
    The class that answers requests.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            status = 200
            try:
                text = f"{orders.count()} orders\n"
            except (OSError, pymysql.Error) as error:
                if careless:
                    status, text = 500, f"{error}\n"
                else:
                    text = f"{orders.known} orders, some minutes ago\n"
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    return Handler


def main() -> None:
    """
    Serve until interrupted.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--database", default="localhost:3307")
    parser.add_argument("--careless", action="store_true")
    parser.add_argument("--user", default="root")
    parser.add_argument("--password", default="")
    parsed = parser.parse_args()
    host, _, port = parsed.database.rpartition(":")
    address = {"host": host, "port": int(port), "user": parsed.user, "password": parsed.password}
    orders = Orders(address, parsed.careless)
    server = ThreadingHTTPServer(("127.0.0.1", parsed.port), handler(orders, parsed.careless))
    server.serve_forever()


if __name__ == "__main__":
    main()
