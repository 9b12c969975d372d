"""The shipped rules, and a site's own lists and rules that replace them or add to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.bounds import read_regular
from alpines_privacy.policy.parts import Trackers
from alpines_privacy.trackers.companies import Companies
from alpines_privacy.trackers.lists import FilterList, compile_lists, read_list
from alpines_privacy.trackers.pattern import Malformed
from alpines_privacy.trackers.rule import SLOW, Rule, Skipped, read
from alpines_privacy.trackers.rules import Rules
from alpines_privacy.trackers.source import LONGEST_FILE, ListInfo, When
from alpines_privacy.trackers.table import MAGIC, Table

__all__ = ["rules_for", "shipped_rules"]

_LISTS = "lists.rules"
_SERVICES = "services.rules"
_OWN = "the site's policy"


@cache
def _shipped(name: str) -> Table:
    return Table((files(__package__) / "data" / name).read_bytes())


@cache
def _companies() -> Companies:
    return Companies((files(__package__) / "data" / "companies.tsv").read_text(encoding="utf-8"))


@cache
def shipped_rules() -> Rules:
    """Return the shipped rules (EasyPrivacy, EasyList, supplements), read once for all policies."""
    return Rules((_shipped(_LISTS), _shipped(_SERVICES)), _companies)


def rules_for(trackers: Trackers) -> Rules:
    """Return a policy's rules; raises `PolicyError` with the file, line or key at fault.

    The site's own lists replace EasyPrivacy and EasyList; the other lists stay as shipped.
    """
    if trackers == Trackers():
        return shipped_rules()
    tables = _listed(trackers) or [_shipped(_LISTS)]
    tables.append(_shipped(_SERVICES))
    if own := _own_rules(trackers):
        tables.append(
            Table(compile_lists([FilterList(ListInfo(name=_OWN, when="always", is_own=True), own)]))
        )
    _check_categories(trackers.allow_categories)
    return Rules(tables, _companies, allowed_categories=trackers.allow_categories)


def _listed(trackers: Trackers) -> list[Table]:
    """Read the site's own lists: a table for each compiled one, and one table for all texts."""
    tables: list[Table] = []
    texts: list[FilterList] = []
    when: When
    for key, when, names in (
        ("lists", "always", trackers.lists),
        ("signal_lists", "signal", trackers.signal_lists),
    ):
        for index, name in enumerate(names):
            data = _content(name, f"trackers.{key}[{index}]")
            if data.startswith(MAGIC):
                tables.append(_compiled(data, name))
            else:
                texts.append(read_list(_text(data, name), source=name, when=when))
    if texts:
        tables.append(Table(compile_lists(texts)))
    return tables


def _content(name: str, key: str) -> bytes:
    try:
        return read_regular(name, LONGEST_FILE, key=key)
    except OSError as error:
        raise PolicyError(f"{name!r} cannot be read: {error.strerror}", key=key) from None


def _compiled(data: bytes, name: str) -> Table:
    try:
        return Table(data)
    except ValueError as error:
        raise PolicyError(f"is no compiled list: {error}", source=name) from None


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PolicyError("is neither UTF-8 nor a compiled list", source=name, line=line) from None


def _own_rules(trackers: Trackers) -> tuple[Rule, ...]:
    added = [_own_rule(rule, f"trackers.add[{index}]") for index, rule in enumerate(trackers.add)]
    allowed = [
        _own_rule("@@" + rule.removeprefix("@@"), f"trackers.allow[{index}]")
        for index, rule in enumerate(trackers.allow)
    ]
    return (*added, *allowed)


def _own_rule(text: str, key: str) -> Rule:
    try:
        rule = read(text)
    except Malformed as error:
        raise PolicyError(f"{text!r} is no rule: {error}", key=key) from None
    except Skipped as skipped:
        problem = (
            f"{SLOW}; expected fewer * and + in it, each before a character it cannot take"
            if skipped.option == SLOW
            else f"the option {skipped.option!r} is not understood"
            if skipped.option
            else f"it is a {skipped.why} line"
        )
        raise PolicyError(f"{text!r} cannot be kept: {problem}", key=key) from None
    if rule.is_badfilter or (rule.is_exception and ".add" in key):
        raise PolicyError(f"{text!r} takes a rule away; that is what allow is for", key=key)
    return rule


def _check_categories(categories: Sequence[str]) -> None:
    known = _companies().categories
    for index, category in enumerate(categories):
        if category not in known:
            raise PolicyError(
                f"found {category!r}; expected one of {', '.join(sorted(known))}",
                key=f"trackers.allow_categories[{index}]",
            )
