"""Pages of the layer's own: one style, no script, no cookie, readable at any width.

Also two questions about their requests: whether a form was sent from this origin, and whether a person
or a program reads the answer.
"""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from string import Template

import msgspec

from alpines_privacy.http.cache import cached
from alpines_privacy.http.client import Client
from alpines_privacy.http.heads import HTML_TYPES, Field, RequestHead, media_type
from alpines_privacy.http.outcomes import Answer
from alpines_privacy.http.weights import weights

__all__ = [
    "STYLE",
    "crossing",
    "is_from_here",
    "json_answer",
    "not_allowed",
    "page",
    "plain",
    "problem",
    "refusal",
    "shell",
    "wants_problem",
    "way_home",
]

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f4f6f5; --card: #fff; --ink: #18211d; --soft: #55625c; --line: #d5dcd8; --accent: #1d6b51;
  --on-accent: #fff; --field: #7c8a83; --alert: #a3261d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101513; --card: #19201d; --ink: #e7edea; --soft: #a3b0aa; --line: #35403b; --accent: #6fcfa8;
    --on-accent: #0c1a14; --field: #7f8d86; --alert: #ff9d91;
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
p { margin: .25rem 0 0; }
button {
  font: inherit; font-weight: 600; min-height: 3.25rem; padding: .6rem .75rem; cursor: pointer; border-radius: .55rem;
  color: var(--accent); background: transparent; border: 2px solid var(--accent);
}
button:hover, button[aria-pressed=true] { color: var(--on-accent); background: var(--accent); }
button:focus-visible, input:focus-visible { outline: .2rem solid var(--ink); outline-offset: .15rem; }
"""

_SHELL = Template("""<!doctype html>
<html lang="$language" dir="$direction">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
$content
</main>
</body>
</html>
""")

# The page loads nothing, and its forms lead to this origin only.
CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def shell(
    title: str, content: str, style: str, *, language: str = "en", direction: str = "ltr"
) -> str:
    """Return a page's HTML; `content` is markup, the rest is text."""
    return _SHELL.substitute(
        title=escape(title), content=content, style=style, language=language, direction=direction
    )


def page(status: int, html: str, *more: Field, content_policy: str = CONTENT_POLICY) -> Answer:
    """Return a page as an answer that is not cached."""
    fields: list[Field] = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("content-security-policy", content_policy),
        ("referrer-policy", "same-origin"),
        *more,
    ]
    return Answer(status, fields, html.encode())


def plain(status: int, text: str, *more: Field) -> Answer:
    """Return one line of text as an answer that is not cached."""
    fields: list[Field] = [
        ("content-type", "text/plain; charset=utf-8"),
        ("cache-control", "no-store"),
    ]
    return Answer(status, [*fields, *more], f"{text}\n".encode())


def crossing(answer: Answer, *more: Field) -> Answer:
    """Return an answer with `more` fields that pages of other origins may read if they may read the app's."""
    fields = [field for field in answer.fields if field[0] != "content-length"]
    return Answer(answer.status, [*fields, *more], answer.body, crosses=True)


def refusal(request: RequestHead, status: int, title: str, detail: str) -> Answer:
    """Return a refusal as a page, or for a program; `title` and `detail` are text."""
    if wants_problem(request):
        return crossing(problem(status, detail))
    content = f"<h1>{escape(title)}</h1>\n<p>{escape(detail)}</p>"
    return crossing(page(status, shell(title, content, STYLE)))


def not_allowed(*methods: str) -> Answer:
    """Return 405 for a method that a page of ours does not take (RFC 9110 §15.5.6)."""
    return Answer(405, [("allow", ", ".join(methods)), ("cache-control", "no-store")])


def problem(status: int, detail: str, **more: object) -> Answer:
    """Return an answer for programs: application/problem+json (RFC 9457 §3), with `more` members."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return json_answer(status, body, "application/problem+json")


def json_answer(status: int, body: object, media_type: str = "application/json") -> Answer:
    """Return JSON as an answer that is not cached."""
    fields: list[Field] = [("content-type", media_type), ("cache-control", "no-store")]
    return Answer(status, fields, msgspec.json.encode(body))


def way_home(local_path: str) -> str:
    """Return the relative reference from a page to the app's root; it works below any mount point."""
    return "../" * (local_path.count("/") - 1) or "./"


def is_from_here(request: RequestHead, client: Client) -> bool:
    """Whether the visitor's own browser sent the form from a page of this origin.

    A page cannot forge `Sec-Fetch-Site`; older browsers send `Origin`; without either the answer is
    no.
    """
    if sites := request.values("sec-fetch-site"):
        return sites == ["same-origin"]
    return request.values("origin") == [client.origin]


def wants_problem(request: RequestHead) -> bool:
    """Whether a program made the request, by its Accept or its JSON body; browsers always accept HTML."""
    preferred = _prefers_json(",".join(request.values("accept")))
    if preferred is not None:
        return preferred
    return any("json" in media_type(value) for value in request.values("content-type"))


@cached("accepted JSON")
def _prefers_json(accept: str) -> bool | None:
    """Tell whether an Accept prefers JSON to HTML; None if it names neither."""
    weighed = weights(accept)
    html = max((weighed.get(kind, 0.0) for kind in HTML_TYPES), default=0.0)
    json = max((q for kind, q in weighed.items() if kind.endswith(("/json", "+json"))), default=0.0)
    return json > html if html or json else None
