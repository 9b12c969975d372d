"""The page where a visitor chooses: one question, no script, no cookie, readable at any width."""

from __future__ import annotations

from string import Template
from typing import NamedTuple

from alpines_privacy.http.context import Preference, Signal

__all__ = ["render"]

_STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f4f6f5; --card: #fff; --ink: #18211d; --soft: #55625c; --line: #d5dcd8; --accent: #1d6b51;
  --on-accent: #fff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101513; --card: #19201d; --ink: #e7edea; --soft: #a3b0aa; --line: #35403b; --accent: #6fcfa8;
    --on-accent: #0c1a14;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.25rem;
  font: 1.0625rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--ground);
}
main {
  width: 100%; max-width: 39rem; padding: clamp(1.25rem, 5vw, 2.5rem);
  background: var(--card); border: 1px solid var(--line); border-radius: .9rem;
}
h1 { margin: 0 0 1.25rem; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 0; font-size: 1.0625rem; line-height: 1.4; }
p { margin: .25rem 0 0; }
[role=status] { padding-inline-start: 1rem; border-inline-start: .25rem solid var(--line); }
[role=status].kept { border-color: var(--accent); }
form { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .75rem; margin-top: 1.75rem; }
button {
  font: inherit; font-weight: 600; min-height: 3.25rem; padding: .6rem .75rem; cursor: pointer; border-radius: .55rem;
  color: var(--accent); background: transparent; border: 2px solid var(--accent);
}
button:hover, button[aria-pressed=true] { color: var(--on-accent); background: var(--accent); }
button[aria-pressed=true]::before { content: "\\2713\\2002"; }
button:focus-visible { outline: .2rem solid var(--ink); outline-offset: .15rem; }
.note { margin-top: 1.5rem; font-size: .9375rem; color: var(--soft); }
"""

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Your privacy preference</title>
<style>$style</style>
</head>
<body>
<main>
<h1>Your privacy preference</h1>
<div role="status" class="$kind"><h2>$summary</h2>
<p>$explanation</p></div>
$rest
</main>
</body>
</html>
""")

# Both answers look alike: the page asks, it does not push. The one that stands is filled in.
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


def render(preference: Preference, *, allowed: bool = False) -> bytes:
    """Return the page for a visitor's preference, UTF-8; `allowed` if they chose that here."""
    signal = preference.signal
    allowed = allowed and signal is None
    status = _ALLOWED if allowed else _STATUS[signal]
    asks = signal in {None, "site preference", "default"}
    form = _FORM.substitute(
        opted_out=str(signal == "site preference").lower(), allowed=str(allowed).lower()
    )
    page = _PAGE.substitute(
        style=_STYLE,
        kind="kept" if preference.opted_out else "open",
        summary=status.summary,
        explanation=status.explanation,
        rest=form if asks else _NO_FORM,
    )
    return page.encode()
