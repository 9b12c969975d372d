"""One signup in eight frameworks, each bare and protected, for real servers to serve.

Each view reads what was sent the way `X-Way` asks for and writes down every birth date its
framework gives it. `X-App` names the framework; with `X-Bare` the layer is left out, which shows
that a request does bring a child's date to an app that has no layer.
"""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from collections.abc import Callable, Iterable
from typing import Annotated, Any
from urllib.parse import parse_qs

import bottle
import falcon
import falcon.asgi
import fastapi
import flask
import litestar
import pydantic
import quart
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path as django_path
from django.views.decorators.http import require_POST

from alpines_privacy import PrivacyPolicy, Signup, protect

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # at `cgi` in WebOb, and at `pkg_resources` in Pyramid
    from pyramid.config import Configurator
    from pyramid.response import Response as PyramidResponse

__all__ = ["ASGI_APPS", "FIELD", "LOG", "WAYS", "WSGI_APPS", "make_asgi", "make_wsgi"]

LOG = "SIGNUP_FUZZ_LOG"  # the variable that names the file dates are written down in
FIELD = "dob"
WAYS = ("form", "values", "json", "raw", "typed form", "typed json")
# `/typed-form` and `/typed-json` are views whose arguments a framework reads by itself.
PATHS = ("/register", "/typed-form", "/typed-json", "/clubs/{club}/join-in")
POLICY = PrivacyPolicy(
    signups=[Signup(path, birth_date=FIELD) for path in PATHS], detect_signups=False, logs="off"
)
WSGI_APPS = ("Flask", "Django", "Bottle", "Falcon", "Pyramid")
ASGI_APPS = ("FastAPI", "Quart", "Litestar", "Django", "Falcon")


def write_down(app: str, way: str, found: Iterable[Any]) -> str:
    """Write down the dates that a framework gave its view."""
    dates = [
        value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for value in found
        if value is not None
    ]
    line = json.dumps([app, way, dates]).encode() + b"\n"
    file = os.open(os.environ[LOG], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, line)
    finally:
        os.close(file)
    return "created"


def in_json(text: bytes | str) -> list[Any]:
    """Return what `json.loads`, as views call it, finds under the name."""
    return of_table(json.loads(text))


def of_table(table: Any) -> list[Any]:
    if not isinstance(table, dict):
        return []
    value = table.get(FIELD)
    return value if isinstance(value, list) else [value]


def in_raw(raw: Any) -> list[Any]:
    """Return what views find that read the bytes by themselves."""
    found = list(parse_qs(raw.decode("latin-1")).get(FIELD, []))
    try:
        return found + in_json(raw)
    except ValueError:
        return found


# ------------------------------------------------------------------------------------------ WSGI


def _flask() -> Any:
    app = flask.Flask("fuzzed")

    @app.route("/register", methods=["POST"])
    @app.route("/clubs/<club>/join-in", methods=["POST"])
    def register(club: str = "") -> str:
        request, way = flask.request, flask.request.headers.get("X-Way", "form")
        if way == "json":
            return write_down("Flask", way, of_table(request.get_json(force=True, silent=True)))
        if way == "raw":
            return write_down("Flask", way, in_raw(request.get_data()))
        if way == "values":
            return write_down("Flask", way, request.values.getlist(FIELD))
        files = [file.read() for file in request.files.getlist(FIELD)]
        return write_down("Flask", way, [*request.form.getlist(FIELD), *files])

    return app


@require_POST
def _django_view(request: HttpRequest, club: str = "") -> HttpResponse:
    way = request.headers.get("X-Way", "form")
    if way in {"json", "raw"}:
        read = in_json if way == "json" else in_raw
        return HttpResponse(write_down("Django", way, read(request.body)))
    found: list[Any] = request.POST.getlist(FIELD)
    if way == "values":
        found = found + request.GET.getlist(FIELD)
    files = [file.read() for file in request.FILES.getlist(FIELD)]
    return HttpResponse(write_down("Django", way, [*found, *files]))


urlpatterns = [
    django_path("register", _django_view),
    django_path("register/", _django_view),
    django_path("clubs/<club>/join-in", _django_view),
]


def _configure_django() -> None:
    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"], APPEND_SLASH=False, ROOT_URLCONF=__name__, SECRET_KEY="for a test",
            MIDDLEWARE=["tests.fuzz.signup_apps.DjangoLayer"], ALPINES_PRIVACY=POLICY, LOGGING_CONFIG=None,
        )  # fmt: skip


def DjangoLayer(get_response: Any) -> Any:  # noqa: N802 - Django takes it for a class
    """Stand for the layer's own middleware, unless the request asks for none."""
    from asgiref.sync import iscoroutinefunction, markcoroutinefunction  # noqa: PLC0415 - Django's

    from alpines_privacy.django import PrivacyMiddleware  # noqa: PLC0415 - needs settings

    layer = PrivacyMiddleware(get_response)
    if not iscoroutinefunction(get_response):
        return lambda request: (get_response if _is_bare(request) else layer)(request)

    async def choose(request: HttpRequest) -> Any:
        return await (get_response if _is_bare(request) else layer)(request)  # type: ignore[misc]

    return markcoroutinefunction(choose)


def _is_bare(request: HttpRequest) -> bool:
    return "X-Bare" in request.headers


def _bottle() -> Any:
    app = bottle.Bottle()

    def register(club: str = "") -> str:
        request, way = bottle.request, bottle.request.get_header("X-Way", "form")
        if way == "json":
            return write_down("Bottle", way, of_table(request.json))
        if way == "raw":
            return write_down("Bottle", way, in_raw(request.body.read()))
        if way == "values":
            return write_down("Bottle", way, [*request.params.getall(FIELD), request.params.dob])
        files = [file.file.read() for file in request.files.getall(FIELD)]
        return write_down("Bottle", way, [*request.forms.getall(FIELD), request.forms.dob, *files])

    app.route("/register", method="POST")(register)
    app.route("/clubs/<club>/join-in", method="POST")(register)
    return app


class _Falcon:
    def on_post(self, request: Any, response: Any, club: str = "") -> None:
        way = request.get_header("X-Way") or "form"
        response.text = write_down("Falcon", way, self._found(request, way))

    def _found(self, request: Any, way: str) -> list[Any]:
        if way == "raw":
            return in_raw(request.bounded_stream.read())
        if way == "values":
            return list(request.get_param_as_list(FIELD) or [])
        media = request.get_media()
        if isinstance(media, dict):
            return of_table(media)
        return [part.stream.read() for part in media if part.name == FIELD]


class _AsyncFalcon:
    async def on_post(self, request: Any, response: Any, club: str = "") -> None:
        way = request.get_header("X-Way") or "form"
        response.text = write_down("Falcon", way, await self._found(request, way))

    async def _found(self, request: Any, way: str) -> list[Any]:
        if way == "raw":
            return in_raw(await request.stream.read())
        if way == "values":
            return list(request.get_param_as_list(FIELD) or [])
        media = await request.get_media()
        if isinstance(media, dict):
            return of_table(media)
        return [await part.stream.read() async for part in media if part.name == FIELD]


def _falcon(app: Any, resource: Any) -> Any:
    app.req_options.strip_url_path_trailing_slash = True
    app.add_route("/register", resource)
    app.add_route("/clubs/{club}/join-in", resource)
    return app


def _pyramid() -> Any:
    def register(request: Any) -> PyramidResponse:
        if request.subpath:  # a path below the declared one is another
            return PyramidResponse(status=404)
        way = request.headers.get("X-Way", "form")
        if way == "json":
            return PyramidResponse(write_down("Pyramid", way, of_table(request.json_body)))
        if way == "raw":
            return PyramidResponse(write_down("Pyramid", way, in_raw(request.body)))
        pairs = request.params if way == "values" else request.POST
        found = [
            value if isinstance(value, str) else value.file.read() for value in pairs.getall(FIELD)
        ]
        return PyramidResponse(write_down("Pyramid", way, found))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        configuration = Configurator()
        configuration.add_view(register, name="register", request_method="POST")  # traversal
        configuration.add_route("club", "/clubs/{club}/join-in")
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
            return write_down("FastAPI", way, of_table(await request.json()))
        if way == "raw":
            return write_down("FastAPI", way, in_raw(await request.body()))
        form = await request.form()
        found: list[Any] = form.getlist(FIELD)
        if way == "values":
            found = found + request.query_params.getlist(FIELD)
        read = [value if isinstance(value, str) else await value.read() for value in found]
        return write_down("FastAPI", way, read)

    app.api_route("/register", methods=["POST"])(register)
    app.post("/clubs/{club}/join-in")(register)

    @app.post("/typed-form")
    async def typed_form(dob: Annotated[str, fastapi.Form()]) -> str:
        return write_down("FastAPI", "typed form", [dob])

    @app.post("/typed-json")
    async def typed_json(account: _Account) -> str:
        return write_down("FastAPI", "typed json", [account.dob])

    return app


def _quart() -> Any:
    app = quart.Quart("fuzzed")

    @app.route("/register", methods=["POST"])
    @app.route("/clubs/<club>/join-in", methods=["POST"])
    async def register(club: str = "") -> str:
        request, way = quart.request, quart.request.headers.get("X-Way", "form")
        if way == "json":
            table = await request.get_json(force=True, silent=True)
            return write_down("Quart", way, of_table(table))
        if way == "raw":
            return write_down("Quart", way, in_raw(await request.get_data(as_text=False)))
        if way == "values":
            return write_down("Quart", way, (await request.values).getlist(FIELD))
        files = [file.read() for file in (await request.files).getlist(FIELD)]
        return write_down("Quart", way, [*(await request.form).getlist(FIELD), *files])

    return app


def _litestar() -> Any:
    async def register(request: litestar.Request[Any, Any, Any], club: str = "") -> str:
        way = request.headers.get("x-way", "form")
        if way == "json":
            return write_down("Litestar", way, of_table(await request.json()))
        if way == "raw":
            return write_down("Litestar", way, in_raw(await request.body()))
        found = (await request.form()).getall(FIELD, [])
        if way == "values":
            found = [*found, *request.query_params.getall(FIELD, [])]
        read = [await value.read() if hasattr(value, "read") else value for value in found]
        return write_down("Litestar", way, read)

    return litestar.Litestar(
        [
            litestar.post("/register")(register),
            litestar.post("/clubs/{club:str}/join-in")(register),
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


def make_wsgi() -> Any:
    """Return the WSGI app that chooses among the frameworks."""
    _configure_django()
    django = get_wsgi_application()  # chooses by itself
    bare = {name: make() for name, make in _wsgi_apps().items()} | {"Django": django}
    kept = {name: protect(make(), POLICY) for name, make in _wsgi_apps().items()} | {
        "Django": django
    }

    def choose(environ: Any, start_response: Any) -> Any:
        apps = bare if "HTTP_X_BARE" in environ else kept
        app = apps.get(environ.get("HTTP_X_APP", ""), kept["Flask"])
        return app(environ, start_response)

    return choose


def make_asgi() -> Any:
    """Return the ASGI app that chooses among the frameworks."""
    _configure_django()
    django = get_asgi_application()
    bare = {name: make() for name, make in _asgi_apps().items()} | {"Django": django}
    kept = {name: protect(make(), POLICY) for name, make in _asgi_apps().items()} | {
        "Django": django
    }

    async def choose(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await (_lifespan if scope["type"] == "lifespan" else kept["Quart"])(
                scope, receive, send
            )
            return
        fields = dict(scope["headers"])
        apps = bare if b"x-bare" in fields else kept
        app = apps.get(fields.get(b"x-app", b"").decode("latin-1"), kept["FastAPI"])
        await app(scope, receive, send)

    return choose


async def _lifespan(scope: Any, receive: Any, send: Any) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
    await asyncio.sleep(0)
