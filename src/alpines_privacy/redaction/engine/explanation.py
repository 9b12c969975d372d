"""Why a value in a line is redacted: by which rule, and which line of the policy would keep it.

Each answer is tested by redacting again. A value is found by its key if it is no longer found once the
policy calls the key safe, and advice is given only if it works. An explanation holds nothing of a value.
"""

from __future__ import annotations

import re
import secrets
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from alpines_privacy.http.key_names import KeyNames
from alpines_privacy.policy import Logs, PolicyError, PrivacyPolicy, SecretKeys
from alpines_privacy.redaction.engine.decoded_text import decoded
from alpines_privacy.redaction.engine.redactor import Redactor
from alpines_privacy.redaction.engine.replacements import Replacements
from alpines_privacy.redaction.engine.spans import Span
from alpines_privacy.redaction.kinds import KINDS

__all__ = ["BY_SHAPE", "Explanation", "Finding", "explain"]

_MOST = 12  # findings of a line that are explained
_MOST_KEYS = 6  # policies tried for one finding
_READ = 2000  # characters before a value in which its key is looked for
_PROBE = "Qa7xj-9wk2"  # a value that any key for text accepts

# How each kind that has a shape is found without a key (docs/kinds.md).
BY_SHAPE = {
    "SECRET": "the form of a credential: after its scheme, in a URL, or a key by how it is built",
    "USER_AGENT": "the form of a browser's or a client's User-Agent",
    "EMAIL": "the form of a mailbox (RFC 5321)",
    "IBAN": "a country's form and length, and check digits that fit (ISO 7064)",
    "CARD": "a card network's range and length, and Luhn's check digit, which fits",
    "IP": "the form of an address (IPv4, IPv6)",
    "MAC": "the form of a hardware address",
    "CNIC": "the form 5-7-1, or 13 digits after a word for it",
    "SSN": "an area, group and serial that are given out (SSA), as 3-2-4 or after a word for it",
    "CVV": "three or four digits after a word for it",
    "NTN": "digits after a word for it",
    "PASSPORT": "a number after a word for it",
    "BIRTH_DATE": "a date after a word for it",
    "COORDINATES": "a pair of degrees, or a number after a word for it",
    "PHONE": "a country's or an area's form, or digits after a word for it",
}

_KINDS = frozenset(name.upper() for name in Logs.__struct_fields__)
_KEY = re.compile(r"[\w\-.]{1,64}")
_SPOKEN_KEY = re.compile(r"(?=([A-Za-z][\w\-.]{0,63}(?: [A-Za-z]{1,16}){1,2}):)")


class Finding(NamedTuple):
    """A redacted value: where it begins in the line (from 1), and where its mark stands in `text`.

    `keep` are ways to keep it, each some lines for `[logs]` in the policy.
    """

    column: int
    mark: tuple[int, int]
    kind: str
    rule: str
    keep: tuple[str, ...]


class Explanation(NamedTuple):
    """A line with a mark for each value, the findings explained, and how many more there are."""

    text: str
    findings: list[Finding]
    more: int


def explain(line: str, policy: PrivacyPolicy | None = None) -> Explanation:
    """Explain why each value in a line is redacted, and how to keep it; see `Explanation`.

    Marks that the line already has are explained too. Raises any error from inside a redactor.
    """
    asked = _Asked(line, policy)
    findings: list[Finding] = []
    pieces: list[str] = []
    done = length = 0
    places = asked.places()
    for start, end, kind, is_mark in places:
        shown = line[start:end] if is_mark else f"[{kind}]"
        pieces += (line[done:start], shown)
        length += start - done + len(shown)
        done = end
        if len(findings) < _MOST:
            reason = (
                asked.mark(start, end, kind) if is_mark else asked.value(Span(start, end, kind))
            )
            findings.append(Finding(start + 1, (length - len(shown), length), kind, *reason))
    pieces.append(line[done:])
    return Explanation("".join(pieces), findings, len(places) - len(findings))


class _Asked:
    """A line that is redacted again under other policies, to compare."""

    def __init__(self, line: str, policy: PrivacyPolicy | None) -> None:
        logs = policy.logs if policy is not None else None
        self._logs = logs if isinstance(logs, Logs) else Logs()
        self._line = line
        self._keys = SecretKeys([secrets.token_urlsafe()])  # no pseudonym is shown
        self._tried: dict[Logs, list[Span]] = {}
        self._spans = self._found(self._logs)
        self._names = KeyNames(replace(self._logs, safe_keys=()))

    def _found(self, logs: Logs) -> list[Span]:
        """Return what a redactor with other `[logs]` finds in the line."""
        if logs not in self._tried:
            redactor = Redactor(PrivacyPolicy(logs=logs), keys=self._keys)
            self._tried[logs] = redactor.found(self._line)[1]
        return self._tried[logs]

    def places(self) -> list[tuple[int, int, str, bool]]:
        """Return the values found and the marks that the line already has, in order."""
        found = [(*span, False) for span in self._spans]
        starts = [span.start for span in self._spans]
        for match in Replacements(self._logs).marks.finditer(self._line):
            kind = match[0].strip("[]").partition(":")[0]
            near = bisect_left(starts, match.end())  # of the earlier spans, the last one ends last
            if kind in _KINDS and not _overlaps(self._spans[near - 1 : near], *match.span()):
                found.append((*match.span(), kind, True))
        return sorted(found)

    def value(self, span: Span) -> tuple[str, tuple[str, ...]]:
        """Return the rule that finds a value, and the lines that keep it."""
        for key in self._keys_before(span.start, span.kind):
            if keep := self._keeps_by_key(key, span):
                return f'the key "{key}"', (keep, *self._keeps_by_kind(span))
        return self._rule(span), (*self._keeps_by_kind(span),)

    def mark(self, start: int, end: int, kind: str) -> tuple[str, tuple[str, ...]]:
        """Return the rule that a mark was written for, if the line tells, and the lines that keep such values."""
        there = "a mark already: "
        other = f"{self._line[:start]}{_PROBE}{self._line[end:]}"
        asked = _Asked(other, PrivacyPolicy(logs=self._logs))
        probe = Span(start, start + len(_PROBE), kind)
        if _overlaps(asked._spans, probe.start, probe.end):
            rule, keep = asked.value(probe)
            return there + rule, keep
        keep = (self._written(replace(self._logs, **{kind.lower(): "keep"}), kind.lower()),)
        shape = f"{BY_SHAPE[kind]}; or " if kind in BY_SHAPE else ""
        rule = f"{shape}what the visitor of the request had sent, or what hide() was given"
        if kind not in BY_SHAPE:
            keep = ('safe_keys = ["<the name of the field it was sent in>"]', *keep)
        return there + rule, keep

    def _keys_before(self, place: int, kind: str) -> Iterator[str]:
        """Yield candidates for the key of a value, the nearest first."""
        before = decoded(self._line[max(0, place - _READ) : place])
        words = [(match.end(), match[0].strip("-.")) for match in _KEY.finditer(before)]
        words += [(match.end(1), match[1]) for match in _SPOKEN_KEY.finditer(before)]
        keys = [key for _, key in sorted(words, reverse=True)]
        known = [key for key in dict.fromkeys(keys) if self._names.kind(key) or key == "name"]
        known.sort(key=lambda key: self._names.kind(key) != kind)  # stable: those of its kind first
        yield from known[:_MOST_KEYS]

    def _keeps_by_key(self, key: str, span: Span) -> str | None:
        """Return the line that keeps the values under a key; None where it does not keep this value."""
        name = key.replace(" ", "_")
        own = [each for each in self._logs.keys if _folded(each.name) != _folded(name)]
        if len(own) < len(self._logs.keys):
            logs = replace(self._logs, keys=own)
            keep = f'no [[logs.keys]] with name = "{name}"'
        else:
            safe = [*self._logs.safe_keys, name]
            try:
                logs = replace(self._logs, safe_keys=safe)
            except PolicyError:
                return None
            keep = f"safe_keys = [{', '.join(map(_quoted, safe))}]"
        return None if _overlaps(self._found(logs), span.start, span.end) else keep

    def _keeps_by_kind(self, span: Span) -> Iterator[str]:
        """Yield the lines that keep all values of its kind, and of each kind it is then taken for."""
        logs, names = self._logs, list[str]()
        kind: str | None = span.kind
        while kind is not None and kind.lower() not in names:
            names.append(kind.lower())
            logs = replace(logs, **{kind.lower(): "keep"})
            kind = _kind_at(self._found(logs), span.start, span.end)
        if kind is None:
            yield self._written(logs, *names)

    @staticmethod
    def _written(logs: Logs, *names: str) -> str:
        return "\n".join(f'{name} = "{getattr(logs, name)}"' for name in names)

    def _rule(self, span: Span) -> str:
        value = self._line[span.start : span.end]
        if span.kind not in KINDS:
            if span.kind == "NAME":
                return 'the key "name" of somebody ("user", "customer", "contact" …)'
            return "a key before it"
        rule = BY_SHAPE[span.kind]
        plain = decoded(value)
        if plain != value:
            return f"{rule}, once decoded"
        if span.kind == "IP" and re.fullmatch("[0-9]+(?:-[0-9]+){3}", value):
            return f"{rule}, in the name of a host"
        return rule


def _overlaps(spans: list[Span], start: int, end: int) -> bool:
    return _kind_at(spans, start, end) is not None


def _kind_at(spans: list[Span], start: int, end: int) -> str | None:
    return next((span.kind for span in spans if span.start < end and start < span.end), None)


def _folded(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def _quoted(name: str) -> str:
    return f'"{name}"'
