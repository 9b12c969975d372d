"""The report as one page that needs nothing else: no script, no font, no request; a summary, then the evidence."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Collection, Iterator, Sequence
from html import escape
from pathlib import Path

from alpines_privacy.audit.formats.style import STYLE
from alpines_privacy.audit.formats.wording import (
    CLAUSES,
    Finding,
    about,
    counted,
    findings,
    mend_of,
    reasons,
    sections_of,
    target_of,
)
from alpines_privacy.audit.model import BROKEN, KEPT, UNKNOWN, Report, State, Verdict

__all__ = ["content_policy", "html"]

_PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
_LARGEST_PICTURE = 4 << 20  # bytes
_LARGEST = 24 << 20  # of all pictures

# The word says it; the sign and the colour only help.
_SIGNS: dict[State, str] = {BROKEN: "✗", KEPT: "✓", UNKNOWN: "?"}
_KNOWN = "known"
_CODE = re.compile(r"`([^`]+)`")


def content_policy() -> str:
    """Return the page's Content-Security-Policy: its one style by its digest, and its own pictures."""
    digest = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def html(report: Report, *, folder: Path | None = None, known: Collection[str] = ()) -> str:
    """Return the report as a page; `folder` holds the pictures that `report.files` names.

    `known` are ids of broken requirements that a baseline holds.
    """
    return "\n".join(_Page(report, folder, frozenset(known)).parts()) + "\n"


class _Page:
    def __init__(self, report: Report, folder: Path | None, known: frozenset[str]) -> None:
        self._report = report
        self._folder = folder
        self._known = known
        self._counts = counted(report.verdicts)

    def parts(self) -> Iterator[str]:
        report = self._report
        yield "<!doctype html>"
        yield '<html lang="en"><head><meta charset="utf-8">'
        yield f'<meta http-equiv="Content-Security-Policy" content="{escape(content_policy())}">'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">'
        yield f"<title>{escape(self._title())} - {escape(target_of(report))}</title>"
        yield f"<style>{STYLE}</style></head><body>"
        yield "<header>"
        yield f'<p class="target">Privacy audit of <b>{escape(target_of(report))}</b></p>'
        yield f"<h1>{escape(self._title())}</h1>"
        yield f'<p class="about">{escape(about(report))}</p>'
        yield self._bar()
        yield "</header><main>"
        yield from self._overview()
        for clause, verdicts in sections_of(report).items():
            yield from self._clause(clause, verdicts)
        yield from self._unknown()
        yield from self._pictures()
        yield "</main></body></html>"

    def _title(self) -> str:
        broken, unknown = self._counts[BROKEN], self._counts[UNKNOWN]
        if broken:
            return f"{broken} of {len(self._report.verdicts)} requirements {'is' if broken == 1 else 'are'} broken"
        if not self._counts[KEPT]:
            return "Nothing can be told from here"
        return "All requirements are kept" if not unknown else "All that can be told is kept"

    def _bar(self) -> str:
        """Return the counts of the states, as words and as a bar (SVG: no style of its own is needed)."""
        total, left, rects = max(1, len(self._report.verdicts)), 0.0, []
        for state, count in self._counts.items():
            width = 100 * count / total
            rects.append(
                f'<rect class="{state}" x="{left:.2f}" y="0" width="{width:.2f}" height="4"/>'
            )
            left += width
        words = "".join(
            f'<li class="{state}">{_sign(state)} {count} {state}</li>'
            for state, count in self._counts.items()
        )
        return (
            f'<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">{"".join(rects)}</svg>'
            f'<ul class="counts">{words}</ul>'
        )

    def _overview(self) -> Iterator[str]:
        """Yield a card for each clause: a look tells which are kept."""
        yield '<nav aria-label="Clauses of the policy"><ol class="clauses">'
        for clause, verdicts in sections_of(self._report).items():
            state, counts = _state_of(verdicts), counted(verdicts)
            told = _summed(state, whole=not counts[UNKNOWN])
            words = ", ".join(f"{count} {each}" for each, count in counts.items() if count)
            yield (
                f'<li class="{state}"><a href="#clause-{escape(clause)}"><span class="number">§{escape(clause)}</span> '
                f'<span class="name">{escape(CLAUSES.get(clause, ""))}</span> '
                f'<span class="state">{_sign(state)} {told}</span> '
                f'<span class="of">{words}</span></a></li>'
            )
        yield "</ol></nav>"

    def _clause(self, clause: str, verdicts: Sequence[Verdict]) -> Iterator[str]:
        key = f"clause-{escape(clause)}"
        yield f'<section aria-labelledby="{key}">'
        yield f'<h2 id="{key}">§{escape(clause)} {escape(CLAUSES.get(clause, ""))}</h2><ul class="rows">'
        for verdict in sorted(verdicts, key=lambda each: each.state != BROKEN):
            yield f'<li class="{verdict.state}">'
            yield from self._row(verdict)
            yield "</li>"
        yield "</ul></section>"

    def _row(self, verdict: Verdict) -> Iterator[str]:
        requirement, is_known = verdict.requirement, verdict.requirement.id in self._known
        known = f" ({_KNOWN})" if is_known and verdict.state == BROKEN else ""
        head = (
            f'<span class="state">{_sign(verdict.state)} {verdict.state}{known}</span> '
            f'<span class="title">{escape(requirement.title)}</span> <code>{escape(requirement.id)}</code>'
        )
        if verdict.state != BROKEN:
            note = f'<p class="note">{escape(verdict.note)}</p>' if verdict.note else ""
            yield f'<div class="head">{head}</div>{note}'
            return
        yield f"<details{'' if is_known else ' open'}><summary>{head}</summary>"
        yield '<div class="inside">'
        yield from map(_finding, findings(verdict))
        if verdict.more:
            yield f'<p class="note">and {verdict.more:,} more like these</p>'
        if verdict.note:
            yield f'<p class="note">{escape(verdict.note)}</p>'
        yield f'<p class="mend"><b>How to mend it</b> {_coded(mend_of(verdict, self._report))}</p></div></details>'

    def _unknown(self) -> Iterator[str]:
        if not (found := reasons(self._report.verdicts)):
            return
        yield '<section aria-labelledby="unknown"><h2 id="unknown">What cannot be told from here</h2>'
        yield '<dl class="reasons">'
        for reason, ids in found.items():
            codes = " ".join(f"<code>{escape(each)}</code>" for each in ids)
            yield f"<dt>{escape(reason)}</dt><dd>{codes}</dd>"
        yield "</dl></section>"

    def _pictures(self) -> Iterator[str]:
        names = [name for name in self._report.files if Path(name).suffix.lower() in _PICTURES]
        if not names or self._folder is None:
            return
        yield '<section aria-labelledby="pictures"><h2 id="pictures">Screenshots</h2><div class="pictures">'
        left = _LARGEST
        for name in names:
            data = _picture(self._folder, name, left)
            left -= len(data)
            yield _figure(name, data)
        yield "</div></section>"


def _state_of(verdicts: Sequence[Verdict]) -> State:
    """Return the state of a clause: broken by one broken requirement, kept if any is and none is broken."""
    states = {verdict.state for verdict in verdicts}
    return BROKEN if BROKEN in states else KEPT if KEPT in states else UNKNOWN


def _summed(state: State, *, whole: bool) -> str:
    """Return the state of a clause in words; `whole` is whether all of it can be told."""
    if state == UNKNOWN:
        return "cannot be told"
    return state if state == BROKEN or whole else "kept, as far as told"


def _sign(state: State) -> str:
    return f'<span class="sign" aria-hidden="true">{_SIGNS[state]}</span>'


def _coded(text: str) -> str:
    """Return a sentence of ours with what stands between backticks as code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _finding(found: Finding) -> str:
    more = "".join(
        f"<dt>{term}</dt><dd>{escape(text)}</dd>"
        for term, text in (("Rule", found.rule), ("Company", found.company))
        if text
    )
    requests = "".join(f"<li><code>{escape(each)}</code></li>" for each in found.requests)
    head = "Request" if len(found.requests) == 1 else "Requests"
    return (
        f"<dl><dt>Found</dt><dd>{escape(found.excerpt)}</dd>{more}"
        f"<dt>{head}</dt><dd><ul>{requests}</ul></dd></dl>"
    )


def _picture(folder: Path, name: str, most: int) -> bytes:
    """Return a picture's bytes; none of a file that is too large, cannot be read, or lies elsewhere."""
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        return b""
    try:
        size = file.stat().st_size
        return file.read_bytes() if size <= min(most, _LARGEST_PICTURE) else b""
    except OSError:
        return b""


def _figure(name: str, data: bytes) -> str:
    path = Path(name)
    caption = escape(path.stem.replace("-", " ").replace("_", " "))
    if not data:
        return f"<figure><figcaption>{caption}: the file {escape(name)} is not shown here</figcaption></figure>"
    source = f"data:{_PICTURES[path.suffix.lower()]};base64,{b64encode(data).decode()}"
    return (
        f'<figure><img src="{source}" alt="Screenshot: {caption}" loading="lazy">'
        f"<figcaption>{caption}</figcaption></figure>"
    )
