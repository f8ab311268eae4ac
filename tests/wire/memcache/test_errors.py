"""
Tests for the errors and misses of C{memcache}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.support import converse
from vaurien_twisted.model.commands import ConnectionFate, Reply
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.wire.memcache.protocol import Memcache, MemcacheFramer, miss


def asked(line: bytes) -> Exchange:
    """
    The exchange that C{line} begins.
    """
    ((exchange, _, _),) = MemcacheFramer().fromClient(line)
    assert exchange is not None
    return exchange


class ErrorTests(SynchronousTestCase):
    """
    Errors as servers write them.
    """

    def test_presets(self) -> None:
        """
        Each is its code on one line, and is read as a whole reply to any command.
        """
        for code, error in Memcache().errors.items():
            self.assertEqual(error.code, code)
            if code == "miss":
                continue
            data = code.encode() + b"\r\n"
            then = (
                ConnectionFate.CLOSE
                if code == "ERROR Too many open connections"
                else ConnectionFate.KEEP
            )
            for line in (b"get k\r\n", b"mg k q\r\n", b"stats\r\n", b"set k 0 0 1\r\nx\r\n"):
                self.assertEqual(Memcache().encodeError(asked(line), error), Reply(data, then))
                heard = converse(MemcacheFramer(), [("client", line), ("backend", data)])
                self.assertEqual((heard.replies, heard.ended[1]), ({1: data}, [1]))

    def test_free(self) -> None:
        """
        Any other code is the text, kept to one line.
        """
        error = WireError("SERVER_ERROR proxy\r\nEND", "", "")
        self.assertEqual(
            Memcache().encodeError(asked(b"get k\r\n"), error),
            Reply(b"SERVER_ERROR proxy  END\r\n"),
        )

    def test_named(self) -> None:
        """
        A message takes the place of the words after the first.
        """
        storing = "SERVER_ERROR out of memory storing object"
        for code, message, line in (
            (storing, "", storing),
            (storing, "no room", "SERVER_ERROR no room"),
            (storing, "SERVER_ERROR no room", "SERVER_ERROR no room"),
            ("SERVER_ERROR", "no room", "SERVER_ERROR no room"),
            ("CLIENT_ERROR what", "", "CLIENT_ERROR what"),
            ("ERROR", "", "ERROR"),
            ("ERROR", "unknown", "ERROR unknown"),
        ):
            reply = Memcache().encodeError(
                asked(b"get k\r\n"), Memcache().parseError(code, message)
            )
            self.assertEqual(reply, Reply(line.encode() + b"\r\n"))

    def test_notNamed(self) -> None:
        """
        Other lines are no errors of the protocol.
        """
        for code, near in (
            ("out of memory storing object", "'SERVER_ERROR out of memory storing object'"),
            ("SERVER_ERROR", "'"),
            ("ERRORS", "'ERROR'"),
            ("SERVER_ERROR a\r\nEND", "a preset, or a line"),
            ("MISS", "'miss'"),
        ):
            refused = self.assertRaises(Refused, Memcache().parseError, code, "")
            self.assertIn(near, refused.description)

    def test_silent(self) -> None:
        """
        Nothing can be said where no answer is expected.
        """
        for line in (b"set k 0 0 1 noreply\r\nx\r\n", b"quit\r\n"):
            exchange = asked(line)
            self.assertIsNone(Memcache().encodeError(exchange, Memcache().errors["ERROR"]))
            self.assertEqual(Memcache().transientErrors(exchange), ())
            self.assertEqual(miss(exchange), Reply(b""))

    def test_fitting(self) -> None:
        """
        Transient ones only, and storing fails otherwise than getting.
        """
        storing = "SERVER_ERROR out of memory storing object"
        getting = "SERVER_ERROR out of memory writing get response"
        for line, present, absent in (
            (b"set k 0 0 1\r\nx\r\n", storing, getting),
            (b"ms k 1\r\nx\r\n", storing, getting),
            (b"get k\r\n", getting, storing),
            (b"mg k v\r\n", getting, storing),
        ):
            transientErrors = Memcache().transientErrors(asked(line))
            self.assertTrue(all(error.transient for error in transientErrors))
            codes = [error.code for error in transientErrors]
            self.assertIn(present, codes)
            self.assertNotIn(absent, codes)
        self.assertEqual(len(Memcache().transientErrors(asked(b"version\r\n"))), 1)
        self.assertEqual(Memcache().transientErrors(Exchange(0)), ())


class MissTests(SynchronousTestCase):
    """
    "Not there", in each command's way.
    """

    def test_misses(self) -> None:
        """
        What is said is a whole reply to the command.
        """
        for line, data in (
            (b"get k\r\n", b"END\r\n"),
            (b"gats 0 k j\r\n", b"END\r\n"),
            (b"mg k v\r\n", b"EN\r\n"),
            (b"me k\r\n", b"EN\r\n"),
            (b"md k O1 k\r\n", b"NF O1 kk\r\n"),
            (b"ma k\r\n", b"NF\r\n"),
            (b"ms k 1 O2\r\nx\r\n", b"NS O2\r\n"),
            (b"delete k\r\n", b"NOT_FOUND\r\n"),
            (b"incr k 1\r\n", b"NOT_FOUND\r\n"),
            (b"cas k 0 0 1 1\r\nx\r\n", b"NOT_FOUND\r\n"),
            (b"replace k 0 0 1\r\nx\r\n", b"NOT_STORED\r\n"),
            (b"version\r\n", b"ERROR\r\n"),
        ):
            self.assertEqual(miss(asked(line)).data, data, line)
            heard = converse(MemcacheFramer(), [("client", line), ("backend", data)])
            self.assertEqual((heard.replies, heard.ended[1]), ({1: data}, [1]))

    def test_code(self) -> None:
        """
        It has a code like errors; a command that cannot miss goes on.
        """
        error = Memcache().parseError("miss", "ignored")
        self.assertEqual(Memcache().encodeError(asked(b"get k\r\n"), error), Reply(b"END\r\n"))
        for line in (b"version\r\n", b"flush_all\r\n", b"set k 0 0 1 noreply\r\nx\r\n"):
            self.assertIsNone(Memcache().encodeError(asked(line), error))

    def test_quiet(self) -> None:
        """
        A quiet miss is silence.
        """
        for line in (b"mg k q\r\n", b"md k q\r\n", b"ma k q\r\n"):
            self.assertEqual(miss(asked(line)), Reply(b""))
