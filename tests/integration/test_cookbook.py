"""
The recipes of C{docs/cookbook.rst}: with the fault of the page, the robust code copes, and the
fragile code fails as the page says.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
from email.message import EmailMessage
from pathlib import Path
from threading import Event, Thread
from types import ModuleType
from typing import Any

from tests.integration.mariadb import DATABASE, PASSWORD, USER
from tests.integration.mysql_case import MySQLCase
from tests.integration.redis_case import RedisWireCase, redis
from tests.integration.ruling import rule
from tests.integration.servers import Server, missing, nginx
from tests.integration.smtpd import SMTPCase
from tests.integration.support import PATIENCE, ProxyCase, inThread, optional

COOKBOOK = Path(__file__).resolve().parents[2] / "docs" / "examples" / "cookbook"

sqlalchemy: Any = optional("sqlalchemy")


def recipe(name: str) -> ModuleType:
    """
    The code of a recipe.
    """
    spec = importlib.util.spec_from_file_location(name, COOKBOOK / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def strike(case: ProxyCase, name: str) -> None:
    """
    Put the rules of a recipe in force, from a test in a thread.
    """
    rule(case, *json.loads((COOKBOOK / f"{name}.json").read_text(encoding="utf-8")))


class RestartTests(MySQLCase):
    """
    MySQL restarts under SQLAlchemy's pool.
    """

    if sqlalchemy is None:
        skip = "not installed: SQLAlchemy"

    @inThread
    def test_restart(self) -> None:
        """
        After the restart, the first query of the fragile engine fails; the robust engine
        answers.
        """
        cookbook = recipe("mysql_restart")
        setup = self.connect()
        self.ask(setup, "CREATE OR REPLACE TABLE orders (id INT)")
        self.ask(setup, "INSERT INTO orders VALUES (1), (2)")
        url = f"mysql+pymysql://{USER}:{PASSWORD}@127.0.0.1:{self.proxy.port}/{DATABASE}"
        engines = cookbook.fragile_engine(url), cookbook.robust_engine(url)
        for engine in engines:
            self.addCleanup(engine.dispose)
            # As the page says, in the clear.
            options = {"ssl_disabled": True, "read_timeout": PATIENCE}
            sqlalchemy.event.listen(
                engine, "do_connect", lambda d, r, args, more, o=options: more.update(o)
            )
            self.assertEqual(cookbook.count_orders(engine), 2)
        self.behave("down")
        self.behave("dummy")
        fragile, robust = engines
        with self.assertRaises(sqlalchemy.exc.OperationalError):
            cookbook.count_orders(fragile)
        self.assertEqual(cookbook.count_orders(robust), 2)


class LoadingTests(RedisWireCase):
    """
    Redis loads its dataset.
    """

    @inThread
    def test_loading(self) -> None:
        """
        The fragile client raises the error; the robust one gets the name.
        """
        cookbook = recipe("redis_loading")
        self.client(self.server.port).set("name:7", "Ada")
        strike(self, "redis_loading")
        fragile = cookbook.fragile_client("127.0.0.1", self.proxy.port)
        self.addCleanup(fragile.close)
        with self.assertRaises(redis.exceptions.BusyLoadingError):
            cookbook.greeting(fragile, 7)
        strike(self, "redis_loading")
        robust = cookbook.robust_client("127.0.0.1", self.proxy.port)
        self.addCleanup(robust.close)
        self.assertEqual(cookbook.greeting(robust, 7), "Hello Ada")
        self.assertEqual(self.effects(), ["error LOADING"] * 4)


class DeadlockTests(MySQLCase):
    """
    A deadlock in a transaction.
    """

    @inThread
    def test_deadlock(self) -> None:
        """
        The fragile transfer gives bob money that alice still has; the robust one moves it.
        """
        cookbook = recipe("mysql_deadlock")
        setup = self.connect()
        connection = self.connect()
        connection.autocommit(False)
        for transfer, balances in (
            (cookbook.fragile_transfer, {"alice": 100, "bob": 110}),
            (cookbook.robust_transfer, {"alice": 90, "bob": 110}),
        ):
            rule(self)
            self.ask(
                setup,
                "CREATE OR REPLACE TABLE accounts (name VARCHAR(9), balance INT) ENGINE=InnoDB",
            )
            self.ask(setup, "INSERT INTO accounts VALUES ('alice', 100), ('bob', 100)")
            strike(self, "mysql_deadlock")
            transfer(connection, 10)
            self.assertEqual(dict(self.ask(setup, "SELECT name, balance FROM accounts")), balances)
        self.assertEqual(self.effects(), ["error 1213"] * 2)


class UploadTests(ProxyCase):
    """
    A slow upload.
    """

    skip = missing("nginx")
    server: Server

    async def prepare(self) -> None:
        """
        Start what is not running.
        """
        self.server = nginx()
        await self.open(self.server.backend, "http")

    @inThread
    def test_slow(self) -> None:
        """
        The fragile upload lasts as long as the fault does; the robust one gives up, keeps
        the file, and sends it later.
        """
        cookbook = recipe("slow_upload")
        folder = Path(self.mktemp())
        folder.mkdir()
        for name in ("fragile", "robust"):
            (folder / name).write_bytes(os.urandom(8 * 2**20))
        url = f"http://{self.proxy.address}/kept/"
        self.behave("bandwidth", rate=20, direction="upstream")
        ended = Event()

        def upload() -> None:
            with contextlib.suppress(OSError):
                cookbook.fragile_upload(url + "fragile", folder / "fragile")
            ended.set()

        thread = Thread(target=upload)
        thread.start()
        try:
            self.assertFalse(cookbook.robust_upload(url + "robust", folder / "robust", 1))
            self.assertTrue((folder / "robust").exists())
            self.assertFalse(ended.is_set())
        finally:
            self.behave("dummy")
            thread.join(PATIENCE)
        self.assertTrue(cookbook.robust_upload(url + "robust", folder / "robust", PATIENCE))
        self.assertFalse((folder / "robust").exists())


class MailTests(SMTPCase):
    """
    A mail server says 451.
    """

    @inThread
    def test_mail(self) -> None:
        """
        The fragile code loses the mail; the robust one sends it later.
        """
        cookbook = recipe("mail_451")
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", "hello"
        mail.set_content("text\n")
        where = "127.0.0.1", self.proxy.port
        strike(self, "mail_451")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            self.assertEqual(cookbook.fragile_send(*where, [mail]), [])
        self.assertIn("cannot send to b@example.org", printed.getvalue())
        self.assertEqual(self.mailbox.mails, [])
        strike(self, "mail_451")
        later = cookbook.robust_send(*where, [mail])
        self.assertEqual(later, [mail])
        self.assertEqual(cookbook.robust_send(*where, later), [])
        self.assertEqual(len(self.mailbox.mails), 1)
