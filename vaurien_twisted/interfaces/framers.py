"""
Framers, and what they can do beside dividing streams into exchanges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from vaurien_twisted.model.batch_decision import BatchDecider, DecidedChunk, Part
    from vaurien_twisted.model.commands import Transaction
    from vaurien_twisted.model.decision import Decision
    from vaurien_twisted.model.exchange import Exchange, PassedBatch, Piece, Substitute


class IFramer(Interface):
    """
    Divides the two byte streams of one link into exchanges.

    Every byte given to C{fromClient} and C{fromBackend} is yielded once and in
    order, as it arrives: a framer keeps back only a head it cannot read yet, and
    no more of it than its bound.  The link does not give more bytes of one
    direction before it has read all pieces of the last.
    """

    turns: bool = Attribute(
        "Whether exchanges are only guessed from who sends: replies then need no order."
    )
    opaque: str = Attribute(
        "Why the rest of the stream cannot be read (TLS, an upgrade), C{''} while it can."
    )

    def fromClient(data: bytes) -> Iterator[Piece]:
        """
        Read bytes that the client sent.

        @raise FramingError: they are not of this protocol; says which bytes are left.
        """

    def fromBackend(data: bytes) -> Iterator[Piece]:
        """
        Read bytes that the backend sent.

        @raise FramingError: they are not of this protocol; says which bytes are left.
        """

    def expect(exchange: Exchange) -> None:
        """
        The request is going to the backend: its reply comes after those expected before.
        """

    def clientEnded() -> Iterator[Piece]:
        """
        The client will send nothing more: yield what was kept back.
        """

    def backendEnded() -> Iterator[Piece]:
        """
        The backend will send nothing more: yield what was kept back, and the end of
        a reply that lasts until the connection ends.
        """

    def renew() -> None:
        """
        The plan has changed: where exchanges are only guessed at, begin a new one.
        """


class IFastPath(Interface):
    """
    A framer that can pass requests that no rule concerns, and their replies, in batches,
    without making an exchange of each.  Optional: it is only faster.
    """

    def watch(commands: frozenset[str]) -> None:
        """
        From now on pass all commands but these, which are in lower case.
        """

    def requests(data: bytes, batch: PassedBatch | None) -> PassedBatch | None:
        """
        If C{data} is whole requests that may pass, of which each has one reply, expect those
        replies.

        @param batch: the last of what is expected, if that is a batch.
        @return: the batch that the requests are part of: C{batch}, made longer, or a new one;
            C{None} where they may not pass, and nothing has changed.
        """

    def replies(data: bytes) -> int:
        """
        If C{data} is whole replies to the batch that is expected next, take them off it.

        @return: how many; 0 where it is not, and nothing has changed.
        """

    def expand(decision: Decision) -> None:
        """
        Replace all batches that are expected by their exchanges, to read what follows one by
        one.
        """


class ISelectiveFastPath(IFastPath):
    """
    One that also passes single exchanges of the commands that rules name.  Optional.
    """

    def select(commands: frozenset[str] | None, batchDecider: BatchDecider) -> None:
        """
        From now on pass all commands but these, which are in lower case, or C{None} for
        all; and of these the chunks in which the same happens to all exchanges.  What happens is
        written on the batch, as C{decided}.

        @param batchDecider: decides about an exchange.
        """


class IDividingFastPath(ISelectiveFastPath):
    """
    One that also passes the rest of a chunk in which some requests have to be decided by
    themselves.  Optional.
    """

    def divided() -> Sequence[Part]:
        """
        The parts of the chunk that C{requests} has just refused, in order; none where all of it has
        to be read one by one.
        """

    def take(
        count: int, decided: DecidedChunk | None, batch: PassedBatch | None
    ) -> PassedBatch | None:
        """
        Expect the replies to a part of such a chunk that passes.  All that comes before it in the
        chunk has been passed or read.

        @param count: how many requests it is.
        @param decided: these requests, if something happens to them.
        @param batch: the last of what is expected, if that is a batch.
        @return: the batch that the requests are part of: C{batch}, made longer, or a new one;
            C{None} where they may not pass any more, and nothing has changed.
        """

    def leading(data: bytes, start: int) -> tuple[int, int]:
        """
        Take those whole replies off the batch that is expected next with which C{data} begins.

        @param start: where the first of them begins in C{data}.
        @return: how many there are, and where they end; 0 and C{start} where there are none, and
            nothing has changed.
        """


class IRequestDescriber(Interface):
    """
    A framer whose requests can only be read with what it knows of the connection.  Optional,
    beside L{IFastPath}: in its absence a new framer reads what has passed.
    """

    def describe(data: bytes) -> str:
        """
        What the last request in bytes that passed asks for; nothing changes.

        @param data: begins with a request, and may be cut at the end.
        """


class ITransactional(Interface):
    """
    A framer of a protocol with transactions: it knows by which requests the backend's
    transaction comes to the state in which a real error would have left it.  Optional,
    beside L{IFramer}.

    The framer expects the replies to what it returns, and yields them as pieces of the
    L{Substitute<vaurien_twisted.model.exchange.Substitute>}s.  The link sends these before the
    client's next request, and swallows their replies.
    """

    def replacement(exchange: Exchange, transaction: Transaction) -> Sequence[Substitute]:
        """
        What goes to the backend in the place of a request that it does not get.  Called
        once, with the request's first piece, in place of C{expect}.  The client is answered
        when the last of them was answered: whoever reads the error finds the backend in that
        state, and the framer knows the state when the answer is sent.
        """

    def followUp(exchange: Exchange, transaction: Transaction) -> Sequence[Substitute]:
        """
        What goes to the backend behind a request whose reply was replaced.  Called once, when
        the request has gone and the reply has come, each to its end; the client's next request
        has not been read.
        """


class IForgetting(Interface):
    """
    A framer that needs neither the subject nor the head of an exchange once it was decided.
    Optional: requests that await their replies then take less memory.
    """


class IStartTLS(Interface):
    """
    A framer of a protocol in which both ends can agree to go on in TLS.  Optional, beside
    L{IFramer}.
    """

    upgrading: bool = Attribute(
        "Whether they have agreed, and TLS has not begun here: what was yielded is all there is "
        "in the clear."
    )

    def refusal() -> bytes:
        """
        What to send to the client in the backend's name because TLS is refused, once; C{b""}
        where there is nothing to send.
        """

    def upgrade() -> tuple[bytes, bytes]:
        """
        TLS begins: what comes from now on was sent within it.

        @return: what the client, and what the backend, had sent of it already.
        """


class IMultiplexing(Interface):
    """
    A framer of a protocol in which both ends can go on with many exchanges at a time, each on a
    stream of its own (HTTP/2).  Optional, beside L{IFramer}.  The relay then reads on in its
    place.
    """

    multiplexing: bool = Attribute(
        "Whether they have begun to: what was yielded is all there is before that."
    )

    host: bytes | None = Attribute(
        "The Host of every request to the backend; C{None}: the client's own."
    )
    settings: bytes | None = Attribute(
        "Where they agreed on that in a request (an upgrade), what the client said of it there; "
        "the reply to this request then comes on stream 1.  Else C{None}."
    )

    def earlyBytes() -> tuple[bytes, bytes]:
        """
        What the client, and what the backend, had sent of it already.
        """


class IWithholder(Interface):
    """
    A framer that keeps back whole messages, to see what follows them.  Optional, beside
    L{IFramer}.  The client may wait for the answers, so they go on where no rule concerns
    them, and else as soon as the client pauses.
    """

    withheld: frozenset[str] = Attribute(
        "The commands, in lower case, of which one will be that of the exchange that begins with "
        "what is kept back; empty while nothing is."
    )

    def paused() -> Iterator[Piece]:
        """
        The client sends no more for now: yield what was kept back.
        """


class ITransferEnder(Interface):
    """
    A framer of a protocol whose backend can ask the client, in its reply, for more: the data
    of a COPY, a file, a password, a mail, TLS.  Optional, beside L{IFramer}.  A client whose
    reply was replaced does not know that it was asked, so the relay has to answer.
    """

    def transferEnd() -> bytes | None:
        """
        What ends the transfers that the backend has asked for in replies that were replaced,
        as a client that gives up sends it; C{b""} where there are none.  Each is ended once.
        Asked after the pieces of each chunk from the backend.

        @return: C{None} where nothing ends one, so that the link must be closed.
        """


class IFramingOptions(Interface):
    """
    Options of a wire protocol that reads messages.  Optional: a connection of a protocol whose
    options do not provide it passes unread where its bytes are not of the protocol.
    """

    on_garbage: str = Attribute(
        "What becomes of a connection whose bytes are not of the protocol: C{opaque}, they pass "
        "unread, or C{close}."
    )


class IHTTP2Options(Interface):
    """
    Options of a wire protocol that may be HTTP/2.
    """

    http2: str = Attribute(
        "What becomes of HTTP/2: C{read}, C{prior-knowledge} (clients and backend speak nothing "
        "else), or C{opaque}."
    )


class ITLSOptions(IFramingOptions):
    """
    Options of a wire protocol in which both ends can agree to go on in TLS.
    """

    tls_certificate: str = Attribute("The file to speak TLS with on both sides; C{''} for none.")
    tls_key: str = Attribute("The file with its key; C{''} where the certificate's has it.")
    tls_ca: str = Attribute("The authorities of the backend's certificate; C{''} for any.")
    tls_name: str = Attribute("The host of the backend's certificate; C{''} for any.")
    tls_client: str = Attribute("The file to show to a backend that asks; C{''} for none.")
    refuses: bool = Attribute("Whether clients and backends are kept from agreeing on TLS.")
