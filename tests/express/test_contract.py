"""
Twisted's transport tests, on express.  (draft)
"""

from __future__ import annotations

from typing import Any

from twisted.internet.test import test_tcp as upstream
from twisted.internet.test.connectionmixins import ConnectionTestsMixin
from twisted.test import test_tcp as older

from tests.express.upstream import ExpressCreator, GlobalOnExpress, OnExpress, without

class AbortBuilder(OnExpress, upstream.AbortConnectionMixin):
    endpoints = ExpressCreator()
class ClientBuilder(OnExpress, upstream.TCP4ClientTestsBuilder):
    endpoints = ExpressCreator()
class PortBuilder(OnExpress, upstream.TCPPortTestsBuilder):
    pass
class ConnectionBuilder(OnExpress, upstream.TCPConnectionTestsBuilder):
    pass
class TransportBuilder(OnExpress, upstream.TCPTransportTestsBuilder):
    pass
class ConnectorBuilder(OnExpress, upstream.TCP4ConnectorTestsBuilder):
    pass
for b in (AbortBuilder, ClientBuilder, PortBuilder, ConnectionBuilder, TransportBuilder, ConnectorBuilder):
    globals().update({k: v for k, v in b.makeTestCaseClasses().items() if "EPoll" in k})
for name in ("ListeningTests","LoopbackTests","FactoryTests","CannotBindTests","LocalRemoteAddressTests","WriteDataTests","ProperlyCloseFilesTests","AddressTests","LargeBufferTests","HalfCloseTests","HalfCloseNoNotificationAndShutdownExceptionTests","HalfCloseBuggyApplicationTests","LogTests","PauseProducingTests","CallBackOrderTests"):
    globals()[name] = type(name, (GlobalOnExpress, getattr(older, name)), {"timeout": 10, "__module__": __name__})
