"""
Plays many conversations: python -m tests.conversations PROTOCOL COUNT [FIRST SEED]
"""

from __future__ import annotations

import sys
import time
from random import Random

from tests.conversations.memory import Conversation
from tests.conversations.speeches import SPEECHES


def main(wire: str, count: int, first: int = 0) -> int:
    """
    Play them, and say how many failed, the first few with their seeds.
    """
    began, failed = time.monotonic(), 0
    for seed in range(first, first + count):
        conversation = Conversation(Random(seed), SPEECHES[wire])
        try:
            conversation.play()
        except Exception as error:
            failed += 1
            if failed <= 5:
                print(f"{wire} seed {seed}: {error!r}"[:2000])
    print(f"{wire}: {count} conversations, {failed} failed, {time.monotonic() - began:.0f} s")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])) > 0)
