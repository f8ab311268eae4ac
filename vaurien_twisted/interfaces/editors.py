"""
Editors: they change the bytes of a reply or message as these pass.
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
    Changes the bytes of one exchange in one direction.  Sans-IO: told the time, it says what
    goes on and when.  Times are in seconds.
    """

    struck: bool = Attribute("Whether something was changed, held back or dropped.")
    reason: str = Attribute("Why nothing was, in one line, once that is known; C{''} before.")
    held: int = Attribute("How many bytes it holds back.  It has a bound.")

    def push(data: bytes, ends: bool, now: float) -> Iterable[EditedBytes]:
        """
        Bytes of the exchange came.

        @param ends: whether they end it in this direction.
        @return: what goes on, in order; it is iterated to its end at once.
        """

    def release(reason: str) -> Iterable[EditedBytes]:
        """
        Hold nothing back from now on, and change nothing more: there is no memory for it.

        @param reason: what L{reason} is then, if nothing was changed.
        @return: what was held back, unchanged.
        """


class IBodyEditor(Interface):
    """
    Changes a body that streams, in any protocol that carries it.  It sees the content, without
    chunks or frames.
    """

    struck: bool = Attribute("Whether something was changed, held back or dropped.")
    reason: str = Attribute("Why nothing was, in one line, once that is known; C{''} before.")
    held: int = Attribute("How many bytes it holds back.  It has a bound.")

    def push(data: bytes, now: float) -> Iterable[EditedBytes]:
        """
        Content came.

        @return: what goes on, in order; nothing more after what is C{last}, or does not keep the
            link.
        """

    def end(now: float) -> Iterable[EditedBytes]:
        """
        The content is complete.

        @return: what was held back, and how the message ends if not as the sender ends it.
        """

    def release(reason: str) -> Iterable[EditedBytes]:
        """
        Hold nothing back from now on, and change nothing more.

        @param reason: what L{reason} is then, if nothing was changed.
        @return: what was held back, unchanged.
        """


class IReplyHead(Interface):
    """
    The head of a reply, in any version of HTTP.  Names of fields are in lower case.
    """

    status: int = Attribute("100 to 999.")

    def value(name: bytes) -> str:
        """
        The values of the fields of that name as one list, C{""} if there are none.
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
    reason: str = Attribute("Why nothing was, in one line, once that is known; C{''} before.")

    def begin(head: IReplyHead, length: int) -> BodyCourse:
        """
        The head came.  It may be changed now.

        @param length: of the body, in bytes; 0: it has none; below 0: it is not known.
        @return: what happens to the body.
        """

    def leaveUnchanged(reason: str) -> None:
        """
        The reply passes unchanged after all, before anything was changed.

        @param reason: what L{reason} is then.
        """


class IReplyEditing(Interface):
    """
    A wire protocol whose replies can be edited.  Optional, beside
    L{IWireProtocol<vaurien_twisted.interfaces.IWireProtocol>}.
    """

    def editStream(exchange: Exchange, fault: StreamFault) -> Edit | None:
        """
        The command that applies C{fault} to a streamed reply.

        @return: C{None} where this exchange has no such reply.
        """

    def patchReply(exchange: Exchange, patch: Patch) -> Edit | None:
        """
        The command that changes the reply as C{patch} says.

        @return: C{None} where this exchange has no such reply.
        """

    def streamError(code: str, message: str) -> bytes:
        """
        The event by which a stream that has begun tells of an error.

        @param code: of a preset.
        @param message: in place of the service's own text; C{""} for that.
        @raise Refused: the protocol has no such event; names the nearest preset that has one.
        """


class IMessageFaults(Interface):
    """
    A wire protocol whose connections can go on in messages (WebSocket).  Optional, beside
    L{IWireProtocol<vaurien_twisted.interfaces.IWireProtocol>}.
    """

    def messageActions(exchange: Exchange, fault: MessageFault) -> Actions | None:
        """
        The actions that apply C{fault} to a message.

        @return: C{None} if the exchange is not a message, or the fault cannot apply to it.
        """
