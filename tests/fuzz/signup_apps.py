"""One signup in eight frameworks, each bare, declared and undeclared, for real servers to serve.

Each view reads what was sent the way `X-Way` asks for and writes down every birth date its
framework gives it, whether it was given a password, and what the layer took the body for. `X-App`
names the framework, `X-Layer` the layer's policy: `declared`, `undeclared`, or `bare`, which leaves
it out and shows that a request does bring a child's date to an app that has no layer.
"""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Annotated, Any
from urllib.parse import parse_qs

import bottle
import falcon
import falcon.asgi
import fastapi
import flask
import litestar
import litestar.exceptions
import pydantic
import quart
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path as django_path
from django.views.decorators.http import require_POST

from alpines_privacy import PrivacyPolicy, Signup, protect
from alpines_privacy.http.body import Fields
from alpines_privacy.policy.age import AgeRule
from alpines_privacy.signups import handlers
from alpines_privacy.signups.detection import Finding, classify

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # at `cgi` in WebOb, and at `pkg_resources` in Pyramid
    from pyramid.config import Configurator
    from pyramid.response import Response as PyramidResponse

__all__ = [
    "ASGI_APPS", "DATE_NAMES", "FIELD", "LAYERS", "LOG", "PASSWORD", "PASSWORD_NAMES", "WAYS", "WSGI_APPS",
    "make_asgi", "make_wsgi",
]  # fmt: skip

LOG = "SIGNUP_FUZZ_LOG"  # the variable that names the file dates are written down in
FIELD, PASSWORD = "dob", "password"
# Where the app of an undeclared signup looks as well, for it names its fields as it likes.
DATE_NAMES = (FIELD, "user[dob]", "birth[date]", "dob[value]", "dob[0]", "birth.date")
PASSWORD_NAMES = (
    PASSWORD,
    "f[plainPassword][first]",
    "user[password][]",
    "password[confirm]",
    "password.0",
)
_DATE_KEYS, _PASSWORD_KEYS = frozenset({"dob", "birth"}), frozenset({"password", "plainPassword"})
LAYERS = ("declared", "undeclared", "bare")
WAYS = ("form", "values", "json", "raw", "typed form", "typed json")
# `/typed-form` and `/typed-json` are views whose arguments a framework reads by itself.
PATHS = ("/register", "/typed-form", "/typed-json", "/clubs/{club}/join")
POLICY = PrivacyPolicy(
    signups=[Signup(path, birth_date=FIELD) for path in PATHS], detect_signups=False, logs="off"
)
UNDECLARED = PrivacyPolicy(logs="off")
WSGI_APPS = ("Flask", "Django", "Bottle", "Falcon", "Pyramid")
ASGI_APPS = ("FastAPI", "Quart", "Litestar", "Django", "Falcon")

_layer: ContextVar[str] = ContextVar("layer", default="declared")
_judged: ContextVar[str] = ContextVar("judged", default="not asked")


def _classify(fields: Fields, rule: AgeRule) -> Finding:
    """Classify a body, and keep for its view what it was taken for."""
    finding = classify(fields, rule)
    _judged.set(finding.name)
    return finding


handlers.classify = _classify  # type: ignore[attr-defined]  # where it is called from


def choose_layer(name: str) -> str:
    """Note under which policy a request comes, by what its head says; return it."""
    layer = name if name in LAYERS else "declared"
    _layer.set(layer)
    _judged.set("not asked")
    return layer


def write_down(app: str, way: str, dates: Iterable[Any], passwords: Iterable[Any]) -> str:
    """Write down what a framework gave its view, and what the layer judged."""
    texts = [
        value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for value in dates
        if value is not None
    ]
    has_password = any(value not in {None, ""} for value in passwords)
    line = json.dumps([app, way, texts, has_password, _layer.get(), _judged.get()]).encode() + b"\n"
    file = os.open(os.environ[LOG], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, line)
    finally:
        os.close(file)
    return "created"


Read = Callable[[str], list[Any]]  # of a name: what stands under it


def in_json(text: bytes | str) -> Read:
    """Read what `json.loads`, as views call it, finds."""
    return of_table(json.loads(text))


def of_table(table: Any) -> Read:
    def read(name: str) -> list[Any]:
        if _layer.get() == "declared":
            value = table.get(name) if isinstance(table, dict) else None
            return value if isinstance(value, list) else [value]
        keys = {FIELD: _DATE_KEYS, PASSWORD: _PASSWORD_KEYS}.get(name, frozenset())
        return [text for value in _under(table, keys) for text in _texts(value)]

    return read


def _under(value: Any, keys: frozenset[str]) -> Iterator[Any]:
    """Yield what stands under any of the keys, however deep in a document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [inner] if key in keys else _under(inner, keys)
    elif isinstance(value, list):
        for inner in value:
            yield from _under(inner, keys)


def _texts(value: Any) -> Iterator[Any]:
    """Yield the texts that a value holds, and the date that three numbers are."""
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(inner, list):
        yield value
    elif len(inner) == 3 and all(isinstance(number, int) for number in inner):
        yield "{:04}-{:02}-{:02}".format(*inner)
    else:
        for each in inner:
            yield from _texts(each)


def in_raw(raw: Any) -> Iterator[Read]:
    """Read what views find that read the bytes by themselves: as a form, and as JSON."""
    fields = parse_qs(raw.decode("latin-1"))
    yield lambda name: fields.get(name, [])
    with suppress(ValueError):
        yield in_json(raw)


def write_raw(app: str, raw: Any) -> str:
    """Write down what each such reading gives."""
    return " ".join([write_all(app, "raw", read) for read in in_raw(raw)])


def write_all(app: str, way: str, read: Read, *more: Any) -> str:
    """Write down what a reading gives, and what else is there of dates."""
    return write_down(
        app, way, [*_read_all(read, DATE_NAMES), *more], _read_all(read, PASSWORD_NAMES)
    )


def _read_all(read: Read, names: tuple[str, ...]) -> list[Any]:
    """Read what stands under the first of the names, and where nobody declared it under all."""
    asked = names[:1] if _layer.get() == "declared" else names
    return [value for name in asked for value in read(name)]


# ------------------------------------------------------------------------------------------ WSGI


def _flask() -> Any:
    app = flask.Flask("fuzzed")

    @app.route("/register", methods=["POST"])
    @app.route("/clubs/<club>/join", methods=["POST"])
    def register(club: str = "") -> str:
        request, way = flask.request, flask.request.headers.get("X-Way", "form")
        if way == "json":
            return write_all("Flask", way, of_table(request.get_json(force=True, silent=True)))
        if way == "raw":
            return write_raw("Flask", request.get_data())
        if way == "values":
            return write_all("Flask", way, request.values.getlist)
        files = [file.read() for file in request.files.getlist(FIELD)]
        return write_all("Flask", way, request.form.getlist, *files)

    return app


@require_POST
def _django_view(request: HttpRequest, club: str = "") -> HttpResponse:
    way = request.headers.get("X-Way", "form")
    if way == "json":
        return HttpResponse(write_all("Django", way, in_json(request.body)))
    if way == "raw":
        return HttpResponse(write_raw("Django", request.body))
    more = request.GET.getlist(FIELD) if way == "values" else []
    files = [file.read() for file in request.FILES.getlist(FIELD)]
    return HttpResponse(write_all("Django", way, request.POST.getlist, *more, *files))


urlpatterns = [
    django_path("register", _django_view),
    django_path("register/", _django_view),
    django_path("clubs/<club>/join", _django_view),
]


def _configure_django() -> None:
    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"], APPEND_SLASH=False, ROOT_URLCONF=__name__, SECRET_KEY="for a test",
            MIDDLEWARE=["tests.fuzz.signup_apps.DjangoLayer"], ALPINES_PRIVACY=POLICY, LOGGING_CONFIG=None,
        )  # fmt: skip


def DjangoLayer(get_response: Any) -> Any:  # noqa: N802 - Django takes it for a class
    """Stand for the layer's own middleware, of the policy that the request asks for, if of any."""
    from asgiref.sync import iscoroutinefunction, markcoroutinefunction  # noqa: PLC0415 - Django's

    from alpines_privacy.django import PrivacyMiddleware  # noqa: PLC0415 - needs settings

    layers = {"bare": get_response, "declared": PrivacyMiddleware(get_response)}
    with override_settings(ALPINES_PRIVACY=UNDECLARED):
        layers["undeclared"] = PrivacyMiddleware(get_response)

    def choose(request: HttpRequest) -> Any:
        layer = layers[_layer.get()]
        return layer(request)

    async def choose_later(request: HttpRequest) -> Any:
        return await choose(request)

    return markcoroutinefunction(choose_later) if iscoroutinefunction(get_response) else choose


def _bottle() -> Any:
    app = bottle.Bottle()

    def register(club: str = "") -> str:
        request, way = bottle.request, bottle.request.get_header("X-Way", "form")
        if way == "json":
            return write_all("Bottle", way, of_table(request.json))
        if way == "raw":
            return write_raw("Bottle", request.body.read())
        if way == "values":
            return write_all("Bottle", way, request.params.getall, request.params.dob)
        files = [file.file.read() for file in request.files.getall(FIELD)]
        return write_all("Bottle", way, request.forms.getall, request.forms.dob, *files)

    app.route("/register", method="POST")(register)
    app.route("/clubs/<club>/join", method="POST")(register)
    return app


def _in_query(request: Any) -> Read:
    return lambda name: list(request.get_param_as_list(name) or [])


def _in_parts(parts: list[tuple[str, bytes]]) -> Read:
    return lambda name: [data for part, data in parts if part == name]


class _Falcon:
    def on_post(self, request: Any, response: Any, club: str = "") -> None:
        way = request.get_header("X-Way") or "form"
        if way == "raw":
            response.text = write_raw("Falcon", request.bounded_stream.read())
        else:
            response.text = write_all("Falcon", way, self._read(request, way))

    def _read(self, request: Any, way: str) -> Read:
        if way == "values":
            return _in_query(request)
        media = request.get_media()
        if isinstance(media, dict):
            return of_table(media)
        return _in_parts([(part.name, part.stream.read()) for part in media])


class _AsyncFalcon:
    async def on_post(self, request: Any, response: Any, club: str = "") -> None:
        way = request.get_header("X-Way") or "form"
        if way == "raw":
            response.text = write_raw("Falcon", await request.stream.read())
        else:
            response.text = write_all("Falcon", way, await self._read(request, way))

    async def _read(self, request: Any, way: str) -> Read:
        if way == "values":
            return _in_query(request)
        media = await request.get_media()
        if isinstance(media, dict):
            return of_table(media)
        return _in_parts([(part.name, await part.stream.read()) async for part in media])


def _falcon(app: Any, resource: Any) -> Any:
    app.req_options.strip_url_path_trailing_slash = True
    app.add_route("/register", resource)
    app.add_route("/clubs/{club}/join", resource)
    return app


def _pyramid() -> Any:
    def register(request: Any) -> PyramidResponse:
        if request.subpath:  # a path below the declared one is another
            return PyramidResponse(status=404)
        way = request.headers.get("X-Way", "form")
        if way == "json":
            return PyramidResponse(write_all("Pyramid", way, of_table(request.json_body)))
        if way == "raw":
            return PyramidResponse(write_raw("Pyramid", request.body))
        pairs = request.params if way == "values" else request.POST

        def read(name: str) -> list[Any]:
            found = pairs.getall(name)
            return [value if isinstance(value, str) else value.file.read() for value in found]

        return PyramidResponse(write_all("Pyramid", way, read))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        configuration = Configurator()
        configuration.add_view(register, name="register", request_method="POST")  # traversal
        configuration.add_route("club", "/clubs/{club}/join")
        configuration.add_view(register, route_name="club")
        return configuration.make_wsgi_app()


# ------------------------------------------------------------------------------------------ ASGI


class _Account(pydantic.BaseModel):
    dob: str


def _fastapi() -> Any:
    app = fastapi.FastAPI()

    async def register(request: fastapi.Request, club: str = "") -> str:
        way = request.headers.get("x-way", "form")
        if way == "json":
            return write_all("FastAPI", way, of_table(await request.json()))
        if way == "raw":
            return write_raw("FastAPI", await request.body())
        form = await request.form()
        more = request.query_params.getlist(FIELD) if way == "values" else []
        found = _read_all(form.getlist, DATE_NAMES)
        dates = [value if isinstance(value, str) else await value.read() for value in found]
        passwords = _read_all(form.getlist, PASSWORD_NAMES)
        return write_down("FastAPI", way, [*dates, *more], passwords)

    app.api_route("/register", methods=["POST"])(register)
    app.post("/clubs/{club}/join")(register)

    @app.post("/typed-form")
    async def typed_form(dob: Annotated[str, fastapi.Form()]) -> str:
        return write_down("FastAPI", "typed form", [dob], [])

    @app.post("/typed-json")
    async def typed_json(account: _Account) -> str:
        return write_down("FastAPI", "typed json", [account.dob], [])

    return app


def _quart() -> Any:
    app = quart.Quart("fuzzed")

    @app.route("/register", methods=["POST"])
    @app.route("/clubs/<club>/join", methods=["POST"])
    async def register(club: str = "") -> str:
        request, way = quart.request, quart.request.headers.get("X-Way", "form")
        if way == "json":
            table = await request.get_json(force=True, silent=True)
            return write_all("Quart", way, of_table(table))
        if way == "raw":
            return write_raw("Quart", await request.get_data(as_text=False))
        if way == "values":
            return write_all("Quart", way, (await request.values).getlist)
        files = [file.read() for file in (await request.files).getlist(FIELD)]
        return write_all("Quart", way, (await request.form).getlist, *files)

    return app


def _litestar() -> Any:
    async def register(request: litestar.Request[Any, Any, Any], club: str = "") -> str:
        way = request.headers.get("x-way", "form")
        if way == "json":
            return write_all("Litestar", way, of_table(await request.json()))
        if way == "raw":
            with suppress(litestar.exceptions.SerializationException):
                write_all("Litestar", way, of_table(await request.msgpack()))
            return write_raw("Litestar", await request.body())
        form = await request.form()
        found = _read_all(lambda name: form.getall(name, []), DATE_NAMES)
        if way == "values":
            found = [*found, *request.query_params.getall(FIELD, [])]
        dates = [await value.read() if hasattr(value, "read") else value for value in found]
        passwords = _read_all(lambda name: form.getall(name, []), PASSWORD_NAMES)
        return write_down("Litestar", way, dates, passwords)

    return litestar.Litestar(
        [
            litestar.post("/register")(register),
            litestar.post("/clubs/{club:str}/join")(register),
        ],
        openapi_config=None,
    )


# -------------------------------------------------------------------------------------- the choice


def _wsgi_apps() -> dict[str, Callable[[], Any]]:
    return {
        "Flask": _flask, "Bottle": _bottle, "Pyramid": _pyramid,
        "Falcon": lambda: _falcon(falcon.App(), _Falcon()),
    }  # fmt: skip


def _asgi_apps() -> dict[str, Callable[[], Any]]:
    return {
        "FastAPI": _fastapi, "Quart": _quart, "Litestar": _litestar,
        "Falcon": lambda: _falcon(falcon.asgi.App(), _AsyncFalcon()),
    }  # fmt: skip


def _layered(makes: dict[str, Callable[[], Any]], django: Any) -> dict[str, dict[str, Any]]:
    """Return the frameworks' apps by policy and name; Django chooses by itself."""
    own: dict[str, Callable[[Any], Any]] = {
        "bare": lambda app: app,
        "declared": lambda app: protect(app, POLICY),
        "undeclared": lambda app: protect(app, UNDECLARED),
    }
    return {
        layer: {name: put(make()) for name, make in makes.items()} | {"Django": django}
        for layer, put in own.items()
    }


def make_wsgi() -> Any:
    """Return the WSGI app that chooses among the frameworks."""
    _configure_django()
    apps = _layered(_wsgi_apps(), get_wsgi_application())

    def choose(environ: Any, start_response: Any) -> Any:
        chosen = apps[choose_layer(environ.get("HTTP_X_LAYER", ""))]
        app = chosen.get(environ.get("HTTP_X_APP", ""), chosen["Flask"])
        return app(environ, start_response)

    return choose


def make_asgi() -> Any:
    """Return the ASGI app that chooses among the frameworks."""
    _configure_django()
    apps = _layered(_asgi_apps(), get_asgi_application())

    async def choose(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            other = _lifespan if scope["type"] == "lifespan" else apps["declared"]["Quart"]
            await other(scope, receive, send)
            return
        fields = dict(scope["headers"])
        chosen = apps[choose_layer(fields.get(b"x-layer", b"").decode("latin-1"))]
        app = chosen.get(fields.get(b"x-app", b"").decode("latin-1"), chosen["FastAPI"])
        await app(scope, receive, send)

    return choose


async def _lifespan(scope: Any, receive: Any, send: Any) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
    await asyncio.sleep(0)
