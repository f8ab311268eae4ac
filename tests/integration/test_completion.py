"""
C{vaurienctl completion} in real shells: what they offer for the beginning of a command line.
"""

from __future__ import annotations

import io
import os
import pty
import re
import select
import shutil
import subprocess
import time
from contextlib import redirect_stdout
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.integration.support import PATIENCE
from vaurien_twisted.ctl.main import main

#: Beginnings of command lines, and what is offered for the last word.
OFFERED = {
    "vaurienctl set-b": {"set-behavior", "set-backend"},
    "vaurienctl journal --la": {"--last"},
    "vaurienctl journal --kind re": {"reverted", "refused", "refusing", "reached"},
    "vaurienctl toxic ": {"add", "update", "remove"},
    "vaurienctl experiment che": {"check"},
    "vaurienctl completion ": {"bash", "zsh", "fish"},
    "vaurienctl help expl": {"explain"},
    "vaurienctl set-rules rules.j": {"rules.json"},
}


class CompletionTests(SynchronousTestCase):
    """
    The script for each shell, in that shell.
    """

    def setUp(self) -> None:
        """
        A folder with a file to be offered.
        """
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        (self.folder / "rules.json").touch()

    def script(self, shell: str) -> str:
        """
        The script, if the shell is there.
        """
        if shutil.which(shell) is None:
            self.skipTest(f"{shell} is not installed")
        out = io.StringIO()
        with redirect_stdout(out):
            self.assertEqual(main(["completion", shell]), 0)
        return out.getvalue()

    def run_(self, shell: str, script: str, *options: str) -> str:
        """
        What a shell prints.
        """
        done = subprocess.run(
            [shell, *options],
            input=script,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder)},
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_bash(self) -> None:
        """
        Bash.
        """
        script = [self.script("bash")]
        for line in OFFERED:
            words = " ".join(repr(word) for word in line.split(" "))
            script.append(f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))")
            script.append('COMPREPLY=(); _shtab_vaurienctl; echo "${COMPREPLY[@]}"')
        found = self.run_("bash", "\n".join(script), "--norc").split("\n")
        for (line, offered), told in zip(OFFERED.items(), found, strict=False):
            self.assertEqual(set(told.split()), offered, line)

    def test_fish(self) -> None:
        """
        Fish, which says what each is for behind a tab.
        """
        script = [self.script("fish")]
        for line in OFFERED:
            script.append(f"echo (complete -C '{line}' | string replace -r '\\t.*' '')")
        found = self.run_("fish", "\n".join(script), "--no-config").split("\n")
        for (line, offered), told in zip(OFFERED.items(), found, strict=False):
            self.assertEqual(set(told.split()), offered, line)

    def test_zsh(self) -> None:
        """
        Zsh, on a terminal of its own.
        """
        (self.folder / "_vaurienctl").write_text(self.script("zsh"))
        terminal = Terminal(["zsh", "-f", "-i"], self.folder)
        self.addCleanup(terminal.close)
        terminal.type("unsetopt zle_bracketed_paste; setopt no_beep; LISTMAX=1000; PS1=\n")
        terminal.type("fpath=($PWD $fpath); autoload -U compinit; compinit -u -D; echo rea''dy\n")
        terminal.until({"ready"})
        for line, offered in OFFERED.items():
            # Twice: the first completes what all have in common.
            terminal.type(f"{line}\t\t")
            terminal.until(offered)
            # Kill the line; the shell answers when the next command has run.
            terminal.type("\x15echo do''ne\n")
            terminal.until({"done"})


class Terminal:
    """
    A command on a terminal.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            wide = {"TERM": "dumb", "COLUMNS": "200", "LINES": "100", "HOME": str(folder)}
            os.execvpe(command[0], command, {**os.environ, **wide})

    def type(self, keys: str) -> None:
        """
        Press keys.
        """
        os.write(self._fd, keys.encode())

    def until(self, words: set[str]) -> None:
        """
        Read until all of the words were shown.

        @raise TimeoutError: they were not.
        """
        shown = ""
        deadline = time.monotonic() + PATIENCE
        while not words <= set(re.findall(r"[\w.-]+", shown)):
            if not select.select([self._fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"not shown: {words}; shown: {shown!r}")
            shown += os.read(self._fd, 65536).decode("utf-8", "replace")

    def close(self) -> None:
        """
        End it.
        """
        os.kill(self._pid, 9)
        os.waitpid(self._pid, 0)
        os.close(self._fd)
