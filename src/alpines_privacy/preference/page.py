"""The page of the visitor's choice: one question."""

from __future__ import annotations

from string import Template
from typing import NamedTuple

from alpines_privacy.http.context import Preference, Signal
from alpines_privacy.http.own_page import STYLE, shell

__all__ = ["render"]

_STYLE = (
    STYLE
    + """
h2 { margin: 0; font-size: 1.0625rem; line-height: 1.4; }
[role=status] { padding-inline-start: 1rem; border-inline-start: .25rem solid var(--line); }
[role=status].kept { border-color: var(--accent); }
form { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .75rem; margin-top: 1.75rem; }
button[aria-pressed=true]::before { content: "\\2713\\2002"; }
.note { margin-top: 1.5rem; font-size: .9375rem; color: var(--soft); }
"""
)

_TITLE = "Your privacy preference"
_CONTENT = Template(f"""<h1>{_TITLE}</h1>
<div role="status" class="$kind"><h2>$summary</h2>
<p>$explanation</p></div>
$rest""")

# Both buttons look alike, so the page does not push. The current choice is marked.
_FORM = Template("""<form method="post">
<button name="choice" value="opt-out" aria-pressed="$opted_out">Do not track me here</button>
<button name="choice" value="allow" aria-pressed="$allowed">Allow what the policy says</button>
</form>
<p class="note">Your choice stays in this browser for a year, in one cookie that is the same for everyone who chose
the same. It holds nothing about you. A signal your browser sends always counts for more.</p>""")

_NO_FORM = '<p class="note">There is nothing to choose here: the signal your browser sends always counts.</p>'


class _Status(NamedTuple):
    summary: str
    explanation: str


_HONOURED = "This site honours it: no cookies but necessary ones, no tracking, no advertising."
_DO_NOT_TRACK = _Status("Your browser sends Do Not Track", _HONOURED)
_STATUS: dict[Signal | None, _Status] = {
    "DNT": _DO_NOT_TRACK,
    "DNT, Sec-GPC": _DO_NOT_TRACK,
    "Sec-GPC": _Status("Your browser sends Global Privacy Control", _HONOURED),
    "site preference": _Status(
        "You asked not to be tracked here",
        "No cookies but necessary ones are set, and no advertising is shown.",
    ),
    "default": _Status(
        "You have not chosen yet",
        "Until you do, this site treats you as someone who opted out.",
    ),
    None: _Status(
        "You have not opted out",
        "Your browser sends no privacy signal, so this site does what its privacy policy says.",
    ),
}
_ALLOWED = _Status(
    "You allowed what the policy says",
    "This site does what its privacy policy says until you choose otherwise.",
)


def render(preference: Preference, *, allowed: bool = False) -> str:
    """Return the page for a visitor's preference; with `allowed`, they opted in on this site."""
    signal = preference.signal
    allowed = allowed and signal is None
    status = _ALLOWED if allowed else _STATUS[signal]
    asks = signal in {None, "site preference", "default"}
    form = _FORM.substitute(
        opted_out=str(signal == "site preference").lower(), allowed=str(allowed).lower()
    )
    content = _CONTENT.substitute(
        kind="kept" if preference.opted_out else "open",
        summary=status.summary,
        explanation=status.explanation,
        rest=form if asks else _NO_FORM,
    )
    return shell(_TITLE, content, _STYLE)
