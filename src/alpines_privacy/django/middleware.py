"""The Django adapter: a middleware that moves a request and its response between Django and a `Visit`.

It is sync and async, and decides nothing. Django gives it no raw header lines.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable, Iterator
from http.cookies import Morsel
from itertools import chain
from typing import Any, TypeVar, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest as DjangoWSGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from alpines_privacy.asgi import in_time
from alpines_privacy.django.logins import note_logins
from alpines_privacy.django.mails import clean_error_mails
from alpines_privacy.django.users import note_user
from alpines_privacy.guard import PolicyLike, Visit, guard_for
from alpines_privacy.http import setcookie
from alpines_privacy.http.forwarding import read_as_django
from alpines_privacy.http.heads import Asked, Field, Reader, ResponseHead
from alpines_privacy.http.outcomes import Answer, Hold, NeedBody, Pass, Replace
from alpines_privacy.http.outcomes import Send as SendOutcome
from alpines_privacy.http.privacy import KEY, Privacy, context_of
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.wsgi import (
    EditedKeys,
    Watched,
    WSGIRequest,
    judge_body,
    preflight_environ,
    variable,
)

__all__ = ["PrivacyMiddleware", "configured_policy", "secret_keys"]

T = TypeVar("T")


def configured_policy() -> PolicyLike:
    """Return the policy of `settings.ALPINES_PRIVACY`, the literal one where there is none.

    Raises `PolicyError` for a mapping that is no policy.
    """
    policy = getattr(settings, "ALPINES_PRIVACY", None)
    if policy is None:
        return PrivacyPolicy()
    if isinstance(policy, dict):
        return PrivacyPolicy.from_mapping(policy, source="settings.ALPINES_PRIVACY")
    return cast("PolicyLike", policy)


def secret_keys() -> tuple[str, ...]:
    """Return Django's secret keys, newest first; none where none are set."""
    try:
        return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    except ImproperlyConfigured:  # an empty SECRET_KEY
        return ()


class PrivacyMiddleware:
    """Keeps `settings.ALPINES_PRIVACY` around a Django site; it must be first in MIDDLEWARE.

    The setting is a mapping, a PrivacyPolicy, or a callable from host to PrivacyPolicy. Raises
    `PolicyError` at start-up for one that cannot be used.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        logins = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
        self.guard = guard_for(configured_policy(), logins, secret_keys())
        clean_error_mails()
        note_logins()
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._call_async(request)
        if _follows_outer(request):
            return cast("HttpResponseBase", self.get_response(request))
        exchange = _Exchange(self.guard.visit(DjangoRequest(request)), request)
        try:
            exchange.before()
            if (asked := exchange.preflight()) is not None:
                exchange.grant(self.get_response(asked))
            response = exchange.answered() or self.get_response(request)
            if exchange.holds(response):
                exchange.settle(*_first_chunk(response))
            return exchange.after(response)
        except BaseException as error:
            exchange.fail(error)
            raise

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        if _follows_outer(request):
            return cast("HttpResponseBase", await self.get_response(request))
        exchange = _Exchange(self.guard.visit(DjangoRequest(request)), request)
        try:
            if exchange.needs_body():
                await exchange.decided(exchange.judge)
            if (asked := exchange.preflight()) is not None:
                exchange.grant(await in_time(self.get_response(asked)))
            response = exchange.answered() or await self.get_response(request)
            if await exchange.decided(exchange.holds, response):
                await exchange.decided(exchange.settle, *await _first_chunk_async(response))
            return exchange.after(response)
        except BaseException as error:
            exchange.fail(error)
            raise


class DjangoRequest(WSGIRequest):
    """A request's head over Django's `META`, which is the environ, or made like one from a scope."""

    __slots__ = ("_path", "_scope")

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.META)
        # Not the request itself: it holds `privacy`, and a reference cycle would delay its deletion.
        self._path = request.path
        self._scope: dict[str, Any] | None = getattr(request, "scope", None)

    @property
    def readers(self) -> tuple[Reader, ...]:
        return (read_as_django,)

    @property
    def scheme(self) -> str:
        return super().scheme if self._scope is None else str(self._scope.get("scheme", "http"))

    @property
    def path(self) -> str:
        return self._path

    @property
    def _target(self) -> str:
        if self._scope is None:
            return super()._target
        raw: bytes = self._scope.get("raw_path") or b""
        return raw.decode("latin-1")

    @property
    def mount(self) -> str:
        # Django has replaced the environ's latin-1 by decoded text.
        return self._script_name.rstrip("/")

    @property
    def local_path(self) -> str:
        return self._path_info or "/"

    def asked(self) -> Asked:
        # Django has fixed the mount point before any middleware runs.
        return super().asked()._replace(mount=self.mount)


class _Exchange:
    """One request in Django."""

    __slots__ = ("_answer", "_decided", "_edits", "_head", "_limit", "_request", "_visit")

    def __init__(self, visit: Visit, request: HttpRequest) -> None:
        self._visit = visit
        self._request = request
        self._edits = EditedKeys(request.META)
        self._answer: Answer | None = None  # in place of the view
        self._head: ResponseHead | None = None
        self._decided: SendOutcome | Hold | Replace | None = None
        self._edit({KEY: visit.privacy})
        request.privacy = visit.privacy  # type: ignore[attr-defined]  # for views, as request.user is
        note_user(visit.context, request)

    def before(self) -> None:
        """Let the visit decide over the request: an answer, or none if the view is to run."""
        if self.needs_body():
            self.judge()

    def needs_body(self) -> bool:
        """Let the visit decide over the request's head; return whether its body is to be judged."""
        if not self._visit.applies:
            return False
        outcome: Pass | Answer | NeedBody = self._visit.request()
        if isinstance(outcome, NeedBody):
            self._limit = outcome.limit
            return True
        self._decide(outcome)
        return False

    def judge(self) -> None:
        """Let the visit judge the request's body."""
        self._decide(self._judge(self._limit))

    async def decided(self, decide: Callable[..., T], *args: Any) -> T:
        """Let the visit decide; in a thread if it may wait for a server."""
        if not self._visit.blocks:
            return decide(*args)
        return await sync_to_async(decide, thread_sensitive=False)(*args)

    def _decide(self, outcome: Pass | Answer) -> None:
        if isinstance(outcome, Answer):
            self._answer = outcome
            return
        self._edit({variable(name): value for name, value in (outcome.head.edits or {}).items()})
        if outcome.watch is not None:
            request = cast("Any", self._request)
            request._stream = Watched(request._stream, outcome.watch)  # noqa: SLF001 - as `_judge`

    def preflight(self) -> HttpRequest | None:
        """Return a preflight to the site, before an answer that other origins may read; None for others."""
        fields = None if self._answer is None else self._visit.preflight(self._answer)
        return (
            None
            if fields is None
            else _preflight(self._request, [*fields, *_scheme_field(fields, self._request)])
        )

    def grant(self, response: HttpResponseBase | None) -> None:
        """Add CORS fields to the answer, by the site's response to the preflight (None if there was none)."""
        assert self._answer is not None  # it was asked about
        if response is None:
            return
        head = ResponseHead(response.status_code, _fields(response))
        self._answer = self._visit.granting(self._answer, head)

    def answered(self) -> HttpResponse | None:
        """Return the visit's answer; None if the view is to run."""
        return None if self._answer is None else _response(self._answer)

    def holds(self, response: HttpResponseBase) -> bool:
        """Let the visit decide over the response's head; return whether the head is held."""
        if self._answer is not None or not self._visit.applies:
            return False
        self._head = ResponseHead(response.status_code, _fields(response))
        self._decided = self._visit.response(self._head)
        return isinstance(self._decided, Hold)

    def settle(self, data: bytes, whole: bool) -> None:  # noqa: FBT001 - what _first_chunk returns
        """Give the visit the first chunk of a held response."""
        self._decided = self._visit.settle(data, whole)

    def after(self, response: HttpResponseBase) -> HttpResponseBase:
        """Return the response that leaves; the visit ends now, for a streamed response when it closes."""
        if isinstance(self._decided, Replace):
            response.close()
            self.end()
            return _response(self._decided.answer)
        if self._head is not None and self._head.changed and isinstance(self._decided, SendOutcome):
            _apply(self._decided.head, response)
            if (
                self._decided.head.is_unsized
            ):  # else the server could send and measure a file itself
                cast("Any", response).file_to_stream = None
        if isinstance(self._decided, SendOutcome) and self._decided.rewrites:
            _rewrite(response, self._visit)
        if response.streaming:
            response._resource_closers.append(self.end)  # type: ignore[attr-defined]  # noqa: SLF001 - where Django itself hangs what ends with a response
        else:
            self.end()
        return response

    def fail(self, error: BaseException) -> None:
        """End after an exception, which passes to Django."""
        self._visit.raised(error)
        self.end()

    def end(self) -> None:
        """Restore META, and end the visit."""
        self._edits.undo()
        self._visit.end()

    def _judge(self, limit: int) -> Pass | Answer:
        """Read the body before Django's parsers, and let them read it again."""
        request = cast("Any", self._request)
        stream = request._stream  # noqa: SLF001 - the only way below them
        length = request.META.get("CONTENT_LENGTH") or ""
        # Over ASGI the body is complete, and Django reads all of it whatever its Content-Length.
        left = int(length) if length.isdecimal() and not stream.seekable() else None
        outcome, replay = judge_body(self._visit, stream, limit, left)
        if stream.seekable():  # ASGI's spooled body: Django also measures it
            stream.seek(0)
        else:
            request._stream = replay  # noqa: SLF001
        return outcome

    def _edit(self, keys: dict[str, Any]) -> None:
        self._edits.make(keys)
        self._request.__dict__.pop("headers", None)  # made from META once


class _CookieLine(Morsel[str]):
    """A `Set-Cookie` line of ours in `response.cookies`, which Django writes unchanged."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        cookie = setcookie.parse(text)
        name, value = (cookie.name, cookie.value) if cookie else ("", "")
        # As in unpickling: `set()` refuses names that browsers accept.
        cast("Any", self).__setstate__({"key": name, "value": value, "coded_value": value})
        for attribute, content in cookie.attributes.items() if cookie else ():
            if self.isReservedKey(attribute):
                self[attribute] = content or "True"

    def OutputString(self, attrs: Container[str] | None = None) -> str:  # noqa: N802 - Morsel's name
        """Return the line."""
        del attrs
        return self.text


def _follows_outer(request: HttpRequest) -> bool:
    """Whether an outer layer handles this request; then views get its privacy."""
    outer = request.META.get(KEY) or getattr(request, "scope", {}).get(KEY)
    context = context_of(outer) if isinstance(outer, Privacy) else None
    if context is None or context.ended:
        return False
    request.privacy = outer  # type: ignore[attr-defined]  # for views, as request.user is
    note_user(context, request)
    return True


def _fields(response: HttpResponseBase) -> list[Field]:
    cookies = [("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values()]
    return [*response.items(), *cookies]


def _apply(head: ResponseHead, response: HttpResponseBase) -> None:
    """Write the head's fields into the response; repeated ones are joined, as Django needs them."""
    lines: dict[str, list[str]] = {}
    for name, value in head.fields:
        lines.setdefault(name.lower(), []).append(value)
    _apply_cookies(lines.pop("set-cookie", []), response)
    for name in [name for name, _ in response.items() if name.lower() not in lines]:
        del response.headers[name]
    for name, values in lines.items():
        if response.headers.get(name) != (value := ", ".join(values)):
            response.headers[name] = value


def _apply_cookies(lines: list[str], response: HttpResponseBase) -> None:
    """Keep the app's unedited morsels; the keys of `cookies` are arbitrary, so names may repeat."""
    own = {morsel.OutputString(): morsel for morsel in response.cookies.values()}
    response.cookies.clear()
    for line in lines:
        morsel = own.get(line) or _CookieLine(line)
        key = morsel.key
        while key in response.cookies:
            key += " "
        response.cookies[key] = cast("Any", morsel)


def _response(answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status)
    _apply(ResponseHead(answer.status, answer.fields), response)
    return response


def _scheme_field(fields: list[Field], request: HttpRequest) -> list[Field]:
    """Return the field that tells Django the scheme, unless a preflight has it already."""
    key, _ = settings.SECURE_PROXY_SSL_HEADER or ("", "")
    name = key.removeprefix("HTTP_").replace("_", "-").lower()
    if key not in request.META or name in dict(fields):
        return []
    return [(name, request.META[key])]


def _preflight(request: HttpRequest, fields: list[Field]) -> HttpRequest:
    """Return a preflight for a request's path, with nothing else of it."""
    scope = getattr(request, "scope", None)
    if scope is not None:
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        asked = {**scope, "method": "OPTIONS", "query_string": b"", "headers": raw}
        return ASGIRequest(asked, io.BytesIO())
    environ = preflight_environ(request.META, fields)
    # Django has put decoded text in the place of the environ's latin-1.
    for key in ("PATH_INFO", "SCRIPT_NAME"):
        environ[key] = str(environ.get(key, "")).encode().decode("latin-1")
    return DjangoWSGIRequest(environ)


def _rewrite(response: HttpResponseBase, visit: Visit) -> None:
    if isinstance(response, StreamingHttpResponse):
        if response.is_async:
            response.streaming_content = _rewritten_async(
                cast("Any", response.streaming_content), visit
            )
        else:
            response.streaming_content = _rewritten(cast("Any", response.streaming_content), visit)
    elif isinstance(response, HttpResponse):
        response.content = visit.chunk(response.content, True)


def _rewritten(chunks: Iterable[bytes], visit: Visit) -> Iterator[bytes]:
    for chunk in chunks:
        yield visit.chunk(chunk, False)
    if rest := visit.chunk(b"", True):
        yield rest


async def _rewritten_async(chunks: AsyncIterator[bytes], visit: Visit) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        yield visit.chunk(chunk, False)
    if rest := visit.chunk(b"", True):
        yield rest


def _first_chunk(response: HttpResponseBase) -> tuple[bytes, bool]:
    """Return the first chunk, which stays in the response, and whether it is the whole body."""
    if not isinstance(response, StreamingHttpResponse):
        return cast("HttpResponse", response).content, True
    chunks = iter(cast("Iterable[bytes]", response))
    first = next(chunks, b"")
    response.streaming_content = chain([first], chunks)
    return first, False


async def _first_chunk_async(response: HttpResponseBase) -> tuple[bytes, bool]:
    if not isinstance(response, StreamingHttpResponse):
        return _first_chunk(response)
    if not response.is_async:  # a plain iterator may read the database, which the loop forbids
        return await sync_to_async(_first_chunk)(response)
    chunks = aiter(cast("AsyncIterator[bytes]", response))
    first = await anext(chunks, b"")

    async def from_the_first() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    response.streaming_content = from_the_first()
    return first, False
