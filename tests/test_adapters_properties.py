"""Whatever an app sends and a visitor asks: no exception of ours, not a cookie more, the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from alpines_privacy import Cookie, PrivacyPolicy, asgi, current, wsgi
from alpines_privacy.guard import Guard
from alpines_privacy.http.outcomes import MORE, Examine, Rewrite, Wait
from alpines_privacy.policy.secrets import VARIABLE
from alpines_privacy.testing import strategies
from tests.support.secret_keys import KEY
from tests.support.wire import ASGIServer, Closing, Message, WSGIServer, promise, scope_of

quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


def compiled(kind: str) -> Guard:
    """Compile the literal policy, or one that reads all a request can say."""
    if kind == "literal":
        return Guard(PrivacyPolicy())
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(VARIABLE, KEY)
        return Guard(
            PrivacyPolicy(
                cookies=[Cookie("wanted", purpose="To be tested", necessary=True)],
                site_preference=True,
                trusted_proxies=["192.0.2.0/24", "unix"],
                keep_logins="never",
                exempt=["/exempt/*"],
            )
        )


guard = cache(compiled)


class Own(Exception):  # noqa: N818 - an app's own
    """Raised by the apps here, and by nothing else."""


# -------------------------------------------------------------------------------- what comes by

SIGNALS = [{"dnt": "1"}, {"sec-gpc": "1"}, {"dnt": "1", "sec-gpc": "1"}]
texts = strategies.odd_texts()
fields = strategies.odd_fields()


def raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


raw_fields = fields.map(lambda pairs: [(raw(name), raw(value)) for name, value in pairs])
REQUEST = [
    "dnt", "sec-gpc", "cookie", "host", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
    "accept", "origin", "sec-fetch-site", "content-length", "range", "x-any",
]  # fmt: skip
SAID = [
    "1", "0", "1,0", "_ga=1; wanted=2", "alpines-privacy=opt-out.x", "shop.example:80", "for=192.0.2.1;proto=https",
    'for="[::1]:1", for=unknown', "192.0.2.1, 198.51.100.1", "https", "text/html", "[", "[]:", "::", "²", "9" * 5000,
]  # fmt: skip
requests = st.dictionaries(st.sampled_from(REQUEST), st.sampled_from(SAID) | texts, max_size=6)
paths = st.sampled_from(
    ["/", "/.well-known/dnt/", "/.well-known/gpc.json", "/_privacy/preference", "/exempt/a", "/é"]
) | st.text(max_size=8)
methods = st.sampled_from(["GET", "HEAD", "POST", "BREW"])


class Asked(NamedTuple):
    """What a visitor asks."""

    fields: dict[str, str]
    method: str
    path: str


PLAIN = Asked({}, "GET", "/")
asked = st.builds(Asked, requests, methods, paths)
chunk = st.binary(max_size=8)
kinds = st.sampled_from(["literal", "all"])


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """Return a message as apps send them, or as none should."""
    kind = draw(
        st.sampled_from(
            ["start", "body", "trailers", "early_hint", "push", "debug", "x", "pathsend"]
        )
    )
    message: Message = {"type": f"http.response.{kind}"}
    if kind in {"start", "trailers", "push"} and draw(st.integers(0, 9)):
        headers = draw(raw_fields)
        shapes: list[Callable[[Any], Any]] = [list, tuple, iter, lambda f: map(list, f)]
        message["headers"] = draw(st.sampled_from(shapes))(headers)
    if kind == "start" and draw(st.integers(0, 9)):
        message["status"] = draw(st.sampled_from([200, 204, 206, 302, 304, 404, 500, "200", None]))
    if kind == "body":
        message |= {"body": draw(chunk), "more_body": draw(st.booleans())}
    if kind == "early_hint":
        message["links"] = draw(st.lists(chunk, max_size=2))
    return message


def raw_scope(request: Asked) -> Message:
    headers = [(name.encode(), raw(value)) for name, value in request.fields.items()]
    return scope_of(request.path, *headers, method=request.method)


def environ_of(request: Asked) -> Message:
    return {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": request.path,
        "wsgi.url_scheme": "http",
        **{wsgi.variable(name): value for name, value in request.fields.items()},
    }


def opted_out(request: Asked, signal: dict[str, str]) -> Asked:
    path = "/" if request.path.startswith("/exempt/") else request.path
    return request._replace(fields=request.fields | signal, path=path)


def plants(headers: Any) -> list[Any]:
    """Return the cookies that would be planted: all but wanted ones and deletions of ours."""
    return [
        value
        for name, value in headers
        if bytes(name).strip(b" \t").lower() == b"set-cookie"
        and not value.startswith(b"wanted=")
        and b"Max-Age=0" not in value
    ]


# --------------------------------------------------------------------------------------- properties


def may_be_page(message: Message) -> bool:
    """Tell whether a head says it is a page; one that can be read once has been."""
    headers = message.get("headers", ())
    return not isinstance(headers, list | tuple) or any(b"text/html" in v for _, v in headers)


@quick
@given(sends=st.lists(messages(), max_size=6), request=asked, kind=kinds, fails=st.booleans())
@example(
    sends=[
        {"type": "http.response.start", "headers": [(b"set-cookie", b"id=1")]},
        {"type": "http.response.body", "body": b"no page"},
    ],
    request=Asked({}, "HEAD", "/"),
    kind="literal",
    fails=False,
)
def test_asgi_apps_run_as_bare(
    sends: list[Message], request: Asked, kind: str, *, fails: bool
) -> None:
    """An app's own error and nothing else comes out; the bytes are the app's or a whole answer of ours."""

    async def app(scope: Message, receive: Any, send: Any) -> None:
        reached.append(True)
        for message in sends:
            await send(message)
        if fails:
            raise Own

    reached: list[bool] = []
    server = ASGIServer(strict=False)
    scope = raw_scope(request)
    as_it_came = dict(scope)
    layered: Any = asgi.PrivacyMiddleware(app, guard(kind))  # type: ignore[arg-type]
    try:
        server.run(layered, scope)
    except Own:
        assert fails
    else:
        assert not (fails and reached)
    assert scope == as_it_came
    assert not current()
    if reached and not request.path.startswith("/.well-known/"):
        bare = b"".join(m.get("body", b"") for m in sends)
        if request.method == "HEAD" and any(map(may_be_page, sends)):
            # No server is to measure what GET would filter, and no client gets it.
            assert len(server.sent) == len(sends)
            assert server.body in {b"", bare}
        else:
            assert [m["type"] for m in server.sent] == [m["type"] for m in sends]
            assert server.body == bare


@quick
@given(st.lists(messages(), max_size=6), st.sampled_from(SIGNALS), asked)
def test_no_asgi_message_plants_a_cookie_under_a_signal(
    sends: list[Message], signal: dict[str, str], request: Asked
) -> None:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        for message in sends:
            await send(message)

    server = ASGIServer(strict=False)
    layered: Any = asgi.PrivacyMiddleware(app, guard("all"))  # type: ignore[arg-type]
    server.run(layered, raw_scope(opted_out(request, signal)))
    for message in server.sent:
        assert plants(message.get("headers", ())) == []


HARMLESS = [(b"x-a", b"1"), (b"content-type", b"application/json"), (b"etag", b'"a"')]


@quick
@given(st.lists(messages(), max_size=6), requests, st.sampled_from(HARMLESS))
def test_asgi_messages_no_policy_speaks_of_pass_as_the_very_objects(
    sends: list[Message], request: dict[str, str], field: tuple[bytes, bytes]
) -> None:
    for message in sends:
        if "headers" in message:
            message["headers"] = [field]
        if message.get("status") == 304:
            message["status"] = 200
    app_sends = iter(sends)

    async def app(scope: Message, receive: Any, send: Any) -> None:
        for message in app_sends:
            await send(message)

    layered: Any = asgi.PrivacyMiddleware(app)  # type: ignore[arg-type]
    sent = ASGIServer(strict=False).run(layered, raw_scope(Asked(request, "GET", "/")))
    assert [id(m) for m in sent] == [id(m) for m in sends]


STATUSES = ["200 OK", "204 No Content", "304 Not Modified", "404 Not Found", "500 Broken", "", "²"]


class Answering(NamedTuple):
    """What a WSGI app answers, in which way, and after how many chunks it fails."""

    status: str
    headers: list[Any]
    chunks: list[bytes]
    shape: str
    fails_after: int


answering = st.builds(
    Answering,
    st.sampled_from(STATUSES),
    fields,
    st.lists(chunk, max_size=4),
    st.sampled_from(["list", "tuple", "closing", "lazy", "write"]),
    st.integers(0, 6),
)


@quick
@given(answering, asked, kinds)
def test_wsgi_apps_run_as_bare(answer: Answering, request: Asked, kind: str) -> None:
    """The bytes are the app's up to its own error, and what it gave is closed once."""
    status, headers, chunks, shape, fails_after = answer

    def pieces() -> Iterator[bytes]:
        for number, piece in enumerate(chunks):
            if number == fails_after:
                raise Own
            yield piece

    def app(environ: Message, start: Any) -> Any:
        reached.append(True)
        if shape == "lazy":
            return lazy(start)
        write = start(status, list(headers))
        if shape == "write":
            for piece in chunks:
                write(piece)
            return []
        if shape == "closing":
            return iterable
        return chunks if shape == "list" else tuple(chunks)

    def lazy(start: Any) -> Iterator[bytes]:
        start(status, list(headers))
        yield from pieces()

    reached: list[bool] = []
    iterable = Closing(_Again(pieces))
    server, environ = WSGIServer(), environ_of(request)
    as_it_came = dict(environ)
    layered: Any = wsgi.PrivacyMiddleware(app, guard(kind))
    failed = False
    try:
        server.run(layered, environ)
    except Own:
        failed = True
    assert environ == as_it_came
    assert not current()
    if not reached or request.path.startswith("/.well-known/"):
        return
    fails = shape in {"closing", "lazy"} and fails_after < len(chunks)
    assert failed is fails
    assert server.body == b"".join(chunks[:fails_after] if fails else chunks)
    assert iterable.closed == (shape == "closing")


class _Again:
    def __init__(self, begin: Callable[[], Iterator[bytes]]) -> None:
        self._begin = begin

    def __iter__(self) -> Iterator[bytes]:
        return self._begin()


@quick
@given(st.lists(fields, min_size=1, max_size=3), st.sampled_from(SIGNALS), asked)
def test_no_wsgi_head_plants_a_cookie_under_a_signal(
    heads: list[list[Any]], signal: dict[str, str], request: Asked
) -> None:
    """Also when the app starts over, as often as it likes."""

    def app(environ: Message, start: Any) -> Any:
        for number, headers in enumerate(heads):
            start("200 OK", headers, *([(Own, Own(), None)] if number else []))
        return []

    server = WSGIServer()
    layered: Any = wsgi.PrivacyMiddleware(app, guard("all"))
    server.run(layered, environ_of(opted_out(request, signal)))
    assert server.head is not None
    assert plants((raw(name), raw(value)) for name, value in server.head[1]) == []


# -------------------------------------------------------------------- rewriting, wherever it is cut


def shorter() -> Callable[..., bytes]:
    """Replace `ab` by `X` and end with a dot: a filter that has to hold a byte back now and then."""
    held = b""

    def filter_(data: bytes, *, last: bool) -> bytes:
        nonlocal held
        data = (held + data).replace(b"ab", b"X")
        held = b"a" if data.endswith(b"a") and not last else b""
        return data.removesuffix(held) + (b"." if last else b"")

    return filter_


REWRITING = {
    "at once": promise(response=lambda context, head: Rewrite(shorter())),
    "held": promise(response=lambda context, head: Wait(lambda data, last: Rewrite(shorter()))),
}
cuts = st.lists(st.sampled_from([b"", b"a", b"b", b"ab", b"xa", b"bxab"]), max_size=6)


@quick
@given(cuts, st.sampled_from(sorted(REWRITING)), st.sampled_from(["list", "lazy", "write"]))
@example([], "held", "list")
@example([b"a"], "held", "write")
def test_a_rewritten_body_is_the_same_however_it_is_cut(
    chunks: list[bytes], when: str, shape: str
) -> None:
    rewriting = Guard(PrivacyPolicy(), promises=[REWRITING[when]])
    expected = b"".join(chunks).replace(b"ab", b"X") + b"."

    def wsgi_app(environ: Message, start: Any) -> Any:
        write = start("200 OK", [])
        if shape != "write":
            return list(chunks) if shape == "list" else iter(chunks)
        for piece in chunks[:2]:
            write(piece)
        return chunks[2:]

    layered: Any = wsgi.PrivacyMiddleware(wsgi_app, rewriting)
    assert WSGIServer().run(layered, environ_of(PLAIN)).body == expected

    async def asgi_app(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in chunks[:-1] if shape == "list" else chunks:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        last = b"".join(chunks[-1:]) if shape == "list" else b""
        await send({"type": "http.response.body", "body": last, "more_body": False})

    layered = asgi.PrivacyMiddleware(asgi_app, rewriting)  # type: ignore[arg-type]
    server = ASGIServer()
    server.run(layered, scope_of())
    assert server.body == expected


@quick
@given(
    chunks=st.lists(chunk, max_size=5),
    limit=st.integers(0, 40),
    terminated=st.booleans(),
    reads=st.integers(1, 9),
)
def test_a_judged_body_reaches_the_app_whole_however_it_is_cut(
    chunks: list[bytes], limit: int, reads: int, *, terminated: bool
) -> None:
    judging = Guard(
        PrivacyPolicy(),
        promises=[
            promise(request=lambda p: Examine(limit, lambda data, more: MORE if more else None))
        ],
    )
    body = b"".join(chunks)
    got: list[bytes] = []

    class Input:
        left = [piece for piece in chunks if piece] + ([] if terminated else [b"the next request"])

        def read(self, size: int = -1) -> bytes:
            piece = self.left.pop(0) if self.left else b""
            if 0 <= size < len(piece):
                self.left.insert(0, piece[size:])
                piece = piece[:size]
            return piece

    def wsgi_app(environ: Message, start: Any) -> Any:
        while piece := environ["wsgi.input"].read(reads):
            got.append(piece)
        start("200 OK", [])
        return []

    environ = environ_of(PLAIN) | {
        "wsgi.input": Input(),
        "wsgi.input_terminated": terminated,
        "CONTENT_LENGTH": "" if terminated else str(len(body)),
    }
    layered: Any = wsgi.PrivacyMiddleware(wsgi_app, judging)
    WSGIServer().run(layered, environ)
    assert b"".join(got) == body

    messages_in = [{"type": "http.request", "body": p, "more_body": True} for p in chunks]
    messages_in.append({"type": "http.request"})
    messages_got: list[Message] = []

    async def asgi_app(scope: Message, receive: Any, send: Any) -> None:
        messages_got.extend([await receive() for _ in messages_in])

    layered = asgi.PrivacyMiddleware(asgi_app, judging)  # type: ignore[arg-type]
    ASGIServer(*messages_in).run(layered, scope_of(method="POST"))
    assert [id(m) for m in messages_got] == [id(m) for m in messages_in]


# ------------------------------------------------------------------------------------- large input

MEGABYTE = "x" * 1_000_000
LARGE: dict[str, list[tuple[str, str]]] = {
    "10,000 cookies": [("Set-Cookie", f"id{n}=1") for n in range(10_000)],
    "10,000 lines of one name": [("Vary", f"X-{n}") for n in range(10_000)],
    "10,000 names": [(f"X-{n}", "1") for n in range(10_000)],
    "a cookie of 1 MB": [("Set-Cookie", f"id={MEGABYTE}")],
    "a cookie of a million attributes": [("Set-Cookie", "id=1" + ";a" * 500_000)],
    "a name of 1 MB": [(MEGABYTE, "1")],
    "a Vary of 1 MB": [("Vary", ",".join(["X"] * 500_000))],
    "a Cache-Control of 1 MB": [("Cache-Control", "a," * 500_000), ("Set-Cookie", "id=1")],
    "a Content-Type of 1 MB": [("Content-Type", "text/html;" + MEGABYTE)],
    "NULs": [("Set-Cookie", "id=\x00"), ("X\x00", "\x00")],
}
PAGE = ("Content-Type", "text/html")


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("signal", [{}, *SIGNALS[:1]], ids=["no signal", "DNT"])
def test_large_heads_are_filtered_like_small_ones(name: str, signal: dict[str, str]) -> None:
    headers = [PAGE, *LARGE[name]]

    def wsgi_app(environ: Message, start: Any) -> Any:
        start("200 OK", headers)
        return [b"page"]

    async def asgi_app(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": raw_headers})
        await send({"type": "http.response.body", "body": b"page"})

    raw_headers = [(name.encode(), value.encode()) for name, value in headers]
    wsgi_layer: Any = wsgi.PrivacyMiddleware(wsgi_app, compiled("all"))
    asgi_layer: Any = asgi.PrivacyMiddleware(asgi_app, compiled("all"))  # type: ignore[arg-type]
    environ = environ_of(Asked({"host": "shop.example", **signal}, "GET", "/"))
    wsgi_server = WSGIServer().run(wsgi_layer, environ)
    asgi_server = ASGIServer()
    asgi_server.run(asgi_layer, raw_scope(Asked(signal, "GET", "/")))
    assert wsgi_server.head is not None
    from_wsgi = [(n.encode(), v.encode()) for n, v in wsgi_server.head[1]]
    assert from_wsgi == asgi_server.head["headers"]
    assert wsgi_server.body == asgi_server.body == b"page"
    if signal:
        assert plants(from_wsgi) == []
    assert set(from_wsgi) & set(raw_headers)  # the rest has left


@pytest.mark.parametrize(
    "request_fields",
    [
        [(f"x-{n}", "1") for n in range(10_000)],
        [("cookie", f"_ga_{n}=1") for n in range(10_000)],
        [("dnt", "0")] * 9_999 + [("dnt", "1")],
        [("x-forwarded-for", "192.0.2.1," * 100_000)],
        [("forwarded", "for=192.0.2.1;" * 70_000)],
        [("forwarded", '"' + "\\" * 1_000_000)],
        [("host", MEGABYTE), ("cookie", "_ga=1")],
        [("host", ":" * 1_000_000)],
        [("cookie", ";" * 1_000_000)],
        [("accept", "text/html," * 100_000)],
    ],
    ids=lambda fields: f"{len(fields)} of {fields[0][0]}, {len(fields[0][1])} long",
)
def test_large_requests_cost_nobody_their_response(request_fields: list[tuple[str, str]]) -> None:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": page})
        await send({"type": "http.response.body", "body": b"page"})

    page = [(b"content-type", b"text/html"), (b"set-cookie", b"id=1")]
    scope = scope_of("/", *((n.encode(), v.encode()) for n, v in request_fields), (b"dnt", b"1"))
    layered: Any = asgi.PrivacyMiddleware(app, guard("all"))  # type: ignore[arg-type]
    server = ASGIServer()
    server.run(layered, scope)
    assert server.body == b"page"
    assert plants(server.head["headers"]) == []
