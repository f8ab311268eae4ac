from sqlalchemy import create_engine, text


def fragile_engine(url):
    # A pool hands out its connections as they are, also those that the server has closed.
    return create_engine(url)


def robust_engine(url):
    # Checks a connection before it is handed out, and replaces it if it is dead.
    return create_engine(url, pool_pre_ping=True)


def count_orders(engine):
    with engine.connect() as connection:
        return connection.scalar(text("SELECT COUNT(*) FROM orders"))
