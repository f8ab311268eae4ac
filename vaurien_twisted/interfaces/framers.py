"""
Framers, and the optional interfaces that framers provide.
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

    A framer yields every byte given to C{fromClient} and C{fromBackend} once, in order, and as it
    arrives.  It keeps back only a head that is not complete, up to a bound.  The link iterates all
    pieces of a chunk before it passes the next chunk of that direction.
    """

    turns: bool = Attribute(
        "Whether exchanges are guessed from which end sends; replies then have no order."
    )
    opaque: str = Attribute(
        "Why the rest of the stream cannot be read (TLS, an upgrade); C{''} while it can be."
    )

    def fromClient(data: bytes) -> Iterator[Piece]:
        """
        The pieces in bytes that the client has sent.

        @raise FramingError: the bytes are not of this protocol; C{rest} has those not yielded.
        """

    def fromBackend(data: bytes) -> Iterator[Piece]:
        """
        The pieces in bytes that the backend has sent.

        @raise FramingError: the bytes are not of this protocol; C{rest} has those not yielded.
        """

    def expect(exchange: Exchange) -> None:
        """
        A request goes to the backend.  Its reply follows those of the requests expected before.
        """

    def clientEnded() -> Iterator[Piece]:
        """
        The client will send no more bytes: yield those that were kept back.
        """

    def backendEnded() -> Iterator[Piece]:
        """
        The backend will send no more bytes: yield those that were kept back, and the end of a
        reply that lasts until the connection ends.
        """

    def renew() -> None:
        """
        The plan has changed.  A framer that guesses exchanges begins a new one.
        """


class IFastPath(Interface):
    """
    A framer that passes requests to which no rule applies, and their replies, in batches, without
    an L{Exchange<vaurien_twisted.model.exchange.Exchange>} for each.  Optional: it saves time.
    """

    def watch(commands: frozenset[str]) -> None:
        """
        From now on pass all commands except C{commands}, which are in lower case.
        """

    def requests(data: bytes, batch: PassedBatch | None) -> PassedBatch | None:
        """
        If C{data} consists of complete requests that may pass and have one reply each, expect
        these replies.

        @param batch: the batch that is expected last, if it is a batch.
        @return: the batch that contains the requests: C{batch}, extended, or a new one; C{None} if
            they must not pass, and nothing has changed.
        """

    def replies(data: bytes) -> int:
        """
        If C{data} consists of complete replies to the batch that is expected next, remove their
        requests from the batch.

        @return: the number of replies; 0 if it does not, and nothing has changed.
        """

    def expand(decision: Decision) -> None:
        """
        Replace all batches that are expected by single exchanges with C{decision}.
        """


class ISelectiveFastPath(IFastPath):
    """
    A fast path that also passes exchanges of commands that rules name, if no rule applies to them
    or all of a chunk have the same decision.  Optional.
    """

    def select(commands: frozenset[str] | None, batchDecider: BatchDecider) -> None:
        """
        From now on pass all commands except C{commands}, and of these the chunks whose requests
        have the same decision.  The attribute C{decided} of the batch has that decision.

        @param commands: in lower case; C{None} for all.
        @param batchDecider: decides about an exchange.
        """


class IDividingFastPath(ISelectiveFastPath):
    """
    A fast path that also passes the rest of a chunk in which some requests need decisions of their
    own.  Optional.
    """

    def divided() -> Sequence[Part]:
        """
        The parts of the chunk that C{requests} has just refused, in order; none if all of its
        requests need decisions of their own.
        """

    def take(
        count: int, decided: DecidedChunk | None, batch: PassedBatch | None
    ) -> PassedBatch | None:
        """
        Expect the replies to a part of such a chunk that passes.  All bytes before it in the chunk
        have been passed or read.

        @param count: the number of requests in the part.
        @param decided: these requests, if a rule applies to them.
        @param batch: the batch that is expected last, if it is a batch.
        @return: the batch that contains the requests: C{batch}, extended, or a new one; C{None} if
            they must not pass any more, and nothing has changed.
        """

    def leading(data: bytes, start: int) -> tuple[int, int]:
        """
        Remove the requests whose complete replies are at C{start} in C{data} from the batch that is
        expected next.

        @param start: the offset of the first reply, in bytes.
        @return: the number of replies, and the offset of their end; 0 and C{start} if there are
            none, and nothing has changed.
        """


class IRequestDescriber(Interface):
    """
    A framer that needs the state of the connection to describe a request.  Optional, beside
    L{IFastPath}: for other framers, a new framer parses the bytes that have passed.
    """

    def describe(data: bytes) -> str:
        """
        The description of the last request in bytes that passed.  The framer does not change.

        @param data: begins with a request; its end may be cut.
        """


class ITransactional(Interface):
    """
    A framer of a protocol with transactions.  It returns the requests that bring the transaction of
    the backend into the state in which a real error would leave it.  Optional, beside L{IFramer}.

    The framer expects the replies to the requests that it returns, and yields them as pieces of the
    L{Substitute<vaurien_twisted.model.exchange.Substitute>}s.  The link sends these requests before
    the client's next one, and discards their replies.
    """

    def replacement(exchange: Exchange, transaction: Transaction) -> Sequence[Substitute]:
        """
        The requests to send to the backend in place of one that it does not get.  Called once, with
        the request's first piece, instead of C{expect}.  The client gets its error after the last
        of their replies, so that the backend is in that state when the client reads the error.
        """

    def followUp(exchange: Exchange, transaction: Transaction) -> Sequence[Substitute]:
        """
        The requests to send to the backend after one whose reply was replaced.  Called once, after
        the end of the request and of the reply, and before the client's next request is read.
        """


class IForgetting(Interface):
    """
    A framer that needs neither the subject nor the head of an exchange after the decision about it.
    Optional: requests that await their replies then use less memory.
    """


class IStartTLS(Interface):
    """
    A framer of a protocol in which both ends can agree to continue in TLS (STARTTLS).  Optional,
    beside L{IFramer}.
    """

    upgrading: bool = Attribute(
        "Whether both ends have agreed on TLS, and the link has not begun it.  All bytes before "
        "TLS have then been yielded."
    )

    def refusal() -> bytes:
        """
        The bytes to send to the client, in the backend's place, to refuse TLS.  Each refusal is
        returned once; C{b""} if there is none.
        """

    def upgrade() -> tuple[bytes, bytes]:
        """
        TLS begins: all further bytes are decrypted ones.

        @return: the TLS bytes that the client, and the backend, have sent already.
        """


class IMultiplexing(Interface):
    """
    A framer of a protocol in which both ends can continue with many exchanges at a time, each on a
    stream of its own (HTTP/2).  Optional, beside L{IFramer}.  Other readers of the relay then take
    its place.
    """

    multiplexing: bool = Attribute(
        "Whether both ends continue so.  All bytes before that have then been yielded."
    )

    host: bytes | None = Attribute(
        "The Host header of every request to the backend; C{None}: the client's own."
    )
    settings: bytes | None = Attribute(
        "The content of the header HTTP2-Settings of the request that has upgraded the connection; "
        "its reply comes on stream 1.  C{None} if there was no upgrade."
    )

    def earlyBytes() -> tuple[bytes, bytes]:
        """
        The bytes of HTTP/2 that the client, and the backend, have sent already.
        """


class IWithholder(Interface):
    """
    A framer that keeps back complete messages, since the next message decides to which exchange
    they belong.  Optional, beside L{IFramer}.  The client may wait for their replies, so they go
    on at once if no rule applies to them, otherwise as soon as the client pauses.
    """

    withheld: frozenset[str] = Attribute(
        "The commands, in lower case, that the exchange may have which begins with the messages "
        "that are kept back; empty if there are none."
    )

    def paused() -> Iterator[Piece]:
        """
        The client has paused: yield the messages that were kept back.
        """


class ITransferEnder(Interface):
    """
    A framer of a protocol whose backend can ask the client for data in its reply: the data of a
    COPY, a file, a password, a mail, TLS.  Optional, beside L{IFramer}.  If that reply was
    replaced, the client does not know of the question, and the relay answers it.
    """

    def transferEnd() -> bytes | None:
        """
        The bytes that end the transfers that the backend has asked for in replaced replies, as a
        client sends them to give up; C{b""} if there are none.  Each transfer is ended once.
        Called after the pieces of each chunk from the backend.

        @return: C{None} if the protocol cannot end the transfer: the link must be closed.
        """


class IFramingOptions(Interface):
    """
    Options of a wire protocol that divides bytes into exchanges.  Optional: a connection becomes
    opaque after garbage if the protocol's options do not provide this.
    """

    on_garbage: str = Attribute(
        "What to do with a connection whose bytes are not of the protocol: C{opaque} (relay them "
        "unread) or C{close}."
    )


class IHTTP2Options(Interface):
    """
    Options of a wire protocol that may be HTTP/2.
    """

    http2: str = Attribute(
        "How to handle HTTP/2: C{read}, C{prior-knowledge} (clients and backend use nothing "
        "else), or C{opaque}."
    )


class ITLSOptions(IFramingOptions):
    """
    Options of a wire protocol in which both ends can agree to continue in TLS.
    """

    tls_certificate: str = Attribute("The PEM file of the proxy's certificate; C{''} for none.")
    tls_key: str = Attribute("The file of its key; C{''} if tls_certificate has it.")
    tls_ca: str = Attribute("The file or folder of trusted authorities; C{''} for any.")
    tls_name: str = Attribute("The host that the backend's certificate must be for; C{''} for any.")
    tls_client: str = Attribute("The PEM file of the client certificate; C{''} for none.")
    refuses: bool = Attribute("Whether the proxy refuses TLS in the backend's place.")
