"""Django: its own adapter, sync and async; system checks; templates; the admin; wrapped from outside."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connection
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.template import engines
from django.test import AsyncClient, Client
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from werkzeug.test import EnvironBuilder

from alpines_privacy import Cookie, Privacy, PrivacyPolicy, current, protect
from alpines_privacy.django import PrivacyMiddleware
from alpines_privacy.django.checks import check_privacy
from alpines_privacy.guard import Guard
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import ResponseHead
from alpines_privacy.http.outcomes import MORE, Answer, Examine, More, Replace, Rewrite, Wait
from alpines_privacy.http.promise import Promise
from tests.frameworks.django_site import OURS, SITE_MIDDLEWARE, urlpatterns
from tests.frameworks.exhibit import PAGE
from tests.frameworks.exhibits_asgi import from_httpx
from tests.frameworks.exhibits_django import site, under
from tests.frameworks.exhibits_wsgi import from_werkzeug
from tests.support.secret_keys import KEY

DNT = {"DNT": "1"}
LOGINS = PrivacyPolicy(
    cookies=[
        Cookie("sessionid", purpose="Keeps you signed in", necessary=True),
        Cookie("csrftoken", purpose="Protects forms", necessary=True, readable_by_scripts=True),
        Cookie("messages", purpose="Shows what your last action did", necessary=True),
    ]
)
BOTH = pytest.mark.parametrize("kind", [Client, AsyncClient], ids=["sync", "async"])
OVER_BOTH = pytest.mark.parametrize("handler", [WSGIHandler, ASGIHandler], ids=["WSGI", "ASGI"])


class Site:
    """A few views of a test's own, as a URL configuration."""

    def __init__(self, **views: Callable[..., Any]) -> None:
        self.urlpatterns = [*(path(name, view) for name, view in views.items()), *urlpatterns]


def visit(client: Any, where: str, method: str = "get", **given: Any) -> Any:
    """Send a request with Django's client of either kind, and let an async one run to its end."""
    answer = getattr(client, method)(where, **given)
    return asyncio.run(answer) if isinstance(client, AsyncClient) else answer


def cookie_lines(response: Any) -> list[str]:
    return [morsel.OutputString() for morsel in response.cookies.values()]


# --- what views and templates are given


@BOTH
def test_a_view_finds_the_visitor_in_three_places(kind: type) -> None:
    seen: list[Privacy] = []

    def look(request: HttpRequest) -> HttpResponse:
        seen.extend([request.privacy, request.META["alpines_privacy"], current()])  # type: ignore[attr-defined]
        return HttpResponse("looked", content_type="text/plain")

    with under(ROOT_URLCONF=Site(look=look)):
        visit(site(kind), "/look", headers=DNT)
    assert seen[0] is seen[1]
    assert seen[0].signal == "DNT"
    assert seen[2] is seen[0]
    assert not current()


@BOTH
def test_an_async_view_finds_the_visitor_too(kind: type) -> None:
    seen: list[object] = []

    async def look(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0)
        seen.append(current().signal)
        return HttpResponse("looked", content_type="text/plain")

    with under(ROOT_URLCONF=Site(look=look)):
        response = visit(site(kind), "/look", headers=DNT)
    assert seen == ["DNT"]
    assert response["Vary"] == "DNT, Sec-GPC"  # it read the signal


@OVER_BOTH
def test_a_view_nested_in_an_outer_layer_finds_the_visitor_all_the_same(handler: type) -> None:
    seen: list[Privacy] = []

    def look(request: HttpRequest) -> HttpResponse:
        seen.extend([request.privacy, current()])  # type: ignore[attr-defined]
        return HttpResponse("looked", content_type="text/plain")

    fetch = from_werkzeug if handler is WSGIHandler else from_httpx
    with under(ROOT_URLCONF=Site(look=look)):
        fetch(protect(site(handler)), "/look", DNT)
    assert [privacy.signal for privacy in seen] == ["DNT", "DNT"]
    assert seen[0] is seen[1]


TEMPLATE = (
    "{% if privacy.allows.advertising %}ads{% else %}no ads{% endif %} "
    "{{ privacy.opted_out }} {{ privacy.signal }}"
)


def rendered(request: HttpRequest) -> HttpResponse:
    template = engines["django"].from_string(TEMPLATE)
    return HttpResponse(template.render({}, request), content_type="text/plain")


@BOTH
def test_templates_see_the_visitor_and_only_then_the_response_varies(kind: type) -> None:
    def unread(request: HttpRequest) -> HttpResponse:
        template = engines["django"].from_string("nothing is asked")
        return HttpResponse(template.render({}, request), content_type="text/plain")

    with under(ROOT_URLCONF=Site(rendered=rendered, unread=unread)):
        client = site(kind)
        assert visit(client, "/rendered").content == b"ads False None"
        asked = visit(client, "/rendered", headers=DNT)
        not_asked = visit(client, "/unread", headers=DNT)
    assert asked.content == b"no ads True DNT"
    assert "Sec-GPC" in asked["Vary"]
    assert "Sec-GPC" not in not_asked.get("Vary", "")


# --- system checks


def ids(**settings: Any) -> list[str | None]:
    with under(**settings):
        found = check_privacy(None)
        assert all(message.hint for message in found)
        return [message.id for message in found]


DECLARED = [
    {"name": "sessionid", "purpose": "Keeps you signed in", "necessary": True},
    {"name": "csrftoken", "purpose": "Protects forms", "necessary": True},
    {"name": "messages", "purpose": "Shows what your last action did", "necessary": True},
]
IN_SESSIONS = "django.contrib.messages.storage.session.SessionStorage"
IN_COOKIES = "django.contrib.messages.storage.cookie.CookieStorage"
CHECKS: list[tuple[dict[str, Any], list[str]]] = [
    ({"ALPINES_PRIVACY": {"cookies": DECLARED}}, []),
    ({"ALPINES_PRIVACY": LOGINS}, []),
    ({"ALPINES_PRIVACY": lambda host: None}, []),
    ({"ALPINES_PRIVACY": None}, ["W002", "W003", "W005"]),
    ({"ALPINES_PRIVACY": {}}, ["W002", "W003", "W005"]),
    ({"ALPINES_PRIVACY": {"cookies": DECLARED[::2]}}, ["W003"]),
    ({"ALPINES_PRIVACY": {"cookies": DECLARED[1:]}}, ["W002"]),
    ({"ALPINES_PRIVACY": {"cookies": DECLARED[::2]}, "CSRF_USE_SESSIONS": True}, []),
    ({"ALPINES_PRIVACY": {"cookies": DECLARED[:2]}}, ["W005"]),
    ({"ALPINES_PRIVACY": {"cookies": DECLARED[:2]}, "MESSAGE_STORAGE": IN_COOKIES}, ["W005"]),
    ({"ALPINES_PRIVACY": {"cookies": DECLARED[:2]}, "MESSAGE_STORAGE": IN_SESSIONS}, []),
    ({"ALPINES_PRIVACY": {"cookies": DECLARED[:2]}, "MESSAGE_STORAGE": "no.such.Storage"}, []),
    ({"ALPINES_PRIVACY": {"keep_logins": "always"}}, []),
    ({"ALPINES_PRIVACY": {"mode": "report"}}, []),
    ({"ALPINES_PRIVACY": LOGINS, "SESSION_COOKIE_NAME": "basket"}, ["W002"]),
    ({"ALPINES_PRIVACY": LOGINS, "CSRF_COOKIE_NAME": "token"}, ["W003"]),
    ({"ALPINES_PRIVACY": {}, "MIDDLEWARE": [OURS]}, []),
    ({"ALPINES_PRIVACY": LOGINS, "MIDDLEWARE": [*SITE_MIDDLEWARE, OURS]}, ["W001"]),
    ({"ALPINES_PRIVACY": LOGINS, "MIDDLEWARE": SITE_MIDDLEWARE}, ["E002"]),
    ({"ALPINES_PRIVACY": LOGINS, "MIDDLEWARE": ["no.such.Middleware", OURS]}, ["W001"]),
    ({"ALPINES_PRIVACY": {"cookies": DECLARED, "keep_logins": "sometimes"}}, ["E001"]),
    ({"ALPINES_PRIVACY": "alpines-privacy.toml"}, ["E001"]),
    ({"ALPINES_PRIVACY": {"cookies": DECLARED, "site_preference": True}}, ["W004"]),
]


@pytest.mark.parametrize(("settings", "found"), CHECKS)
def test_each_check_finds_its_mistake_and_hints_what_to_do(
    settings: dict[str, Any], found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALPINES_PRIVACY_SECRET_KEY", raising=False)
    assert ids(**settings) == [f"alpines_privacy.{check}" for check in found]


def test_a_key_in_the_environment_satisfies_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)
    assert ids(ALPINES_PRIVACY={"cookies": DECLARED, "site_preference": True}) == []


def test_a_wrong_policy_is_named_by_setting_key_and_value() -> None:
    with under(ALPINES_PRIVACY={"keep_logins": "sometimes"}):
        (error,) = check_privacy(None)
    for part in ("settings.ALPINES_PRIVACY", "keep_logins", "sometimes", '"gpc"'):
        assert part in error.msg


def test_django_runs_the_checks() -> None:
    with under(ALPINES_PRIVACY=None):
        found = checks.run_checks(tags=[checks.Tags.security])
    assert "alpines_privacy.W002" in [message.id for message in found]


def test_a_subclass_of_the_middleware_is_ours_too() -> None:
    assert ids(ALPINES_PRIVACY=LOGINS, MIDDLEWARE=[f"{__name__}.Subclass", *SITE_MIDDLEWARE]) == []


class Subclass(PrivacyMiddleware):
    """A site's own variation."""


# --- cookies that `response.cookies` cannot hold


@OVER_BOTH
def test_several_lines_for_one_name_leave_together(handler: type) -> None:
    """A tracker's cookie is expired for the host and for each domain above it."""
    fetch = from_werkzeug if handler is WSGIHandler else from_httpx
    headers = {**DNT, "Cookie": "_ga=1", "Host": "www.shop.example"}
    with under():
        reply = fetch(site(handler, LOGINS), "/about", headers)
    lines = [line.strip() for line in reply.values("set-cookie")]  # WSGIHandler writes a space
    assert len(lines) == 3
    assert all(line.startswith("_ga=; ") and "Max-Age=0" in line for line in lines)
    domains = {line.partition("Domain=")[2].partition(";")[0] for line in lines}
    assert domains == {"", "www.shop.example", "shop.example"}


@BOTH
def test_a_cookie_the_app_sets_and_we_expire_elsewhere_keeps_its_own_line(kind: type) -> None:
    client = site(kind, LOGINS)
    with under():
        response = visit(client, "/", headers={**DNT, "Cookie": "_ga=1; _fbp=2"})
    lines = cookie_lines(response)
    assert [line for line in lines if line.startswith("sessionid=")] != []
    assert {line.partition("=")[0] for line in lines} == {"sessionid", "old", "_ga", "_fbp"}


@BOTH
def test_attributes_no_morsel_knows_are_kept(kind: type) -> None:
    def partitioned(request: HttpRequest) -> HttpResponse:
        response = HttpResponse(PAGE)
        response.set_cookie("csrftoken", '{"a": 1}', samesite="None", secure=True)
        return response

    with under(ROOT_URLCONF=Site(partitioned=partitioned)):
        bare = visit(site(kind, middleware=False), "/partitioned", headers=DNT)
        protected = visit(site(kind, LOGINS), "/partitioned", headers=DNT)
    assert cookie_lines(protected) == cookie_lines(bare)


# --- streams and files


@BOTH
@pytest.mark.parametrize(
    ("content_type", "at_first"), [("text/plain", []), ("text/html", ["one"])], ids=["text", "page"]
)
def test_a_stream_goes_chunk_by_chunk_inside_the_visit(
    kind: type, content_type: str, at_first: list[str]
) -> None:
    """A page's head waits for its first chunk, and no head for more."""
    made: list[str] = []

    def stream(request: HttpRequest) -> StreamingHttpResponse:
        def chunks() -> Iterator[str]:
            for number in ("one", "two"):
                made.append(number)
                yield f"{number} {current().signal};"

        async def chunks_async() -> AsyncIterator[str]:
            for chunk in chunks():
                yield chunk

        streaming = chunks_async() if kind is AsyncClient else chunks()
        return StreamingHttpResponse(streaming, content_type=content_type)

    with under(ROOT_URLCONF=Site(stream=stream)):
        client = site(kind)
        if kind is Client:
            response = visit(client, "/stream", headers=DNT)
            assert made == at_first
            received = iter(response)
            assert next(received) == b"one DNT;"
            assert made == ["one"]
            assert list(received) == [b"two DNT;"]
            response.close()
        else:
            asyncio.run(_read_async(client, made, at_first))
    assert not current()


async def _read_async(client: AsyncClient, made: list[str], at_first: list[str]) -> None:
    response: Any = await client.get("/stream", headers=DNT)
    assert made == at_first
    received = aiter(response)
    assert await anext(received) == b"one DNT;"
    assert made == ["one"]
    assert [chunk async for chunk in received] == [b"two DNT;"]
    response.close()
    assert not current()


def test_a_file_reaches_the_server_as_the_very_file() -> None:
    file = io.BytesIO(b"col,umn")

    def sent(request: HttpRequest) -> FileResponse:
        return FileResponse(file, content_type="text/csv")

    class Wrapper:
        def __init__(self, wrapped: Any, block: int = 0) -> None:
            self.wrapped = wrapped

        def __iter__(self) -> Iterator[bytes]:
            return iter(self.wrapped.read, b"")

    with under(ROOT_URLCONF=Site(sent=sent)):
        environ = EnvironBuilder("/sent").get_environ() | {"wsgi.file_wrapper": Wrapper}
        body: Any = site(WSGIHandler)(environ, lambda *_: None)
    assert isinstance(body, Wrapper)
    assert body.wrapped is file
    assert list(body) == [b"col,umn"]
    file.close()


# --- the admin


@pytest.fixture
def database(tmp_path: Path) -> Iterator[None]:
    """Give the default connection a database of its own, as Django's test runner does."""
    name = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(tmp_path / "site.sqlite3")
    with under():
        call_command("migrate", verbosity=0, interactive=False)
    yield
    connection.close()
    connection.settings_dict["NAME"] = name


@pytest.mark.parametrize(
    ("policy", "headers", "signed_in"),
    [
        (LOGINS, {}, True),
        (LOGINS, DNT, True),
        (PrivacyPolicy(), {"Sec-GPC": "1"}, True),
        (PrivacyPolicy(), DNT, False),  # literal: nothing is declared, nothing is set
    ],
)
@pytest.mark.usefixtures("database")
def test_people_sign_in_to_the_admin_where_the_policy_lets_them(
    policy: PrivacyPolicy, headers: dict[str, str], signed_in: bool
) -> None:
    with under():
        get_user_model()._default_manager.create_superuser("admin", password="made up")  # type: ignore[attr-defined]
        client = site(Client, policy)
        client.handler.enforce_csrf_checks = True
        page = client.get("/admin/login/", headers=headers)
        form = {
            "username": "admin",
            "password": "made up",
            "csrfmiddlewaretoken": get_token(page.wsgi_request),
            "next": "/admin/",
        }
        answer = client.post("/admin/login/", form, headers=headers)
        assert answer.status_code == (302 if signed_in else 403)
        assert client.get("/admin/", headers=headers).status_code == (200 if signed_in else 302)


# --- every outcome a promise may have


class Promising(Promise):
    """Gives each hook the answer the test gives."""

    part = "promising"

    def __init__(self, request: Any = None, response: Any = None) -> None:
        self._on_request = request
        self._on_response = response

    def request(self, context: RequestContext) -> Answer | Examine | None:
        outcome: Answer | Examine | None = self._on_request and self._on_request(context)
        return outcome

    def response(
        self, context: RequestContext, head: ResponseHead
    ) -> Replace | Rewrite | Wait | None:
        outcome: Replace | Rewrite | Wait | None = self._on_response and self._on_response(head)
        return outcome


def promising(kind: type, views: Site, **hooks: Any) -> Any:
    """Make a site whose middleware keeps one promise: the test's."""
    with under(ROOT_URLCONF=views):
        return site(kind, Guard(PrivacyPolicy(), promises=[Promising(**hooks)]))


@csrf_exempt
def echo(request: HttpRequest) -> HttpResponse:
    """Tell what of the request arrived."""
    files = {name: file.read().decode() for name, file in request.FILES.items()}  # type: ignore[union-attr]
    return HttpResponse(f"{request.POST.dict()} {files}", content_type="text/plain")


@csrf_exempt
def raw(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body, content_type="text/plain")


@csrf_exempt
def lines(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"|".join(request), content_type="text/plain")


ECHO = Site(echo=echo, raw=raw, lines=lines)


def answered(context: RequestContext) -> Answer:
    return Answer(451, [("content-type", "text/plain"), ("set-cookie", "lock=1")], b"no")


@BOTH
def test_an_answer_of_ours_stands_in_for_the_view(kind: type) -> None:
    client = promising(kind, ECHO, request=answered)
    with under(ROOT_URLCONF=ECHO):
        response = visit(client, "/raw", "post", data=b"x", content_type="text/plain")
    assert (response.status_code, response.content) == (451, b"no")
    assert cookie_lines(response) == ["lock=1"]
    assert response["Content-Length"] == "2"


def judging(limit: int, verdict: Answer | None, seen: bytearray) -> Any:
    def judge(data: bytes, *, more: bool) -> Answer | More | None:
        seen.extend(data)
        return MORE if more else verdict

    return lambda context: Examine(limit, judge, beyond=Answer(413, [], b"too long"))


BODIES: dict[str, tuple[dict[str, Any] | None, bytes]] = {
    "form": (
        {"name": "made up", "note": "two words"},
        b"{'name': 'made up', 'note': 'two words'} {}",
    ),
    "upload": (None, b"{'name': 'made up'} {'photo': 'p'}"),
}


@BOTH
@pytest.mark.parametrize("body", BODIES)
def test_a_judged_form_reaches_the_view_whole(kind: type, body: str) -> None:
    given, expected = BODIES[body]
    data: dict[str, Any] = given or {"name": "made up", "photo": SimpleUploadedFile("p.txt", b"p")}
    seen = bytearray()
    client = promising(kind, ECHO, request=judging(1 << 20, None, seen))
    with under(ROOT_URLCONF=ECHO):
        response = visit(client, "/echo", "post", data=data)
    assert response.content == expected
    assert b"made up" in seen


@BOTH
@pytest.mark.parametrize("where", ["/raw", "/lines"])
def test_a_judged_body_reaches_the_view_byte_for_byte(kind: type, where: str) -> None:
    body = b"first\nsecond\n" + bytes(range(256)) * 300
    seen = bytearray()
    client = promising(kind, ECHO, request=judging(1 << 20, None, seen))
    with under(ROOT_URLCONF=ECHO):
        response = visit(client, where, "post", data=body, content_type="text/plain")
    assert response.content.replace(b"\n|", b"\n") == body
    assert bytes(seen) == body


@pytest.mark.parametrize("size", [9, 11])
def test_django_measures_a_judged_body_that_came_in_pieces(size: int) -> None:
    """Without a Content-Length only the body itself tells that it is too large."""
    judged = promising(ASGIHandler, ECHO, request=judging(1 << 20, None, bytearray()))

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(size):
            yield b"x"

    with under(ROOT_URLCONF=ECHO, DATA_UPLOAD_MAX_MEMORY_SIZE=10):
        bare = asyncio.run(post(site(ASGIHandler, middleware=False), "/raw", content=pieces()))
        assert asyncio.run(post(judged, "/raw", content=pieces())) == bare
    assert size > 10 or bare == (200, b"x" * size)


@pytest.mark.parametrize("size", [10, 3 << 20], ids=["in memory", "on disk"])
def test_a_judged_upload_over_asgi_reaches_the_view_whole(size: int) -> None:
    judged = promising(ASGIHandler, ECHO, request=judging(1 << 30, None, bytearray()))
    files = {"photo": ("p.txt", b"p" * size)}
    with under(ROOT_URLCONF=ECHO):
        given = {"data": {"name": "made up"}, "files": files}
        status, body = asyncio.run(post(judged, "/echo", **given))
    assert (status, body.decode()) == (
        200,
        str({"name": "made up"}) + f" {{'photo': '{'p' * size}'}}",
    )


def test_a_view_that_reads_a_judged_body_itself_over_asgi_begins_at_its_beginning() -> None:
    judged = promising(ASGIHandler, ECHO, request=judging(1 << 20, None, bytearray()))
    with under(ROOT_URLCONF=ECHO):
        status, body = asyncio.run(post(judged, "/lines", content=b"first\nsecond"))
    assert (status, body) == (200, b"first\n|second")


async def post(app: Any, where: str, **given: Any) -> tuple[int, bytes]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        answer = await client.post(where, **given)
    return answer.status_code, answer.content


@BOTH
def test_a_form_judged_wrong_never_reaches_the_view(kind: type) -> None:
    reached: list[bool] = []
    views = Site(echo=lambda _: reached.append(True))
    client = promising(kind, views, request=judging(99, Answer(422, [], b"no"), bytearray()))
    with under(ROOT_URLCONF=views):
        response = visit(client, "/echo", "post", data=b"a=1", content_type="text/plain")
    assert (response.status_code, response.content, reached) == (422, b"no", [])


@BOTH
def test_a_body_over_the_limit_gets_the_answer_for_it(kind: type) -> None:
    client = promising(kind, ECHO, request=judging(10, None, bytearray()))
    with under(ROOT_URLCONF=ECHO):
        response = visit(client, "/raw", "post", data=b"x" * 11, content_type="text/plain")
    assert (response.status_code, response.content) == (413, b"too long")


class Shouting:
    """A filter that keeps the last byte back, to be given at the end."""

    def __init__(self) -> None:
        self._kept = b""

    def __call__(self, data: bytes, *, last: bool) -> bytes:
        data = self._kept + data.upper()
        self._kept = b"" if last else data[-1:]
        return data if last else data[: len(data) - len(self._kept)]


def shouting(head: ResponseHead) -> Rewrite:
    head.replace(field for field in head.fields if field[0].lower() != "content-length")
    return Rewrite(Shouting())


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"one ", b"two"]))


def streamed_async(request: HttpRequest) -> StreamingHttpResponse:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    return StreamingHttpResponse(chunks())


def at_once(request: HttpRequest) -> HttpResponse:
    return HttpResponse("one two")


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(io.BytesIO(b"one two"), content_type="text/html")


BODIED = Site(streamed=streamed, streamed_async=streamed_async, at_once=at_once, file=file)


async def read_async(client: AsyncClient, where: str) -> tuple[Any, bytes]:
    response: Any = await client.get(where)
    if not response.streaming:
        return response, response.content
    if not response.is_async:
        return response, b"".join(response)
    return response, b"".join([chunk async for chunk in response])


def whole(client: Any, where: str) -> tuple[Any, bytes]:
    if isinstance(client, AsyncClient):
        response, body = asyncio.run(read_async(client, where))
    else:
        response = client.get(where)
        body = b"".join(response) if response.streaming else response.content
    response.close()
    return response, body


KINDS = [
    *((Client, where) for where in ("/streamed", "/at_once", "/file")),
    *((AsyncClient, where) for where in ("/streamed", "/streamed_async", "/at_once", "/file")),
]
EVERY_BODY = pytest.mark.parametrize(("kind", "where"), KINDS)


@EVERY_BODY
def test_a_rewritten_body_leaves_whole(kind: type, where: str) -> None:
    client = promising(kind, BODIED, response=shouting)
    with under(ROOT_URLCONF=BODIED):
        _, body = whole(client, where)
    assert body == b"ONE TWO"


@EVERY_BODY
def test_a_held_head_is_settled_by_the_first_chunk(kind: type, where: str) -> None:
    seen: list[tuple[bytes, bool]] = []

    def waiting(head: ResponseHead) -> Wait:
        def settle(data: bytes, last: bool) -> None:
            seen.append((data, last))
            head.append("x-settled", "yes")

        return Wait(settle)

    client = promising(kind, BODIED, response=waiting)
    with under(ROOT_URLCONF=BODIED):
        response, body = whole(client, where)
    assert body == b"one two"
    assert response["X-Settled"] == "yes"
    first = b"one two" if where in {"/at_once", "/file"} else b"one "
    assert [data for data, _ in seen] == [first]
    if where == "/at_once":
        assert seen == [(first, True)]


def test_the_first_chunk_of_a_plain_iterator_is_not_read_in_the_event_loop() -> None:
    def streamed(request: HttpRequest) -> StreamingHttpResponse:
        def chunks() -> Iterator[bytes]:
            with pytest.raises(RuntimeError, match="no running event loop"):
                asyncio.get_running_loop()
            yield b"one two"

        return StreamingHttpResponse(chunks())

    views = Site(streamed=streamed)
    client = promising(AsyncClient, views, response=lambda _: Wait(lambda *_: None))
    with under(ROOT_URLCONF=views):
        _, body = whole(client, "/streamed")
    assert body == b"one two"


@EVERY_BODY
def test_a_held_head_may_settle_on_a_rewritten_body(kind: type, where: str) -> None:
    client = promising(kind, BODIED, response=lambda head: Wait(lambda *_: shouting(head)))
    with under(ROOT_URLCONF=BODIED):
        _, body = whole(client, where)
    assert body == b"ONE TWO"


@EVERY_BODY
@pytest.mark.parametrize("when", ["at the head", "at the first chunk"])
def test_a_replaced_response_is_dropped_and_closed(kind: type, where: str, when: str) -> None:
    instead = Replace(Answer(410, [("content-type", "text/plain")], b"gone"))

    def replacing(head: ResponseHead) -> Replace | Wait:
        return instead if when == "at the head" else Wait(lambda *_: instead)

    client = promising(kind, BODIED, response=replacing)
    with under(ROOT_URLCONF=BODIED):
        response, body = whole(client, where)
    assert (response.status_code, body) == (410, b"gone")
    assert not current()


@BOTH
def test_a_request_edited_for_the_view_is_the_servers_again_afterwards(kind: type) -> None:
    seen: list[str | None] = []
    requests: list[HttpRequest] = []

    def edit(context: RequestContext) -> None:
        context.request.edit("accept-encoding", "gzip")
        context.request.edit("range", None)

    def look(request: HttpRequest) -> HttpResponseBase:
        seen.extend([request.headers.get("Accept-Encoding"), request.headers.get("Range")])
        requests.append(request)
        return HttpResponse("")

    views = Site(look=look)
    client = promising(kind, views, request=edit)
    given = {"Accept-Encoding": "br, gzip", "Range": "bytes=0-1"}
    with under(ROOT_URLCONF=views):
        visit(client, "/look", headers=given)
    assert seen == ["gzip", None]
    (request,) = requests
    assert {name: request.META[f"HTTP_{name.upper().replace('-', '_')}"] for name in given} == given
    assert "alpines_privacy" not in request.META


@BOTH
def test_a_defect_of_a_promise_stays_out_of_the_sites_way(kind: type) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    client = promising(kind, ECHO, request=broken, response=broken)
    with under(ROOT_URLCONF=ECHO):
        response = visit(client, "/raw", "post", data=b"x", content_type="text/plain")
    assert (response.status_code, response.content) == (200, b"x")


@BOTH
def test_exempt_paths_and_mode_off_leave_every_response_alone(kind: type) -> None:
    for policy in (PrivacyPolicy(mode="off"), PrivacyPolicy(exempt=["/*"])):
        with under():
            bare, left_alone = (
                visit(client, "/", headers=DNT)
                for client in (site(kind, middleware=False), site(kind, policy))
            )
        names = [[line.partition("=")[0] for line in cookie_lines(r)] for r in (bare, left_alone)]
        assert names[0] == names[1]
        assert bare.headers == left_alone.headers
