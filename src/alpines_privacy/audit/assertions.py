"""`assert_policy_kept`: what one response of a test client says of the policy."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from alpines_privacy.audit.checks import CHECKS
from alpines_privacy.audit.checks.signals import may_stay
from alpines_privacy.audit.checks.verdicts import judged
from alpines_privacy.audit.fetching.exchange import Exchange
from alpines_privacy.audit.fetching.fetcher import Followed
from alpines_privacy.audit.formats.wording import message_of
from alpines_privacy.audit.model import BROKEN, Report, Signal, Verdict
from alpines_privacy.audit.observations import Observations, Site
from alpines_privacy.audit.visits import Page, Visit
from alpines_privacy.http.heads import Field, split_list
from alpines_privacy.policy import PrivacyPolicy

__all__ = ["assert_policy_kept", "broken_by", "told"]

# The requirements that one response can break by itself, whatever others say.
_OF_ONE = (
    "6.secure-cookies", "6.mixed-content", "6.form-targets", "6.payment-forms", "7.cookies", "7.lifetimes",
    "8.referrer", "8.links", "9.hosts", "11.cookies-dnt", "11.cookies-gpc", "11.cookies-dnt0-gpc", "11.ads",
    "12.trackers", "12.fields",
)  # fmt: skip
_NOT_KEPT_BY_CACHES = frozenset({"private", "no-store", "no-cache"})


def assert_policy_kept(kept: Any, policy: PrivacyPolicy | None = None) -> None:
    """Raise AssertionError, with the evidence and how to mend it, if what is given breaks the policy.

    `kept` is a response of the test clients of Flask, werkzeug, Django, Starlette, FastAPI or httpx, or
    of `alpines_privacy.testing.visitor`: looked at are its cookies (under the signal of its own request),
    `Vary`, the fields and the trackers of a page, and the same of the redirects before it. It may also
    be a verdict or a report of an audit. `policy` is what is declared. Raises TypeError for anything else.
    """
    __tracebackhide__ = True  # pytest shows the test's own line
    if isinstance(kept, Report):
        report, broken = kept, [each for each in kept.verdicts if each.state == BROKEN]
    elif isinstance(kept, Verdict):
        report, broken = _report(), [kept] if kept.state == BROKEN else []
    else:
        report, broken = _report(_framework(kept)), broken_by(kept, policy)
    if broken:
        raise AssertionError(told(broken, report))


def broken_by(response: Any, policy: PrivacyPolicy | None = None) -> list[Verdict]:
    """Return the requirements that a test client's response breaks; raises TypeError for another object."""
    found: dict[str, Verdict] = {}
    for each in (*(getattr(response, "history", None) or ()), response):
        for verdict in _broken(_read(each), policy):
            found.setdefault(verdict.requirement.id, verdict)
    return list(found.values())


class _Read(NamedTuple):
    """A response and the request it answers, the same for all clients."""

    got: Exchange
    asked: Mapping[str, str]

    @property
    def signal(self) -> Signal:
        """The signal of the request: "1" is all that `Sec-GPC` can say, and the first character what `DNT` says."""
        dnt = self.asked.get("dnt", "").strip()[:1]
        gpc = "1" in map(str.strip, self.asked.get("sec-gpc", "").split(","))
        if dnt == "1":
            return Signal.DNT
        if gpc:
            return Signal.DNT0_GPC if dnt == "0" else Signal.GPC
        return Signal.NONE


def _broken(read: _Read, policy: PrivacyPolicy | None) -> Iterator[Verdict]:
    visit = Visit(read.got.url, read.signal, Followed((read.got,)), time.time())
    page = Page(visit.url, {visit.signal: visit, Signal.NONE: visit})
    home = visit.url.split("/", 3)
    site = Site("/".join(home[:3]), in_process=True, policy=policy)
    seen = Observations(site, [page], page, datetime.now(UTC).date())
    verdicts = [CHECKS[key](seen) for key in _OF_ONE]
    yield from (each for each in (*verdicts, _vary(visit, policy)) if each.state == BROKEN)


def _vary(visit: Visit, policy: PrivacyPolicy | None) -> Verdict:
    """Judge a cookie that a signal would keep back: without `Vary`, caches hand it to visitors with one."""
    got = visit.last
    vary = {name.lower() for name in split_list(got.value("vary"))}
    directives = {part.partition("=")[0].lower() for part in split_list(got.value("cache-control"))}
    missing = [name for name in ("DNT", "Sec-GPC") if name.lower() not in vary]
    if not missing or "*" in vary or directives & _NOT_KEPT_BY_CACHES:
        return judged("11.vary", ())
    told = (
        visit.evidence(
            f"Set-Cookie: {planted.name}=…, and Vary has no {', '.join(missing)}",
            rule="RFC 9110 §12.5.5",
        )
        for planted in visit.planted
        if not may_stay(planted.cookie.name, planted.cookie.lifetime(visit.now), Signal.DNT, policy)
    )
    return judged("11.vary", told)


# -- Responses of each client


def _read(response: Any) -> _Read:
    for reader in (_of_django, _of_httpx, _of_werkzeug):
        if (read := reader(response)) is not None:
            return read
    raise TypeError(
        f"{type(response).__module__}.{type(response).__qualname__} is no response that is known; expected one of "
        "Flask's, werkzeug's, Django's, Starlette's or httpx's test client, or of alpines_privacy.testing.visitor"
    )


def _of_django(response: Any) -> _Read | None:
    request = getattr(response, "wsgi_request", None) or getattr(response, "asgi_request", None)
    if request is None:
        return None
    fields = [(name, value) for name, value in response.items() if name.lower() != "set-cookie"]
    fields += [("set-cookie", morsel.OutputString()) for morsel in response.cookies.values()]
    if response.streaming and not response.is_async:  # read once, and given back
        response.streaming_content = [b"".join(response.streaming_content)]
        body = b"".join(pieces := list(response.streaming_content))
        response.streaming_content = pieces
    else:
        body = b"" if response.streaming else response.content
    return _made(
        request.build_absolute_uri(), response.status_code, fields, body, request.headers.items()
    )


def _of_httpx(response: Any) -> _Read | None:
    """Read a response of httpx, or of Starlette's test client or the visitor, which build on it."""
    items = getattr(response.headers, "multi_items", None) if hasattr(response, "headers") else None
    if items is None:
        return None
    request = response.request
    return _made(
        str(request.url),
        response.status_code,
        items(),
        response.content,
        request.headers.multi_items(),
    )


def _of_werkzeug(response: Any) -> _Read | None:
    """Read a response of werkzeug's test client, or of Flask's, which builds on it."""
    if not hasattr(response, "get_data") or not hasattr(response, "request"):
        return None
    request = response.request
    return _made(
        request.url,
        response.status_code,
        list(response.headers),
        response.get_data(),
        list(request.headers),
    )


def _made(
    url: str, status: int, fields: Iterable[Field], body: bytes, asked: Iterable[Field]
) -> _Read:
    lowered = tuple((name.lower(), value) for name, value in fields)
    sent: dict[str, str] = {}
    for name, value in asked:
        key = name.lower()
        sent[key] = f"{sent[key]}, {value}" if key in sent else value
    return _Read(Exchange(url, status, lowered, body), sent)


# -- What is said


def _framework(response: Any) -> str:
    roots = {kind.__module__.partition(".")[0] for kind in type(response).__mro__}
    return next(
        (name for root, name in (("flask", "Flask"), ("django", "Django")) if root in roots), ""
    )


def _report(framework: str = "") -> Report:
    """Return a report without verdicts: it says for which framework something is mended."""
    return Report("", "", 0.0, framework, False, 0, (), ())


def told(broken: Iterable[Verdict], report: Report) -> str:
    """Return what is broken in lines, with the evidence, and how to mend it in the framework of a report."""
    return "\n".join(_lines(broken, report))


def _lines(broken: Iterable[Verdict], report: Report) -> Iterator[str]:
    verdicts = list(broken)
    yield f"the privacy policy is broken: {', '.join(each.requirement.id for each in verdicts)}"
    for verdict in verdicts:
        requirement = verdict.requirement
        yield f"§{requirement.clause} {requirement.title} ({requirement.id})"
        yield from (f"  {line}" for line in message_of(verdict, report).split("\n"))
