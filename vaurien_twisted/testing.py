# -*- test-case-name: tests.test_testing -*-
"""
A proxy on the running reactor, for trial tests::

    class SlowDatabaseTests(TestCase):

        async def setUp(self):
            self.proxy = await proxyFor(reactor, "127.0.0.1:3306", protocol="mysql")
            self.addCleanup(self.proxy.stop)

        async def test_timeout(self):
            self.proxy.setBehavior("delay", sleep=2)
            ...
"""

from __future__ import annotations

from vaurien_twisted.app.embedded import RunningProxy, proxyFor

__all__ = ["RunningProxy", "proxyFor"]
