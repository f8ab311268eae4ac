from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.retry import Retry


def fragile_client(host, port):
    return Redis(host, port, retry=Retry(NoBackoff(), 0))


def robust_client(host, port):
    # LOADING is a ConnectionError of redis-py, which is retried: after 0.1 s, 0.2 s, 0.4 s...
    return Redis(host, port, retry=Retry(ExponentialBackoff(cap=5, base=0.05), 10))


def greeting(client, user):
    name = client.get(f"name:{user}")
    return f"Hello {name.decode()}" if name else "Hello"
