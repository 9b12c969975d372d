"""The values that visitors of current requests submitted, and which of them no log may show.

Only the middleware knows them: a name or an address in a form has no shape to find it by. Nothing is
computed until something is logged during the request.
"""

from __future__ import annotations

import base64
import binascii
import time
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import parse_qsl

from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.key_names import IN_FORMS
from alpines_privacy.http.loose_body import find_fields
from alpines_privacy.redaction.engine.known_values import KnownValues, Literal
from alpines_privacy.redaction.logs.common_words import common_words
from alpines_privacy.redaction.logs.users import lookups, signed_in

if TYPE_CHECKING:
    from alpines_privacy.redaction.engine.redactor import Redactor

__all__ = [
    "current_requests",
    "disclosed_values_of",
    "failed",
    "known_values_of",
    "known_values_of_all",
]

_OWN_AGENT = "the visitor's own User-Agent"  # a key whose value is personal whatever it looks like
_SHORTEST = 4  # characters: a shorter value occurs in other words
_SHORTEST_TOKEN = 8  # characters of a cookie that may be a secret
_MOST_VALUES = 100  # of one request
_MOST_FIELDS = 1000  # values looked at among those submitted
_MOST_FAILED = 32  # requests ended by an exception that are kept
_SECONDS = 10.0  # seconds for which they are kept
_MOST_REQUESTS = 256  # requests looked through for a record of no request

# Words that forms send for a name or a choice and that logs use too. A visitor who submits one as a
# name must not blank it in the log lines of others.
_COMMON = frozenset({
    "true", "false", "null", "none", "undefined", "unknown", "user", "users", "admin", "root",
    "administrator", "guest", "anonymous", "test", "demo", "example", "default", "name", "email",
    "mail", "phone", "address", "password", "passwd", "secret", "token", "login", "logout",
    "error", "warning", "info", "debug", "male", "female", "other", "home", "work", "http",
    "https", "localhost", "critical", "fatal", "exception", "traceback", "failed", "refused",
    "post", "head", "delete", "patch", "options", "connect", "trace",
    "http/1.0", "http/1.1", "http/2", "http/2.0", "http/3", "mozilla/5.0",
})  # fmt: skip

# Header fields in which a proxy writes the visitor's address.
_ADDRESS_FIELDS = ("x-forwarded-for", "x-real-ip", "cf-connecting-ip", "true-client-ip")


class _Known(NamedTuple):
    """The values that no log of a request may show, and the state they were computed from."""

    size: int  # bytes of the body that had been read
    redactor: Redactor
    submitted: list[Literal]
    hidden: tuple[tuple[str, str], ...]
    users: frozenset[tuple[str, str]]
    values: KnownValues
    other: (
        _Known | None
    )  # by the redactor used before: the request's own, or the one for records of no request


class _CurrentRequests:
    """The current requests, weakly referenced: one whose end was not reported is dropped with its context."""

    __slots__ = ("references",)

    def __init__(self) -> None:
        self.references: dict[weakref.ref[RequestContext], None] = {}  # in the order of arrival

    def add(self, context: RequestContext) -> None:
        context.reference = reference = weakref.ref(context, self._forget)
        self.references[reference] = None

    def discard(self, context: RequestContext) -> None:
        if (reference := context.reference) is not None:
            context.reference = None  # a discarded reference runs no callback
            self.references.pop(reference, None)

    def _forget(self, reference: weakref.ref[RequestContext]) -> None:
        self.references.pop(reference, None)

    def __iter__(self) -> Iterator[RequestContext]:
        """Yield the newest 256; `list` copies the keys in one step, which no other thread can interrupt."""
        for reference in list(self.references)[-_MOST_REQUESTS:]:
            if (context := reference()) is not None and not context.ended:
                yield context


class _Failed:
    """The values submitted in requests that an exception ended: the server logs the traceback afterwards."""

    __slots__ = ("kept",)

    def __init__(self) -> None:
        self.kept: deque[tuple[float, KnownValues | None]] = deque(maxlen=_MOST_FAILED)

    def add(self, context: RequestContext, redactor: Redactor) -> None:
        """Keep a visitor's values for ten seconds; if computing them fails, withhold records of no request as long."""
        until = time.monotonic() + _SECONDS
        try:
            self.kept.append((until, known_values_of(context, redactor)))
        except Exception:
            self.kept.append((until, None))

    def __iter__(self) -> Iterator[KnownValues]:
        """Yield what is kept; expired ones are dropped one by one, since other threads may drop and add meanwhile."""
        now = time.monotonic()
        for each in list(self.kept):
            until, values = each
            if until < now:
                with suppress(ValueError):  # another thread has removed it
                    self.kept.remove(each)
            elif values is None:
                raise RuntimeError("what a visitor submitted is not known")
            else:
                yield values


current_requests = _CurrentRequests()
failed = _Failed()


def known_values_of_all(redactor: Redactor) -> Iterator[KnownValues]:
    """Yield the values of the visitors of current requests, and of requests that have just failed."""
    yield from failed
    for context in current_requests:
        yield known_values_of(context, redactor)


def known_values_of(context: RequestContext, redactor: Redactor) -> KnownValues:
    """Return the values of one visitor, computed again when more has been submitted."""
    submission = context.submission
    size = submission.size if submission is not None else 0
    hidden, known = context.hidden, cast("_Known | None", context.known_values)
    if (
        known is not None
        and known.redactor is redactor
        and known.size == size
        and known.hidden is hidden
        and not (known.users or context.users or lookups)
        and context.request.user is None
    ):
        return known.values  # nearly always: a visitor who is not signed in
    return _computed(context, redactor, size, known)


def disclosed_values_of(context: RequestContext, redactor: Redactor) -> KnownValues:
    """Return the values of one visitor that no other site may be told: personal by their keys or by their shape."""
    fields = [*_fields(context), *signed_in(context)]
    by_shape = [
        Literal(value, "[SHAPE]", word=True)
        for _, given in fields[:_MOST_FIELDS]
        if _counts(value := given.strip()) and redactor.redact(value) != value
    ]
    return KnownValues([*_hidden(context.hidden), *_personal(iter(fields), redactor), *by_shape])


def _computed(
    context: RequestContext, redactor: Redactor, size: int, last: _Known | None
) -> KnownValues:
    known = _known_by(redactor, last)
    hidden, users = context.hidden, signed_in(context)
    if known is not None and len(known.users) < _MOST_FIELDS:
        users |= known.users  # another thread knows the user, or the user has signed out since
    if known is None or known.size != size:
        submitted = _submitted(context, redactor)
    elif known.hidden is hidden and known.users == users:
        return known.values
    else:
        submitted = known.submitted
    values = KnownValues([*_hidden(hidden), *_personal(iter(users), redactor), *submitted])
    if not context.ended:  # the request may have ended meanwhile
        other = _other_than(redactor, last)
        context.known_values = _Known(size, redactor, submitted, hidden, users, values, other)
    return values


def _known_by(redactor: Redactor, known: _Known | None) -> _Known | None:
    """Return a visitor's values as computed with a redactor, if it is one of the last two used."""
    while known is not None and known.redactor is not redactor:
        known = known.other
    return known


def _other_than(redactor: Redactor, known: _Known | None) -> _Known | None:
    if known is not None and known.redactor is redactor:
        known = known.other
    return None if known is None else known._replace(other=None)


def _hidden(hidden: tuple[tuple[str, str], ...]) -> list[Literal]:
    """Return the values that the app itself hid: they are found inside words too, and of a name each word counts."""
    whole = [Literal(value, f"[{kind}]", word=False) for value, kind in hidden]
    words = [
        Literal(part, f"[{kind}]", word=True, part=True)
        for value, kind in hidden
        if kind == "NAME"
        for part in _parts("name", value)
    ]
    return whole + words


def _submitted(context: RequestContext, redactor: Redactor) -> list[Literal]:
    return _personal(_fields(context), redactor)


def _personal(fields: Iterator[tuple[str, str]], redactor: Redactor) -> list[Literal]:
    """Return the values that are personal by their keys, and the words of names."""
    found: dict[str, Literal] = {}
    for count, (key, given) in enumerate(fields):
        value = given.strip()
        if count >= _MOST_FIELDS or len(found) >= _MOST_VALUES:
            break
        if _counts(value) and (mark := _mark(key, value, redactor)) is not None:
            found.setdefault(value, Literal(value, mark, word=True))
            for part in _parts(key, value):
                found.setdefault(part, Literal(part, mark, word=True, part=True))
    return list(found.values())


def _counts(value: str) -> bool:
    """Whether a value is looked for; not a word in small letters that the app's own templates use."""
    if len(value) < _SHORTEST or value.lower() in _COMMON:
        return False
    return not (value.islower() and value in common_words)


def _parts(key: str, value: str) -> list[str]:
    """Return the words of a name, each of which counts alone: a log may show only the first name."""
    if "name" not in key.lower() or not 1 < len(words := value.split()) <= 5:
        return []
    return [word for word in words if _counts(word) and word.isalpha()]


def _mark(key: str, value: str, redactor: Redactor) -> str | None:
    """Return the replacement of a value that is personal by its key; None for other values.

    A value that is found by its shape is left to the patterns.
    """
    if key is _OWN_AGENT:
        mark = redactor.written("USER_AGENT", value)
    else:
        meaning = key if redactor.is_safe(key) else IN_FORMS.get(key.lower(), key)
        mark = str(redactor.redact_value(meaning, value))
    return None if mark in {value, redactor.redact(value)} else mark


def _fields(context: RequestContext) -> Iterator[tuple[str, str]]:
    """Yield the keys and values that came with the request, credentials first."""
    request = context.request
    for name in ("authorization", "proxy-authorization"):
        for value in request.values(name):
            yield from _credentials(value)
    for line in request.values("cookie"):
        yield from _cookies(line)
    submission = (
        context.submission
    )  # read once: the request may end while a record of another thread is cleaned
    if submission is not None:
        fields = find_fields(submission.content_type, submission.body)
        yield from ((name.rpartition(".")[2] or name, value) for name, value in fields)
    yield from parse_qsl(request.query, keep_blank_values=False, errors="replace")
    yield from ((_OWN_AGENT, value) for value in request.values("user-agent"))
    yield from (("ip", address) for address in _addresses(context))


def _credentials(value: str) -> Iterator[tuple[str, str]]:
    """Yield the credentials of an Authorization field: the token; for Basic also user and password (RFC 7617)."""
    scheme, _, token = value.strip().partition(" ")
    yield "password", token.strip() or scheme
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(token, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return
        user, _, password = pair.partition(":")
        yield "username", user
        yield "password", password


def _cookies(line: str) -> Iterator[tuple[str, str]]:
    """Yield cookies by their names, and those that look like a secret as secrets; not `theme=dark`."""
    for pair in line.split(";"):
        name, _, given = pair.partition("=")
        value = given.strip(' \t",')  # some servers join lines with a comma
        yield name.strip(), value
        if len(value) >= _SHORTEST_TOKEN and not value.isalpha():
            yield "token", value


def _addresses(context: RequestContext) -> set[str]:
    request = context.request
    addresses = {request.peer, context.client.address}
    for name in _ADDRESS_FIELDS:
        for value in request.values(name):
            addresses.update(part.strip() for part in value.split(","))
    return {address for address in addresses if not address.startswith(("127.", "::1"))}
