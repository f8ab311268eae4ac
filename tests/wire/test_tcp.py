"""
Tests for L{vaurien_twisted.wire.tcp}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.support import Heard, converse, take
from vaurien_twisted.model.errors import WireError
from vaurien_twisted.model.exchange import Exchange
from vaurien_twisted.model.options import Refused
from vaurien_twisted.wire.tcp import TCP, TurnFramer


class TurnTests(SynchronousTestCase):
    """
    Turns: what the client says up to the answer, and the answer.
    """

    def setUp(self) -> None:
        """
        A new link.
        """
        self.framer = TCP().framer(TCP().options(), "localhost:1")

    def test_turns(self) -> None:
        """
        A turn lasts until the client speaks again after an answer, in whatever parts.
        """
        for size in (0, 1, 3):
            framer = TurnFramer()
            turns = [
                ("client", b"question, "),
                ("client", b"more of it"),
                ("backend", b"answer, "),
                ("backend", b"more of it"),
                ("client", b"another"),
                ("backend", b"answer"),
            ]
            heard = converse(framer, turns, size=size)
            self.assertEqual(heard.requests, {1: b"question, more of it", 2: b"another"})
            self.assertEqual(heard.replies, {1: b"answer, more of it", 2: b"answer"})
            self.assertEqual(heard.loose, [b"", b""])

    def test_complete(self) -> None:
        """
        Each piece of the client's may be the last; a reply is never known to be over.
        """
        heard = converse(self.framer, [("client", b"ab"), ("backend", b"cd")], size=1)
        self.assertEqual(heard.ended, ([1, 1], []))

    def test_greeting(self) -> None:
        """
        A backend that speaks first begins turn 0.
        """
        heard = converse(
            self.framer, [("backend", b"hello"), ("client", b"hi"), ("backend", b"ok")]
        )
        self.assertEqual(heard.replies, {0: b"hello", 1: b"ok"})
        self.assertTrue(heard.exchanges[0].unasked)
        self.assertFalse(heard.exchanges[1].unasked)

    def test_answeredByAnother(self) -> None:
        """
        A turn that the backend never got is over at once.
        """
        first, _, _ = next(self.framer.fromClient(b"one"))
        second, _, _ = next(self.framer.fromClient(b"two"))
        assert first is not None and second is not None
        self.assertEqual((first.number, second.number), (1, 2))

    def test_renew(self) -> None:
        """
        After a change of plan either side begins another turn.
        """
        heard = converse(self.framer, [("client", b"a")])
        self.framer.renew()
        converse(self.framer, [("client", b"b")], heard=heard)
        self.assertEqual(heard.requests, {1: b"a", 3: b"b"})
        self.framer.renew()
        converse(self.framer, [("backend", b"c")], heard=heard)
        self.assertEqual(list(heard.replies), [4])
        self.assertTrue(heard.exchanges[4].unasked)

    def test_renewUnused(self) -> None:
        """
        Before anybody spoke there is nothing to renew.
        """
        self.framer.renew()
        heard = converse(self.framer, [("client", b"a"), ("backend", b"b")])
        self.assertEqual((heard.requests, heard.replies), ({1: b"a"}, {1: b"b"}))

    def test_numbers(self) -> None:
        """
        Where it stands in for another framer, it counts on.
        """
        heard = converse(TurnFramer(8), [("client", b"a"), ("backend", b"b"), ("client", b"c")])
        self.assertEqual(heard.requests, {8: b"a", 9: b"c"})

    def test_ends(self) -> None:
        """
        Nothing is kept back.
        """
        heard = Heard()
        converse(self.framer, [("client", b"half"), ("backend", b"half")], heard=heard)
        take(heard, self.framer, self.framer.clientEnded(), False)
        take(heard, self.framer, self.framer.backendEnded(), True)
        self.assertEqual((heard.requests, heard.replies), ({1: b"half"}, {1: b"half"}))

    def test_opaque(self) -> None:
        """
        It takes turns and never gives up.
        """
        self.assertEqual((self.framer.turns, self.framer.opaque), (True, ""))


class TCPTests(SynchronousTestCase):
    """
    The protocol that knows nothing.
    """

    def test_errors(self) -> None:
        """
        It has no errors, and says so.
        """
        refused: Refused = self.assertRaises(Refused, TCP().parseError, "503", "")
        self.assertEqual(refused.name, "code")
        self.assertIn("'tcp' has no error '503' (it knows no messages)", refused.description)
        self.assertEqual(TCP().transientErrors(Exchange(1)), ())
        self.assertIsNone(TCP().encodeError(Exchange(1), WireError("503", "no", "It is made up.")))
