"""The pattern of a filter rule: the addresses it fits, and the words by which an index finds it.

Adblock Plus' syntax: `*` is any run of characters, `^` a separator or the end, `|` at an edge of the
pattern is the address's edge, `||` the start of any label of the host, `/.../` a regular expression.
(https://help.adblockplus.org/hc/en-us/articles/360062733293)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias
from urllib.parse import quote

from alpines_privacy.http.url import host_in_ascii
from alpines_privacy.trackers.expression import ways

__all__ = ["Malformed", "Pattern", "Slow", "Test", "compile_pattern", "words"]

# A list's regular expression may be slow on a long address: it gets this many characters of it.
_EXPRESSIONS_SEE = 1000
_MOST_WAYS = 2_000_000  # about 10 ms

# Gets the address (in lower case unless $match-case) and the end of its host.
Test: TypeAlias = Callable[[str, int], bool]

_SEPARATOR = r"(?:[^A-Za-z0-9_.%-]|\Z)"
_ANY_LABEL = r"[a-z]+://(?:[^/?#]*\.)?"
_HOST = re.compile(
    r"\|\|((?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)(?=[\^/:?])"
)
# A word and the character before it: `/collect`, `.gif`, `?tid`. An address has a dozen, and few of
# them are words of a rule. A word of a pattern does not count if a star or an open edge may extend it.
_WORD = re.compile(r"[^a-z0-9%][a-z0-9%]+")
_IN_PATTERN = re.compile(r"[^a-z0-9%*^|][a-z0-9%]+(?![a-z0-9%*])")

_LABEL = re.compile(r"\|\|([a-z0-9%]+)(?![a-z0-9%*])")

words = _WORD.findall


class Malformed(ValueError):  # noqa: N818 - an adjective for the line
    """A line that is no valid rule."""


class Slow(Exception):  # noqa: N818 - an adjective for the expression
    """A regular expression that is very slow on some address."""


class Pattern(NamedTuple):
    """What an address must have to fit.

    Its host is `host` or below it, it has each of `words` whole and `literal` (all in lower case), and
    `test` accepts it; `test` is None if the others suffice. A word is a set of forms, of which the
    address must have one: `||ads.` fits `/ads` and `.ads`.
    """

    host: str | None
    words: tuple[tuple[str, ...], ...]
    literal: str
    test: Test | None


def compile_pattern(text: str, *, match_case: bool = False) -> Pattern:
    """Compile a rule's pattern; raises `Malformed` if it fits everything or nothing, or `Slow`."""
    if len(text) > 1 and text.startswith("/") and text.endswith("/"):
        return _regular_expression(text[1:-1], match_case=match_case)
    text = _in_ascii(text)
    lower = text.lower()
    text = text if match_case else lower
    if host := _HOST.match(lower):
        rest = text[host.end() :]
        return Pattern(host[1], _words(lower[host.end() :]), _literal_of(rest), _after_host(rest))
    test = _anywhere(text)
    if test is None and match_case and text != lower:
        test = _literal(text.strip("*"), starts=False, ends=False)
    return Pattern(None, _words(lower), _literal_of(lower), test)


def _in_ascii(text: str) -> str:
    """Return a pattern as addresses are written: hosts in Punycode, paths percent-encoded."""
    if text.isascii():
        return text
    edge = re.match(r"(\|\|)?([^/^?*|]*)(.*)", text, re.DOTALL)
    assert edge is not None
    host = edge[2] if not edge[1] else host_in_ascii(edge[2]) or ""
    try:
        return (edge[1] or "") + "".join(c if c.isascii() else quote(c) for c in host + edge[3])
    except UnicodeEncodeError:
        raise Malformed(
            "holds half a character (a lone surrogate), which no address does"
        ) from None


def _words(body: str) -> tuple[tuple[str, ...], ...]:
    """Return the words that are whole in every address a pattern fits.

    A word next to a star, or at an edge without an anchor, may be part of a longer word.
    """
    if not body.endswith("|"):
        body += "*"
    found: list[tuple[str, ...]] = [(word,) for word in _IN_PATTERN.findall(body)]
    if label := _LABEL.match(body):
        found.append(("/" + label[1], "." + label[1]))
    return tuple(found)


def _literal_of(body: str) -> str:
    """Return the longest run of literal characters of a pattern."""
    return max(re.split(r"[*^|]", body.lower()), key=len)


def _after_host(rest: str) -> Test | None:
    """Compile what follows `||host`: it must begin where the address's host ends."""
    ends = rest.endswith("|")
    body = rest.removesuffix("|") if ends else rest.rstrip("*")
    if body == "^" and not ends:
        return None
    if "*" in body or "^" in body:
        expression = re.compile(_expression(body) + (r"\Z" if ends else ""), re.DOTALL)
        return lambda url, host_end: expression.match(url, host_end) is not None
    if ends:
        return lambda url, host_end: url[host_end:] == body
    return lambda url, host_end: url.startswith(body, host_end)


def _anywhere(text: str) -> Test | None:
    """Compile a pattern that may fit anywhere, or only at its anchors."""
    body = text.removesuffix("|")
    ends = body != text
    label = body.startswith("||")
    starts = body.startswith("|")
    body = body.lstrip("|") if starts else body.lstrip("*")
    if not ends:
        body = body.rstrip("*")
    if body and (label or "*" in body or "^" in body):
        if not starts:
            body = "*" + body
        start = _ANY_LABEL if label else ""
        expression = re.compile(start + _expression(body) + (r"\Z" if ends else ""), re.DOTALL)
        return lambda url, _: expression.match(url) is not None
    if (not starts and not ends) or not body:
        return None  # the pattern is its literal
    return _literal(body, starts=starts, ends=ends)


def _literal(body: str, *, starts: bool, ends: bool) -> Test:
    if starts and ends:
        return lambda url, _: url == body
    if starts:
        return lambda url, _: url.startswith(body)
    if ends:
        return lambda url, _: url.endswith(body)
    return lambda url, _: body in url


def _expression(body: str) -> str:
    """Translate stars and separators into an expression that never backtracks over a star.

    A part between two stars may always match where it first occurs, so it is atomic: a visitor's long
    address causes no further tries. The last part may be anchored at the end, so it alone is searched
    for further on.
    """
    first, *others = (
        "".join(_SEPARATOR if c == "^" else re.escape(c) for c in part)
        for part in re.split(r"\*+", body)
    )
    if not others:
        return first
    *middle, last = others
    return first + "".join(f"(?>.*?{part})" for part in middle) + f".*{last}"


def _regular_expression(source: str, *, match_case: bool) -> Pattern:
    if not source:
        raise Malformed("// is an empty regular expression")
    try:
        tried = ways(source, _EXPRESSIONS_SEE)
        expression = re.compile(source, re.ASCII | (0 if match_case else re.IGNORECASE))
    except (re.error, OverflowError, RecursionError) as error:
        raise Malformed(f"/{source}/ is no regular expression: {error}") from None
    if tried > _MOST_WAYS:
        raise Slow
    return Pattern(
        None,
        _words_of_expression(source),
        "",
        lambda url, _: expression.search(url, 0, _EXPRESSIONS_SEE) is not None,
    )


_PARTS_OF_EXPRESSION = re.compile(
    r"""\\(?P<literal>[^A-Za-z0-9])   # an escaped mark stands for itself
      | (?P<unknown>\\. | \[\^?+\]?+(?:\\.|[^\]\\])*+\]? | \.)
      | (?P<group>\(|\)) | (?P<quantifier>[*+?]|\{[0-9,]*\}) | (?P<edge>\^|\$)
      | (?P<plain>.)""",
    re.VERBOSE | re.DOTALL,
)


def _words_of_expression(source: str) -> tuple[tuple[str, ...], ...]:
    """Return words that are whole in every text a regular expression fits; none when in doubt.

    Groups, classes and repeated parts count as a star. An expression with alternatives outside groups,
    or with a look-around, has no words.
    """
    if "(?!" in source or "(?<" in source:
        return ()
    body, depth = ["*"], 0
    for part in _PARTS_OF_EXPRESSION.finditer(source):
        if part["group"]:
            depth += 1 if part[0] == "(" else -1
            body.append("*")
        elif depth:
            continue
        elif part["plain"] == "|":
            return ()
        elif part["quantifier"]:
            body[-1] = "*"
        elif part["edge"]:
            body.append("^")
        else:
            body.append("*" if part["unknown"] else part["literal"] or part["plain"])
    return _words("".join(body).lower())
