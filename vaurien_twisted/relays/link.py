# -*- test-case-name: tests.relays.test_link -*-
"""
The link: one client connection and its backend connection, from the first to the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectingCancelledError, ConnectionDone
from twisted.internet.interfaces import IAddress, IProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from vaurien_twisted.model.commands import Then
from vaurien_twisted.model.decision import NOTHING
from vaurien_twisted.model.exchange import Connection, Exchange
from vaurien_twisted.record.counters import Traffic
from vaurien_twisted.relays.byte_counter import counted
from vaurien_twisted.relays.connection_plan import OwnPlan
from vaurien_twisted.relays.exchanges import Dialogue
from vaurien_twisted.relays.filters import Staging
from vaurien_twisted.relays.snapshot import Sight
from vaurien_twisted.relays.transports import Couple
from vaurien_twisted.rules.plan import Plan

if TYPE_CHECKING:
    from vaurien_twisted.relays.factory import RelayFactory


class Link:
    """
    Joins a client to the backend.

    While nothing can happen to its bytes and they need no framing it is I{bare}: two
    transports that are joined.  What is said on it (L{Dialogue}) and the stages of its
    bytes (L{Staging}) are made when a plan first wants them.

    @ivar connection: its number and the client's address.
    @ivar since: when the client came, in seconds by the reactor's clock.
    @ivar backend: where the link connects to, as it was written.
    """

    _log = Logger()

    def __init__(self, relay: Any, factory: RelayFactory, connection: Connection) -> None:
        self.connection = connection
        self.since = factory.reactor.seconds()
        self.backend = factory.backendText
        self._own: OwnPlan | None = None
        self._factory = factory
        self._relay = relay
        self._backendProtocol: Any = None
        self._couple = Couple(relay.transport)
        self._connecting: Deferred[IProtocol] | None = None
        self._greeting: Exchange | None = None
        self._dialogue: Dialogue | None = None
        self._staging: Staging | None = None
        self._closed = False
        self._unreached = False

    @property
    def exchanges(self) -> int:
        """
        How many exchanges were decided.
        """
        return 0 if self._dialogue is None else self._dialogue.exchanges

    @property
    def untold(self) -> bool:
        """
        Whether what went wrong was only counted in the log: its end need not be told either.
        """
        return self._unreached or (self._dialogue is not None and self._dialogue.untold)

    @property
    def traffic(self) -> Traffic:
        """
        The bytes that passed so far.
        """
        client = self._relay.transport
        if self._backendProtocol is None:
            return Traffic(client.bytesRead, 0, 0, client.bytesWritten)
        backend = self._backendProtocol.transport
        return Traffic(
            client.bytesRead, backend.bytesWritten, backend.bytesRead, client.bytesWritten
        )

    @property
    def addresses(self) -> tuple[IAddress | None, IAddress | None]:
        """
        The client's, and where it connected to.
        """
        return self._relay.peer, self._relay.transport.getHost()

    @property
    def sight(self) -> Sight:
        """
        What else can be seen of it now.
        """
        dialogue, staging, greeting = self._dialogue, self._staging, self._greeting
        if dialogue is None or staging is None:
            greeting = Exchange(0, "connect")
            greeting.began, greeting.decision = self.since, NOTHING
            asked = self._factory.decider, self.connection
            return Sight(self._couple, None, (), greeting, self._closed, *asked)
        asked = dialogue.decider, dialogue.connection
        return Sight(self._couple, dialogue, staging.names, greeting, self._closed, *asked)

    @property
    def held(self) -> int:
        """
        How many bytes of memory it holds back or waits for, about.
        """
        return 0 if self._dialogue is None else self._dialogue.held

    @property
    def hasOwnPlan(self) -> bool:
        """
        Whether a plan is in force for it alone.
        """
        return self._own is not None

    @property
    def planSince(self) -> float:
        """
        When the plan was set that is in force for it, by the reactor's clock.
        """
        return (self._factory if self._own is None else self._own).expiry.since

    def setOwnPlan(self, plan: Plan | None) -> None:
        """
        Put a plan in force for this link alone, or C{None} to have the proxy's again.
        """
        if self._own is not None:
            self._own.stop()
        self._own = None
        decider, connection = self._factory.decider, self.connection
        if plan is not None:
            self._own = OwnPlan(self._factory, connection, plan, self.planChanged)
            decider, connection = self._own.decider, self._own.connection
        dialogue = self._understand()
        dialogue.decider, dialogue.connection = decider, connection
        self.planChanged()

    def begin(self) -> None:
        """
        The client is there, paused: decide what its connection meets, and connect to the backend.
        """
        if self._factory.bare:
            # What it had read before it was paused it may still hand over.
            self._relay.dataReceived = counted(self._relay.transport, self._early)
            self._connect()
            return
        dialogue = self._understand()
        self._relay.dataReceived = counted(self._relay.transport, dialogue.fromClient)
        greeting = self._greeting = Exchange(0, "connect", unasked=self._factory.wire.greets)
        dialogue.begin(greeting, self._connect)

    def _early(self, data: bytes) -> None:
        self._understand().fromClient(data)

    def _understand(self) -> Dialogue:
        """
        What is said on it, with the stages of the plan in force.
        """
        dialogue = self._dialogue
        if dialogue is None:
            dialogue = self._dialogue = Dialogue(
                self._factory, self.connection, self._couple, self.close, self.reset, self.route
            )
            self._staging = Staging(
                self._factory, dialogue, self._couple, self.since, self._cut, self._drained
            )
            self._staging.arrange()
        return dialogue

    def _connect(self) -> None:
        if not self._closed and not (self._greeting is not None and self._greeting.dropped):
            self.backend = self._factory.backendText
            if not self._factory.descriptors.more():
                self._factory.descriptors.tell(self._factory.name)
                self.reset()
                return
            made = self._factory.connect(self)
            if self._backendProtocol is None:
                self._connecting = made
            made.addErrback(self._notConnected)

    def _notConnected(self, failure: Failure) -> None:
        if failure.check(CancelledError, ConnectingCancelledError):
            return
        reason = failure.getErrorMessage()
        self._noteUnreached(reason)
        if self._factory.missed is None:
            self.close()
        else:
            self._factory.missed(reason)
            self.reset()

    def _noteUnreached(self, reason: str) -> None:
        self._unreached = not self._factory.repeats.warn(
            self._log,
            "connection {number}: the backend {backend} cannot be reached: {reason}",
            number=self.connection.number,
            backend=self._factory.backendText,
            reason=reason,
        )
        self._factory.counters.connectFailures += 1
        self._factory.note(self.connection, "unreachable", reason=reason)

    def backendConnected(self, protocol: Any) -> None:
        """
        The backend is there: join the two and let the client speak.
        """
        self._backendProtocol = protocol
        self._connecting = None
        backend = protocol.transport
        if self._closed:
            self._couple.backend = backend
            backend.abortConnection()
            return
        if self._factory.circles.closes(self._factory, backend):
            self._couple.backend = backend
            self._noteUnreached("it leads back to this proxy")
            self.reset()
            return
        self._couple.join(backend)
        if self._staging is not None:
            self._staging.join()
        self.route()
        if self._dialogue is not None:
            self._dialogue.toBackend.run()
        self._couple.start()

    def route(self) -> None:
        """
        Send bytes the shortest way there is: straight from one transport to the other
        while nothing can happen to them and no framing is needed.
        """
        couple, relay, backend = self._couple, self._relay, self._backendProtocol
        if couple.backend is None or couple.client is None or self._closed:
            return
        dialogue, staging = self._dialogue, self._staging
        if self._factory.upgrades is not None and dialogue is not None and staging is not None:
            self._factory.upgrades.attempt(
                dialogue, staging, couple, relay, backend, self.connection.number
            )
        if dialogue is None or staging is None or (dialogue.untouched and staging.idle):
            relay.dataReceived = counted(couple.client, couple.backend.write)
            backend.dataReceived = counted(couple.backend, couple.client.write)
            couple.joint()
        else:
            relay.dataReceived = counted(couple.client, dialogue.fromClient)
            backend.dataReceived = counted(couple.backend, dialogue.fromBackend)
            if dialogue.skims:
                couple.joint(dialogue.passesRequests, dialogue.passesReplies)
            else:
                couple.part()

    def planChanged(self, exchanges: bool = True) -> None:
        """
        Another plan is in force.

        @param exchanges: whether it also says something else about exchanges.
        """
        if self._dialogue is None and (self._factory.bare or self._closed):
            return
        dialogue = self._understand()
        if self._staging is not None:
            # A link that is closing may still wait for what a stage holds back.
            self._staging.arrange()
        if not self._closed:
            if exchanges:
                dialogue.planChanged()
            else:
                # What a stage has let go may have made room.
                dialogue.goOn()
            self.route()

    def _cut(self, then: Then) -> None:
        """
        A stage ends the link.
        """
        if then is Then.RESET:
            self.reset()
        else:
            self._finish()

    def _drained(self) -> None:
        """
        Bytes have gone on through a stage.
        """
        if not self._closed and self._dialogue is not None:
            self._dialogue.goOn()
            self.route()

    def clientEnded(self) -> None:
        """
        The client will send nothing more: tell the backend after all it has sent.
        """
        if not self._closed and not self._couple.clientEnded:
            self._couple.clientEnded = True
            if self._dialogue is None:
                self._endBackend()
            else:
                self._dialogue.clientEnded(self._endBackend)

    def backendEnded(self) -> None:
        """
        The backend will send nothing more: tell the client after all it has sent.
        """
        if not self._closed and not self._couple.backendEnded:
            self._couple.backendEnded = True
            if self._dialogue is None:
                self._endClient()
            else:
                self._dialogue.backendEnded(self._endClient)

    def _endBackend(self) -> None:
        couple, dialogue = self._couple, self._dialogue
        said = dialogue is None or dialogue.backendSaid
        if couple.client is None or (couple.backendEnded and said):
            self.close()
        elif self._staging is None:
            couple.endWriting(couple.backend)
        else:
            self._staging.endUpstream()

    def _endClient(self) -> None:
        couple, dialogue = self._couple, self._dialogue
        said = dialogue is None or dialogue.clientSaid
        if couple.backend is None or (couple.clientEnded and said):
            self.close()
        elif self._staging is None:
            couple.endWriting(couple.client)
        else:
            self._staging.endDownstream()

    def clientLost(self, reason: Failure) -> None:
        """
        The client's connection is gone: so is the backend's, after what the client had
        sent, or at once if it was a reset.
        """
        couple = self._couple
        couple.client = None
        if self._closed:
            self._settle()
        elif couple.backend is None:
            self.close()
        elif not reason.check(ConnectionDone):
            couple.clientEnded = True
            if self._dialogue is not None and self._dialogue.readsClient:
                self._dialogue.afterClient(self._resetBehind)
            else:
                self._resetBehind()
        elif couple.clientEnded:
            if self._dialogue is None:
                self.close()
            else:
                self._dialogue.afterClient(self.close)
        else:
            self.clientEnded()
        self._forget()

    def backendLost(self, reason: Failure) -> None:
        """
        The backend's connection is gone: so is the client's, after what the backend
        had sent, or at once if it was a reset.
        """
        couple = self._couple
        couple.backend = None
        if self._closed:
            self._settle()
        elif not reason.check(ConnectionDone):
            couple.backendEnded = True
            if self._dialogue is not None and self._dialogue.readsBackend:
                self._dialogue.afterBackend(self._resetBehind)
            else:
                self._resetBehind()
        elif couple.backendEnded:
            if self._dialogue is None:
                self.close()
            else:
                self._dialogue.afterBackend(self.close)
        else:
            self.backendEnded()
        self._forget()

    def _settle(self) -> None:
        if self._staging is not None:
            self._staging.settle()

    def close(self) -> None:
        """
        Close both connections in order, each after what was already written to it, or
        waits in a stage on its way there.
        """
        if self._closed:
            return
        self._closed = True
        if self._dialogue is None or self._staging is None:
            self._finish()
            return
        self._dialogue.stop()
        self._staging.end(self._finish)

    def _finish(self) -> None:
        self._stop()
        self._couple.close()

    def reset(self) -> None:
        """
        Reset both connections: whatever is under way is lost, each end reads ECONNRESET.
        """
        self._stop()
        self._couple.reset()

    def _resetBehind(self) -> None:
        """
        One end was reset: reset the other, after what was already written to it.
        """
        self._stop()
        self._couple.resetBehind(self._factory.reactor)

    def _stop(self) -> None:
        self._closed = True
        if self._staging is not None:
            self._staging.stop()
        if self._dialogue is not None:
            self._dialogue.stop()
        self._relay.dataReceived = _ignore
        if self._backendProtocol is not None:
            self._backendProtocol.dataReceived = _ignore
        if self._connecting is not None:
            self._connecting.cancel()

    def _forget(self) -> None:
        if self._couple.gone:
            self._couple.forget()
            if self._own is not None:
                self._own.stop()
            self._factory.ended(self)
            # What would else be freed only when cycles are looked for.
            self._relay.link = self._relay = self._backendProtocol = self._connecting = None
            self._dialogue = self._staging = None


def _ignore(data: bytes) -> None:
    """
    Where bytes go that arrive after the end.
    """
