"""E-mail addresses: RFC 5321 mailboxes, quoted local parts, and the international ones of RFC 6531."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from alpines_privacy.redaction.kinds.shape import Bounds, Shape, around

__all__ = ["SHAPES"]

_LONGEST_LOCAL = 64  # octets, RFC 5321 §4.5.3.1.1
_LONGEST_DOMAIN = 255  # §4.5.3.1.2

# RFC 5322 atext without "/", "|" and the like, which are far more often separators in logs.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+?^_`{}~.\-\x80-\U0010ffff]+")
_PREFIX = re.compile("(?:[bBuU]|[rR][bB]?|[bB][rR])'")  # prefixes of Python's string literals
_LABEL = r"[A-Za-z0-9\x80-\U0010ffff][A-Za-z0-9\-\x80-\U0010ffff]*"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_LATIN_TOP = re.compile(r"[A-Za-z]{2,}([^\x00-\x7F])")
_NO_BLANKS = "Lo"  # letters without case: most scripts that have them put no blank between words
_ATEXT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+?^_`{}~.-"
_LITERAL = re.compile(r"\[(?:IPv6:)?[0-9A-Fa-f:.]{2,45}\]")
# A byte that is no UTF-8, as `surrogateescape` keeps it and as `replace` shows it.
_STRAY = re.compile("[\udc80-\udcff\ufffd]")
# Of those bytes the ones that are a quote, a space or a dash in every Latin code page, and may touch an address.
_STRAY_MARKS = "".join(map(chr, (*range(0xDC80, 0xDCC0), 0xDCD7, 0xDCF7)))
_LEADING = "!#$%&'*?^`{}~.-"  # signs that texts put before an address and no address begins with

# Endings of file names, systemd units and packages that are no top-level domain.
_NO_DOMAINS = frozenset(
    # units of systemd
    {"service", "socket", "target", "timer", "mount", "automount", "swap", "slice", "scope", "path"}
    # pictures in several sizes, `logo@2x.png`
    | {"png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "avif"}
    # sources and settings
    | {
        "conf",
        "cfg",
        "ini",
        "json",
        "yaml",
        "yml",
        "toml",
        "xml",
        "html",
        "htm",
        "js",
        "mjs",
        "cjs",
    }
    | {"ts", "jsx", "tsx", "css", "scss", "java", "rb", "php", "cpp", "hpp", "cs", "lock", "log"}
    # archives and libraries
    | {"gz", "tgz", "tar", "bz2", "xz", "deb", "rpm", "whl", "jar", "war", "class", "dll", "exe"}
)


def _find(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Read the domain to the right of the @ and the local part to its left."""
    at = text.index("@", start, end)
    last = _domain_end(text, at + 1)
    if last is None:
        return
    if text[at - 1] == '"':
        first = _quoted_start(text, at)
    else:
        first = _local_start(text, at, international=not text[at:last].isascii())
    if first is not None and text.startswith("'", last):
        prefix = _PREFIX.match(text, first)
        first = prefix.end() if prefix else first
    if (
        first is not None
        and text[first:at].strip("+")  # a decorator that a patch adds: `+@mock.patch`
        and not (text[at - 1] == "`" == text[last : last + 1])  # a link of markup: ``_`@name.of```
        and not _is_ssh_path(text, first, at, last)
        and not _is_annotation(text, first, at, last)
    ):
        yield first, last


def _domain_end(text: str, start: int) -> int | None:
    if text.startswith("[", start):
        literal = _LITERAL.match(text, start)
        return literal.end() if literal else None
    match = _DOMAIN.match(text, start, start + _LONGEST_DOMAIN)
    if match is None:
        return None
    domain = match[0]
    if not (plain := domain.isascii()):
        domain = _written(domain)
    if text.startswith("@", start + len(domain)):
        stray = _STRAY.search(domain)  # the earliest start of the next address
        if stray is None:
            return None
        domain = domain[: stray.start()]
    domain = domain.rstrip("-.")
    if not plain:
        domain = _touched(domain)
    head, _, top = domain.rpartition(".")
    if not head or len(top) < 2 or top.lower() in _NO_DOMAINS:
        return None
    if not (top.isalpha() or top[:4].lower() == "xn--" or not top.isascii()):
        return None
    return start + len(domain)


def _written(name: str) -> str:
    """Return a name up to the first sign beyond ASCII: `…`, a quote, a Chinese full stop."""
    for place, character in enumerate(name):
        if (
            not character.isascii()
            and unicodedata.category(character)[0] not in "LMN"
            and not _STRAY.match(character)
        ):
            return name[:place]
    return name


def _touched(domain: str) -> str:
    """Return a domain without the text that touches it, in scripts without blanks: `example.comです`.

    No top-level domain mixes two scripts, and none has a byte that is not UTF-8.
    """
    top = domain.rpartition(".")[2]
    if (stray := _STRAY.search(top)) and stray.start() > 1:
        return domain[: len(domain) - len(top) + stray.start()]
    match = _LATIN_TOP.match(domain, domain.rfind(".") + 1)
    if match and unicodedata.category(match[1]) == _NO_BLANKS:
        return domain[: match.start(1)]
    return domain


def _local_start(text: str, at: int, *, international: bool) -> int | None:
    """Return the start of the longest local part that ends at the @.

    Before an ASCII domain it has one script: in `联系jane@…` the first two characters are a word of the text.
    """
    before = text[max(0, at - _LONGEST_LOCAL) : at]
    match = _LOCAL.match(before[::-1])
    if match is None:
        return None
    backwards = match[0]
    if not (plain := backwards.isascii()):
        backwards = _written(backwards)
    whole = backwards[::-1].lstrip(_LEADING)
    local = whole.lstrip(_LEADING + _STRAY_MARKS) or whole
    if text[at - len(backwards) - 1 : at - len(backwards)] == "@":  # the domain of another
        local = _STRAY.split(local)[-1] or local
    if not local or local[-1] == ".":
        return None
    if not (plain or international or local.isascii() or _STRAY.search(local)):
        latin = len(local.rstrip(_ATEXT))
        if (
            local[latin : latin + 1].isalnum()
            and unicodedata.category(local[latin - 1]) == _NO_BLANKS
        ):
            local = local[latin:]
    return at - len(local)


def _quoted_start(text: str, at: int) -> int | None:
    """Return where the quoted local part `"…"@` begins."""
    start = text.rfind('"', max(0, at - 2 - _LONGEST_LOCAL), at - 1)
    if start == -1 or start == at - 2:
        return None
    # A quote behind a letter closes a string: `{"error": {"@Message.ExtendedInfo"`.
    return None if start and text[start - 1].isalnum() else start


# OData and Redfish annotate a member under the name `member@namespace.term` (OASIS OData JSON 4.01 §4.6).
_ANNOTATION = re.compile(
    r"odata\.(?:context|metadataEtag|type|count|(?:next|delta|edit|read|navigation|association)Link|delta|id|etag|media\w*"
    r"|bind|removed|collectionAnnotations)|(?:[A-Z][A-Za-z0-9]*+\.)++[A-Z][a-z][A-Za-z]*+",
    re.ASCII,
)
_MEMBER = re.compile("[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_KEY_ENDS = re.compile(r"""\\?["'][ ]?:""")


def _is_annotation(text: str, first: int, at: int, last: int) -> bool:
    """Whether the match is the name of an annotation: `"Members@odata.count"`, `"Boot@Redfish.AllowableValues"`."""
    term = _ANNOTATION.fullmatch(text, at + 1, last)
    if term is None or _MEMBER.fullmatch(text, first, at) is None:
        return False
    longest = _LONGEST_TOP if _KEY_ENDS.match(text, last) else _LONGEST_TOP + 3
    return term[0].startswith("odata.") or len(term[0].rpartition(".")[2]) > longest


_LONGEST_TOP = 6  # letters of a top-level domain that people write with a capital


def _is_ssh_path(text: str, first: int, at: int, last: int) -> bool:
    """Whether the match is a repository, `git@github.com:owner/name`."""
    return text[first:at] == "git" and text[last : last + 1] in {":", "/"}


_CORE = r"""(?:[A-Za-z0-9!#$%&'*+?^_`{}~"-]|[^\x00-\x7F])@(?:(?:[A-Za-z0-9-]|[^\x00-\x7F]){1,63}\.|\[)"""
SHAPES = (Shape("EMAIL", _CORE, _find, ("!@",), around(_CORE, "@", before=1)),)
