"""One rule of a filter list: parsed from a line, and matched against requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Literal, TypeAlias

from alpines_privacy.http.url import host_in_ascii
from alpines_privacy.trackers.pattern import Malformed, Slow, compile_pattern
from alpines_privacy.trackers.request import (
    ALL_PARTIES,
    BITS,
    FIRST_PARTY,
    PAGE_LOADS,
    THIRD_PARTY,
    Request,
    is_below,
)
from alpines_privacy.trackers.source import LONGEST_RULE, ListInfo

__all__ = [
    "ADDED",
    "ALLOWED",
    "BLOCK",
    "EXCEPTION",
    "IMPORTANT",
    "SLOW",
    "Rule",
    "Skipped",
    "read",
    "weight_of",
]

# The strongest of the rules that apply to a request decides; even strengths allow it.
BLOCK, EXCEPTION, IMPORTANT, ALLOWED = 1, 2, 3, 4
# Rules that the site's own policy adds outrank exceptions of the lists.
ADDED = IMPORTANT

Why: TypeAlias = Literal["comment", "cosmetic", "unsupported"]

_KINDS: Mapping[str, int] = MappingProxyType(
    {
        **BITS,
        "css": BITS["stylesheet"],
        "xhr": BITS["xmlhttprequest"],
        "frame": BITS["subdocument"],
        "beacon": BITS["ping"],
        "object-subrequest": BITS["object"],
        "doc": BITS["document"],
        "all": sum(BITS.values()),
    }
)
_PARTIES: Mapping[str, int] = MappingProxyType(
    {
        "third-party": THIRD_PARTY,
        "3p": THIRD_PARTY,
        "~first-party": THIRD_PARTY,
        "~1p": THIRD_PARTY,
        "first-party": FIRST_PARTY,
        "1p": FIRST_PARTY,
        "~third-party": FIRST_PARTY,
        "~3p": FIRST_PARTY,
    }
)
# Options for "block, and answer with a surrogate". Only the blocking is done.
_SURROGATES = frozenset({"redirect", "rewrite"})

_COSMETIC = re.compile(r"[^/|@\"!]*?#(?:@?[?$%]{0,2}|\+)#")
_OPTIONS = re.compile(r"~?[\w-]++(?:=[^,]*+)?(?:,~?[\w-]++(?:=[^,]*+)?)*+", re.DOTALL)
SLOW = "an expression that may take too long"
_MOST_DOLLARS = 16  # `$` of a rule that are tried as the start of its options
_LETTER_OR_DIGIT = re.compile(r"[A-Za-z0-9]|[^\x00-\x7f]")
# Bytes of memory of a rule without its text, and for each character of its text.
_OBJECTS, _EACH = 512, 12
_DOMAIN = re.compile(r"(?:[a-z0-9_-]+\.)*(?:[a-z0-9_-]+|\*)|\[[0-9a-f:.]+\]")


class Skipped(Exception):  # noqa: N818 - no error: half the lines are skipped
    """A line that is no rule about loads, or a rule with an unsupported option.

    `option` names that option. A blocking rule without it would stop too much, so the rule is left out
    and its loads pass. An exception is left out too, and the loads it excepts stay blocked.
    """

    def __init__(self, why: Why, option: str = "") -> None:
        super().__init__(option or why)
        self.why = why
        self.option = option


class Rule:
    """A network rule. An index finds it by `host` or `words`; see `Pattern`."""

    def __init__(self, text: str, pattern: str, options: str) -> None:
        """Parse a rule's parts; raises `Skipped` or `Malformed`."""
        self.text = text
        self.is_exception = text.startswith("@@")
        self.strength = EXCEPTION if self.is_exception else BLOCK
        self.is_badfilter = False
        self.domains: dict[str, bool] | None = None
        self._match_case = False
        self._kinds = self._not_kinds = 0
        self._parties = ALL_PARTIES
        for option in filter(None, options.split(",")):
            self._take(option)
        if not options and not _LETTER_OR_DIGIT.search(pattern):
            raise Malformed(f"{pattern!r} fits every address; expected a host, a word or an option")
        self.host, self.words, self.literal, self._test = compile_pattern(
            pattern, match_case=self._match_case
        )
        self.mask = ((self._kinds or PAGE_LOADS) & ~self._not_kinds) | self._parties
        # Whether mask, host and literal decide alone, without a call.
        self.is_plain = self._test is None and self.domains is None
        self.weight = 2 * self.strength
        self.source: ListInfo | None = None

    def come_from(self, source: ListInfo) -> None:
        """Set the list of a rule; a rule of the site's own policy gets its higher strength."""
        self.source = source
        if source.is_own:
            self.strength = ALLOWED if self.is_exception else ADDED
        self.weight = 2 * self.strength + (source.when == "always")

    @cached_property
    def own_domains(self) -> tuple[str, ...]:
        """The domains of pages that a rule is limited to, empty if there is no limit."""
        return tuple(name for name, included in (self.domains or {}).items() if included)

    @property
    def identity(self) -> str:
        """The rule with sorted options and without $badfilter, to find the rule that a $badfilter cancels."""
        pattern, options = _split(self.text)
        return pattern + "$" + ",".join(sorted({*options.split(",")} - {"badfilter", ""}))

    def applies(self, request: Request) -> bool:
        """Tell whether the rule applies to a request, as one of its kinds."""
        return (
            self.literal in request.lower
            and self.mask & request.party != 0
            and self.mask & request.kinds != 0
            and (self.host is None or is_below(request.host, self.host))
            and (self.is_plain or self.fits(request))
        )

    def fits(self, request: Request) -> bool:
        """Tell whether a rule applies to a request that fits its mask, host and literal."""
        if self._test and not self._test(
            request.url if self._match_case else request.lower, request.host_end
        ):
            return False
        return self.domains is None or self.covers(request.page.names)

    def covers(self, page_names: tuple[str, ...]) -> bool:
        """Tell whether $domain= includes a page; its most specific name decides."""
        assert self.domains is not None
        for name in page_names:
            if (covered := self.domains.get(name)) is not None:
                return covered
        return not self.own_domains

    def _take(self, option: str) -> None:
        name, _, value = option.partition("=")
        if (bits := _KINDS.get(name)) and not value:
            self._kinds |= bits
        elif (bits := _KINDS.get(name.removeprefix("~"))) and not value:
            self._not_kinds |= bits
        elif party := _PARTIES.get(name):
            self._parties = party
        elif name in ("domain", "from"):
            self.domains = _domains(value)
        elif name == "match-case":
            self._match_case = True
        elif name == "important":
            self.strength = max(self.strength, BLOCK if self.is_exception else IMPORTANT)
        elif name == "badfilter":
            self.is_badfilter = True
        elif name not in _SURROGATES or not value or self.is_exception:
            raise Skipped("unsupported", name)


def weight_of(rules: Iterable[Rule]) -> int:
    """Return an estimate of the memory of parsed rules, in bytes."""
    return 64 + sum(_OBJECTS + _EACH * len(rule.text) for rule in rules)


def read(line: str) -> Rule:
    """Parse one line of a list; raises `Skipped` if it is no rule, `Malformed` if it is an invalid one."""
    line = line.strip()
    if not line or line.startswith("!") or (line.startswith("[") and line.endswith("]")):
        raise Skipped("comment")
    if len(line) > LONGEST_RULE:
        raise Malformed(f"a line of {len(line):,} characters, of at most {LONGEST_RULE:,}")
    if "#" in line and _COSMETIC.match(line):
        raise Skipped("cosmetic")
    pattern, options = _split(line)
    if re.search(r"\s", pattern):
        raise Malformed("a rule holds no spaces")
    try:
        return Rule(line, pattern.removeprefix("@@"), options)
    except Slow:
        raise Skipped("unsupported", SLOW) from None


def _split(text: str) -> tuple[str, str]:
    end = len(text)
    for _ in range(_MOST_DOLLARS):
        end = text.rfind("$", 0, end)
        if end < 0:
            break
        if _OPTIONS.fullmatch(text, end + 1):
            return text[:end], text[end + 1 :]
    return text, ""


def _domains(value: str) -> dict[str, bool]:
    """Read `a.com|~b.a.com|c.*` into a mapping from domain to whether it is included."""
    domains = {}
    for entry in value.split("|"):
        name = entry.removeprefix("~")
        if name.startswith("/"):
            raise Skipped("unsupported", "domain=/regex/")
        ascii_name = (host_in_ascii(name) or "").removesuffix(".")
        if not _DOMAIN.fullmatch(ascii_name):
            raise Malformed(f"{entry!r} in domain= is no domain")
        domains[ascii_name] = not entry.startswith("~")
    return domains
