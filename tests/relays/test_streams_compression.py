"""
Tests that both ends keep the same compression context, whatever is held back, dropped or
answered between them.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.relays.multiplexed import Multiplexed, rule

#: What happens to requests, by the first word of their path.
RULES: list[dict[str, Any]] = [
    rule("error", "/answer*", code="503", body="no"),
    rule("error", "/late*", code="500", at="reply"),
    rule("error", "/cut*", at="partial", count=3),
    rule("error", "/reset*", code="rst-stream:CANCEL"),
    rule("delay", "/slow*", sleep=1),
    rule("delay", "/slowly*", sleep=1, before=False),
]

WORDS = ("answer", "late", "cut", "reset", "slow", "slowly", "pass", "pass")

#: A request: what happens to it, how long a field is that both ends index, and its body.
REQUESTS = st.tuples(
    st.sampled_from(WORDS), st.integers(0, 700), st.sampled_from((None, b"", b"x" * 50))
)


class CompressionTests(SynchronousTestCase):
    """
    h2 reads each block on both sides, and would miss an entry of the table.
    """

    @given(st.lists(REQUESTS, min_size=1, max_size=25), st.sampled_from((4096, 0, 100, 65536)))
    @settings(max_examples=60, deadline=None)
    def test_anything(self, requests: list[tuple[str, int, bytes | None]], size: int) -> None:
        """
        All fields of what passes are as they were sent, in both directions.
        """
        link = Multiplexed(*RULES)
        link.client.update_settings({1: size})
        link.server.update_settings({1: size})
        link.pump()
        got = []
        for number, (word, length, body) in enumerate(requests):
            path = f"/{word}/{number}"
            more = {"x_long": "y" * length, f"x_{number % 5}": str(number)}
            got.append((word, path, link.ask(path, body, **more)))
        for _ in range(3):
            link.wait(1)
        for word, path, each in got:
            said = path.encode() + b"\n"
            if word in ("pass", "slow", "slowly"):
                self.assertEqual((each.fields[":status"], each.ended), ("200", True))
                self.assertEqual(each.body[: len(said)], said)
            elif word in ("answer", "late"):
                self.assertEqual(each.fields[":status"], "503" if word == "answer" else "500")
            elif word == "cut":
                self.assertEqual(each.body, said[:3])
            else:
                self.assertEqual(each.reset, 8)
        for fields, _ in link.asked.values():
            _, word, number = fields[":path"].split("/")
            _, length, _ = requests[int(number)]
            self.assertEqual((fields["x-long"], word), ("y" * length, requests[int(number)][0]))
            self.assertEqual(fields[f"x-{int(number) % 5}"], number)
        self.assertEqual((link.pair.factory.memory.held, link.gone), (0, []))
        self.assertEqual(link.pair.clock.getDelayedCalls(), [])

    def test_renumbered(self) -> None:
        """
        GOAWAY of a backend that knows other numbers says what was served by the client's.
        """
        link = Multiplexed(rule("delay", "/slow", sleep=1), answers=False)
        slow, first, second = link.ask("/slow"), link.ask("/a"), link.ask("/b")
        link.wait(1)
        self.assertEqual(sorted(link.asked), [3, 5, 7])
        link.server.close_connection(0, last_stream_id=5)
        link.pump()
        [said] = link.gone
        self.assertEqual(said.last_stream_id, 5)
        self.assertEqual((slow.reset, first.reset, second.reset), (7, None, None))
