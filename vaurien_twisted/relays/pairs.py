# -*- test-case-name: tests.relays.test_pairs -*-
"""
A Protocol and Factory per wire protocol, usable with any endpoint::

    factory = MySQLRelayFactory(reactor, clientFromString(reactor, "tcp:db:3306"))
    serverFromString(reactor, "tcp:3307").listen(factory)
    factory.setPlan(plan)
"""

from __future__ import annotations

from vaurien_twisted.relays.client_protocol import Relay
from vaurien_twisted.relays.factory import RelayFactory
from vaurien_twisted.wire.http.protocol import HTTP
from vaurien_twisted.wire.memcache.protocol import Memcache
from vaurien_twisted.wire.mysql.protocol import MySQL
from vaurien_twisted.wire.postgresql.protocol import PostgreSQL
from vaurien_twisted.wire.redis.protocol import Redis
from vaurien_twisted.wire.smtp.protocol import SMTP
from vaurien_twisted.wire.tcp import TCP


class TCPRelay(Relay):
    """
    Relays any protocol; exchanges are turns.
    """


class TCPRelayFactory(RelayFactory):
    """
    Builds L{TCPRelay}s.
    """

    relay = TCPRelay
    wire = TCP()


class HTTPRelay(Relay):
    """
    Relays HTTP/1.1, request by request.
    """


class HTTPRelayFactory(RelayFactory):
    """
    Builds L{HTTPRelay}s.
    """

    relay = HTTPRelay
    wire = HTTP()


class MySQLRelay(Relay):
    """
    Relays the MySQL protocol, command by command.
    """


class MySQLRelayFactory(RelayFactory):
    """
    Builds L{MySQLRelay}s.
    """

    relay = MySQLRelay
    wire = MySQL()


class PostgreSQLRelay(Relay):
    """
    Relays the PostgreSQL protocol, query by query.
    """


class PostgreSQLRelayFactory(RelayFactory):
    """
    Builds L{PostgreSQLRelay}s.
    """

    relay = PostgreSQLRelay
    wire = PostgreSQL()


class RedisRelay(Relay):
    """
    Relays the Redis protocol, command by command.
    """


class RedisRelayFactory(RelayFactory):
    """
    Builds L{RedisRelay}s.
    """

    relay = RedisRelay
    wire = Redis()


class MemcacheRelay(Relay):
    """
    Relays memcached's text protocol, command by command.
    """


class MemcacheRelayFactory(RelayFactory):
    """
    Builds L{MemcacheRelay}s.
    """

    relay = MemcacheRelay
    wire = Memcache()


class SMTPRelay(Relay):
    """
    Relays SMTP, command by command.
    """


class SMTPRelayFactory(RelayFactory):
    """
    Builds L{SMTPRelay}s.
    """

    relay = SMTPRelay
    wire = SMTP()
