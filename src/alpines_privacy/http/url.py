"""Addresses as browsers read them: the WHATWG URL parser for what a page can load.

Only schemes that reach the network through a host are read (http, https, ws, wss); `data:`,
`blob:`, `about:`, `javascript:` and the like are None. What a browser refuses is None too, except
that a host with a character no tracker has ever used may pass here: reading too much is harmless.
A host longer than DNS allows is None. A path and query are cut at 4,096 characters: what decides over
an address is near its beginning.
(WHATWG URL Living Standard, https://url.spec.whatwg.org/, §3.5 hosts and §4.4 parsing.)
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import quote

from alpines_privacy.http.percent import decoded_bytes

__all__ = ["LONGEST_HOST", "Address", "host_in_ascii", "parse"]

_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}

# URLs that are in normal form already, apart from a fragment: almost every URL on the web.
# No port, credentials, escaped host, quote, or host whose last label begins like a number.
_NORMAL = re.compile(
    r"((https?|wss?)://((?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z][a-z-]*[a-z])"
    r"/[!$%&()*+,\-./0-9:;=@A-Z_a-z~|\[\]]*(?:\?[!$%&()*+,\-./0-9:;=@A-Z_a-z~|\[\]?]*)?)"
    r"(?:\#.*)?"
)
LONGEST_HOST = 253  # characters, RFC 1035 §2.3.4 without the length octets
_LONGEST_AS_WRITTEN = (
    4096  # characters of a host: percent-encoded, or with characters that are ignored
)
_LONGEST_PATH = 4096  # characters of a path and query
_ENDS = "".join(map(chr, range(0x21)))
_DROPPED = re.compile(r"[\t\n\r]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_AUTHORITY_END = re.compile(r"[/\\?#]")
_PORT = re.compile(r":([0-9]*)$")

_DOT = re.compile(r"(?:\.|%2e)", re.IGNORECASE)
_SOME_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)

# Percent-encode sets, given as what stays: path and (special) query.
_STAYS_IN_PATH = "!$%&'()*+,-./:;=@[]|~\\"
_STAYS_IN_QUERY = "!$%&()*+,-./:;=@[]|~\\?^`{}"
_ESCAPED_IN_PATH = re.compile(r"[^!$-;=@A-\]_a-z|~]")
_ESCAPED_IN_QUERY = re.compile(r"[^!$-&(-;=?-~]")

# §3.3: forbidden domain code points; what stands outside ASCII is mapped before this is asked.
_FORBIDDEN = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_IGNORED = re.compile("[\u00ad\u034f\u180b-\u180f\u200b\u2060\u2064\ufe00-\ufe0f\ufeff]")
_DOTS = re.compile("[\u3002\uff0e\uff61]")
# Deviations: valid in UTS 46 as browsers use it, though case folding would change them.
_DEVIATIONS = frozenset("\u00df\u03c2\u200c\u200d")


class Address(NamedTuple):
    """An absolute network address in normal form, without credentials and fragment.

    `url` is the whole of it; `host` is in ASCII without a trailing dot; `host_end` is where the
    host ends in `url`, so that `url[host_end:]` begins with `:port`, or with `/`.
    """

    url: str
    scheme: str
    host: str
    host_end: int

    @property
    def path(self) -> str:
        """The path and the query."""
        return self.url[self.url.index("/", self.host_end) :]


def parse(text: str, base: Address | None = None) -> Address | None:
    """Parse an address as a browser does, against `base` if it is relative; None if nothing would load.

    Without a base, an address that begins with two slashes is read as https.
    """
    whole = f"{base.scheme if base else 'https'}:{text}" if text.startswith("//") else text
    normal = _NORMAL.fullmatch(whole)
    if normal and "/." not in text and "/%2" not in text:
        url, scheme, host = normal.groups()
        if len(host) > LONGEST_HOST:
            return None
        end = normal.end(3)
        return Address(url[: end + _LONGEST_PATH], scheme, host, end)
    text = _DROPPED.sub("", text.strip(_ENDS))
    if not (scheme := _SCHEME.match(text)):
        return _relative(text, base)
    name, rest = scheme[1].lower(), text[scheme.end() :]
    if name not in _PORTS:
        return None
    if base and name == base.scheme and not rest.startswith("//"):
        return _relative(rest, base)
    return _absolute(name, rest)


def _relative(text: str, base: Address | None) -> Address | None:
    if text[:1] in "/\\" and text[1:2] in "/\\" and len(text) > 1:
        return _absolute(base.scheme if base else "https", text)
    if base is None:
        return None
    text = text[:_LONGEST_PATH].partition("#")[0]
    if not text:
        return base
    path, mark, query = text.partition("?")
    old_path, old_mark, old_query = base.path.partition("?")
    if not path:
        path = old_path
        if not mark:
            mark, query = old_mark, old_query
    elif path[0] not in "/\\":
        path = old_path[: old_path.rindex("/") + 1] + path
    return _with_path(base, path, mark + query)


def _absolute(scheme: str, rest: str) -> Address | None:
    """Read what follows the colon of a scheme: any number of slashes, authority, path."""
    rest = rest.lstrip("/\\")
    authority = _AUTHORITY_END.split(rest, maxsplit=1)[0]
    name = authority.rpartition("@")[2]
    port = ""
    if found := _PORT.search(name):
        name, port = name[: found.start()], found[1].lstrip("0") or found[1][:1]
        if port and int(port[:6]) > 0xFFFF:
            return None
    host = _host(name)
    if host is None:
        return None
    tail = rest[len(authority) :][:_LONGEST_PATH]
    path, mark, query = tail.partition("#")[0].partition("?")
    start = f"{scheme}://{host}"
    origin = start if port in ("", _PORTS[scheme]) else f"{start}:{port}"
    return _with_path(Address(origin + "/", scheme, host, len(start)), path, mark + query)


def _with_path(base: Address, path: str, query: str) -> Address:
    """Return the address of `path` and `query` on the host of `base`."""
    path = path.replace("\\", "/")
    if not path.startswith("/"):
        path = "/" + path
    if _SOME_DOT_SEGMENT.search(path):
        path = _without_dots(path)
    if _ESCAPED_IN_PATH.search(path):
        path = quote(_no_surrogates(path), safe=_STAYS_IN_PATH)
    if _ESCAPED_IN_QUERY.search(query):
        query = quote(_no_surrogates(query), safe=_STAYS_IN_QUERY)
    origin = base.url[: base.url.index("/", base.host_end)]
    return base._replace(url=origin + (path + query)[:_LONGEST_PATH])


def _without_dots(path: str) -> str:
    kept: list[str] = []
    segments = path[1:].split("/")
    for index, segment in enumerate(segments):
        dots = _DOT.sub(".", segment) if len(segment) <= len("%2e%2e") else ""
        if dots == "..":
            del kept[-1:]
        elif dots != ".":
            kept.append(segment)
        if dots in (".", "..") and index == len(segments) - 1:
            kept.append("")
    return "/" + "/".join(kept)


def _no_surrogates(text: str) -> str:
    """Return `text` with lone surrogates, which no URL can carry, as U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _host(text: str) -> str | None:
    """Return a host in normal form, without a trailing dot; None for an invalid one."""
    if len(text) > _LONGEST_AS_WRITTEN:
        return None
    if text.startswith("["):
        return _ipv6(text)
    decoded = (
        decoded_bytes(_no_surrogates(text).encode()).decode("utf-8", "replace")
        if "%" in text
        else text
    )
    host = host_in_ascii(decoded)
    if (
        host is None
        or len(host) > LONGEST_HOST + 1
        or _FORBIDDEN.search(host)
        or "\ufffd" in decoded
    ):
        return None
    dotless = host.removesuffix(".")
    if _NUMBER.fullmatch(dotless.rpartition(".")[2]):
        return _ipv4(dotless)
    return dotless or None


def host_in_ascii(host: str) -> str | None:
    """Return a host in the form that DNS uses: lower case, IDNA labels in Punycode; None for an empty one."""
    if host.isascii():
        return host.lower() or None
    host = _DOTS.sub(".", _IGNORED.sub("", host))
    mapped = "".join(map(_mapped, host))
    mapped = unicodedata.normalize("NFC", _DOTS.sub(".", mapped))
    if len(mapped) > LONGEST_HOST + 1:  # Punycode is longer, and slow to write
        return None
    return ".".join(_label(label) for label in mapped.split(".")) or None


def _mapped(character: str) -> str:
    """Map one character as UTS 46 does, by this Python's version of Unicode."""
    if character in _DEVIATIONS:
        return character
    if character == "\u1e9e":  # capital sharp s: its small letter, not "ss"
        return "\u00df"
    return unicodedata.normalize("NFKC", character.casefold()).casefold()


def _label(label: str) -> str:
    if label.isascii():
        return label
    return "xn--" + label.encode("punycode").decode()


def _ipv4(text: str) -> str | None:
    """Read one to four numbers, decimal, octal or hexadecimal (§3.5, IPv4 parser)."""
    parts = text.split(".")
    if len(parts) > 4 or not all(map(_NUMBER.fullmatch, parts)):
        return None
    try:
        numbers = [_ipv4_number(part) for part in parts]
    except ValueError:
        return None
    *first, last = numbers
    if any(number > 255 for number in first) or last >= 256 ** (5 - len(numbers)):
        return None
    address = last + sum(number << 8 * (3 - index) for index, number in enumerate(first))
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))


def _ipv4_number(text: str) -> int:
    if text[:2] in ("0x", "0X"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if len(text) > 1 and text[0] == "0" else int(text[:20])


def _ipv6(text: str) -> str | None:
    import ipaddress  # noqa: PLC0415 - hardly a page names such a host

    if not text.endswith("]") or "%" in text:
        return None
    try:
        address = ipaddress.IPv6Address(text[1:-1])
    except ValueError:
        return None
    # Not `exploded`: since Python 3.13 it writes a mapped IPv4 address with dots.
    number = int(address)
    return f"[{_compressed([f'{number >> shift & 0xFFFF:x}' for shift in range(112, -1, -16)])}]"


def _compressed(pieces: list[str]) -> str:
    """Join the eight pieces, with `::` for the first longest run of zeros (at least two)."""
    runs = list(re.finditer(r"(?:\b0(?: |$)){2,}", " ".join(pieces)))
    if not runs:
        return ":".join(pieces)
    longest = max(runs, key=lambda run: len(run[0].split()))
    text = " ".join(pieces)
    before = text[: longest.start()].split()
    after = text[longest.end() :].split()
    return ":".join(before) + "::" + ":".join(after)
