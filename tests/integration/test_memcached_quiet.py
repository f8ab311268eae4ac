"""
memcached's own words with and without a proxy between, where a command that is quiet is
answered, or one that is not.
"""

from __future__ import annotations

import socket

from tests.integration.ruling import fault, rule
from tests.integration.support import PATIENCE, inThread
from tests.integration.test_memcached import MemcachedCase

#: What is refused, how the server would answer it, and what it is answered.
PROBE, ITSELF = b"touch absent 0\r\n", b"NOT_FOUND\r\n"
REFUSED = b"SERVER_ERROR temporary failure\r\n"

#: Commands, as they are said all at once: a C{+} stands for one that is refused.
CONVERSATIONS = (
    "ma a1 N0 q|+|get k|+",
    "ma a2 N0 J13 q v|get k|+",
    "ma n q|ma n q v|ma absent q|+|get k",
    "ma a3 N0 q O1 k|ma a4 N0 q O2|+|mg k v|+",
    "ma k q|+|ma n q C1|+|ma n q Dx|+",
    "ma a5 N0 q|ma n q|ma a6 N0 q|get k|+",
    "ma YjY0 b N0 q k O1|ma bg== b q k O2|+|get k|+",
    "mg k q|mg k v q|mg absent v q|+|get k|+",
    "mg g1 N30 v q|mg g1 N30 v q|mg g2 N30 q|+|get k|+",
    "mg k v q Oabc k|mg absent v q Oabd k|+|mn|+",
    "mg aw== b v k q|mg YWJzZW50 b v k q Oz|+|mg aw== b v k q Oz|+",
    "mg k v v q|+|mg !!! b v q|+|mg k Tx q|+|mg k v q !|+|get k|+",
    "mg k v qx|mg absent v qx|+|mg k kx v|+",
    "mg absent v q O1|mg k v q O1|mg k v O1|+|get k|+",
    "ms s1 2 q/ab|+|ms k 3 q ME/abc|+|ms absent 2 q MR/ab|+|ms k 3 q C1/abc|+",
    "ms absent 2 q MA/ab|ms s2 2 q MA N0/ab|+|get k|+",
    "ms s3 2 q/abc|+|ms s3 2 q MZ/ab|+|ms s3 x q|+|get k|+",
    "ms s5 BIG q/BIG|+|get k|+",
    "set s4 0 0 BIG noreply/BIG|+|get k|+",
    "set s4 0 0 2 noreply/abc|+|get k|+",
    "set s4 x 0 2 noreply/ab|+|get k|+",
    "cas k 0 0 1 1 noreply/x|+|incr k 1 noreply|+|incr n x noreply|+|get k|+",
    "md absent q|md absent q O1|md k q C1|md k q x|+|get k|+",
    "lru_crawler tocrawl 5 noreply|+|slabs x noreply|+|slabs reassign 1 1 noreply|+",
    "verbosity 0 noreply|+|verbosity 0 0 noreply|+|flush_all 0 0 noreply|+|get k|+",
    "delete absent 0 noreply|+|delete k 0 0 noreply|+|incr n 1 2 noreply|+|get k|+",
)


class QuietMemcachedTests(MemcachedCase):
    """
    Conversations over plain sockets.
    """

    def talk(self, port: int, said: bytes) -> bytes:
        """
        What is answered, up to the answer to a last C{version}.
        """
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            client.sendall(said + b"version\r\n")
            heard = b""
            while not (heard.endswith(b"\r\n") and b"VERSION " in heard):
                more = client.recv(65536)
                self.assertTrue(more, heard)
                heard += more
        return heard.partition(b"VERSION ")[0]

    @inThread
    def test_pitfall25_inTheirPlaces(self) -> None:
        """
        What is refused is answered in its place, and everything else as without a proxy.
        """
        direct = self.client(self.server.port)
        rule(self, fault({"command": "touch"}, code=REFUSED.decode().strip()))
        value = b"x" * (8 * 2**20 + 1)
        for conversation in CONVERSATIONS:
            said = b"".join(
                PROBE if line == "+" else line.replace("/", "\r\n").encode() + b"\r\n"
                for line in conversation.split("|")
            )
            said = said.replace(b"BIG\r\n", value + b"\r\n").replace(b"BIG", b"%d" % len(value))
            heard = []
            for port in (self.server.port, self.proxy.port):
                direct.flush_all()
                direct.set("k", b"abc")
                direct.set("n", b"5")
                heard.append(self.talk(port, said))
            wanted = heard[0].replace(ITSELF, REFUSED)
            self.assertEqual(wanted.count(REFUSED), conversation.count("+"), conversation)
            self.assertEqual(heard[1], wanted, conversation)
        self.assertEqual(self.opaque(), [])
