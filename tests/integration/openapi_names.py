"""
What is there when schemathesis sends its requests.
"""

from __future__ import annotations

#: The environment variables with the URL of the service, and with a backend that accepts
#: connections, as HOST:PORT.
URL = "VAURIEN_URL"
BACKEND = "BACKEND"

#: Names that are there, by the parameters of paths, so that requests reach what is behind them.
NAMES = {
    "/page/{name}": {"name": ["app.css", "main.js"]},
    "/protocols/{name}": {"name": ["tcp", "http", "mysql"]},
    "/leases/{name}": {"name": ["lease"]},
    # An open connection's is put in its place.
    "/connections/{number}": {"number": [str(number) for number in range(1, 1000)]},
    "/rules/{rule}": {"rule": ["delay", "slow"]},
    "/proxies/{name}": {
        "name": ["proxy", "one"],
        "rule": ["delay", "slow"],
        "toxic": ["latency_downstream", "noop"],
    },
}


def names(path: str) -> dict[str, list[str]]:
    """
    The names that are there, by parameter of a path.
    """
    known = next((own for begin, own in NAMES.items() if path.startswith(begin)), {})
    return {name: own for name, own in known.items() if f"{{{name}}}" in path}
