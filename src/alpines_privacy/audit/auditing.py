"""One audit, from its target to its report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from alpines_privacy.audit.apps import Known, host_of, known
from alpines_privacy.audit.browser.looking import Looked, look
from alpines_privacy.audit.checks import verdicts_on
from alpines_privacy.audit.fetching.exchange import Ask, Bounds
from alpines_privacy.audit.fetching.fetcher import Fetcher, target_of
from alpines_privacy.audit.fetching.in_process import transport_to
from alpines_privacy.audit.fetching.network import OneHost
from alpines_privacy.audit.logged import LogWatch, watched_log
from alpines_privacy.audit.logins import cookies_of_file, log_in
from alpines_privacy.audit.model import Report, Signal
from alpines_privacy.audit.observations import Observations, Site
from alpines_privacy.audit.options import AuditError, Options, Progress
from alpines_privacy.audit.seen_frameworks import known_by_answers
from alpines_privacy.audit.surveying import Survey
from alpines_privacy.audit.trying import ask_for_advice, try_all
from alpines_privacy.audit.visits import path_shown
from alpines_privacy.http.heads import Field
from alpines_privacy.http.url import parse

__all__ = ["run"]

_OPTIONS = Options()


def _silent(what: str, done: int, of: int) -> None:
    """Tell nobody of progress."""


def run(
    target: Any, options: Options = _OPTIONS, *, name: str = "", progress: Progress = _silent
) -> Report:
    """Audit a site: an app (WSGI or ASGI) in this process, or the URL of one host.

    `name` is what the report calls an app. Raises `AuditError` for a site that cannot be audited, and TypeError
    for an object that is no app.
    """
    started, begun = datetime.now(UTC), time.monotonic()
    with ExitStack() as stack:
        is_url = isinstance(target, str)
        transport, home = _opened(target, options)
        stack.callback(transport.close)
        bounds = Bounds(options.page_bytes, options.page_seconds)
        fetcher = Fetcher(transport, home, bounds)
        watch = None if is_url else stack.enter_context(watched_log())
        cookies = _cookies(fetcher, options)
        survey = Survey(fetcher, options, progress, cookies, in_process=not is_url)
        stack.callback(survey.close)
        seen = _seen(target, survey, fetcher, options, watch)
        looked = _browser(target, seen, cookies, options, progress)
        verdicts = verdicts_on(seen, looked.verdicts)
    return Report(
        target=_shown(name or (target if is_url else type(target).__name__)),
        started=started.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - begun, 3),
        framework=seen.site.framework,
        protected=seen.site.protected,
        pages=len(seen.pages),
        signals=tuple(signal.value for signal in Signal),
        verdicts=verdicts,
        files=looked.files,
    )


def _shown(target: str) -> str:
    """Return a target as reports name it: an address without credentials and the values of its query."""
    if "://" not in target:
        return target
    parts = urlsplit(target)
    path = path_shown(target) if parts.path or parts.query else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}"


def _opened(target: Any, options: Options) -> tuple[httpx.BaseTransport, str]:
    """Return the transport to a target, and its origin."""
    if not isinstance(target, str):
        return transport_to(target), _home_of(options.host or host_of(target))
    address = parse(target)
    if address is None or address.scheme not in {"http", "https"}:
        raise AuditError(
            f"{target!r} is no URL of a site; expected one such as https://shop.example"
        )
    transport = OneHost(address.url, options.concurrency)
    return transport, _secured(transport, address.url, options)


def _home_of(host: str) -> str:
    """Return the origin of an app in this process; raises `AuditError` for what is no host."""
    address = parse(f"https://{host}/")
    if address is None:
        raise AuditError(f"{host!r} is no host; expected one such as shop.example")
    return _origin(address.url)


def _secured(transport: httpx.BaseTransport, url: str, options: Options) -> str:
    """Return a site's origin: that over https, if its http leads there."""
    home = _origin(url)
    if home.startswith("https:"):
        return home
    fetcher = Fetcher(transport, home, Bounds(options.page_bytes, options.page_seconds))
    to = target_of(fetcher.ask(Ask("GET", url)))
    same_host = urlsplit(to).hostname == urlsplit(home).hostname
    return _origin(to) if to.startswith("https:") and same_host else home


def _path(url: str) -> str:
    """Return the path, and the query, at which an audit of a URL begins."""
    address = parse(url)
    return address.path if address else "/"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _cookies(fetcher: Fetcher, options: Options) -> list[Field]:
    if options.cookies is not None:
        return cookies_of_file(options.cookies, fetcher.host)
    return log_in(fetcher, options.login) if options.login else []


def _seen(
    target: Any, survey: Survey, fetcher: Fetcher, options: Options, watch: LogWatch | None
) -> Observations:
    is_url = isinstance(target, str)
    pages = survey.pages(_path(target) if is_url else "/")
    found = known_by_answers(pages) if is_url else known(target, fetcher.host)
    site = _site(found, fetcher.home, options, in_process=not is_url)
    seen = survey.observe(site, pages)
    seen = _tried(seen, fetcher, options)
    return replace(seen, logged=watch.seen if watch else None)


def _site(found: Known, home: str, options: Options, *, in_process: bool) -> Site:
    return Site(home, in_process, found.framework, found.protected, options.policy or found.policy)


def _tried(seen: Observations, fetcher: Fetcher, options: Options) -> Observations:
    tries = try_all(seen, fetcher) if options.active else None
    attempts = dict(tries.attempts) if tries else {}
    if advice := ask_for_advice(seen, fetcher):
        attempts["6.passwords"] = [advice]
    return replace(seen, attempts=attempts, untried=tries.untried if tries else {})


def _browser(
    target: Any, seen: Observations, cookies: Sequence[Field], options: Options, progress: Progress
) -> Looked:
    """Return the verdicts of a browser and the files it left; nothing without one."""
    if not options.browser:
        return Looked({}, ())
    app = None if isinstance(target, str) else target
    return look(app, seen, cookies, options, progress)
