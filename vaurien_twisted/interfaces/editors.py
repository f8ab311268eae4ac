"""
Editors, which change the bytes of a reply or message as these pass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from vaurien_twisted.model.commands import Actions, Edit, EditedBytes
    from vaurien_twisted.model.editing import BodyCourse
    from vaurien_twisted.model.exchange import Exchange
    from vaurien_twisted.model.message_fault import MessageFault
    from vaurien_twisted.model.patch import Patch
    from vaurien_twisted.model.streaming import StreamFault


class IEditor(Interface):
    """
    Changes the bytes of one exchange in one direction.  It uses no input, output or clock: the
    caller passes the time, and the result says which bytes go on and when.  Times are in seconds.
    """

    struck: bool = Attribute("Whether something was changed, held back or dropped.")
    reason: str = Attribute(
        "Why nothing was changed, in one line, once that is known; C{''} before."
    )
    held: int = Attribute("The number of bytes that it holds back, which is bounded.")

    def push(data: bytes, ends: bool, now: float) -> Iterable[EditedBytes]:
        """
        Bytes of the exchange have arrived.

        @param ends: whether they end the exchange in this direction.
        @return: the bytes that go on, in order.  The caller iterates all of it at once.
        """

    def release(reason: str) -> Iterable[EditedBytes]:
        """
        Hold back and change nothing from now on, because the memory is used up.

        @param reason: the value of L{reason} if nothing was changed.
        @return: the bytes that were held back, unchanged.
        """


class IBodyEditor(Interface):
    """
    Changes a streamed body in any protocol.  It gets the content without chunks or frames.
    """

    struck: bool = Attribute("Whether something was changed, held back or dropped.")
    reason: str = Attribute(
        "Why nothing was changed, in one line, once that is known; C{''} before."
    )
    held: int = Attribute("The number of bytes that it holds back, which is bounded.")

    def push(data: bytes, now: float) -> Iterable[EditedBytes]:
        """
        Content has arrived.

        @return: the bytes that go on, in order.  An item that is C{last}, or that closes the link,
            is the last one.
        """

    def end(now: float) -> Iterable[EditedBytes]:
        """
        The content is complete.

        @return: the bytes that were held back, and how the message ends if it does not end as the
            sender has ended it.
        """

    def release(reason: str) -> Iterable[EditedBytes]:
        """
        Hold back and change nothing from now on.

        @param reason: the value of L{reason} if nothing was changed.
        @return: the bytes that were held back, unchanged.
        """


class IReplyHead(Interface):
    """
    The head of a reply, in any version of HTTP.  Names of fields are in lower case.
    """

    status: int = Attribute("100 to 999.")

    def value(name: bytes) -> str:
        """
        The values of all fields called C{name}, joined by commas; C{""} if there are none.
        """

    def remove(names: Collection[bytes]) -> None:
        """
        Remove the fields of these names.
        """

    def add(name: str, value: str) -> None:
        """
        Add a field.
        """

    def patch(status: int, fields: Sequence[tuple[str, str | None]]) -> bool:
        """
        Set the status, and set or remove fields.

        @param status: 0 keeps the current one.
        @param fields: names and values; C{None} removes the field.
        @return: whether something has changed.
        """


class IReplyEditor(Interface):
    """
    Changes one reply, in any version of HTTP: it sees the head and the content of the body.
    """

    struck: bool = Attribute("Whether something was changed, held back or dropped.")
    reason: str = Attribute(
        "Why nothing was changed, in one line, once that is known; C{''} before."
    )

    def begin(head: IReplyHead, length: int) -> BodyCourse:
        """
        The head has arrived.  It may be changed during this call only.

        @param length: the length of the body in bytes; 0: there is no body; below 0: not known.
        @return: what happens to the body.
        """

    def leaveUnchanged(reason: str) -> None:
        """
        Pass the reply unchanged.  Called before anything was changed.

        @param reason: the value of L{reason} from now on.
        """


class IReplyEditing(Interface):
    """
    A wire protocol whose replies can be edited.  Optional, beside
    L{IWireProtocol<vaurien_twisted.interfaces.IWireProtocol>}.
    """

    def editStream(exchange: Exchange, fault: StreamFault) -> Edit | None:
        """
        The command that applies C{fault} to a streamed reply.

        @return: C{None} if this exchange has no such reply.
        """

    def patchReply(exchange: Exchange, patch: Patch) -> Edit | None:
        """
        The command that changes the reply as C{patch} says.

        @return: C{None} if this exchange has no such reply.
        """

    def streamError(code: str, message: str) -> bytes:
        """
        The event with which a stream that has begun reports an error.

        @param code: the code of a preset.
        @param message: replaces the service's own text; C{""} keeps it.
        @raise Refused: the protocol has no such event; the message names the nearest preset that
            has one.
        """


class IMessageFaults(Interface):
    """
    A wire protocol whose connections can continue in messages (WebSocket).  Optional, beside
    L{IWireProtocol<vaurien_twisted.interfaces.IWireProtocol>}.
    """

    def messageActions(exchange: Exchange, fault: MessageFault) -> Actions | None:
        """
        The actions that apply C{fault} to a message.

        @return: C{None} if the exchange is not a message, or the fault cannot apply to it.
        """
