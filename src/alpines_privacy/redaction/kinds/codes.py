"""Credentials that stand in an address or a command: codes of a query, tokens of a path, `curl -u user:password`.

Also one-time codes that a sentence names: "your verification code is 482913".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alpines_privacy.redaction.kinds.randomness import surprise
from alpines_privacy.redaction.kinds.shape import Bounds, Shape, by_length

__all__ = ["SHAPES"]

# OAuth's authorization code (RFC 6749 §4.1.2) and the signature of a signed address. `code=200` is a
# status: an authorization code is known by other parameters of the query, or by its randomness.
_QUERY = r"[?&;](?:code|sig)=[0-9A-Za-z%]"
_PARAMETER = re.compile(r"(code|sig)=([^\s&;#\"'<>\\]{6,2048})")
_PARAMETERS = re.compile(rf"{_QUERY}[^\s&;#\"'<>\\]{{0,2047}}+").finditer
_BESIDE = re.compile(
    r"[?&;](?:state|session_state|iss|grant_type|redirect_uri|code_verifier|scope)="
)
_QUERY_READ = 128  # characters of a query that are read on each side
_QUERY_AFTER = re.compile(r"[^\s\"'<>#]*")


def _parameters(text: str) -> Iterator[Bounds]:
    """Give the parameters with their values; none begins in the value of another, so each is judged once."""
    return (match.span() for match in _PARAMETERS(text))


def _find_parameter(text: str, start: int, _end: int) -> Iterator[Bounds]:
    match = _PARAMETER.match(text, start + 1)
    if match is not None and (_is_random(match[2]) or _is_authorization(text, match)):
        yield match.span(2)


def _is_authorization(text: str, match: re.Match[str]) -> bool:
    """Whether a code stands in a query beside OAuth's other parameters, and is no status or word."""
    value = match[2]
    if match[1] != "code" or value.isalpha() or (value.isdecimal() and len(value) < 6):
        return False
    first = max(0, match.start() - _QUERY_READ)
    first = max(first, *(text.rfind(sign, first, match.start()) for sign in " \t\n\"'<>"))
    if _BESIDE.search(text, first, match.start()):
        return True
    after = _QUERY_AFTER.match(text, match.end(), match.end() + _QUERY_READ)
    return after is not None and _BESIDE.search(text, *after.span()) is not None


def _is_random(value: str) -> bool:
    """Whether a value of a query or a path is random: `c1x-9f86d0…`, `m4En49Bilf`; no word, date or number."""
    if _UUID.fullmatch(value) or _LONG_HEXADECIMAL.search(value):
        return True
    if value.isalpha() and (value.islower() or value.istitle()):
        return False
    if _MIXED.match(value) and not _WORDS.fullmatch(value):
        return True
    runs = _RUNS.findall(value)
    return sum(map(surprise, runs)) >= (_BITS if len(value) < _LONG else _BITS_OF_LONG)


_RUNS = re.compile(r"[0-9A-Za-z]{3,128}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# Hexadecimal digits with letters, so that no number matches.
_LONG_HEXADECIMAL = re.compile(
    r"(?<![0-9A-Za-z])(?=[0-9]*[a-fA-F])(?=[a-fA-F]*[0-9])[0-9a-fA-F]{16,128}(?![0-9A-Za-z])"
)
_MIXED = re.compile(
    "(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[0-9A-Za-z]{8,64}(?![0-9A-Za-z])"
)
_WORDS = re.compile("[A-Za-z]+[0-9]*")
_LONG = 16
_BITS, _BITS_OF_LONG = 10.0, 16.0

# Words in the path of a link that is sent to one person; the token after the word lets anyone use the link.
_DOES = (
    "reset|verify|verification|invite|invites|invitation|invitations|confirm|confirmation|activate"
    "|activation|unsubscribe|magic|magic[-_]link|recover|recovery|accept|hooks?|webhooks?|webhookb2"
)
_PATH = rf"/(?i:(?:[a-z]+[-_])?(?:{_DOES})(?:[-_][a-z]+)*)(?:/[0-9A-Za-z_-]{{1,64}}){{0,3}}/[0-9A-Za-z_~.=:@%-]{{8}}"
_SEGMENT = re.compile(r"/([0-9A-Za-z_~.=:@%-]{1,512})")
_SEGMENTS = 5  # of a path, after the word


def _find_segment(text: str, start: int, _end: int) -> Iterator[Bounds]:
    """Give the random segments of a path after the word."""
    place = text.index("/", start + 1)
    for _ in range(_SEGMENTS):
        match = _SEGMENT.match(text, place)
        if match is None:
            return
        place = match.end()
        if len(match[1]) > 7 and _is_random(match[1]):
            yield match.span(1)


# Commands that take credentials in an option of one letter; long options are keys (`--password x`).
_LOGIN = r"[ \t](?:-[uU]|--(?:proxy-)?user)[ =]?[\"']?[^\s:\"'-][^\s:\"']{0,127}:[^\s\"']"
_LOGIN_OPTION = re.compile(
    r"[ \t](?:-[uU]|--(?:proxy-)?user)[ =]?(?:\"([^\"\n]{3,512})\"|'([^'\n]{3,512})'|([^\s\"']{3,512}))"
)
_CURL = re.compile(r"(?<![0-9A-Za-z])curl[\"']?[ \t]")
_COMMAND = 256  # characters of a command that are read before an option
_LETTER_OPTION = (
    r"\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump)[ \t][^\n|]{0,200}[ \t]-p[^\s-]"
    r"|\bsshpass[ \t]+-p[ \t]*[^\s]|\bredis-cli[ \t][^\n|]{0,200}-a[ \t]+[^\s]"
)
_PASSWORD = re.compile(r"[\"']?([^\s\"']{1,256})")


def _find_login(text: str, start: int, _end: int) -> Iterator[Bounds]:
    program = text.rfind("curl", max(0, start - _COMMAND), start)
    if program < 0 or text.find("\n", program, start) >= 0 or not _CURL.match(text, program):
        return
    if option := _LOGIN_OPTION.match(text, start):
        yield option.span(option.lastindex or 0)


def _find_password(text: str, _start: int, end: int) -> Iterator[Bounds]:
    match = _PASSWORD.match(text, end - 1)
    if match is not None:
        yield match.span(1)


# A sentence with a one-time code: the words that name it, the words between, and the code.
_NAMES_CODE = (
    "(?:verification|security|confirmation|authentication|authorization|login|sign-in|access|one-time"
    "|2fa|mfa|sms|backup|recovery|pairing|reset)[ -](?:code|pin|passcode)|one-time password|otp|passcode"
)
_SENTENCE = rf"\b(?i:{_NAMES_CODE})(?i: code)?(?i: is| was| sent| of| for [^ ]{{1,64}} is)?[:=]? ?[\"']?[0-9]"
_CODE = re.compile(r"[0-9]{3,4}[ -][0-9]{3,4}(?!\.?[0-9A-Za-z])|[0-9]{4,10}(?!\.?[0-9A-Za-z])")


def _find_code(text: str, start: int, end: int) -> Iterator[Bounds]:
    match = _CODE.match(text, end - 1)
    if match is not None and not text[start - 1 : start].isalnum():
        yield match.span()


SHAPES = (
    Shape(
        "SECRET",
        _QUERY,
        _find_parameter,
        ("?code=", "&code=", ";code=", "?sig=", "&sig=", ";sig="),
        _parameters,
        by_length(8),
    ),
    Shape(
        "SECRET",
        _PATH,
        _find_segment,
        (
            *("reset", "verif", "invit", "confirm", "activat", "unsubscribe", "magic", "recover"),
            *("accept", "hook"),
        ),
        weigh=by_length(4),
    ),
    Shape("SECRET", _LOGIN, _find_login, ("-u",)),
    Shape("SECRET", _LETTER_OPTION, _find_password, ("mysql", "mariadb", "sshpass", "redis-cli")),
    Shape(
        "SECRET",
        _SENTENCE,
        _find_code,
        (" code", "-code", " pin", "-pin", "otp", "passcode", "one-time"),
    ),
)
