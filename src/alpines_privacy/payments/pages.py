"""Pages whose forms send a card to the site itself: `autocomplete="cc-number"`, `"cc-csc"` (WHATWG HTML §4.10.18.7).

The watcher sees the bytes of a page that is filtered anyway. It searches each chunk for one short
text; only where that stands are the tags around it read. A field without a name is never sent, so
the fields of gateways' scripts, which have none, do not count.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

from alpines_privacy.http.html import StartTag
from alpines_privacy.http.site import leads_to_site

__all__ = ["CardForms"]

_SIGN = b"cc-"
_MOST_SIGNS = 64  # of one page, of which the tags are read
_REACH = 65536  # bytes before a field in which its form's tag is searched
_LONGEST_TAG = 4096
_TOKENS = frozenset({"cc-number", "cc-csc"})
_TAG = re.compile(
    rb"<(?:(input|select|textarea)[\s/][^<>]*+|(form)(?:[\s/][^<>]*+)?+|/form\s*+)>", re.IGNORECASE
)


class CardForms:
    """Watches one page's bytes; calls `tell` with the sign once, if a form sends a card to `host()`."""

    __slots__ = (
        "_chunks",
        "_edge",
        "_end",
        "_form",
        "_host",
        "_is_open",
        "_left",
        "_read",
        "_size",
        "_tell",
    )

    def __init__(self, host: Callable[[], str], tell: Callable[[str], None]) -> None:
        self._host = host
        self._tell = tell
        self._chunks: deque[bytes] = deque()  # the last ones, which reach back far enough
        self._size = 0  # of these, in bytes
        self._end = self._read = 0  # the bytes of the page so far, and how many of them were read
        self._edge = b""
        self._form: bytes | None = None  # the start tag of the form around what was read last
        self._is_open = False  # the page so far ends inside a tag with the sign
        self._left = _MOST_SIGNS

    def __call__(self, data: bytes) -> None:
        """Take the next bytes of the page."""
        self._chunks.append(data)
        self._size += len(data)
        self._end += len(data)
        while len(self._chunks) > 1 and self._size - len(self._chunks[0]) >= _REACH:
            self._size -= len(self._chunks.popleft())
        edge, self._edge = self._edge + data[:2], data[-2:] if data[1:] else self._edge[-1:] + data
        if self._left > 0 and (self._is_open or _SIGN in data or _SIGN in edge):
            text = b"".join(self._chunks)
            self._chunks = deque((text,))  # so that no byte is joined more often than a few times
            self._size = len(text)
            self._look(text)

    def _look(self, text: bytes) -> None:
        """Read the tags in a text that were not read yet."""
        base = self._end - len(text)
        if self._read < base:  # it may have ended in what was not kept
            self._form = None
        for tag in _TAG.finditer(text, max(0, self._read - base)):
            if tag[1] is None:
                self._form = tag[0] if tag[2] else None
            elif _SIGN in tag[0]:
                self._left -= 1
                if (token := _token(tag)) and self._goes_here():
                    self._left = 0
                    self._tell(token)
                if self._left <= 0:
                    return
        opened = text.rfind(b"<", -_LONGEST_TAG)
        self._is_open = opened > text.rfind(b">") and _SIGN in text[opened:]
        self._read = base + opened if self._is_open else self._end - len(self._edge)

    def _goes_here(self) -> bool:
        """Whether the form that is open sends to the site itself."""
        if self._form is None:  # a script sends such fields, or none does
            return False
        tag = StartTag(self._form, "form")
        if (tag.get("method") or "").strip().lower() == "dialog":
            return False
        return leads_to_site(tag.get("action") or "", self._host())


def _token(field: re.Match[bytes]) -> str:
    """Return the token of a card in a field's `autocomplete`, if the field has a name."""
    tag = StartTag(field[0], field[1].decode().lower())
    if not (tag.get("name") or "").strip():
        return ""
    tokens = (tag.get("autocomplete") or "").lower().split()
    return next((token for token in tokens if token in _TOKENS), "")
