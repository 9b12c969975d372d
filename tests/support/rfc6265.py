"""RFC 6265bis §5.6 step by step, over octets: slow, literal, written without looking at ours.

An oracle for `alpines_privacy.http.setcookie` and for whatever leaves under a signal.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

__all__ = ["Kept", "read", "read_date"]

_WSP = b" \t"
_FORTY_DAYS_TIMES_TEN = 400 * 24 * 60 * 60
_EARLIEST = float("-inf")
_MONTHS = [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"]  # fmt: skip


class Kept(NamedTuple):
    """A cookie as §5.7 would store it; `expiry` is Unix time, None for a session cookie."""

    name: bytes
    value: bytes
    expiry: float | None
    attributes: list[tuple[bytes, bytes]]

    def expired(self, now: float) -> bool:
        """Whether the user agent evicts it at once."""
        return self.expiry is not None and self.expiry <= now


def read(line: bytes, now: float) -> Kept | None:
    """Take a `set-cookie-string`; None where the algorithm says to ignore it entirely."""
    if any(octet <= 0x08 or 0x0A <= octet <= 0x1F or octet == 0x7F for octet in line):
        return None
    end = line.find(b";")
    pair, rest = (line, b"") if end < 0 else (line[:end], line[end:])
    at = pair.find(b"=")
    name, value = (b"", pair) if at < 0 else (pair[:at], pair[at + 1 :])
    name, value = name.strip(_WSP), value.strip(_WSP)
    if len(name) + len(value) > 4096 or len(name) + len(value) == 0:
        return None
    attributes = _attributes(rest, now)
    return Kept(name, value, _expiry(attributes), [(key, text) for key, text, _ in attributes])


def _attributes(rest: bytes, now: float) -> list[tuple[bytes, bytes, float | None]]:
    """§5.6 steps 7 ff.: the cookie-attribute-list, each with the time it means, if it means one."""
    attributes: list[tuple[bytes, bytes, float | None]] = []
    while rest:
        rest = rest[1:]  # the ";"
        end = rest.find(b";")
        part, rest = (rest, b"") if end < 0 else (rest[:end], rest[end:])
        at = part.find(b"=")
        key, text = (part, b"") if at < 0 else (part[:at], part[at + 1 :])
        key, text = key.strip(_WSP).lower(), text.strip(_WSP)
        if len(text) > 1024:
            continue
        time: float | None = None
        if key == b"expires":
            date = read_date(text)
            if date is None:
                continue
            time = min(date, now + _FORTY_DAYS_TIMES_TEN)
        if key == b"max-age":
            if not _is_number(text):
                continue
            seconds = int(text)
            time = now + min(seconds, _FORTY_DAYS_TIMES_TEN) if seconds > 0 else _EARLIEST
        attributes.append((key, text, time))
    return attributes


def _expiry(attributes: list[tuple[bytes, bytes, float | None]]) -> float | None:
    for wanted in (b"max-age", b"expires"):
        for key, _, time in reversed(attributes):
            if key == wanted:
                return time
    return None


def _is_number(text: bytes) -> bool:
    digits = text[1:] if text.startswith(b"-") else text
    return digits != b"" and all(0x30 <= octet <= 0x39 for octet in digits)


def read_date(text: bytes) -> float | None:
    """§5.1.1, with the tokens walked one octet at a time."""
    time: list[int] | None = None
    day = month = year = None
    for token in _tokens(text):
        if time is None and (parts := _clock(token)):
            time = parts
        elif day is None and (digits := _leading_digits(token, 1, 2)) is not None:
            day = digits
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (digits := _leading_digits(token, 2, 4)) is not None:
            year = digits
    if time is None or day is None or month is None or year is None:
        return None
    if 70 <= year <= 99:
        year += 1900
    if 0 <= year <= 69:
        year += 2000
    if not 1 <= day <= 31 or year < 1601 or time[0] > 23 or time[1] > 59 or time[2] > 59:
        return None
    try:
        return datetime(year, month, day, time[0], time[1], time[2], tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _tokens(text: bytes) -> list[bytes]:
    tokens, token = [], b""
    for octet in text:
        if octet == 0x09 or 0x20 <= octet <= 0x2F or 0x3B <= octet <= 0x40:
            delimiter = True
        else:
            delimiter = 0x5B <= octet <= 0x60 or 0x7B <= octet <= 0x7E
        if delimiter:
            tokens.append(token)
            token = b""
        else:
            token += bytes([octet])
    return [token for token in [*tokens, token] if token]


def _leading_digits(token: bytes, least: int, most: int) -> int | None:
    count = 0
    while count < len(token) and 0x30 <= token[count] <= 0x39:
        count += 1
    return int(token[:count]) if least <= count <= most else None


def _clock(token: bytes) -> list[int] | None:
    fields = token.split(b":", 2)
    if len(fields) != 3:
        return None
    numbers = [_leading_digits(field, 1, 2) for field in fields]
    whole = all(len(field) == 2 or len(field) == 1 for field in fields[:2])
    if not whole or any(number is None for number in numbers):
        return None
    if not all(octet in b"0123456789" for field in fields[:2] for octet in field):
        return None
    return [number for number in numbers if number is not None]
