"""
Tests for what C{benchmarks} understands of other programs' output.
"""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.readings import (
    ReadingError,
    h2loadRate,
    iperfRate,
    listening,
    memcaslapRate,
    percentile,
    pgbenchRate,
    redisRate,
    residentSize,
    sysbenchRate,
    version,
    wrkRate,
)

REDIS = """\
"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms"
"GET","91743.12","0.293","0.088","0.287","0.391"
"""

WRK = """\
Running 2s test @ http://127.0.0.1:20003/
  1 threads and 50 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   277.59us   72.47us   2.52ms   87.41%
    Req/Sec   181.80k     9.10k  194.54k    70.00%
  361873 requests in 2.00s, 65.57MB read
Requests/sec: 180936.51
Transfer/sec:     32.78MB
"""

SYSBENCH = """\
SQL statistics:
    queries performed:
        read:                            33642
        write:                           0
        other:                           0
        total:                           33642
    transactions:                        33642  (16779.80 per sec.)
    queries:                             33642  (16779.80 per sec.)
    ignored errors:                      0      (0.00 per sec.)
    reconnects:                          0      (0.00 per sec.)
"""

PGBENCH = """\
pgbench (15.18 (Debian 15.18-0+deb12u1))
transaction type: <builtin: select only>
query mode: prepared
number of clients: 16
duration: 2 s
number of transactions actually processed: 41268
number of failed transactions: 0 (0.000%)
latency average = 0.771 ms
initial connection time = 29.305 ms
tps = 20745.912402 (without initial connection time)
"""

MEMCASLAP = """\
servers: 127.0.0.1:20017
threads count: 1
concurrency: 50
set proportion: set_prop=0.10
get proportion: get_prop=0.90
cmd_get: 143844
cmd_set: 16007
get_misses: 0

Run time: 2.0s Ops: 159851 TPS: 79919 Net_rate: 89.4M/s
"""

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 0100007F:4E20 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 0100007F:4E21 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0
"""


class ReadingsTests(SynchronousTestCase):
    """
    What other programs print.
    """

    def test_redis(self) -> None:
        """
        The rate is the second column of the line below the head, whatever else is printed.
        """
        self.assertEqual(redisRate(REDIS), 91743.12)
        self.assertEqual(redisRate("WARNING: no CONFIG\n" + REDIS), 91743.12)

    def test_redisWithoutRate(self) -> None:
        """
        The head alone, as after an error, or an infinite rate are no reading.
        """
        head = REDIS.splitlines()[0]
        for text in ("", head, "Could not connect", f'{head}\n"GET","inf"', f'{head}\n"GET","-"'):
            self.assertRaises(ReadingError, redisRate, text)

    def test_wrk(self) -> None:
        """
        The rate of all threads, not that of one.
        """
        self.assertEqual(wrkRate(WRK), 180936.51)

    def test_wrkWithErrors(self) -> None:
        """
        A rate that has failed requests in it is none; the reason says which.
        """
        for line in (
            "  Socket errors: connect 0, read 3, write 0, timeout 0",
            "  Non-2xx or 3xx responses: 17",
        ):
            error = self.assertRaises(ReadingError, wrkRate, line + "\n" + WRK)
            self.assertIn(line.strip(), str(error))
        self.assertRaises(ReadingError, wrkRate, "unable to connect")
        self.assertRaises(ReadingError, wrkRate, WRK.replace("180936.51", "0.00"))

    def test_h2load(self) -> None:
        """
        The rate, if no request has failed.
        """
        told = (
            "finished in 2.00s, 75533.84 req/s, 2.45MB/s\n"
            "requests: 9 total, 9 started, 9 done, 9 succeeded, 0 failed, 0 errored, 0 timeout\n"
            "status codes: 9 2xx, 0 3xx, 0 4xx, 0 5xx\n"
        )
        self.assertEqual(h2loadRate(told), 75533.84)
        for wrong in (
            told.replace("0 failed", "1 failed"),
            told.replace("0 5xx", "2 5xx"),
            told.replace("75533.84", "0.00"),
            "could not connect",
        ):
            self.assertRaises(ReadingError, h2loadRate, wrong)

    def test_iperf(self) -> None:
        """
        Bits that were received become megabytes.
        """
        ends = {"sum_sent": {"bits_per_second": 9e9}, "sum_received": {"bits_per_second": 8e9}}
        self.assertEqual(iperfRate(json.dumps({"end": ends})), 1000.0)

    def test_iperfWithErrors(self) -> None:
        """
        Its own error is told; anything else is no reading.
        """
        busy = json.dumps({"end": {}, "error": "the server is busy"})
        error = self.assertRaises(ReadingError, iperfRate, busy)
        self.assertIn("the server is busy", str(error))
        for text in ("", "{}", '{"end": {}}', '{"end": null}'):
            self.assertRaises(ReadingError, iperfRate, text)

    def test_sysbench(self) -> None:
        """
        All queries count, whatever they did.
        """
        self.assertEqual(sysbenchRate(SYSBENCH), 16779.80)

    def test_sysbenchWithErrors(self) -> None:
        """
        A rate that has failed queries or new connections in it is none.
        """
        for word in ("ignored errors:", "reconnects:    "):
            wrong = SYSBENCH.replace(
                f"{word}                      0 ", f"{word}                      3 "
            )
            self.assertNotEqual(wrong, SYSBENCH)
            error = self.assertRaises(ReadingError, sysbenchRate, wrong)
            self.assertIn(": 3", str(error))
        for text in ("", "FATAL: unable to connect", SYSBENCH.replace("16779.80", "0.00")):
            self.assertRaises(ReadingError, sysbenchRate, text)

    def test_pgbench(self) -> None:
        """
        The time for connecting is left out.
        """
        self.assertEqual(pgbenchRate(PGBENCH), 20745.912402)

    def test_pgbenchWithErrors(self) -> None:
        """
        Failed transactions and clients that gave up are told.
        """
        for told, wrong, reason in (
            ("failed transactions: 0 (0.000%)", "failed transactions: 2 (0.005%)", "2 (0.005%)"),
            ("tps =", "Run was aborted; the above results are incomplete.\ntps =", "aborted"),
        ):
            error = self.assertRaises(ReadingError, pgbenchRate, PGBENCH.replace(told, wrong))
            self.assertIn(reason, str(error))
        for text in (
            "",
            PGBENCH.replace("tps = ", "tps: "),
            PGBENCH.replace("20745.912402", "nan"),
        ):
            self.assertRaises(ReadingError, pgbenchRate, text)

    def test_memcaslap(self) -> None:
        """
        Getting and setting count alike.
        """
        self.assertEqual(memcaslapRate(MEMCASLAP), 79919)

    def test_memcaslapWithErrors(self) -> None:
        """
        A value that is not found was lost on the way.
        """
        lost = MEMCASLAP.replace("get_misses: 0", "get_misses: 12")
        self.assertIn("12", str(self.assertRaises(ReadingError, memcaslapRate, lost)))
        for text in ("", "couldn't connect", MEMCASLAP.replace("TPS: 79919", "TPS: 0")):
            self.assertRaises(ReadingError, memcaslapRate, text)

    def test_residentSize(self) -> None:
        """
        The resident size, not the greatest; a process that ended has none.
        """
        status = "Name:\tenvoy\nVmHWM:\t  900 kB\nVmRSS:\t  812 kB\nThreads:\t1\n"
        self.assertEqual(residentSize(status), 812)
        self.assertRaises(ReadingError, residentSize, "Name:\tenvoy\nState:\tZ (zombie)\n")

    def test_listening(self) -> None:
        """
        Only sockets that listen count; ports are hexadecimal.
        """
        self.assertEqual(listening(TCP), {20000})

    def test_version(self) -> None:
        """
        The number is found in whatever surrounds it.
        """
        for text, number in (
            ("HAProxy version 2.6.12-1+deb12u4 2026/01/02 - https://haproxy.org/", "2.6.12"),
            ("/venv/lib/python3.11/envoy  version: 9e55/1.40.0/Clean/RELEASE", "1.40.0"),
            ("Redis server v=7.0.15 sha=00000000:0", "7.0.15"),
            ("nothing", "?"),
        ):
            self.assertEqual(version(text), number)

    def test_percentile(self) -> None:
        """
        A value of the list itself, at the nearest rank.
        """
        values = [float(number) for number in range(200, 0, -1)]
        self.assertEqual(percentile(values, 50), 100)
        self.assertEqual(percentile(values, 99), 198)
        self.assertEqual(percentile(values, 100), 200)
        self.assertEqual(percentile([7.0], 1), 7)
