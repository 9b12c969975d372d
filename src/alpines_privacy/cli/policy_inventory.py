"""`alpines-privacy policy inventory`: the data map of a policy, as a table, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

import click

from alpines_privacy.policy import Cookie, Logs, PrivacyPolicy
from alpines_privacy.policy.own import AGE_LOCK, AGE_PASS, CHOICE

__all__ = ["Entry", "entries", "inventory"]

_WIDTHS = (22, 18, 24, 13)  # with the spaces between them 80 columns, the most
_WIDEST = sum(_WIDTHS) + len(_WIDTHS) - 1
_NARROWEST = 40  # columns; words of a table that is narrower cannot be read
_HEADINGS = ("What", "Where", "Why", "How long")
_UNSAID = "not declared"
_LOGS = {
    "mark": "a mark in its place",
    "partial": "a few characters",
    "pseudonym": "a pseudonym, new each day",
    "truncate": "the network",
    "generalise": "browser and system",
    "keep": "kept in full",
}
_FORMULA = frozenset("=+-@\t\r")  # what a spreadsheet would run


class Entry(NamedTuple):
    """One line of the data map."""

    table: str
    what: str
    where: str
    why: str
    how_long: str


@click.command(context_settings={"max_content_width": 80})
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How it is written.",
)
def inventory(file: str, form: str) -> None:
    """List what personal data the policy in FILE declares: where, why, and for how long.

    Collections, signups, cookies, logs and third parties.
    """
    rows = list(entries(PrivacyPolicy.load(file)))
    write = {"table": _table, "csv": _csv, "json": _json}[form]
    click.echo(write(rows), nl=False)


def entries(policy: PrivacyPolicy) -> Iterator[Entry]:
    """Yield the data map of a policy: collections, signups, cookies, logs, third parties."""
    for part in policy.collections:
        what = ", ".join([*part.fields, *part.kinds])
        yield Entry("collection", what, part.path, part.purpose, part.retention or _UNSAID)
    for signup in policy.signups:
        what = ", ".join(signup.fields) or "date of birth"
        why = f"nobody under {policy.minimum_age} signs up"
        yield Entry("signup", what, signup.path, why, "the request")
    for cookie in (*policy.cookies, *_own_cookies(policy)):
        yield Entry("cookie", cookie.name, "browser", cookie.purpose, _lifetime(cookie))
    yield from _logs(policy)
    for party in policy.third_parties:
        yield Entry("third party", "what its loads tell", party.host, party.purpose, _UNSAID)


def _own_cookies(policy: PrivacyPolicy) -> Iterator[Cookie]:
    """Yield those of the layer's own cookies that the policy makes it set."""
    if policy.site_preference:
        yield CHOICE
    if policy.signups or policy.detect_signups:
        yield AGE_LOCK
    if any(signup.screen for signup in policy.signups):
        yield AGE_PASS


def _lifetime(cookie: Cookie) -> str:
    if cookie.lifetime is None:
        return "as the app says"
    if cookie.lifetime == "session":
        return "session"
    for unit, seconds in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count, rest = divmod(cookie.lifetime, seconds)
        if count and not rest:
            return f"{count} {unit}{'s' * (count != 1)}"
    return f"{cookie.lifetime} seconds"


def _logs(policy: PrivacyPolicy) -> Iterator[Entry]:
    """Yield how each way of writing logs treats which kinds."""
    if policy.logs == "off":
        yield Entry("logs", "whatever the app logs", "logs", "left alone", _UNSAID)
        return
    logs = policy.logs if isinstance(policy.logs, Logs) else Logs()
    ways: dict[str, list[str]] = {}
    for name in Logs.__struct_fields__:
        if name not in {"keys", "safe_keys"}:
            ways.setdefault(getattr(logs, name), []).append(name.upper())
    for way, kinds in ways.items():
        yield Entry("logs", ", ".join(kinds), "logs", _LOGS[way], _UNSAID)


def _table(rows: Sequence[Entry]) -> str:
    """Return lines of at most 80 columns, or as many as the terminal has."""
    widths = _widths(shutil.get_terminal_size((_WIDEST, 24)).columns)
    lines = [_line(_HEADINGS, widths), _line(["-" * width for width in widths], widths)]
    table = ""
    for row in rows:
        if row.table != table:
            table = row.table
            lines.append(f"[{table}]")
        cells = [textwrap.wrap(_plain(t), w) or [""] for t, w in zip(row[1:], widths, strict=True)]
        lines += (_line(line, widths) for line in zip_longest(*cells, fillvalue=""))
    return "\n".join(lines) + "\n"


def _widths(columns: int) -> Sequence[int]:
    """Return the widths of the table's columns on a terminal of so many."""
    spaces = len(_WIDTHS) - 1
    room = min(max(columns, _NARROWEST), _WIDEST) - spaces
    return [width * room // (_WIDEST - spaces) for width in _WIDTHS]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return " ".join(padded).rstrip()


def _csv(rows: Sequence[Entry]) -> str:
    """Return RFC 4180's form; a cell that a spreadsheet would run begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(Entry._fields)
    writer.writerows([f"'{cell}" if cell[:1] in _FORMULA else cell for cell in row] for row in rows)
    return out.getvalue()


def _json(rows: Sequence[Entry]) -> str:
    return json.dumps([row._asdict() for row in rows], ensure_ascii=False, indent=2) + "\n"


def _plain(text: str) -> str:
    """Return text without what moves a terminal's cursor."""
    return "".join(c if c.isprintable() else " " for c in text)
