"""
A small shop: orders in MySQL, a counter in Redis.
"""

import time
from contextlib import suppress

import pymysql
import redis
from flask import Flask, jsonify

DEADLOCK = 1213

#: The server is shutting down, or the connection is lost.
GONE = (1053, 2006, 2013)

#: How long a reply may take, in seconds.
TIMEOUT = 1


def create_app(mysql, cache):
    """
    The application.

    @param mysql: the arguments of C{pymysql.connect}.
    @param cache: host and port of Redis.
    """
    app = Flask(__name__)
    pool = []

    def connect():
        return pymysql.connect(**mysql, read_timeout=TIMEOUT, autocommit=False)

    def attempt(connection, sql, words):
        with connection.cursor() as cursor:
            cursor.execute(sql, words)
            rows = cursor.fetchall()
        connection.commit()
        pool.append(connection)
        return rows

    def query(sql, *words):
        connection = pool.pop() if pool else connect()
        try:
            return attempt(connection, sql, words)
        except (pymysql.err.OperationalError, pymysql.err.InternalError) as error:
            if error.args[0] == DEADLOCK:
                pool.append(connection)
                raise
            with suppress(pymysql.err.Error):
                connection.close()
            # The connection is lost: then once more, on a new one.
            if error.args[0] not in GONE:
                raise
        return attempt(connect(), sql, words)

    def retried(sql, *words, attempts=3):
        for _ in range(attempts - 1):
            with suppress(pymysql.err.OperationalError):
                return query(sql, *words)
        return query(sql, *words)

    def count():
        # A Redis that is loading its data says so; it is soon over.
        client = redis.Redis(*cache, socket_timeout=TIMEOUT, retry=None)
        for attempt in range(3):
            try:
                return client.incr("visits")
            except redis.exceptions.BusyLoadingError:
                time.sleep(0.01)
            except redis.exceptions.RedisError:
                if attempt:
                    return None
            finally:
                client.close()
        return None

    @app.get("/orders")
    def orders():
        try:
            rows = query("SELECT id, state FROM orders ORDER BY id")
        except pymysql.err.Error:
            return jsonify(error="try again"), 503, {"Retry-After": "1"}
        return jsonify(orders=[list(row) for row in rows])

    @app.post("/orders/<int:number>/pay")
    def pay(number):
        try:
            retried("UPDATE orders SET state = 'paid' WHERE id = %s", number)
        except pymysql.err.Error:
            return jsonify(error="try again"), 503, {"Retry-After": "1"}
        return jsonify(state="paid")

    @app.get("/visits")
    def visits():
        return jsonify(visits=count())

    return app
