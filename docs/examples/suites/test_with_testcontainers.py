"""
Redis in a container, and Vaurien before it: in a process of its own, or in a container, too.
"""

import pytest
import redis
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import HttpWaitStrategy, LogMessageWaitStrategy

from vaurien_twisted import Client


@pytest.fixture(scope="module")
def network():
    with Network() as network:
        yield network


@pytest.fixture(scope="module")
def backend(network):
    container = DockerContainer("redis:7").with_exposed_ports(6379)
    container.with_network(network).with_network_aliases("redis")
    with container.waiting_for(LogMessageWaitStrategy("Ready to accept connections")):
        yield container


@pytest.fixture(scope="module")
def service(network):
    container = DockerContainer("vaurien").with_exposed_ports(8474, 6379)
    container.with_network(network)
    with container.waiting_for(HttpWaitStrategy(8474, "/health")):
        yield container


def place(container, port):
    """
    Where a port of a container is, seen from here.
    """
    return container.get_container_host_ip(), int(container.get_exposed_port(port))


def code_of(client):
    """
    The error that Redis answers, or none.
    """
    try:
        client.set("visits", 1)
    except redis.exceptions.OutOfMemoryError:
        return "OOM"
    return None


def test_application_here(vaurien, backend):
    host, port = place(backend, 6379)
    cache = vaurien.proxy("cache", f"{host}:{port}", protocol="redis")
    client = redis.Redis(cache.host, cache.port, retry=None)
    loading = cache.fault("error", code="LOADING", when={"command": "GET"}, times=1)
    with loading, pytest.raises(redis.exceptions.BusyLoadingError):
        client.get("visits")


def test_application_in_a_container(service, backend):
    host, port = place(service, 8474)
    cache = Client(host, port).create_proxy("cache", "redis:6379", "0.0.0.0:6379", "redis")
    # The application's container would connect to the name of the service's container.
    client = redis.Redis(*place(service, 6379), retry=None)
    with cache.fault("error", code="OOM", when={"command": "SET"}, times=1) as fault:
        assert [code_of(client), code_of(client)] == ["OOM", None]
    assert fault.struck == 1
