"""
The forms of the page have what L{tests.errands} declares.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.trial.unittest import TestCase

from tests.errands import MoreProxyOptions, MoreSettings, registry
from tests.integration.page_case import PageCase
from tests.integration.support import inThread, theReactor
from vaurien_twisted.app.service import Vaurien
from vaurien_twisted.app.tap import Options


class FormTests(TestCase, PageCase):
    """
    The page of a service in this process.
    """

    timeout = 600

    async def start(self) -> Any:
        """
        The service, stopped at the end.
        """
        options = Options(registry(), MoreSettings, MoreProxyOptions)
        options.parseOptions(["--proxy", "127.0.0.1:0", "--http", "--http-port", "0"])
        service = Vaurien(theReactor(), options.configuration)
        self.addCleanup(lambda: maybeDeferred(service.stopService))
        service.privilegedStartService()
        service.startService()
        assert service.ready is not None
        await service.ready
        return SimpleNamespace(http_port=int(service.control.address.rpartition(":")[2]))

    async def test_forms(self) -> None:
        """
        The behavior can be chosen, with its option; a new proxy has the option of all proxies.
        """
        self.service = await self.start()
        await self.look()

    @inThread
    def look(self) -> None:
        """
        Open the page, and see.
        """
        with self.page(self.service) as page:
            self.live(page)
            page.get_by_label("Behavior", exact=True).select_option("stumble")
            steps = page.locator("#form [name=steps]")
            self.assertEqual(steps.get_attribute("placeholder"), "3")
            self.assertIn("How many steps it stumbles.", page.inner_text("#form"))
            page.get_by_role("button", name="New proxy").click()
            errands = page.locator("#proxy-dialog [name=errands]")
            errands.wait_for()
            self.assertEqual(errands.get_attribute("placeholder"), "2")
            self.assertIn("How many errands a proxy runs.", page.inner_text("#proxy-dialog"))
