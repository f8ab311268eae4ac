"""
Errors in the form of S3 and Elasticsearch: what a client reads, and what it tries again.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import httpx
from twisted.internet.defer import Deferred

from tests.integration.ruling import decided, fault, rule
from tests.integration.support import PATIENCE, ProxyCase, inThread, optional
from tests.integration.websocket_http2 import Echo, Scope, Send, serving

elasticsearch: Any = optional("elasticsearch")

#: What S3 says of its errors: the code, and the status.
S3 = {"SlowDown": 503, "InternalError": 500, "NoSuchKey": 404}

#: What Elasticsearch says: the status, and the type of the error.
ELASTIC = {429: "es_rejected_execution_exception", 503: "cluster_block_exception"}


class Search(Echo):
    """
    Answers as Elasticsearch does, as far as its client looks.
    """

    async def reply(self, scope: Scope, send: Send) -> None:
        """
        No hits.
        """
        headers = [(b"content-type", b"application/json"), (b"x-elastic-product", b"Elasticsearch")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"hits": {"hits": []}}'})


class ServiceTests(ProxyCase):
    """
    A proxy before one server.
    """

    skip = None if serving else "not installed: hypercorn"

    async def prepare(self) -> None:
        """
        Start the server.
        """
        server = Search()
        self.addCleanup(lambda: Deferred.fromCoroutine(server.stop()))
        await self.open(f"127.0.0.1:{server.port}", "http", seed=7)

    @inThread
    def test_s3(self) -> None:
        """
        The XML document that boto3 and others read: code, message, resource and number.
        """
        for http2 in (False, True):
            for code, status in S3.items():
                rule(self, fault(code=f"s3.{code}"))
                with httpx.Client(http1=not http2, http2=http2, verify=False) as client:
                    reply = client.get(f"http://{self.proxy.address}/bucket/key")
                document = ElementTree.fromstring(reply.text)
                told = {each.tag: each.text for each in document}
                self.assertEqual((reply.status_code, document.tag), (status, "Error"))
                self.assertEqual((told["Code"], told["Resource"]), (code, "/bucket/key"))
                self.assertEqual(told["RequestId"], reply.headers["x-amz-request-id"])
                self.assertEqual(reply.headers["content-type"], "application/xml")
                self.assertTrue(told["Message"])

    @inThread
    def test_elasticsearch(self) -> None:
        """
        Its client raises ApiError with the type of the error, and tries both statuses again.
        """
        if elasticsearch is None:
            self.skipTest("not installed: elasticsearch")
        for status, kind in ELASTIC.items():
            error = fault(code=f"elasticsearch.{status}")
            for times, retries in ((9, 0), (1, 1)):
                rule(self, {**error, "times": times})
                before = len(decided(self))
                client = elasticsearch.Elasticsearch(
                    f"http://{self.proxy.address}",
                    max_retries=retries,
                    request_timeout=PATIENCE,
                    retry_on_timeout=False,
                )
                try:
                    if retries:
                        self.assertEqual(client.search(index="shop")["hits"]["hits"], [])
                    else:
                        with self.assertRaises(elasticsearch.ApiError) as caught:
                            client.search(index="shop")
                        self.assertEqual(caught.exception.status_code, status)
                        self.assertEqual(caught.exception.error, kind)
                finally:
                    client.close()
                self.assertEqual(len(decided(self)) - before, 1)
