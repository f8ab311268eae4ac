from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.protocols.wire import Echo
from twisted.trial.unittest import TestCase

from vaurien_twisted.testing import proxyFor


class Asking(Protocol):
    """
    The program under test: a client that wants its words back.
    """

    def __init__(self):
        self.answer = Deferred()

    def dataReceived(self, data):
        self.answer.callback(data)


class EchoTests(TestCase):
    async def setUp(self):
        from twisted.internet import reactor

        self.reactor = reactor
        local = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        backend = await local.listen(Factory.forProtocol(Echo))
        self.addCleanup(backend.stopListening)
        address = backend.getHost()
        self.proxy = await proxyFor(reactor, f"{address.host}:{address.port}")
        self.addCleanup(self.proxy.stop)
        endpoint = TCP4ClientEndpoint(reactor, self.proxy.host, self.proxy.port)
        self.asking = await endpoint.connect(Factory.forProtocol(Asking))
        self.addCleanup(self.asking.transport.abortConnection)

    async def test_delay(self):
        """
        The answer comes, later.
        """
        self.proxy.setBehavior("delay", sleep=0.2)
        began = self.reactor.seconds()
        self.asking.transport.write(b"hello")
        self.assertEqual(await self.asking.answer, b"hello")
        self.assertGreaterEqual(self.reactor.seconds() - began, 0.19)

    async def test_hang(self):
        """
        No answer comes while C{hang} is in force; the journal says why.
        """
        self.proxy.setBehavior("hang")
        self.asking.transport.write(b"hello")
        while not self.proxy.journal.since():
            await deferLater(self.reactor, 0.01)
        self.assertFalse(self.asking.answer.called)
        self.assertEqual(self.proxy.journal.since()[0]["effect"], "hold")
        self.proxy.setBehavior("dummy")
        self.assertEqual(await self.asking.answer, b"hello")
