from pathlib import Path
from urllib.request import Request, urlopen


def put(url, path, **options):
    with urlopen(Request(url, Path(path).read_bytes(), method="PUT"), **options) as answer:
        return answer.status


def fragile_upload(url, path):
    # Without a timeout this takes as long as the network likes.
    put(url, path)
    Path(path).unlink()
    return True


def robust_upload(url, path, timeout=10):
    # A file stays in the outbox until the server has it; call this again later.
    try:
        put(url, path, timeout=timeout)
    except OSError:
        return False
    Path(path).unlink()
    return True
