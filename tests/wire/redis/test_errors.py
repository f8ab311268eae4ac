"""
Tests for the errors and nulls of C{redis}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.support import Heard, converse, take
from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.wire.redis.protocol import Redis, RedisFramer, nil

GET = Exchange(2, "GET", "k", b"", 2)


class ErrorTests(SynchronousTestCase):
    """
    Errors as servers write them.
    """

    def test_presets(self) -> None:
        """
        Each is one line, which begins with its code, and is read as one reply.
        """
        for code, error in Redis().errors.items():
            self.assertEqual(error.code, code)
            self.assertTrue(error.description.endswith("."), code)
            if code == "nil":
                continue
            reply = Redis().encodeError(GET, error)
            assert reply is not None
            self.assertTrue(reply.data.startswith(b"-"), code)
            self.assertTrue(reply.data.endswith(b"\r\n"), code)
            self.assertEqual(reply.data.count(b"\n"), 1, code)
            if code != "MAXCLIENTS":
                self.assertEqual(error.message.split()[0], code)
                self.assertIs(reply.then, ConnectionFate.KEEP)
            heard = converse(RedisFramer(), [("client", b"GET k\r\n"), ("backend", reply.data)])
            self.assertEqual(heard.replies, {1: reply.data})

    def test_transient(self) -> None:
        """
        Those after which clients try again by themselves are transient.
        """
        transient = {code for code, error in Redis().errors.items() if error.transient}
        self.assertEqual(
            transient,
            {
                "LOADING",
                "READONLY",
                "MASTERDOWN",
                "CLUSTERDOWN",
                "TRYAGAIN",
                "NOREPLICAS",
                "MAXCLIENTS",
            },
        )

    def test_maxclients(self) -> None:
        """
        The server closes a connection that it has no room for.
        """
        self.assertEqual(
            Redis().encodeError(GET, Redis().errors["MAXCLIENTS"]),
            Reply(b"-ERR max number of clients reached\r\n", ConnectionFate.CLOSE),
        )

    def test_free(self) -> None:
        """
        Any other code is the text, kept to one line.
        """
        for code, data in (
            ("MOVED 3999 127.0.0.1:6381", b"-MOVED 3999 127.0.0.1:6381\r\n"),
            ("MYERR a\r\n+OK", b"-MYERR a  +OK\r\n"),
            ("ERR \xe9\udc80", b"-ERR \xc3\xa9\\udc80\r\n"),
        ):
            reply = Redis().encodeError(GET, WireError(code, "", ""))
            self.assertEqual(reply, Reply(data))

    def test_named(self) -> None:
        """
        The message follows the word by which clients know the error.
        """
        for code, message, line in (
            ("LOADING", "", b"-LOADING Redis is loading the dataset in memory\r\n"),
            ("LOADING", "soon", b"-LOADING soon\r\n"),
            ("LOADING", "LOADING soon", b"-LOADING soon\r\n"),
            ("MAXCLIENTS", "full", b"-ERR full\r\n"),
            ("MOVED 1 a:2", "", b"-MOVED 1 a:2\r\n"),
            ("MOVED 1 a:2", "2 b:3", b"-MOVED 2 b:3\r\n"),
            ("MYERR", "why not", b"-MYERR why not\r\n"),
            ("nil", "ignored", b"$-1\r\n"),
        ):
            reply = Redis().encodeError(GET, Redis().parseError(code, message))
            assert reply is not None
            self.assertEqual(reply.data, line)

    def test_notNamed(self) -> None:
        """
        A lone word that is no preset is taken for a slip.
        """
        for code, near in (
            ("LODING", "did you mean 'LOADING'?"),
            ("loading", "did you mean 'LOADING'?"),
            ("NIL", "did you mean 'nil'?"),
            ("moved 1 a:2", "did you mean 'MOVED'?"),
            ("ERR a\r\n+OK", "pick one of"),
            ("503", "pick one of"),
        ):
            refused = self.assertRaises(Refused, Redis().parseError, code, "")
            self.assertIn(near, refused.description, code)

    def test_silent(self) -> None:
        """
        Nothing can be said where no reply is expected.
        """
        silent = Exchange(2, "GET", "k", b"", 2, False)
        self.assertIsNone(Redis().encodeError(silent, Redis().errors["LOADING"]))
        self.assertEqual(Redis().transientErrors(silent), ())
        self.assertEqual(nil(silent), Reply(b""))

    def test_fitting(self) -> None:
        """
        Only what a server would say to this command is chosen.
        """
        for name, codes in (
            ("GET", {"LOADING", "MASTERDOWN", "CLUSTERDOWN"}),
            ("SET", {"LOADING", "MASTERDOWN", "CLUSTERDOWN", "READONLY", "NOREPLICAS"}),
            ("MGET", {"LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN"}),
            ("PING", {"LOADING", "MASTERDOWN"}),
            ("AUTH", {"MAXCLIENTS"}),
        ):
            exchange = Exchange(2, name, "", b"", 2)
            self.assertEqual({error.code for error in Redis().transientErrors(exchange)}, codes)
        first = Redis().transientErrors(Exchange(1, "GET", "k", b"", 2))
        self.assertIn("MAXCLIENTS", {error.code for error in first})
        self.assertEqual(Redis().transientErrors(Exchange(0)), ())


class NilTests(SynchronousTestCase):
    """
    The null in the version that the connection speaks.
    """

    def ask(self, *lines: bytes) -> bytes:
        """
        The null for the last of these commands.
        """
        framer, heard = RedisFramer(), Heard()
        take(heard, framer, framer.fromClient(b"".join(line + b"\r\n" for line in lines)), False)
        return nil(heard.exchanges[len(lines)]).data

    def test_versions(self) -> None:
        """
        C{HELLO} counts from the next command on, C{RESET} goes back.
        """
        self.assertEqual(self.ask(b"GET k"), b"$-1\r\n")
        self.assertEqual(self.ask(b"BLPOP k 1"), b"*-1\r\n")
        self.assertEqual(self.ask(b"EXEC"), b"*-1\r\n")
        self.assertEqual(self.ask(b"HELLO 3", b"GET k"), b"_\r\n")
        self.assertEqual(self.ask(b"HELLO 3", b"BLPOP k 1"), b"_\r\n")
        self.assertEqual(self.ask(b"HELLO 3", b"EXEC"), b"_\r\n")
        self.assertEqual(self.ask(b"HELLO 4", b"GET k"), b"$-1\r\n")
        self.assertEqual(self.ask(b"HELLO 3", b"RESET", b"GET k"), b"$-1\r\n")
        self.assertEqual(self.ask(b"MULTI", b"HELLO 3", b"GET k"), b"$-1\r\n")

    def test_code(self) -> None:
        """
        It has a code like errors, and nothing is said where no reply is expected.
        """
        error = Redis().parseError("nil", "")
        self.assertEqual(
            Redis().encodeError(Exchange(2, "GET", "k", b"", 3), error), Reply(b"_\r\n")
        )
        silent = Exchange(2, "GET", "k", b"", 2, False)
        self.assertIsNone(Redis().encodeError(silent, error))

    def test_refused(self) -> None:
        """
        A C{HELLO} that the server refuses changes nothing.
        """
        framer = RedisFramer()
        heard = converse(
            framer,
            [("client", b"HELLO 3\r\n"), ("backend", b"-NOAUTH x\r\n"), ("client", b"GET k\r\n")],
        )
        self.assertEqual(nil(heard.exchanges[2]).data, b"$-1\r\n")
