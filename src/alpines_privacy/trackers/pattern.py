"""The pattern of a filter rule: which addresses it fits, and by which words it can be found.

Adblock Plus' syntax: `*` is any run of characters, `^` a separator or the end, `|` at an edge the
address's edge, `||` the beginning of any label of the host, `/.../` a regular expression.
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

# A regular expression of a list's may take its time over a long address: it sees this much of it.
_EXPRESSIONS_SEE = 1000
_MOST_WAYS = 2_000_000  # 10 ms of them

# Called with the address a rule compares (in lower case unless $match-case) and its host's end.
Test: TypeAlias = Callable[[str, int], bool]

_SEPARATOR = r"(?:[^A-Za-z0-9_.%-]|\Z)"
_ANY_LABEL = r"[a-z]+://(?:[^/?#]*\.)?"
_HOST = re.compile(
    r"\|\|((?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)(?=[\^/:?])"
)
# A word and the mark before it: `/collect`, `.gif`, `?tid`; an address has a dozen, few of them
# those of a rule. In a pattern one that a star or an open edge may make longer does not count.
_WORD = re.compile(r"[^a-z0-9%][a-z0-9%]+")
_IN_PATTERN = re.compile(r"[^a-z0-9%*^|][a-z0-9%]+(?![a-z0-9%*])")

_LABEL = re.compile(r"\|\|([a-z0-9%]+)(?![a-z0-9%*])")

words = _WORD.findall


class Malformed(ValueError):  # noqa: N818 - what the line is
    """A line that no filter list should hold."""


class Slow(Exception):  # noqa: N818 - what the expression is
    """A regular expression that an address can be written for over which it takes very long."""


class Pattern(NamedTuple):
    """What an address must be to fit.

    On `host`, holding each of `words` whole and `literal` (all in lower case), and passing
    `test`, which is None where the others suffice. A word is given by its forms, of which one
    must be there: `||ads.` fits `/ads` and `.ads`.
    """

    host: str | None
    words: tuple[tuple[str, ...], ...]
    literal: str
    test: Test | None


def compile_pattern(text: str, *, match_case: bool = False) -> Pattern:
    """Compile a rule's pattern; raises `Malformed` for one that fits everything or nothing, or `Slow`."""
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
    """Write a pattern as addresses are written: hosts in Punycode, paths percent-encoded."""
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
    """Return the words of a pattern that stand whole in every address it fits.

    A word next to a star may be part of a longer one; so may one at an edge without an anchor.
    """
    if not body.endswith("|"):
        body += "*"
    found: list[tuple[str, ...]] = [(word,) for word in _IN_PATTERN.findall(body)]
    if label := _LABEL.match(body):
        found.append(("/" + label[1], "." + label[1]))
    return tuple(found)


def _literal_of(body: str) -> str:
    """Return the longest run of a pattern's characters that stand for themselves."""
    return max(re.split(r"[*^|]", body.lower()), key=len)


def _after_host(rest: str) -> Test | None:
    """Compile what follows `||host`: it must stand where the address's host ends."""
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
    """Compile a pattern that may fit anywhere, or at the edges it names."""
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
        return None  # the literal is all there is
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
    """Translate stars and separators into an expression that never steps back over a star.

    What stands between two stars may always be taken where it first occurs, so it is atomic: a
    visitor's long address cannot make it try every way of sharing it out. The last part may have
    to fit an edge, so only that one is looked for further on.
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
    """Return words that stand whole in whatever a regular expression fits; none when in doubt.

    Groups, classes and what is repeated are unknown (a star here); alternatives outside groups,
    or a look-around anywhere, end the search.
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
