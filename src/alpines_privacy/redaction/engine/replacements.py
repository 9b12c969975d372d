"""The replacement of a value of each kind, by the policy.

A mark must never be taken for personal data again, and no text may hide in one. So
`Replacements.marks` matches every mark, and none has room for a value: a mark shows at most the few
characters that its replacement allows.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
import time
from collections.abc import Callable

from alpines_privacy.policy import Logs, SecretKeys
from alpines_privacy.redaction.engine.user_agents import GENERALISED, generalised

__all__ = ["DIGITS", "Replacements"]

_Replace = Callable[[str], str]

DIGITS = 12  # of a pseudonym: about 2 ** 45 values, so one collision a day among ten million
_DAY = 86400  # seconds: the period in which one value keeps one pseudonym
_SALT = b"alpines-privacy.redaction."

# Kinds whose values can be shown in part, and whose many spellings are one value.
_NUMBERS = frozenset({"PHONE", "CNIC", "NTN", "CARD", "SSN"})
_SHORTEST_NUMBER = 9  # characters: four would be half or more of a shorter value

_EMAIL = re.compile(r"([^@\s\"'\\])[^@\s]*@([^@.\s])[^@\s]*\.([A-Za-z0-9-]{2,24})")
_EMAIL_SHOWN = r"[^@\s\"'\\]…@[^@.\s]…\.[A-Za-z0-9-]{2,24}(?![\w.-])"
_NUMBER_SHOWN = r"…[0-9A-Z]{4}\b"
_NETWORK = r"(?:[0-9]{1,3}\.){3}0/24\b|[0-9a-f:]{0,14}::/48\b"
_NOTICE = r"\[withheld: [\w ()]{1,80}\]"
_IN_A_HOST = re.compile(r"[0-9]{1,3}(?:-[0-9]{1,3}){3}")
_NOT_A_DIGIT = re.compile(r"[^0-9]+")
_UNREAD = frozenset({"mark", "keep"})
_SEPARATORS = re.compile(r"[\s\-.]+")


class Replacements:
    """The replacements of one policy: `replacement(kind, value)` is written for a value.

    `keys` are the site's secret keys; the first makes pseudonyms. Without any, they are read
    from the environment when the first pseudonym is needed.
    """

    __slots__ = (
        "_keys",
        "_pseudonym_key",
        "_replacements",
        "kept",
        "marks",
        "parsing",
        "reading",
        "shows",
    )

    def __init__(self, logs: Logs, keys: SecretKeys | None = None) -> None:
        self._keys = keys
        self._pseudonym_key: tuple[int, bytes] = (-1, b"")
        named = {name.upper(): getattr(logs, name) for name in logs.__struct_fields__}
        kinds = {kind: way for kind, way in named.items() if isinstance(way, str)}
        self.kept = frozenset(kind for kind, way in kinds.items() if way == "keep")
        self._replacements = {kind: self._compiled(kind, way) for kind, way in kinds.items()}
        # Kinds whose replacement depends on the value.
        self.reading = frozenset(kind for kind, way in kinds.items() if way not in _UNREAD)
        # Kinds whose value is parsed, which is slow.
        self.parsing = frozenset(kind for kind, way in kinds.items() if way == "generalise")
        self.marks = _marks(kinds)
        self.shows = not {"partial", "pseudonym"}.isdisjoint(kinds.values())

    def replacement(self, kind: str, value: str) -> str:
        """Return the replacement of a value, which is given decoded."""
        replace = self._replacements.get(kind)
        return replace(value) if replace is not None else f"[{kind}]"

    def _compiled(self, kind: str, way: str) -> _Replace:
        mark = f"[{kind}]"
        match way:
            case "partial":
                shown = _email_in_part if kind == "EMAIL" else _number_in_part
                return lambda value: shown(value) or mark
            case "pseudonym":
                return lambda value: self._pseudonym(kind, value)
            case "truncate":
                return lambda value: network_of(value) or mark
            case "generalise":
                return generalised
            case _:
                return lambda _: mark

    def _pseudonym(self, kind: str, value: str) -> str:
        """Return `EMAIL:d3a91c…`: keyed, so it cannot be looked up; new each day, so nobody is followed longer.

        The first digit is a letter, so no digest looks like a person's number.
        """
        normal = f"{kind}\0{normalised(kind, value)}".encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key_of_today(), normal, hashlib.sha256)
        return f"{kind}:{'abcdef'[digest[-1] % 6]}{digest.hex()[: DIGITS - 1]}"

    def _key_of_today(self) -> bytes:
        today = int(time.time() // _DAY)
        day, key = self._pseudonym_key
        if day != today:
            secret = (self._keys or SecretKeys.from_environment())[0].encode()
            key = hmac.digest(secret, _SALT + str(today).encode(), hashlib.sha256)
            self._pseudonym_key = (today, key)  # one assignment, so threads see both or neither
        return key


def normalised(kind: str, value: str) -> str:
    """Return the normalised spelling of a value: mail without case, numbers without separators."""
    value = value.strip()
    if kind in _NUMBERS:
        digits = _NOT_A_DIGIT.sub("", value)
        # 00 and + are the same prefix; a national 0 cannot be resolved without the country.
        return digits.removeprefix("00") if kind == "PHONE" else digits
    if kind == "IP":
        return _packed(value)[1].hex() or value.lower()
    if kind in {"IBAN", "MAC", "PASSPORT"}:
        return _SEPARATORS.sub("", value.replace(":", "")).upper()
    return " ".join(value.split()).casefold()


def network_of(value: str) -> str | None:
    """Return the network of an address, /24 or /48; a mapped one counts as IPv4, None is no address."""
    try:
        socket.inet_pton(socket.AF_INET, value)
        return value.rpartition(".")[0] + ".0/24"  # the usual form first
    except (OSError, ValueError):
        version, packed = _packed(value)
    if version == 4:
        return f"{packed[0]}.{packed[1]}.{packed[2]}.0/24"
    if version == 6:
        return socket.inet_ntop(socket.AF_INET6, packed[:6] + bytes(10)) + "/48"
    return None


def _packed(value: str) -> tuple[int, bytes]:
    """Return the version and the bytes of an address, without zone and brackets."""
    address = value.strip("[]").partition("%")[0]
    if _IN_A_HOST.fullmatch(address):
        address = address.replace("-", ".")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        packed = socket.inet_pton(family, address)
    except (OSError, ValueError):
        return 0, b""
    if len(packed) == 16 and packed.startswith(b"\0" * 10 + b"\xff\xff"):
        packed = packed[12:]
    return (4 if len(packed) == 4 else 6), packed


def _email_in_part(value: str) -> str | None:
    match = _EMAIL.fullmatch(value)
    return f"{match[1]}…@{match[2]}….{match[3]}" if match else None


def _number_in_part(value: str) -> str | None:
    symbols = "".join(c for c in value.upper() if c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return f"…{symbols[-4:]}" if len(symbols) >= _SHORTEST_NUMBER else None


def _marks(kinds: dict[str, str]) -> re.Pattern[str]:
    """Return a pattern that matches every mark these replacements write, and no other text."""
    shapes = {_mark(kind, way) for kind, way in kinds.items() if way not in {"mark", "keep"}}
    return re.compile("|".join([rf"\[(?:{'|'.join(kinds)})\]", _NOTICE, *sorted(shapes)]))


def _mark(kind: str, way: str) -> str:
    match way:
        case "partial":
            return _EMAIL_SHOWN if kind == "EMAIL" else _NUMBER_SHOWN
        case "pseudonym":
            return rf"\b{kind}:[a-f][0-9a-f]{{{DIGITS - 1}}}\b"
        case "truncate":
            return _NETWORK
        case _:
            return GENERALISED
