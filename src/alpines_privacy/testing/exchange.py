"""What a policy demands of one request and its response, whoever sent it (policy §9, §11, §12).

Nothing here looks at how the response came about: the bytes are read again, the page by Python's own parser.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from alpines_privacy.cookies.known import LOGINS, is_token
from alpines_privacy.http.heads import HTML_TYPES, Field, split_list
from alpines_privacy.http.paths import PathSet
from alpines_privacy.http.setcookie import parse
from alpines_privacy.http.url import parse as parse_url
from alpines_privacy.policy import Cookie, PrivacyPolicy
from alpines_privacy.policy.own import CHOICE, own_cookie
from alpines_privacy.policy.patterns import compile_patterns
from alpines_privacy.testing.page_loads import loads_of
from alpines_privacy.trackers import rules_for
from alpines_privacy.trackers.blocking import Blocker, blockers

__all__ = ["Exchange", "blocker_of", "breaches", "declaration", "may_be_set"]


class Exchange(NamedTuple):
    """A request and its response: `url` is absolute, `body` the response's, decoded."""

    method: str
    url: str
    sent: Sequence[Field]
    status: int
    fields: Sequence[Field]
    body: bytes

    def values(self, name: str) -> list[str]:
        """Return the values of a response field, in order."""
        return _values(self.fields, name)

    @property
    def is_page(self) -> bool:
        """Whether the response says that it is HTML or XHTML."""
        kinds = [value.partition(";")[0].strip().lower() for value in self.values("content-type")]
        return any(kind in HTML_TYPES for kind in kinds)


def breaches(policy: PrivacyPolicy, exchange: Exchange, *, logins: Iterable[str] = ()) -> list[str]:
    """Return what the response breaks of the policy, a sentence each; nothing for an exempt path.

    `logins` are names of the app's session cookies that frameworks do not use by default. Without
    `mode = "enforce"` nothing is promised.
    """
    path = "/" + exchange.url.partition("://")[2].partition("/")[2].partition("?")[0]
    if policy.mode != "enforce" or PathSet(policy.exempt).holds_path(path):
        return []
    asked = _Asked.of(policy, exchange)
    return [
        *_cookies(policy, exchange, asked, frozenset(logins)),
        *_trackers(policy, exchange, asked),
        *_vary(policy, exchange, path),
    ]


class _Asked(NamedTuple):
    """What the visitor asks: whether by DNT, and whether at all."""

    dnt: bool
    opted_out: bool

    @classmethod
    def of(cls, policy: PrivacyPolicy, exchange: Exchange) -> _Asked:
        first = next(iter(_values(exchange.sent, "dnt")), None)
        dnt = first is not None and first.startswith("1")
        gpc = any(value.strip() == "1" for value in _values(exchange.sent, "sec-gpc"))
        has_choice = any(CHOICE.name in value for value in _values(exchange.sent, "cookie"))
        silent = first is None and not has_choice
        return cls(dnt, dnt or gpc or (silent and policy.without_signal == "opt-out"))


def _values(fields: Iterable[Field], name: str) -> list[str]:
    return [value for field, value in fields if field.lower() == name]


def _cookies(
    policy: PrivacyPolicy, exchange: Exchange, asked: _Asked, logins: frozenset[str]
) -> Iterator[str]:
    """Yield a sentence for each cookie that a visitor who opted out gets, necessary ones apart (§11)."""
    if not asked.opted_out:
        return
    now = time.time()
    for line in exchange.values("set-cookie"):
        cookie = parse(line)
        if cookie is None or cookie.is_deletion(now):
            continue
        if not may_be_set(policy, cookie.name, cookie.lifetime(now), dnt=asked.dnt, logins=logins):
            yield f"the cookie {cookie.name!r} is set under a signal, and is not declared necessary (§11)"


def may_be_set(
    policy: PrivacyPolicy,
    name: str,
    lifetime: float | None,
    *,
    dnt: bool,
    logins: frozenset[str] = frozenset(),
) -> bool:
    """Tell whether a visitor who opted out, by DNT or otherwise, may get a cookie: a necessary one, or a login (§11).

    `lifetime` is in seconds, None for a cookie of the session; only for a session are the cookies of a login
    kept, of frameworks and of those in `logins`. GPC asks not to be sold or shared, and does not ask for no
    login (W3C GPC §2).
    """
    declared = declaration(policy, name)
    if declared is not None and declared.necessary:
        return True
    if lifetime is not None or not (
        policy.keep_logins == "always" or (policy.keep_logins == "gpc" and not dnt)
    ):
        return False
    bare = name.removeprefix("__Host-").removeprefix("__Secure-")
    return _patterns(logins | LOGINS)(bare) is not None or is_token(bare)


def declaration(policy: PrivacyPolicy, name: str) -> Cookie | None:
    """Return the declaration of a cookie, the layer's own among them."""
    return policy.cookie(name) or own_cookie(name)


@lru_cache(maxsize=8)
def _patterns(names: frozenset[str]) -> Callable[[str], object]:
    return compile_patterns(names).fullmatch


def _trackers(policy: PrivacyPolicy, exchange: Exchange, asked: _Asked) -> Iterator[str]:
    """Yield a sentence for each listed address that a page loads by its markup (§12)."""
    if policy.loads == "report" or not exchange.is_page or not exchange.body:
        return
    page = parse_url(exchange.url)
    if page is None:
        return
    blocker = blocker_of(policy, opted_out=asked.opted_out)
    for load in loads_of(exchange.body.decode("utf-8", "replace"), page):
        match = blocker.match(load.url, page, load.kinds, load.base)
        if match is not None:
            yield f"<{load.tag}> loads {match.host}, which {match.list} lists ({match.rule}; §12)"


def blocker_of(policy: PrivacyPolicy, *, opted_out: bool) -> Blocker:
    """Return the decisions under a policy."""
    return _blockers(policy)[opted_out]


@lru_cache(maxsize=4)
def _blockers(policy: PrivacyPolicy) -> Mapping[bool, Blocker]:
    return blockers(rules_for(policy.trackers), policy)


def _vary(policy: PrivacyPolicy, exchange: Exchange, path: str) -> Iterator[str]:
    """Yield a sentence for a response that caches may show to somebody else (§11; RFC 9110 §12.5.5)."""
    differs = exchange.is_page and not _is_for_everybody(policy, path)
    if exchange.status < 200 or not (differs or exchange.values("set-cookie")):
        return
    named = {name.lower() for value in exchange.values("vary") for name in split_list(value)}
    if "*" in named or {"dnt", "sec-gpc"} <= named:
        return
    if not any("no-store" in value.lower() for value in exchange.values("cache-control")):
        yield "the response can differ by the signal, and Vary does not name DNT and Sec-GPC (§11)"


def _is_for_everybody(policy: PrivacyPolicy, path: str) -> bool:
    """Whether a page is the layer's own, and the same for all visitors."""
    is_policy = policy.operator is not None and path == policy.operator.page
    return is_policy or path.startswith((policy.endpoint, "/.well-known/"))
