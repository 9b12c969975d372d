"""Filter lists as text: every line becomes a rule, is counted, or is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from alpines_privacy.policy import PolicyError
from alpines_privacy.trackers.pattern import Malformed
from alpines_privacy.trackers.rule import Rule, Skipped, read
from alpines_privacy.trackers.source import MOST_RULES, ListInfo, When
from alpines_privacy.trackers.table import pack

__all__ = ["FilterList", "compile_lists", "read_list"]

_SHOWN = 10
_FIELD = re.compile(r"!\s*(Title|Version|Last modified|Licence|License)\s*:\s*(.+)", re.IGNORECASE)
_DIRECTIVE = re.compile(r"!#(if|else|endif|include|safari_cb_affinity)\b\s*(.*)")


class FilterList(NamedTuple):
    """A parsed list: its metadata and its rules."""

    info: ListInfo
    rules: tuple[Rule, ...]


def read_list(
    text: str, *, source: str, when: When = "always", date: str = "", version: str = ""
) -> FilterList:
    """Read a filter list's text; raises `PolicyError` with the number of each malformed line.

    Rules with an unsupported option are left out and counted by the option's name.
    """
    said: dict[str, str] = {}
    rules: list[Rule] = []
    unsupported: Counter[str] = Counter()
    cosmetic = 0
    problems: list[tuple[int, str]] = []
    if (lines := text.count("\n")) > MOST_RULES:
        raise PolicyError(
            f"has {lines:,} lines, of at most {MOST_RULES:,}; expected several files, or fewer rules",
            source=source,
        )
    for number, line in _active(text, unsupported):
        if field := _FIELD.match(line):
            said.setdefault(field[1].lower(), field[2].strip())
        try:
            rules.append(read(line))
        except Skipped as skipped:
            cosmetic += skipped.why == "cosmetic"
            unsupported.update([skipped.option] * (skipped.why == "unsupported"))
        except Malformed as error:
            problems.append((number, str(error)))
    if problems:
        raise _refusal(problems, source)
    if not rules and not cosmetic:
        raise PolicyError("holds no filter rule", source=source)
    info = ListInfo(
        name=said.get("title", source),
        when=when,
        version=version or _unless_template(said.get("version", "")),
        date=date or _unless_template(said.get("last modified", "")),
        licence=said.get("licence", said.get("license", "")),
        cosmetic=cosmetic,
        unsupported=dict(unsupported.most_common()),
    )
    return FilterList(info, tuple(rules))


def compile_lists(lists: Sequence[FilterList], *, modified: str = "") -> bytes:
    """Compile lists into one file's bytes, without rules that a $badfilter in any of them cancels."""
    cancelled = {rule.identity for each in lists for rule in each.rules if rule.is_badfilter}
    return pack(
        [_counted(each.info, _kept(each.rules, cancelled)) for each in lists], modified=modified
    )


def _kept(rules: Iterable[Rule], cancelled: set[str]) -> list[Rule]:
    if not cancelled:
        return list(rules)
    return [rule for rule in rules if not rule.is_badfilter and rule.identity not in cancelled]


def _counted(info: ListInfo, rules: list[Rule]) -> tuple[ListInfo, list[Rule]]:
    exceptions = sum(rule.is_exception for rule in rules)
    blocking = len(rules) - exceptions
    return replace(info, blocking=blocking, exceptions=exceptions), rules


def _active(text: str, unsupported: Counter[str]) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines outside false `!#if` blocks; every name in a condition is false."""
    conditions: list[bool] = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        directive = _DIRECTIVE.match(line)
        if not directive:
            if all(conditions):
                yield number, line
        elif directive[1] == "if":
            conditions.append(_holds(directive[2]))
        elif directive[1] == "else" and conditions:
            conditions[-1] = not conditions[-1]
        elif directive[1] == "endif":
            del conditions[-1:]
        elif all(conditions):
            unsupported["!#" + directive[1]] += 1


def _holds(condition: str) -> bool:
    """Evaluate `a && !b || !c` where every name is false; one with brackets does not hold."""
    return "(" not in condition and any(
        all(term.strip().startswith("!") for term in part.split("&&"))
        for part in condition.split("||")
    )


def _unless_template(value: str) -> str:
    return "" if "%" in value else value


def _refusal(problems: list[tuple[int, str]], source: str) -> PolicyError:
    shown = [f"line {number}: {problem}" for number, problem in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        shown.append(f"and {len(problems) - _SHOWN} more")
    return PolicyError("is no filter list; " + "; ".join(shown), source=source, line=problems[0][0])
