"""Pages of signups: the age screen, and the refusals.

The screen is neutral as the FTC describes it: no text tells the required age or invites another
answer, nothing is preselected, every year can be entered. It needs no script, and works by
keyboard and with a screen reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from typing import Literal, NamedTuple, TypeAlias

from alpines_privacy.http import own_page
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.field_errors import about_fields
from alpines_privacy.http.outcomes import Answer
from alpines_privacy.http.template import TEMPLATE_CONTENT_POLICY, read_template
from alpines_privacy.policy import AgeScreen
from alpines_privacy.signups.tokens import Tokens

__all__ = ["Pages"]

_STYLE = (
    own_page.STYLE
    + """
fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
legend { padding: 0; }
legend h1 { margin-bottom: .5rem; }
.date { display: flex; gap: .75rem; margin-top: 1.5rem; }
label { display: block; margin-bottom: .3rem; font-weight: 600; }
input {
  font: inherit; width: 100%; min-height: 3.25rem; padding: .5rem .75rem; border-radius: .55rem;
  color: var(--ink); background: var(--ground); border: 2px solid var(--field);
}
.date > * { flex: 0 1 4.25rem; }
.date > .year { flex-basis: 6rem; }
.error {
  margin-top: 1.25rem; padding-inline-start: 1rem; border-inline-start: .25rem solid var(--alert); font-weight: 600;
}
[aria-invalid=true] { border-color: var(--alert); }
button { margin-top: 1.75rem; min-width: 12rem; color: var(--on-accent); background: var(--accent); }
button:hover { text-decoration: underline; text-underline-offset: .2em; }
.home { margin-top: 1.75rem; }
a { color: var(--accent); text-underline-offset: .2em; }
a:focus-visible { outline: .2rem solid var(--ink); outline-offset: .15rem; }
"""
)

_FIELD = Template(
    '<div class="$name"><label for="$name">$label</label>'
    '<input id="$name" name="$name" type="text" inputmode="numeric" '
    'autocomplete="bday-$name" maxlength="$length"$value$state></div>'
)
_DIGITS = {"day": 2, "month": 2, "year": 4}
_TEMPLATE_KEY = "age_screen.template"
_LONGEST_KEPT = 32  # characters of what was typed into a field of four
_INVALID = ' aria-invalid="true" aria-describedby="error"'


Refusal: TypeAlias = Literal["refused", "unreadable", "unsupported", "too_large", "unasked"]


class _Said(NamedTuple):
    status: int
    title: str
    text: str


class Pages:
    """All signup responses."""

    def __init__(self, screen: AgeScreen, tokens: Tokens) -> None:
        """Make the pages; raises `PolicyError` for a template that cannot be read or filled."""
        self._screen = screen
        self._template = (
            None if screen.template is None else read_template(screen.template, _TEMPLATE_KEY)
        )
        self._tokens = tokens
        self._said: dict[Refusal, _Said] = {
            "refused": _Said(403, screen.refused_title, screen.refused),
            "unreadable": _Said(422, screen.unreadable_title, screen.unreadable),
            "unsupported": _Said(415, screen.unreadable_title, screen.unreadable),
            "too_large": _Said(413, screen.too_large_title, screen.too_large),
            "unasked": _Said(403, screen.title, screen.unasked),
        }
        self._problems = {
            refusal: own_page.crossing(own_page.problem(said.status, said.text))
            for refusal, said in self._said.items()
        }

    def answer(
        self, refusal: Refusal, context: RequestContext, names: Sequence[str] = ()
    ) -> Answer:
        """Return a refusal, as a page or for a program; `names` are the fields it is about."""
        request = context.request
        if own_page.wants_problem(request):
            if refusal != "unreadable":
                return self._problems[refusal]
            said = self._said[refusal]
            return own_page.crossing(about_fields(request, said.status, said.text, names))
        return own_page.crossing(self._said_on_page(refusal, own_page.way_home(request.local_path)))

    def locking(self, context: RequestContext) -> Answer:
        """Return the refusal that also sets the lock."""
        lock = self._tokens.lock(https=context.client.https)
        return own_page.crossing(self.answer("refused", context), ("set-cookie", lock))

    def screen(self, action: str, to: str, typed: Mapping[str, str] | None = None) -> Answer:
        """Return the age screen, whose form posts `to` to `action`.

        After an impossible date, `typed` holds the values the visitor entered, by field name.
        """
        texts = self._screen
        failed = typed is not None
        error = (
            f'<p class="error" id="error" role="alert">{escape(texts.error)}</p>\n'
            if failed
            else ""
        )
        inputs = "\n".join(
            _FIELD.substitute(
                name=name,
                label=escape(getattr(texts, name)),
                length=_DIGITS[name],
                value=_value((typed or {}).get(name, "")),
                state=_INVALID if failed else "",
            )
            for name in texts.order
        )
        content = f"""<form method="post" action="{escape(action)}">
<input type="hidden" name="to" value="{escape(to)}">
<fieldset aria-describedby="introduction">
<legend><h1>{escape(texts.title)}</h1></legend>
<p id="introduction">{escape(texts.introduction)}</p>
{error}<div class="date">
{inputs}
</div>
</fieldset>
<button>{escape(texts.button)}</button>
</form>"""
        return self._page(422 if failed else 200, texts.title, content)

    def _said_on_page(self, refusal: Refusal, home: str) -> Answer:
        """Return a refusal as a page. Its only link leads home, not back to the form."""
        said = self._said[refusal]
        content = (
            f"<h1>{escape(said.title)}</h1>\n<p>{escape(said.text)}</p>\n"
            f'<p class="home"><a href="{home}">{escape(self._screen.home)}</a></p>'
        )
        return self._page(said.status, said.title, content)

    def _page(self, status: int, title: str, content: str) -> Answer:
        texts = self._screen
        if self._template is None:
            html = own_page.shell(
                title, content, _STYLE, language=texts.language, direction=texts.direction
            )
            return own_page.page(status, html)
        html = self._template.substitute(
            content=content,
            title=escape(title),
            language=texts.language,
            direction=texts.direction,
            style=_STYLE,
        )
        return own_page.page(status, html, content_policy=TEMPLATE_CONTENT_POLICY)


def _value(typed: str) -> str:
    """Return the `value` attribute for a typed text; nothing for a text longer than anybody types."""
    return f' value="{escape(typed)}"' if 0 < len(typed) <= _LONGEST_KEPT else ""
