"""Network addresses: IPv4 and IPv6 in all their forms, and MAC.

An address that every machine has (loopback, unspecified, broadcast, a netmask) tells nothing about a
person and stays. So does a network (`203.0.113.0/24`), which is the form of a truncated address.
Private addresses identify somebody and are found.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

from alpines_privacy.redaction.kinds.keywords import WORD
from alpines_privacy.redaction.kinds.shape import Bounds, Shape

__all__ = ["SHAPES"]

_V4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_PREFIX = re.compile(r"/([0-9]{1,3})(?![0-9])")
_PORT = re.compile(r":[0-9]{1,5}(?![0-9])")
_BEFORE = 24  # characters before a number that are searched for a word for versions
_VERSION_WORDS = frozenset(
    {"version", "versions", "ver", "v", "v.", "release", "releases", "rel", "build", "builds"}
    | {"revision", "rev", "driver", "firmware", "tag", "oid", "snmp"}
    | {"section", "sections", "sec", "sec.", "sect", "sect.", "chapter", "clause", "appendix"}
)
_VERSION_ENDS = ("version", "versions", "release", "revision")  # `FirmwareVersion`
_FILLERS = frozenset({"is", "was", "now", "number", "than"})  # `the version is now 1.2.3.4`
_LEADS_TO = frozenset(
    {"to", "from", "of", "at", "least"}
)  # `the version to 1.2.3.4`, but not `release of 10.0.0.4`
_COMPARISONS = ("==", "<=", ">=", "~=", "!=", " >")
_ARCHITECTURES = (":all", ":amd64", ":arm64", ":armhf", ":i386")  # dpkg's `name:amd64 1.2.3.4`
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ."
# The number of a standard, before a section: `RFC 9651 3.3.1.1`.
_OF_STANDARD = re.compile(
    r"\b(?:RFC|ISO|IEC|EN|ECMA|ETSI)[ -]?[0-9][0-9:-]{1,12}[,:]?[ \u00a7]{1,2}\Z"
)
_PRODUCT = re.compile(r"(?:^|[ \t\"'(,;])[A-Za-z][A-Za-z_+-]*/\Z", re.ASCII)


def _find_v4(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give a v4 address that is no version, no object identifier and no part of a v6 address."""
    try:
        packed = socket.inet_pton(socket.AF_INET, text[start:end])
    except OSError:
        return
    if (
        packed[0] not in _EVERY_MACHINES_OWN
        and _stands_alone(text, start, end, packed)
        and not (start and _is_version(text, start, end, packed))
        and not (text.startswith("/", end) and _names_network(text, end, packed))
    ):
        yield start, end


_EVERY_MACHINES_OWN = frozenset({0, 127, 255})  # this network, loopback, broadcast and masks


def _is_no_version(packed: bytes) -> bool:
    """Whether two parts are above 31, as in most addresses and hardly any version."""
    return sum(part > _MOST_OF_A_VERSION for part in packed) > 1


_MOST_OF_A_VERSION = 31


def _stands_alone(text: str, start: int, end: int, packed: bytes) -> bool:
    """Whether no digit, letter or further part of a dotted number touches it, and no sign as in versions."""
    if (
        start
        and (text[start - 1] in WORD or text[start - 1] in "._%")
        and text[max(0, start - 2) : start] != "\\n"  # a line break as JSON writes it
        and not (text[start - 1] == "_" and _is_no_version(packed))
    ):
        return False
    if end == len(text):
        return True
    after = text[end]
    if after == ".":
        return text[end + 1 : end + 2] not in WORD
    if after in "-+~":  # a Debian revision; but `10.0.0.1-10.0.0.9` is a range
        return (
            after == "-"
            and (text[end + 1 : end + 2] not in WORD or _V4.match(text, end + 1) is not None)
        ) or _is_no_version(packed)
    return not (after in WORD or (after == "_" and not _is_no_version(packed)))


def _is_version(text: str, start: int, end: int, packed: bytes) -> bool:
    before = text[max(0, start - _BEFORE) : start]
    last = before[-1:]
    if last in {"/", "-"} or (last == ":" and before[-2:-1].isdigit()):
        return not _is_no_version(packed) and _is_joined(text, before, end)
    words = before.rstrip(" \t")
    if words.endswith(_COMPARISONS + _ARCHITECTURES) or _OF_STANDARD.search(before):
        return True
    if _is_in_list(text, start):
        return True
    is_field = words.endswith("v=")
    return not is_field and _ends_in_version(words.rstrip(" \t\"'=:`("))


def _is_joined(text: str, before: str, end: int) -> bool:
    """Whether the sign before the number joins it to a product, a package or an epoch."""
    match before[-1]:
        case "/":
            return _PRODUCT.search(before) is not None and _PORT.match(text, end) is None
        case "-":  # `linux-6.1.0.13`, but `10.0.0.1-10.0.0.9`, `--bind-10…` and ` - 10…`
            return before[-2:-1].isalpha()
        case _:  # the epoch of a Debian version, `1:2.3.4.5`
            return before[-3:-2] not in _PARTS


_LIST = 200  # characters of a list of versions that are read
_VERSIONS = re.compile(
    r"\b[Vv]ersions:(?:[ ]{1,2}[\w.+-]{1,40} [\w.+-]{1,40}[,;]){0,16}[ ]{1,2}[\w.+-]{1,40} \Z"
)


def _is_in_list(text: str, start: int) -> bool:
    """Whether the number is in a list of names and versions: `Versions: lxml 5.3.0.0, libxml2 2.12.9`."""
    before = text[max(0, start - _LIST) : start]
    return "ersions:" in before and _VERSIONS.search(before) is not None


def _ends_in_version(words: str) -> bool:
    """Whether the last word is one for versions, apart from words such as "is now"."""
    word = _last_word(words)
    leads_to = False
    while word in _FILLERS or word in _LEADS_TO:
        leads_to = leads_to or word in _LEADS_TO
        words = words[: -len(word)].rstrip()
        word = _last_word(words)
    if leads_to:
        return word.endswith(("version", "versions"))
    if word.startswith("sec") and words[: -len(word)].rstrip()[-1:].isdigit():  # of time
        return False
    return word in _VERSION_WORDS or word.endswith(_VERSION_ENDS)


def _last_word(words: str) -> str:
    return words[len(words.rstrip(_LETTERS)) :].lower()


_PARTS = frozenset("0123456789:.")


def _names_network(text: str, end: int, packed: bytes) -> bool:
    """Whether a prefix length follows, with no host bit set: `203.0.113.0/24`."""
    prefix = _PREFIX.match(text, end)
    return prefix is not None and _is_network(packed, int(prefix[1]))


def _is_network(address: bytes, prefix: int) -> bool:
    """Whether all bits beyond the prefix are zero."""
    host_bits = len(address) * 8 - prefix
    return host_bits > 0 and not int.from_bytes(address) & ((1 << host_bits) - 1)


_V6_RUN = re.compile(r"[0-9A-Fa-f:]*(?:\.[0-9]{1,3}){0,3}")
_ZONE = re.compile(r"%[A-Za-z0-9][A-Za-z0-9_.-]*")
_HEX = frozenset("0123456789abcdefABCDEF:")
_LONGEST_V6 = 45


def _find_v6(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give the v6 address around the match, with an embedded v4 address and its zone."""
    if end - start < 7 and not (start and text[start - 1] in _HEX) and text[end : end + 1] != ".":
        return  # too short to be one
    first = start
    while first and text[first - 1] in _HEX and start - first < _LONGEST_V6:
        first -= 1
    match = _V6_RUN.match(text, first, first + _LONGEST_V6 + 1)
    if match is None:
        return
    last = match.end()
    if "." in match[0] and not _is_v6(match[0]):  # a full stop and a number that follow the address
        last = text.index(".", first)
    if text[last - 1] == ":" and text[last - 2] != ":":
        last -= 1
    if text[first] == ":" and text[first + 1] != ":":
        first += 1
    address = text[first:last]
    if not _is_v6(address) or not _is_bounded_v6(text, first, last):
        return
    if _is_own_v6(address, text, last):
        return
    zone = _ZONE.match(text, last)
    yield first, zone.end() if zone else last


def _is_v6(address: str) -> bool:
    """Whether the text is a v6 address; `abc::def` is a name in C++ or Rust, `1::2` a slice in Python."""
    try:
        socket.inet_pton(socket.AF_INET6, address)
    except (OSError, ValueError):
        return False
    digits = len(address) - address.count(":")
    return digits > 4 and (any(map(str.isdigit, address)) or address.count(":") > 3)


def _is_bounded_v6(text: str, first: int, last: int) -> bool:
    before, after = text[first - 1 : first], text[last : last + 1]
    if before and (before in WORD or before in ":."):
        return False
    if "_" in {before, after} and text.count(":", first, last) < 3:  # a name: `std_::c0de`
        return False
    return after not in WORD and not (after in {".", ":"} and text[last + 1 : last + 2] in WORD)


def _is_own_v6(address: str, text: str, end: int) -> bool:
    packed = socket.inet_pton(socket.AF_INET6, address)
    if int.from_bytes(packed) <= 1:
        return True
    return _names_network(text, end, packed)


def _find_mac(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give a MAC address of six octets that is not part of a longer fingerprint."""
    address = text[start:end]
    separators = set(address) & {":", "-", "."}
    if len(separators) != 1 or _touches_hex(text, start, end):
        return
    digits = "".join(filter(str.isalnum, address)).lower()
    if digits in {"0" * 12, "f" * 12} or (":" not in separators and digits.isdecimal()):
        return
    yield start, end


def _touches_hex(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before[-1:] in WORD or after[:1] in WORD:
        return True
    return (
        before[-1:] in {":", "-", "."}
        and before[:1] in WORD
        and len(before) > 1
        and before[:1] in _HEX
    ) or (after[:1] in {":", "-", "."} and after[1:] in _HEX and after[1:] != "")


_LAST_THREE = re.compile(r"\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
_DIGITS = frozenset("0123456789")


def _v4_cores(text: str) -> Iterator[Bounds]:
    """Give the matches of the pattern; dots are searched first, as they are rarer than digits."""
    done = 0
    match = _LAST_THREE.search(text)
    while match:
        dot, end = match.span()
        start = dot
        while start > done and dot - start < 3 and text[start - 1] in _DIGITS:
            start -= 1
        if start < dot:
            yield start, end
            done = end
        match = _LAST_THREE.search(text, end if start < dot else dot + 1)


_TWO = "[0-9A-Fa-f]{2}"
SHAPES = (
    Shape("IP", r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}", _find_v4, (), _v4_cores),
    Shape("IP", r"[0-9A-Fa-f]{0,4}::[0-9A-Fa-f:]*", _find_v6, ("!::",)),
    Shape(
        "IP",
        r"(?:[0-9A-Fa-f]{1,4}:){6}[0-9A-Fa-f]{1,4}[:.][0-9A-Fa-f:.]*",
        _find_v6,
        ("::::::", ":::::."),
    ),
    Shape(
        "MAC",
        rf"{_TWO}(?:[:-]{_TWO}){{5}}",
        _find_mac,
        ("::::::", ":-----"),
    ),
    Shape(
        "MAC", r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}", _find_mac, ("~0000.0000.0000",)
    ),
)
