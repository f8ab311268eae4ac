import unittest
from urllib.error import HTTPError
from urllib.request import urlopen

from vaurien_twisted import Client, start_proxy, stop_proxy


class ShopTests(unittest.TestCase):
    def setUp(self):
        # --demo brings a backend; yours: backend_host="localhost", backend_port=5000
        self.proxy = start_proxy(proxy_port=0, port=0, protocol="http", options=["--demo"])
        self.addCleanup(stop_proxy, self.proxy)
        self.url = f"http://{self.proxy.proxy_address}/"

    def test_error(self):
        client = Client(url=self.proxy.http_url)
        with client.with_behavior("error"):
            with self.assertRaises(HTTPError) as caught:
                urlopen(self.url)
            caught.exception.close()
        with urlopen(self.url) as answer:
            self.assertEqual(answer.status, 200)


if __name__ == "__main__":
    unittest.main()
