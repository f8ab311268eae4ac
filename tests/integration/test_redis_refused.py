"""
Redis's own words with and without a proxy between, where the server refuses what would change
how it replies, or gives no reply.
"""

from __future__ import annotations

import re
import socket

from tests.integration.redis_case import RedisWireCase
from tests.integration.ruling import fault, rule
from tests.integration.support import PATIENCE, inThread

#: A rule's probe, how the server answers it, and what it is answered.
PROBE, ITSELF = "ECHO probe", b"$5\r\nprobe\r\n"
REFUSED = b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"

#: What a user may not do, and commands: C{+} stands for one that a rule refuses.
CONVERSATIONS = (
    ("", "MONITOR|MONITOR|+|PING|+"),
    ("", "MONITOR|SYNC|+|PSYNC ? -1|PING|+"),
    ("", "MONITOR|RESET|MONITOR|+|PING|+"),
    ("", "CLIENT REPLY SKIP|MONITOR|+|PING|+"),
    ("", "CLIENT REPLY OFF|MONITOR|CLIENT REPLY ON|+|PING|+"),
    ("-monitor", "MONITOR|+|MONITOR|+|PING|+"),
    ("-client", "CLIENT REPLY OFF|+|PING|+|CLIENT REPLY ON|+"),
    ("-client", "CLIENT REPLY SKIP|+|GET a|+|PING|+"),
    ("-client", "CLIENT REPLY OFF|SUBSCRIBE c|PING|UNSUBSCRIBE|+"),
    ("-client", "CLIENT REPLY OFF|HELLO 3|PING|+"),
    ("-client", "CLIENT REPLY SKIP|MULTI|SUBSCRIBE c d|EXEC|UNSUBSCRIBE|+"),
    ("", "SUBSCRIBE c|CLIENT REPLY OFF|PING|UNSUBSCRIBE|+"),
    ("", "CLIENT REPLY OFF|RESET x|CLIENT REPLY MAYBE|CLIENT REPLY ON|+|PING|+"),
    ("-reset", "CLIENT REPLY OFF|RESET|CLIENT REPLY ON|+|PING|+"),
    ("-multi", "MULTI|HELLO 3|+|PING|+"),
    ("-multi", "MULTI|SUBSCRIBE c d|PING|UNSUBSCRIBE|+"),
    ("-multi", "MULTI|MONITOR|+|PING|+"),
    ("", "MULTI|DISCARD x|SUBSCRIBE c d|EXEC|+|PING|+"),
    ("", "MULTI|EXEC x|CLIENT REPLY SKIP|PING|+|PING"),
    ("", "MULTI|MULTI|EXEC|+|HELLO 3|+"),
    ("-discard", "MULTI|DISCARD|HELLO 3|EXEC|+|PING|+"),
    ("", "MULTI|CLIENT REPLY SKIP|PING|EXEC|PING|PING|+"),
    ("", "SUBSCRIBE c|HELLO 3|UNSUBSCRIBE|HELLO 3|SUBSCRIBE c d|MULTI|UNSUBSCRIBE|EXEC|+"),
    ("-hello", "HELLO 3|+|SUBSCRIBE c|PING|UNSUBSCRIBE|+"),
    ("", "HELLO 3 AUTH nobody x|+|HELLO 4|+|HELLO 3 WHAT|+|PING|+"),
    ("-subscribe", "SUBSCRIBE c d|+|PING|+"),
    ("-sync -psync", "SYNC|+|PSYNC ? -1|+|PING|+"),
)


def written(line: str) -> bytes:
    """
    A command as clients write it.
    """
    words = line.encode().split()
    bulks = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
    return b"*%d\r\n" % len(words) + bulks


class RefusedRedisTests(RedisWireCase):
    """
    Conversations over plain sockets, all commands at once.
    """

    def talk(self, port: int, *rounds: list[str]) -> list[bytes]:
        """
        What is answered in each round, up to the answer to a last command, but for reports.
        """
        answers = []
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            for lines in rounds:
                client.sendall(b"".join(written(line) for line in [*lines, "TIME x"]))
                heard = b""
                while b"'time' command\r\n" not in heard:
                    more = client.recv(65536)
                    self.assertTrue(more, heard)
                    heard += more
                heard = re.sub(rb"(id\r\n):\d+", rb"\1:0", heard)
                answers.append(re.sub(rb"\+\d+\.\d+ \[[^\r]*\r\n", b"", heard))
        return answers

    @inThread
    def test_pitfall24_inTheirPlaces(self) -> None:
        """
        What a rule refuses is answered in its place, and everything else as without a proxy.  A
        command that may have no reply is not refused, until it is known that it has one.
        """
        direct = self.client(self.server.port)
        self.addCleanup(direct.execute_command, "ACL", "DELUSER", "limited")
        rule(self, fault({"command": "ECHO"}, code="OOM"))
        for denied, conversation in CONVERSATIONS:
            rules = ["reset", "on", ">x", "~*", "&*", "+@all", *denied.split()]
            direct.execute_command("ACL", "SETUSER", "limited", *rules)
            lines = ["AUTH limited x", *conversation.replace("+", PROBE).split("|")]
            wanted = self.talk(self.server.port, lines, [PROBE])
            heard = self.talk(self.proxy.port, lines, [PROBE])
            self.assertEqual(heard[0].replace(REFUSED, ITSELF), wanted[0], (denied, conversation))
            self.assertEqual(heard[1], wanted[1].replace(ITSELF, REFUSED), (denied, conversation))
        self.assertEqual(self.opaque(), [])
