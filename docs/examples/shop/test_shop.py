import os

import pymysql
import pytest
from shop import create_app

# In TLS nothing could be seen.
USER = {"user": "app", "password": "secret", "database": "shop", "ssl_disabled": True}


@pytest.fixture(scope="session")
def app(vaurien_session):
    host, _, port = os.environ["SHOP_MYSQL"].partition(":")
    connection = pymysql.connect(host=host, port=int(port), **USER, autocommit=True)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS orders (id INT PRIMARY KEY, state TEXT)")
        values = ", ".join(f"({n}, 'new')" for n in range(1, 51))
        cursor.execute(f"INSERT IGNORE INTO orders VALUES {values}")
    db, cache = vaurien_session.proxy("db"), vaurien_session.proxy("cache")
    return create_app({"host": db.host, "port": db.port, **USER}, (cache.host, cache.port))


@pytest.fixture
def shop(app):
    return app.test_client()


@pytest.fixture
def db(vaurien):
    return vaurien.proxy("db")


UPDATE = {"sql": "^UPDATE"}
SELECT = {"sql": "^SELECT"}


def test_deadlock_is_retried(shop, db):
    with db.fault("error", code=1213, when=UPDATE, times=1) as fault:
        assert shop.post("/orders/1/pay").status_code == 200
    assert fault.struck == 1


def test_deadlocks_without_end(shop, db):
    with db.fault("error", code=1213, when=UPDATE) as fault:
        assert shop.post("/orders/1/pay").status_code == 503
    assert fault.struck == 3


def test_loading(shop, vaurien):
    with vaurien.proxy("cache").fault("error", code="LOADING", when={"key": "visits"}, times=1):
        assert shop.get("/visits").json["visits"] > 0


def test_hang(shop, db):
    with db.fault("hang", when=SELECT):
        answer = shop.get("/orders")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_restart_under_a_pool(shop, db):
    assert shop.get("/orders").status_code == 200
    with db.fault("error", code=1053, when=SELECT, times=1):
        assert len(shop.get("/orders").json["orders"]) == 50


def test_slow_reply(shop, db):
    with db.fault("delay", sleep="200ms", when=SELECT, times=1) as fault:
        assert shop.get("/orders").status_code == 200
    assert fault.struck == 1


def test_reset_within_a_reply(shop, db):
    with db.fault("error", at="partial", count=200, then="reset", when=SELECT, times=1):
        assert shop.get("/orders").status_code == 200


def test_cut_after_rows(shop, db):
    with db.fault("error", at="partial", count=10, unit="units", when=SELECT, times=1):
        assert len(shop.get("/orders").json["orders"]) == 50


def test_greeting_is_refused(app, vaurien):
    db = vaurien.proxy("db")
    with db.fault("error", code=1040, times=1), pytest.raises(pymysql.err.OperationalError):
        pymysql.connect(host=db.host, port=db.port, **USER)


def test_blackout_and_recovery(shop, db):
    db.disable()
    assert shop.get("/orders").status_code == 503
    db.enable()
    assert shop.get("/orders").status_code == 200
