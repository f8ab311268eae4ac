# -*- test-case-name: tests.record.test_whole_texts -*-
"""
Long texts that the journal shortens: the latest are kept whole, within a limit.
"""

from __future__ import annotations

from collections import deque

#: The most characters that are kept for one proxy, about.
LIMIT = 4 * 2**20


class WholeText:
    """
    A text that may be forgotten.

    @ivar text: C{""} once it is forgotten.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class WholeTexts:
    """
    Keeps the latest texts.

    @param limit: the most characters of all of them together; the oldest are forgotten.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._kept: deque[WholeText] = deque()
        self._size = 0

    def keep(self, text: str) -> WholeText:
        """
        Keep a text.
        """
        whole = WholeText(text)
        self._kept.append(whole)
        self._size += len(text)
        while self._size > self._limit:
            oldest = self._kept.popleft()
            self._size -= len(oldest.text)
            oldest.text = ""
        return whole
