"""Words and addresses in a message's head (RFC 5322 §2.2), so that none can forge another field.

The same words give the same bytes whatever Python's version: the standard library's folding of
names changed several times, and lost quotes around commas on the way.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from functools import cache

from publicsuffixlist import PublicSuffixList

__all__ = ["field", "mailbox", "name_of", "unstructured"]

_LINE = 76  # characters of a line that has encoded words (RFC 2047 §2)
_ENCODED = 39  # bytes of an encoded word that has room on a line after "Subject: "
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PRINTABLE = re.compile(r"[ -~]*")
_JOINERS = "\u200c\u200d"  # which Persian and Indian names have
_LONGEST = 100  # characters of a name
_HOST = re.compile(r"(?<![\w-])[\w-]++(?:\.[\w-]++)++")


def name_of(text: str) -> str:
    """Return a person's name with a space for each line, control and mark of direction in it.

    It is empty for one that leads somewhere or is a text: whoever signs somebody else up as
    `Win at evil.example` would have us write that to them.
    """
    if not text.isprintable():
        text = "".join(each if each.isprintable() or each in _JOINERS else " " for each in text)
    words = text.split()
    name = " ".join(words)
    if not name.strip(f" {_JOINERS}"):
        return ""
    return "" if len(name) > _LONGEST or any(map(_leads, words)) else name


def _leads(word: str) -> bool:
    """Whether mail programs make a link of a word: an address, or a name under a known public suffix."""
    if "://" in word or "@" in word:
        return True
    hosts = _HOST.findall(word.lower()) if "." in word else ()
    return any(_suffixes().privatesuffix(host.strip("-_")) is not None for host in hosts)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


def mailbox(name: str, address: str) -> str:
    """Return `name <address>` on lines of its own if it is long; the name is quoted or encoded as it needs."""
    if not name:
        return address
    return f"{_phrase(name)} <{address}>"


def unstructured(text: str) -> str:
    """Return text as the value of a field such as Subject."""
    return text if _is_plain(text) else _encoded(text)


def field(name: str, value: str) -> str:
    """Return a line of a head, folded where a space allows (RFC 5322 §2.2.3), without its end."""
    lines, line = [], f"{name}:"
    for word in value.split(" "):
        if len(line) + 1 + len(word) > _LINE and line != f"{name}:":
            lines.append(line)
            line = ""
        line = f"{line} {word}"
    return "\r\n".join([*lines, line])


def _phrase(name: str) -> str:
    if _ATOMS.fullmatch(name) and _is_plain(name):
        return name
    if not _is_plain(name):
        return _encoded(name)
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _is_plain(text: str) -> bool:
    """Whether text stands for itself: some readers take `=?utf-8?…?=` for encoded even in quotes."""
    return _PRINTABLE.fullmatch(text) is not None and "=?" not in text


def _encoded(text: str) -> str:
    """Return encoded words (RFC 2047), none of which cuts a character."""
    return " ".join(f"=?utf-8?b?{b64encode(part).decode()}?=" for part in _parts(text))


def _parts(text: str) -> Iterator[bytes]:
    part = b""
    for each in text:
        more = each.encode("utf-8", "replace")
        if len(part) + len(more) > _ENCODED:
            yield part
            part = b""
        part += more
    yield part
