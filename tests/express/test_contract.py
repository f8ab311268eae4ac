"""
Twisted's own transport tests, on express, under each reactor that express is to run with.

Of C{twisted.internet.test} run, under the express, epoll, poll, select and asyncio
reactors:

  - C{AbortConnectionMixin}, C{WriteSequenceTestsMixin}, C{ConnectionTestsMixin} and
    C{StreamClientTestsMixin}, C{TCPConnectionTestsBuilder}, C{TCPPortTestsMixin},
    C{StreamTransportTestsMixin} (with C{test_closePeerOnEMFILE}), C{TCPConnectorTestsBuilder}.

Of C{twisted.test.test_tcp} run, under the reactor that runs the tests: half-close that
nobody notices, notifications that fail, TCP options, large buffers, order of callbacks, files
that are closed, addresses, starting and stopping of factories and ports.

What does not fit, and why:

  - C{test_logPrefix}, C{test_logstrClientSetup}, C{test_serverRepr}, C{test_serverAddressTCP4}
    and C{TCP6}, C{test_addresses}: express has no log prefix for each connection, since that
    is what each event would pay for; names of Twisted's transports are not imitated.
  - C{test_startedListeningLogMessage}: looks at a key that only the old logging sets; the
    same message is looked for in C{test_port}.
  - C{test_streamingProducer}: expects that 1,000 bytes fill a buffer, but they are sent at
    once; C{test_producers} has some that are really paused.
  - C{test_resumeProducing}, C{test_pauseProducingInConnectionMade}: look for the transport
    itself among the reactor's readers; C{test_transport} looks at what is read.
  - C{test_resumeProducingWhileDisconnected}, C{test_directConnectionLostCall},
    C{test_exceptInConnectionLostCall}, C{test_closePortInProtocolFactory}, C{testPortRepr}:
    use what is not in ITCPTransport and IListeningPort; C{test_port} stops a port while it
    builds a protocol.
  - C{test_connectPortNotNumeric}, C{test_invalidServiceName}, C{test_connectByService} and
    C{Fail}: the endpoints take port numbers only, not names of services.
  - C{HalfCloseTests}: look into buffers; C{test_half_close} has the same.
  - C{test_clientBind}: a client endpoint has no address of its own to bind.
  - C{test_badContext}: is of TLS.
"""

from __future__ import annotations

from typing import Any

from tests.integration.support import optional

upstream = optional("twisted.internet.test.test_tcp")
older = optional("twisted.test.test_tcp")

if upstream is None or older is None:
    skip = "PyHamcrest, which Twisted's tests need, is not installed"
else:
    from tests.express.upstream import ExpressCreator, GlobalOnExpress, OnExpress, without

    class AbortBuilder(OnExpress, upstream.AbortConnectionMixin):
        """
        Resets, from wherever they are asked for.
        """

        endpoints = ExpressCreator()

    class ClientBuilder(
        OnExpress,
        without(
            upstream.TCPClientTestsBase,
            "test_addresses",
            "test_badContext",
            "test_connectPortNotNumeric",
            "test_logPrefix",
        ),
    ):
        """
        Connecting, closing, and ports that cannot be.
        """

        endpoints = ExpressCreator()
        family = upstream.socket.AF_INET
        addressClass = upstream.IPv4Address

    class PortBuilder(
        OnExpress,
        upstream.ListenTCPMixin,
        upstream.TCPPortTestsMixin,
        without(upstream.StreamTransportTestsMixin, "test_startedListeningLogMessage"),
    ):
        """
        Listening, addresses, and being out of file descriptors.
        """

        def connectToListener(self, reactor: Any, address: Any, factory: Any) -> Any:
            """
            By Twisted's own client, which has its socket before there are none left.
            """
            host = self.LISTENER_HOST
            return type(reactor).connectTCP(reactor, host, address.port, factory)

    class ConnectionBuilder(
        OnExpress,
        without(
            upstream.TCPConnectionTestsBuilder,
            "test_resumeProducing",
            "test_resumeProducingWhileDisconnected",
        ),
    ):
        """
        Pausing, and half-closing twice.
        """

    class TransportBuilder(
        OnExpress,
        without(
            upstream.TCPTransportTestsBuilder,
            "test_serverAddressTCP4",
            "test_serverAddressTCP6",
            "test_streamingProducer",
        ),
    ):
        """
        Sequences, and pull producers.
        """

        def setWriteBufferSize(self, transport: Any, value: int) -> None:
            """
            A transport has no such size that could be set.
            """

    class ConnectorBuilder(
        OnExpress, without(upstream.TCPConnectorTestsBuilder, "test_invalidServiceName")
    ):
        """
        Connecting again, and giving up.
        """

        interface = "127.0.0.1"
        family = upstream.socket.AF_INET
        addressClass = upstream.IPv4Address

    for builder in (
        AbortBuilder,
        ClientBuilder,
        PortBuilder,
        ConnectionBuilder,
        TransportBuilder,
        ConnectorBuilder,
    ):
        globals().update(builder.makeTestCaseClasses())

    class ListeningTests(
        GlobalOnExpress,
        without(
            older.ListeningTests,
            "testPortRepr",
            "test_directConnectionLostCall",
            "test_exceptInConnectionLostCall",
            "test_serverRepr",
        ),
    ):
        """
        Ports that start, stop and start again.
        """

    class LoopbackTests(
        GlobalOnExpress,
        without(
            older.LoopbackTests,
            "test_closePortInProtocolFactory",
            "test_connectByService",
            "test_connectByServiceFail",
        ),
    ):
        """
        TCP options, and connections that are refused.
        """

    class CannotBindTests(GlobalOnExpress, without(older.CannotBindTests, "test_clientBind")):
        """
        A port that is taken.
        """

    class FactoryTests(GlobalOnExpress, older.FactoryTests):
        """
        Factories are started and stopped.
        """

    class LocalRemoteAddressTests(GlobalOnExpress, older.LocalRemoteAddressTests):
        """
        Both ends agree on the address.
        """

    class AddressTests(GlobalOnExpress, older.AddressTests):
        """
        Factories hear the addresses.
        """

    class WriteDataTests(GlobalOnExpress, older.WriteDataTests):
        """
        Everything that ITransport has, and writing to a peer that is gone.
        """

    class ProperlyCloseFilesTests(GlobalOnExpress, older.ProperlyCloseFilesTests):
        """
        Sockets are closed.
        """

    class LargeBufferTests(GlobalOnExpress, older.LargeBufferTests):
        """
        A million bytes.
        """

    class HalfCloseUnnoticedTests(
        GlobalOnExpress, older.HalfCloseNoNotificationAndShutdownExceptionTests
    ):
        """
        Protocols that know nothing of half-close, and a half-close that fails.
        """

    class HalfCloseBuggyApplicationTests(GlobalOnExpress, older.HalfCloseBuggyApplicationTests):
        """
        Notifications that raise.
        """

        def tearDown(self) -> None:
            """
            What was half-closed only is still watched for resets.
            """
            self.serverFactory.lastProtocol.transport.abortConnection()

    class CallBackOrderTests(GlobalOnExpress, older.CallBackOrderTests):
        """
        The protocol hears of the end first.
        """
