"""Small WSGI and ASGI apps that answer with drawn replies, and header fields as no app should send them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hypothesis import strategies as st

from alpines_privacy.testing.strategies.cookies import set_cookies
from alpines_privacy.testing.strategies.pages import Page, pages
from alpines_privacy.testing.strategies.pieces import chunked

__all__ = ["App", "Reply", "apps", "asgi_apps", "odd_fields", "odd_texts", "replies", "wsgi_apps"]


class Reply(NamedTuple):
    """What an app answers to a request: its body in `chunks`, as it sends them."""

    status: int
    fields: Sequence[tuple[str, str]]
    chunks: Sequence[bytes]

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(self.chunks)


_MISSING = Reply(404, [("Content-Type", "text/plain")], [b"Not found"])


@dataclass(frozen=True)
class App:
    """An app with a reply for each path: `app.wsgi` and `app.asgi` are the same app over both protocols.

    `seen` has the method and path of each request that reached it.
    """

    replies: Mapping[str, Reply]
    seen: list[tuple[str, str]] = field(default_factory=list, compare=False)

    def wsgi(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer as a WSGI app (PEP 3333)."""
        reply = self._reply(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        start_response(f"{reply.status} Drawn", list(reply.fields))
        return iter(reply.chunks)

    async def asgi(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer as an ASGI app (ASGI 3); it has no lifespan and no websockets."""
        del receive
        reply = self._reply(scope["method"], scope["path"])
        fields = [(name.encode(), value.encode()) for name, value in reply.fields]
        await send({"type": "http.response.start", "status": reply.status, "headers": fields})
        for chunk in reply.chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})

    def _reply(self, method: str, path: str) -> Reply:
        self.seen.append((method, path))
        return self.replies.get(path, _MISSING)


def replies(shown: st.SearchStrategy[Page] | None = None) -> st.SearchStrategy[Reply]:
    """Return answers as apps make them: pages, JSON, images, redirects and errors, with cookies and cache fields."""
    bodies = st.one_of(
        st.tuples(
            st.sampled_from(["text/html; charset=utf-8", "text/html"]),
            (pages() if shown is None else shown).map(lambda page: page.content),
        ),
        st.sampled_from(
            [
                ("application/json", b'{"stock": 3}'),
                ("image/png", b"\x89PNG\r\n\x1a\n"),
                ("text/plain", b"OK"),
                ("text/css", b"p { color: red }"),
            ]
        ),
    )
    return st.builds(
        _reply,
        st.sampled_from([200, 200, 200, 201, 302, 400, 404, 500]),
        bodies.flatmap(lambda body: st.tuples(st.just(body[0]), chunked(st.just(body[1]), most=3))),
        st.lists(set_cookies(), max_size=3),
        st.sampled_from(["", "no-store", "public, max-age=60", "private"]),
    )


def _reply(
    status: int, body: tuple[str, list[bytes]], cookies: list[str], cache_control: str
) -> Reply:
    kind, chunks = body
    fields = [("Content-Type", kind), *(("Set-Cookie", cookie) for cookie in cookies)]
    if status == 302:  # Found
        fields.append(("Location", "/"))
    if cache_control:
        fields.append(("Cache-Control", cache_control))
    return Reply(status, fields, chunks)


def apps(
    answers: st.SearchStrategy[Reply] | None = None, paths: Sequence[str] = ("/", "/about", "/api")
) -> st.SearchStrategy[App]:
    """Return apps with a drawn answer for each path; other paths are 404."""
    answers = replies() if answers is None else answers
    return st.fixed_dictionaries(dict.fromkeys(paths, answers)).map(App)


def wsgi_apps(answers: st.SearchStrategy[Reply] | None = None) -> st.SearchStrategy[Any]:
    """Return WSGI apps, as in `apps`."""
    return apps(answers).map(lambda app: app.wsgi)


def asgi_apps(answers: st.SearchStrategy[Reply] | None = None) -> st.SearchStrategy[Any]:
    """Return ASGI apps, as in `apps`."""
    return apps(answers).map(lambda app: app.asgi)


_NAMES = (
    "set-cookie", "Set-Cookie", "SET-COOKIE", " set-cookie", "set-cookie\t", "content-type", "Content-Type", "vary",
    "Vary", "content-length", "etag", "cache-control", "tk", "location", "cdn-cache-control", "expires",
)  # fmt: skip
_VALUES = (
    "id=1", "a=b; Path=/; Max-Age=9", "wanted=1; Secure", "=x", "a=b; Expires=x; Partitioned", "text/html",
    "text/html; charset=utf-8", "application/json", "*", "DNT", "public, s-maxage=1", "no-store", "",
)  # fmt: skip


def odd_texts() -> st.SearchStrategy[str]:
    """Return short texts, many with characters that no header field can carry."""
    characters = st.characters(codec=None) | st.sampled_from(
        "\x00\r\n\t;,=\ud800\udfff\xff\u0100\u017f\u212a"
    )
    return st.text(characters, max_size=20)


def odd_fields() -> st.SearchStrategy[list[tuple[str, str]]]:
    """Return header fields, many with a name or a value that no HTTP message can carry."""
    texts = odd_texts()
    return st.lists(
        st.tuples(st.sampled_from(_NAMES) | texts, st.sampled_from(_VALUES) | texts), max_size=6
    )
