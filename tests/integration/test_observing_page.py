"""
The commands of the page on observing, whose answers the page does not show.
"""

from __future__ import annotations

import os
import select
import shlex
import subprocess
import sys
from pathlib import Path
from typing import IO

import vaurien_twisted
from tests.integration.children import ChildCase
from tests.integration.servers import missing

PAGE = Path(vaurien_twisted.__file__).parents[1] / "docs" / "observing.rst"

#: Where the page's service listens.
SERVICE = "http://localhost:8080"


def commands() -> list[list[str]]:
    """
    The words of each command in a console block that shows no answer.
    """
    found = []
    lines = PAGE.read_text().splitlines()
    for number, line in enumerate(lines):
        shown = lines[number + 1 : number + 2]
        if line.startswith("   $ ") and (shown in ([""], []) or shown[0].startswith("   $ ")):
            found.append(shlex.split(line.removeprefix("   $ ")))
    return found


class CommandTests(ChildCase):
    """
    Each command says something about a service where something was set.
    """

    skip = missing("curl", "curl")

    def test_commands(self) -> None:
        """
        C{top} ends where nobody watches it; the others tell the journal until they are ended.
        """
        proxy = self.child(9)
        client = self.client(proxy)
        names = []
        for command, *words in commands():
            if command == "vaurien":
                # It is started by all other tests.
                continue
            if command == "vaurienctl":
                command = str(Path(sys.executable).with_name("vaurienctl"))
            line = [command, *(word.replace(SERVICE, proxy.http_url) for word in words)]
            started = subprocess.Popen(
                line,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "VAURIEN_URL": proxy.http_url, "PYTHONUNBUFFERED": "1"},
            )
            assert started.stdout is not None
            self.addCleanup(started.stdout.close)
            self.addCleanup(started.wait)
            self.addCleanup(started.kill)
            if words == ["watch"]:
                # It tells what comes: the change after it has begun.
                while not _readable(started.stdout):
                    client.set_behavior("hang")
            self.assertNotEqual(started.stdout.readline(), "", line)
            names.append(" ".join(words).partition(" ")[0])
        self.assertLessEqual({"top", "watch", "-N"}, set(names))


def _readable(stream: IO[str]) -> bool:
    """
    Whether there is something to read within a tenth of a second.
    """
    return bool(select.select([stream], [], [], 0.1)[0])
