"""Tokens: random characters, from any issuer, with or without the issuer's prefix.

No table of services is needed: the measure is how little a run of characters looks like a name that
people write. Digests and identifiers are random too, but stay: runs of hexadecimal digits only, parts of
file names, and runs that the words before them call a digest or an identifier.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from alpines_privacy.redaction.kinds.keywords import WORD
from alpines_privacy.redaction.kinds.randomness import surprise
from alpines_privacy.redaction.kinds.shape import Bounds, Shape, by_length

__all__ = ["SHAPES"]

# A core that nearly every random run holds and few names do: letters beyond the hexadecimal ones between
# digits, or capitals, small letters and digits in turn, with more of the run on both sides.
_ODD = (
    "(?:[0-9][A-Za-z]{0,3}[G-Zg-z][A-Za-z]{0,3}[0-9]|[A-Z][a-z][A-Z]{2}|[A-Z]{2}[a-z][A-Z]"
    "|[0-9][a-z][A-Z]|[a-z][A-Z][0-9]|[0-9][A-Z][a-z])"
)
_MORE = "[0-9A-Za-z_.-]{4}"
_CORE = _MORE + _ODD + _MORE
_GLUED = "[0-9A-Za-z_.+/=~-]*"
_RANDOM = _GLUED + _CORE + _GLUED
_LEAST = 20  # fewest letters and digits of a token without a prefix that names it
_LONGEST = 300  # most characters, twice as many after a prefix: longer runs are data
_BITS = 24.0
_BITS_OF_HEXADECIMAL = 8.0  # bits of a long run: never enough alone, some beside a random run
_LONG_RUN = 20
_SHORT_RUN = 2
_LONG_REGION = 96  # characters, above which it pays to count the runs
_OF_A_RUN = 24  # characters of a run that take as long as a candidate

_RUN = re.compile(r"[0-9A-Za-z]+")
_PREFIX = re.compile(r"(?:[0-9A-Za-z]{1,10}[_.-]){1,3}")
_SUFFIX = re.compile(r"(?:[_-][0-9A-Za-z]{1,10}){1,2}")
_HEXADECIMAL = re.compile(r"[0-9a-f]+|[0-9A-F]+")
# Bits against a token that continues across such a sign; in base64 two of the signs are characters.
_AGAINST = {"_": 0.5, "-": 0.5, "+": 1.0, "~": 3.0, ".": 6.0, "/": 12.0, "=": 12.0}
_AGAINST_BASE64 = _AGAINST | {"/": 1.0}

# Keys and names of schemes that call the characters after them a digest or an identifier.
_NO_SECRET = re.compile(
    r"(?:(?:\b|_)(?:sha[0-9]{0,3}|md5|h1|crc32c?|base64|uuid|urn:[a-z]{2,8}|ssh-[a-z0-9-]{3,20}"
    r"|ecdsa-[a-z0-9-]{3,20})[-:,= ]"
    r"|(?:(?<![A-Za-z])ids?|(?<=[_-])ids?|hash|digest|sum|etag|integrity|fingerprint|guid|commit"
    r"|revision|version|cursor|marker|handle|nonce|md5|sha[0-9]{0,3}|base64|hmac|boundary|encrypted_value"
    r"|(?-i:[a-z]I[dD]s?))(?:[-_]?[0-9]{1,2})?[\"']?[ \t]?[:=>,][ \t+]?[\"'(\[<]*)\Z",
    re.IGNORECASE,
)
# Things with identifiers for later look-up: as the word before a token, or as its prefix.
_TRACED = re.compile(
    r"(?:^|[^A-Za-z])(?:req|request|trace|span|job|task|run|event|evt|correlation|execution|invocation|transaction|txn)"
    r"(?:[_-]|[\"']?[ \t]?[:=#][ \t]?[\"'(\[<]*|[ ][\"'(\[<#]?)\Z",
    re.IGNORECASE,
)
# The salt and the digest of a host's name in OpenSSH's known_hosts (sshd(8)).
_KNOWN_HOST = re.compile(r"\|1\|(?:[0-9A-Za-z+/]{27}=\|)?\Z")
_DIGEST_OF_HOST = re.compile(r"[0-9A-Za-z+/]{27}=(?=[| \t]|\Z)")
_FILE = re.compile(r"\.[A-Za-z][0-9A-Za-z]{0,4}\Z")
_DATA = (
    "AAAA",
    "iVBOR",
    "R0lGOD",
    "9j/",
    "/9j/",
    "MII",
    "UEsDB",
    "PD94",
    "UklGR",
    "H4sI",
    "JVBER",
    "d09GR",
    "LS0t",
)


def _regions(text: str) -> Iterable[Bounds]:
    """Return the matches of the pattern: the connected characters around each possible token."""
    return [
        match.span()
        for match in _glued(text)
        if match.end() - match.start() >= _LEAST_OF_CORE
        and not _is_plain(match[0])
        and _core(match[0])
    ]


_is_plain = re.compile("[0-9a-f_.-]*+").fullmatch  # a text without a core, the most frequent one
_glued = re.compile(_GLUED.replace("*", "++")).finditer
_core = re.compile(_CORE, re.ASCII).search
_LEAST_OF_CORE = 11


def _runs(text: str, start: int, end: int) -> int:
    """Return the weight of a region: each of its runs is judged separately, and a long one takes longer."""
    size = end - start
    if size < _LONG_REGION:
        return 8 + size // 6
    return 6 + sum(text.count(sign, start, end) for sign in _AGAINST) + size // _OF_A_RUN


def _find_token(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give the tokens of a region: the stretches that the random model explains best."""
    if text[start - 1 : start] == "\\" and text[start] in "nrt":  # an escape of a string
        start += 1
    if text.find("xn--", start, end) >= 0:  # a host name in Punycode (RFC 5891)
        return
    for stretch in _stretches(text, start, end):
        first, last = _whole(text, *stretch, start, end)
        if _is_token(text, first, last, start, end):
            yield first, last


def _whole(text: str, first: int, last: int, start: int, end: int) -> Bounds:
    """Return a stretch with its prefix; for base64, all connected base64 characters."""
    if _PREFIX.fullmatch(text, start, first):
        first = start
    elif _is_base64(text, start, end):
        while first > start and text[first - 1] in _BASE64:
            first -= 1
        while last < end and text[last] in _BASE64:
            last += 1
    while text[last : last + 1] == "=":
        last += 1
    return first, end if _SUFFIX.fullmatch(text, last, end) else last


def _is_base64(text: str, start: int, end: int) -> bool:
    return text.find("+", start, end) >= 0 or (text[end - 1] == "=" and (end - start) % 4 == 0)


_BASE64 = WORD | {"+", "/"}


def _stretches(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give the stretches of a region whose bits reach the threshold: each with the largest sum."""
    costs = _AGAINST_BASE64 if _is_base64(text, start, end) else _AGAINST
    first = last = done = start
    bits = best = 0.0
    for run in _RUN.finditer(text, start, end):
        between = text[done : run.start()]
        against = costs[between] if len(between) == 1 else sum(map(costs.__getitem__, between))
        gain, done = _bits(run[0]), run.end()
        if bits <= against:
            if best >= _BITS:
                yield first, last
            first, bits, best = run.start(), gain, 0.0
        else:
            bits += gain - against
        if bits >= best:
            best, last = bits, done
    if best >= _BITS:
        yield first, last


def _bits(run: str) -> float:
    """Return the bits of a run; hexadecimal digits may be a digest."""
    if len(run) > 8 and _HEXADECIMAL.fullmatch(run):
        return _BITS_OF_HEXADECIMAL if len(run) >= _LONG_RUN else 0.0
    return surprise(run[:128]) if len(run) > _SHORT_RUN else 0.0


def _is_token(text: str, first: int, last: int, start: int, end: int) -> bool:
    token = text[first:last]
    longest = _LONGEST * 2 if _PREFIX.match(token) else _LONGEST
    if not _LEAST <= len(token) <= longest or token.startswith(_DATA):
        return False
    if _SCHEME_OF_DIGEST.match(text, start) or _is_called_otherwise(text, first, start, last):
        return False
    if _SCHEME_OF_DIGEST.match(token) or text[first - 1 : first] == "/":
        return False
    if _AT.match(text, last):  # a mailbox, which is hidden whole
        return False
    return not _FILE.match(text[last:end]) and not _is_line_of_data(text, start, end)


def _is_called_otherwise(text: str, first: int, start: int, end: int) -> bool:
    """Whether the words before a token, or before the region it ends, call it a digest or an identifier."""
    begin = max(text.rfind(sign, start, first) for sign in "=/.+~") + 1 or start
    if any(_NO_SECRET.search(text, max(0, place - _NAMED), place) for place in {first, begin}):
        return True
    if _DIGEST_OF_HOST.match(text, first) and _KNOWN_HOST.search(
        text, max(0, first - _NAMED), first
    ):
        return True
    run = _LAST_RUN.match(text, first, end)
    return any(
        _TRACED.search(text[max(0, place - _NAMED) : place])
        for place in {first, run.start(1) if run else first}
    )


_LAST_RUN = re.compile(r"[A-Za-z]{2,12}[_-]([0-9A-Za-z]+)")  # after a prefix of one word
_AT = re.compile(r"@|%(?:25){0,3}40|\\{1,4}u0040|&#(?:64|x40)|=40", re.IGNORECASE)
_NAMED = 40  # characters before a token that may name it


def _is_line_of_data(text: str, start: int, end: int) -> bool:
    """Whether a region is a whole line of wrapped data, as in a certificate or mail, or follows such a line."""
    if _LINE_BEFORE.search(text, max(0, start - _INDENT - 16), start):
        return True
    return (
        end - start in _BROKEN
        and _BREAK_BEFORE.search(text, max(0, start - _INDENT), start) is not None
        and _BREAK_AFTER.match(text, end) is not None
    )


# In a string of source or JSON a line break is an escape (`\\n`); a whole string is a line too.
_BROKEN = frozenset({60, 64, 68, 70, 72, 76, 78, 80, 84, 88})
_INDENT = 80
_BREAK_BEFORE = re.compile(r"(?:\A|\n|\\n)[ \t]*[\"']?\Z")
_LINE_BEFORE = re.compile(
    r"(?<![0-9A-Za-z+/])[0-9A-Za-z+/]{60,88}(?:(?:\\r)?\\n|\r?\n|[\"']\n?|[ ])[ \t]*[\"']?\Z"
)
_BREAK_AFTER = re.compile(r"(?:\\[rn]){0,8}[\"']?[ \t,+\\)]{0,16}(?:\r?\n|\\r|\Z)|(?:\\r)?\\n")

_SCHEME_OF_DIGEST = re.compile("(?:sha[0-9]{1,3}|md5)[-_:=]", re.IGNORECASE)

# Words of a prefix that name a credential. After `key` or `sk` hexadecimal digits are a credential too;
# after `live-` and `test-` they may be a commit's digest, but not after `live_` and `test_`.
_NAMES = "[a-z]{0,16}(?:key|token|secret|pat)|tok|[sprca]k|cs|sec|oat|aat|sat|cred|pw"
_MODES = "live|test|prod|production|sandbox"
_REST = "[0-9A-Za-z]{1,12}(?:[0-9][0-9A-Za-z]{6}|[A-Z][a-z][A-Z][0-9A-Za-z]{5})"
_PREFIXED = (
    rf"(?:\b|_)(?i:{_NAMES}|{_MODES}|auth|oauth|access|api|bot)[_.-]"
    rf"(?:[0-9A-Za-z]{{1,9}}[_.-]){{0,3}}{_REST}"
)
_DIGITS_AFTER_NAME = re.compile(
    rf"(?:[0-9A-Za-z]{{1,16}}[_.:-]){{0,3}}?(?i:(?:{_NAMES})[_.:-]|(?:{_MODES})_)(?:[0-9A-Za-z]{{1,9}}[_.-]){{0,3}}"
    r"(?=[a-f]*[0-9])(?:[0-9a-f]{24,128}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9A-Za-z])"
)
_LAST = re.compile(r"[0-9A-Za-z]{12,255}(?![0-9A-Za-z])")
# Uses of keys that are no credentials: `cache-key-9f86d0…`.
_LOOKED_UP = ("cache", "cached", "idempotency", "partition", "sort", "primary", "foreign", "dedup")
_LONGEST_NAME = 16
_BITS_AFTER_PREFIX = 14.0


def _find_prefixed(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give a token after a prefix that names a credential."""
    named = start
    while start and text[start - 1] in WORD:
        start -= 1
    before = text[max(0, start - _LONGEST_NAME) : start].rstrip("_-").lower()
    if before.endswith(_LOOKED_UP) or text[start:end].lower().startswith(_LOOKED_UP):
        return
    if match := _DIGITS_AFTER_NAME.match(text, start):
        yield match.span()
        return
    for piece in _LAST.finditer(text, named, end + 255):  # text before the name has its own matches
        if piece.start() >= end:
            return
        if not _HEXADECIMAL.fullmatch(piece[0]) and surprise(piece[0]) >= _BITS_AFTER_PREFIX:
            yield start, piece.end()
            return


_RANDOM_HINTS = (
    *(f"#0{'a' * letters}0" for letters in range(1, 8)),
    *("^AaA", "^0aA", "^aA0", "^0Aa"),
)
_PREFIXED_HINTS = tuple(
    f"{name}{sign}"
    for name in (
        *("key", "token", "secret", "pat", "tok", "sk", "pk", "rk", "ck", "ak", "cs", "sec", "oat"),
        *("aat", "sat", "cred", "pw", "live", "test", "prod", "production", "sandbox", "auth"),
        *("oauth", "access", "api", "bot"),
    )
    for sign in "_.-"
)

SHAPES = (
    Shape("SECRET", _RANDOM, _find_token, _RANDOM_HINTS, _regions, _runs),
    Shape("SECRET", _PREFIXED, _find_prefixed, _PREFIXED_HINTS, weigh=by_length(3)),
)
