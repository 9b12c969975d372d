"""What an app is given during a request: `current()`, the environ's and the scope's key, `Privacy`."""

from __future__ import annotations

import asyncio
import contextvars
import io
import logging
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any, get_args

import anyio.to_thread
import pytest

from alpines_privacy import Cookie, Privacy, PrivacyPolicy, current, protect
from alpines_privacy.http.context import RequestContext, Signal
from alpines_privacy.http.privacy import Purpose, request_context

SIGNALS: list[tuple[list[tuple[str, str]], Signal | None]] = [
    ([], None),
    ([("DNT", "0")], None),
    ([("DNT", "1")], "DNT"),
    ([("Sec-GPC", "1")], "Sec-GPC"),
    ([("DNT", "1"), ("Sec-GPC", "1")], "DNT, Sec-GPC"),
    ([("DNT", "0"), ("Sec-GPC", "1")], "Sec-GPC"),
]
POLICY = PrivacyPolicy(cookies=[Cookie("cart", purpose="Holds your basket", necessary=True)])

Fields = list[tuple[str, str]]
Look = Callable[[Any], object]
ASGILook = Callable[[Any], Awaitable[object]]


def under_way() -> RequestContext:
    """Return what the layer knows of the request."""
    context = request_context()
    assert context is not None
    return context


def over_wsgi(look: Look, fields: Fields = [], policy: Any = POLICY) -> Fields:  # noqa: B006 - never changed
    """Run `look` inside a WSGI app, with the environ; return the head that left."""
    left: Fields = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        look(environ)
        start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "_ga=1")])
        return [b""]

    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in fields}
    protect(app, policy)(
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/", **environ},
        lambda status, head, *exc_info: left.extend(head),
    )
    return left


def over_asgi(look: ASGILook, fields: Fields = [], policy: Any = POLICY) -> Fields:  # noqa: B006 - never changed
    """Run `look` inside an ASGI app, with the scope; return the head that left."""
    left: Fields = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await look(scope)
        head = [(b"content-type", b"text/plain"), (b"set-cookie", b"_ga=1")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body"})

    async def send(message: Any) -> None:
        left.extend((k.decode(), v.decode()) for k, v in message.get("headers", ()))

    async def receive() -> Any:
        return {"type": "http.request"}

    headers = [(name.lower().encode(), value.encode()) for name, value in fields]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    asyncio.run(protect(app, policy)(scope, receive, send))
    return left


# --- where it is found


@pytest.mark.parametrize(("fields", "signal"), SIGNALS)
def test_a_wsgi_app_finds_the_visitor(fields: Fields, signal: Signal | None) -> None:
    seen: list[Privacy] = []
    over_wsgi(lambda environ: seen.extend([current(), environ["alpines_privacy"]]), fields)
    assert seen[0] is seen[1]
    assert seen[0].signal == signal
    assert seen[0].opted_out is (signal is not None)
    assert bool(seen[0]) is True


@pytest.mark.parametrize(("fields", "signal"), SIGNALS)
def test_an_asgi_app_finds_the_visitor_also_in_tasks_and_threads(
    fields: Fields, signal: Signal | None
) -> None:
    seen: list[Privacy] = []

    async def look(scope: Any) -> None:
        async def note() -> None:
            seen.append(current())

        seen.extend([scope["alpines_privacy"], current()])
        await note()
        await asyncio.create_task(note())
        async with asyncio.TaskGroup() as group:
            group.create_task(note())
        await asyncio.to_thread(lambda: seen.append(current()))
        await anyio.to_thread.run_sync(lambda: seen.append(current()))

    over_asgi(look, fields)
    assert len(seen) == 7
    assert all(privacy is seen[0] for privacy in seen)
    assert seen[0].signal == signal


def test_a_thread_of_the_apps_own_is_outside_unless_it_takes_the_context_along() -> None:
    seen: list[str | None] = []

    def look(_: object) -> None:
        context = contextvars.copy_context()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: seen.append(current().signal)).result()
            pool.submit(context.run, lambda: seen.append(current().signal)).result()

    over_wsgi(look, [("DNT", "1")])
    assert seen == ["default", "DNT"]


def test_visitors_at_the_same_time_are_told_apart() -> None:
    """Both requests are under way before either looks."""
    both = threading.Barrier(2, timeout=60)
    seen: dict[str, str | None] = {}

    def visit(name: str, fields: Fields) -> None:
        def look(_: object) -> None:
            both.wait()
            seen[name] = current().signal
            both.wait()

        over_wsgi(look, fields)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(visit, ("one", "two"), ([("DNT", "1")], [("Sec-GPC", "1")])))
    assert seen == {"one": "DNT", "two": "Sec-GPC"}


def test_async_visitors_at_the_same_time_are_told_apart() -> None:
    seen: dict[str, str | None] = {}

    async def nothing(*_: Any) -> Any: ...

    async def both() -> None:
        barrier = asyncio.Barrier(2)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await barrier.wait()
            seen[scope["path"]] = current().signal

        protected = protect(app)
        scopes = [
            {"type": "http", "path": "/one", "headers": [(b"dnt", b"1")]},
            {"type": "http", "path": "/two", "headers": [(b"sec-gpc", b"1")]},
        ]
        await asyncio.gather(*(protected(scope, nothing, nothing) for scope in scopes))

    asyncio.run(both())
    assert seen == {"/one": "DNT", "/two": "Sec-GPC"}


# --- outside a request


def test_outside_a_request_the_answer_is_an_opted_out_visitor() -> None:
    privacy = current()
    assert not privacy
    assert privacy.opted_out is True
    assert privacy.signal == "default"
    assert not any(privacy.allows(purpose) for purpose in get_args(Purpose))
    assert repr(privacy) == "<Privacy default, outside a request>"


def test_outside_a_request_nothing_is_kept_and_nothing_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    privacy = current()
    privacy.hide("somebody's name", "NAME")
    privacy.exempt("cookies", "no such part")
    assert privacy.allows("no such purpose") is False  # type: ignore[arg-type]
    assert privacy.report == ()
    assert request_context() is None
    assert caplog.records == []


def test_outside_a_request_the_literal_policy_tells_who_may_sign_up() -> None:
    today = date.today()  # noqa: DTZ011 - any day of this year
    assert current().may_sign_up(date(today.year - 15, 1, 1)) is True
    assert current().may_sign_up(date(today.year - 11, 1, 1)) is False


def test_after_the_request_its_privacy_still_answers_but_is_no_longer_current() -> None:
    seen: list[tuple[Privacy, RequestContext]] = []
    over_wsgi(lambda _: seen.append((current(), under_way())), [("DNT", "1")])
    ((privacy, context),) = seen
    assert privacy.signal == "DNT"
    assert current() is not privacy
    privacy.hide("somebody's name", "NAME")
    privacy.hide_user("somebody")
    assert context.hidden == ()
    assert context.users == ()


def test_a_task_that_outlives_its_request_is_outside() -> None:
    seen: list[str | None] = []

    async def run() -> None:
        over = asyncio.Event()
        tasks = []

        async def outlive() -> None:
            seen.append(current().signal)
            await over.wait()
            seen.append(current().signal)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            tasks.append(asyncio.create_task(outlive()))
            await asyncio.sleep(0)

        async def nothing(*_: Any) -> Any: ...

        await protect(app)({"type": "http", "headers": [(b"dnt", b"1")]}, nothing, nothing)
        over.set()
        await asyncio.gather(*tasks)

    asyncio.run(run())
    assert seen == ["DNT", "default"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_app_that_raises_leaves_nobody_behind(error: type[BaseException]) -> None:
    def look(_: object) -> None:
        raise error

    async def look_async(_: object) -> None:
        raise error

    with pytest.raises(error):
        over_wsgi(look, [("DNT", "1")])
    assert not current()
    with pytest.raises(error):
        over_asgi(look_async, [("DNT", "1")])
    assert not current()


# --- what it shows

MEMBERS = {
    "allows", "exempt", "hide", "hide_user", "login_failed", "login_succeeded", "may_sign_up", "opted_out", "report",
    "signal",
}  # fmt: skip


def test_a_view_sees_the_documented_members_and_nothing_of_the_request() -> None:
    """Inside a request and outside one, over both protocols; the pages for developers show each."""
    seen: list[Privacy] = [current()]

    async def look_async(scope: Any) -> None:
        seen.extend([scope["alpines_privacy"], current()])

    over_wsgi(lambda environ: seen.extend([environ["alpines_privacy"], current()]))
    over_asgi(look_async)
    assert [set(public(privacy)) for privacy in seen] == [MEMBERS] * 5
    for document in ("README.md", "docs/frameworks.md"):
        text = (Path(__file__).parents[1] / document).read_text()
        assert {name for name in MEMBERS if f"privacy.{name}" in text} == MEMBERS, document


def test_what_a_visitor_sent_is_out_of_a_views_sight() -> None:
    """Whoever walks the attributes that `dir()` shows, three deep, finds neither the head nor the form."""
    found: list[str] = []

    def walk(value: object, depth: int) -> Iterator[str]:
        yield repr(value)
        if depth and not isinstance(value, str | bytes | int | float | tuple | frozenset):
            for name in public(value):
                yield from walk(getattr(value, name), depth - 1)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        submission = under_way().submission
        assert submission is not None
        assert b"correct-horse" in submission.body
        found.extend(walk(current(), 3))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    form = b"user=zulfiqarx&password=correct-horse"
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/login", "HTTP_COOKIE": "token=q7w8e9r0"}
    length = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(form))}
    body: Any = {"wsgi.input": io.BytesIO(form)}
    list(protect(app)({**environ, **length, **body}, lambda *_: None))
    shown = " ".join(found)
    assert found
    for value in ("correct-horse", "zulfiqarx", "q7w8e9r0"):
        assert value not in shown


def public(value: object) -> list[str]:
    return [name for name in dir(value) if not name.startswith("_")]


# --- what it answers


def test_purposes_are_allowed_without_a_signal_and_under_none_with_one() -> None:
    answers: list[bool] = []
    for fields in ([], [("Sec-GPC", "1")]):
        over_wsgi(lambda _: answers.extend(current().allows(p) for p in get_args(Purpose)), fields)
    assert answers == [True] * 3 + [False] * 3


def test_an_unknown_purpose_is_denied_and_named_once_with_the_nearest(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def look(_: object) -> None:
        for _ in range(3):
            assert current().allows("adverts") is False  # type: ignore[arg-type]

    over_wsgi(look)
    (record,) = [r for r in caplog.records if "no such purpose" in r.getMessage()]
    assert record.levelno == logging.WARNING
    assert '"adverts"' in record.getMessage()
    assert "analytics, personalization" in record.getMessage()


READS: dict[str, Callable[[Privacy], object]] = {
    "opted_out": lambda privacy: privacy.opted_out,
    "signal": lambda privacy: privacy.signal,
    "allows": lambda privacy: privacy.allows("analytics"),
}


@pytest.mark.parametrize("read", READS)
def test_whoever_asks_makes_the_response_vary(read: str) -> None:
    exempt = PrivacyPolicy(keep_logins="never")

    async def look_async(scope: Any) -> None:
        READS[read](scope["alpines_privacy"])

    for head in (over_wsgi(lambda _: READS[read](current()), [], exempt), over_asgi(look_async)):
        assert ("vary", "DNT, Sec-GPC") in [(name.lower(), value) for name, value in head]


def cookies(head: Fields) -> list[str]:
    return [value for name, value in head if name.lower() == "set-cookie"]


def test_an_exempted_part_is_off_for_this_response_only() -> None:
    exempted = over_wsgi(lambda _: current().exempt("cookies"), [("DNT", "1")])
    assert cookies(exempted) == ["_ga=1"]
    assert cookies(over_wsgi(lambda _: None, [("DNT", "1")])) == []

    async def exempt(scope: Any) -> None:
        scope["alpines_privacy"].exempt("cookies")

    assert cookies(over_asgi(exempt, [("DNT", "1")])) == ["_ga=1"]


def test_exempting_headers_leaves_the_head_as_the_app_made_it() -> None:
    head = over_wsgi(lambda _: current().exempt("headers", "cookies"))
    assert head == [("Content-Type", "text/plain"), ("Set-Cookie", "_ga=1")]


def test_an_unknown_part_is_named_with_the_nearest(caplog: pytest.LogCaptureFixture) -> None:
    over_wsgi(lambda _: current().exempt("cookie"))
    (record,) = [r for r in caplog.records if "no such part" in r.getMessage()]
    for expected in ('"cookie"', '"cookies"', "cookies, csp, headers, markup"):
        assert expected in record.getMessage()


def test_exempting_after_the_head_left_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "_ga=1")])
        yield b"one"
        current().exempt("cookies")

    left: Fields = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_DNT": "1"}
    body: Any = protect(app)(environ, lambda status, head, *_: left.extend(head))
    assert list(body) == [b"one"]
    body.close()
    assert cookies(left) == []
    assert "after the response's head had left" in caplog.text


def test_hidden_values_are_the_requests_own_and_short_ones_are_not_hidden() -> None:
    seen: list[set[tuple[str, str]]] = []

    def look(_: object) -> None:
        current().hide("made up name", "NAME")
        current().hide("abc", "NAME")
        current().hide("made up street", "ADDRESS")
        seen.append(set(under_way().hidden))

    over_wsgi(look)
    over_wsgi(lambda _: seen.append(set(under_way().hidden)))
    assert seen == [{("made up name", "NAME"), ("made up street", "ADDRESS")}, set()]


def test_the_representation_tells_the_signal_and_nothing_of_the_visitor() -> None:
    seen: list[str] = []
    over_wsgi(lambda _: seen.append(repr(current())), [("DNT", "1")])
    over_wsgi(lambda _: seen.append(repr(current())))
    assert seen == ["<Privacy DNT>", "<Privacy no signal>"]


def test_the_apps_environ_and_scope_lose_the_key_when_the_request_is_over() -> None:
    kept: list[Any] = []

    async def keep(scope: Any) -> None:
        kept.append(scope)

    over_wsgi(kept.append)
    over_asgi(keep)
    assert all("alpines_privacy" not in mapping for mapping in kept)
    assert len(kept) == 2
