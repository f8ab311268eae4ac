"""
Tests for L{vaurien_twisted.model.text_file}, and for the files that are read by it.
"""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.integration.authority import papers
from vaurien_twisted.app.config_file import readConfig
from vaurien_twisted.client.common import ClientError
from vaurien_twisted.ctl.output import readFile
from vaurien_twisted.model.options import Refused
from vaurien_twisted.model.text_file import decoded
from vaurien_twisted.transports.certificates import clientOptions, serverOptions

INI = "[vaurien]\nname = \u00e4\n[rule:one]\nbehavior = hang\nwhen.key = a\n    b\n"
RULES = [{"behavior": "hang", "name": "\u00e4"}]


class TextFileTests(SynchronousTestCase):
    """
    How editors write files.
    """

    def file(self, data: bytes) -> str:
        """
        A file with that in it.
        """
        path = Path(self.mktemp())
        path.write_bytes(data)
        return str(path)

    def test_pitfall36_decoded(self) -> None:
        """
        A byte order mark of UTF-8 is removed, and line ends are normalized; other encodings are
        named.
        """
        self.assertEqual(decoded(b"\xef\xbb\xbfa\r\nb\rc\n"), "a\nb\nc\n")
        self.assertEqual(decoded(b""), "")
        for data, reason in (
            ("a".encode("utf-16"), "UTF-16"),
            (codecs.BOM_UTF16_BE + "a".encode("utf-16-be"), "UTF-16"),
            ("a".encode("utf-16-le"), "UTF-16"),
            ("a".encode("utf-16-be"), "UTF-16"),
            ("a".encode("utf-32"), "UTF-32"),
            (b"name = \xe4", "byte 8, 0xe4"),
        ):
            error: ValueError = self.assertRaises(ValueError, decoded, data)
            self.assertIn(reason, str(error))
            self.assertIn("save it as UTF-8", str(error))

    def test_pitfall36_config(self) -> None:
        """
        The configuration file is the same with a mark and with other ends of lines.
        """
        plain = readConfig(self.file(INI.encode()))
        items = [{"name": "db", "upstream": "localhost:1"}]
        for mark in (b"", codecs.BOM_UTF8):
            for end in ("\n", "\r\n", "\r"):
                told = readConfig(self.file(mark + INI.replace("\n", end).encode()))
                self.assertEqual(told, plain)
                text = json.dumps(items, indent=1).replace("\n", end).encode()
                self.assertEqual(readConfig(self.file(mark + text)).declared, items)
        for encoding in ("utf-16", "utf-16-le", "utf-32"):
            path = self.file(INI.encode(encoding))
            refused: Any = self.assertRaises(Refused, readConfig, path)
            self.assertRegex(refused.description, f"{path} is not an ini file: .* in UTF-")

    def test_pitfall36_rules(self) -> None:
        """
        So is a file of rules for C{vaurienctl}.
        """
        for mark in (b"", codecs.BOM_UTF8):
            text = json.dumps(RULES, indent=1, ensure_ascii=False).replace("\n", "\r\n")
            self.assertEqual(readFile(self.file(mark + text.encode())), RULES)
        for data, reason in (
            (json.dumps(RULES).encode("utf-16"), "it is in UTF-16"),
            (b'["\xe4"]', "not in UTF-8"),
        ):
            error: Any = self.assertRaises(ClientError, readFile, self.file(data))
            self.assertIn(reason, error.reason)

    def test_pitfall36_certificates(self) -> None:
        """
        So are certificates and keys.
        """
        server = papers().server
        for mark in (b"", codecs.BOM_UTF8):
            paths = [
                self.file(mark + Path(each).read_bytes().replace(b"\n", b"\r\n"))
                for each in (server.certificate, server.key)
            ]
            serverOptions("option", *paths)
            clientOptions("option", "localhost", paths[0])
        wide = self.file(Path(server.certificate).read_text().encode("utf-16"))
        refused: Any = self.assertRaises(Refused, serverOptions, "option", wide)
        self.assertIn("it is in UTF-16", refused.description)
