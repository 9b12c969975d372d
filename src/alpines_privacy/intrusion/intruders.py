"""The promise about intruders: who has failed to sign in too often waits (policy §6).

An attempt goes through three steps. Its request is refused if the client or the account is locked
out. Its response tells whether it failed, unless the app says so itself. A failure is counted, once,
for both; too many of them begin a lock-out.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from functools import partial
from typing import ClassVar

from alpines_privacy.http.content_type import Unreadable
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.events import announce_lockout
from alpines_privacy.http.heads import RequestHead, ResponseHead
from alpines_privacy.http.login import Login
from alpines_privacy.http.methods import has_method
from alpines_privacy.http.outcomes import Answer, Examine, Wait, whole_body
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.report import logger
from alpines_privacy.http.routes import Routes
from alpines_privacy.intrusion.failures import Failures, Kind
from alpines_privacy.intrusion.names import MOST, NamedAccounts
from alpines_privacy.intrusion.proxies import OneAddress
from alpines_privacy.intrusion.refusal import refusal, too_large, too_many_names, unreadable
from alpines_privacy.intrusion.shared import Counting, redis_storage
from alpines_privacy.intrusion.verdicts import Verdicts, asks_for_password
from alpines_privacy.intrusion.who import Allowed, Hashes
from alpines_privacy.policy import Intrusion, LoginRoute, PolicyError, PrivacyPolicy, SecretKeys
from alpines_privacy.policy.secrets import MADE_BY, VARIABLE

__all__ = ["Intruders", "intruders_for"]

_BY_PROXIES = "Failed logins are counted by the address that the trusted proxies (%s declared) forward, and by account."
_BY_PEER = (
    "Failed logins are counted by the address of the peer, or what the app's own software makes of it, and by account. "
    "Behind a proxy set trusted_proxies (docs/deploy.md)."
)
_NO_ADDRESS = (
    "A login came without a client's address%s, so failures count by account only. Behind a proxy on a unix socket "
    'set trusted_proxies = ["unix"] (docs/deploy.md).'
)


def intruders_for(policy: PrivacyPolicy, intrusion: Intrusion) -> Intruders:
    """Return the promise for a policy; raises `PolicyError` where a shared storage lacks a key or a package."""
    if policy.trusted_proxies:
        logger.info(_BY_PROXIES, len(policy.trusted_proxies))
    else:
        logger.warning(_BY_PEER)
    shared = None if intrusion.storage == "memory" else redis_storage(intrusion)
    return Intruders(intrusion, Hashes(_key(intrusion)), Counting(intrusion, shared))


def _key(intrusion: Intrusion) -> str:
    """Return the key of all hashes; in memory, where nobody else reads them, each policy has its own."""
    if intrusion.storage == "memory":
        return secrets.token_urlsafe(32)
    if keys := SecretKeys.given():
        return keys[0]
    raise PolicyError(
        "is not set; workers and commands that share intrusion.storage need one value for all, "
        f"made by: {MADE_BY}",
        source="environment",
        key=VARIABLE,
    )


class _Route:
    """A login route, compiled."""

    __slots__ = ("accounts", "max_body", "methods", "path", "verdicts")

    def __init__(self, route: LoginRoute, intrusion: Intrusion) -> None:
        self.path = route.path
        self.methods = frozenset(route.methods)
        self.max_body = route.max_body
        self.accounts = NamedAccounts(route.accounts)
        self.verdicts = Verdicts(route, intrusion.logins)


class Intruders(Promise):
    """Counts failed logins by client and by account, and answers 429 to who is locked out."""

    part: ClassVar[str] = "intrusion"
    fields_read = frozenset[str]()  # the responses of logins come without being asked for

    def __init__(self, intrusion: Intrusion, hashes: Hashes, counting: Counting) -> None:
        self._hashes = hashes
        self._counting = counting
        self._allowed = Allowed(intrusion.allow)
        self._routes: Routes[_Route] = Routes(
            [(login.path, _Route(login, intrusion)) for login in intrusion.logins],
            cache="login paths",
        )
        self._may_lead = self._routes.may_lead
        self._one_address = OneAddress(intrusion.client_failures)
        self._under_way = _UnderWay(intrusion)

    def request(self, context: RequestContext) -> Answer | Examine | None:
        """Ask for the body of an attempt to sign in. Most paths are no login's: one look-up tells."""
        request = context.request
        if not self._may_lead[request.local_path] or request.kind != "http":
            return None
        route = self._route(request)
        if route is None or context.client.address in self._allowed:
            return None
        context.login = login = Login(route.path, self._client(context))
        judge = whole_body(partial(self._judge, context, login, route))
        return Examine(route.max_body, judge, beyond=too_large, blocks=self._counting.blocks)

    def _route(self, request: RequestHead) -> _Route | None:
        found = self._routes.find(request)
        routes = (*found.handlers, *found.reduced)
        return next((route for route in routes if has_method(request, route.methods)), None)

    def _client(self, context: RequestContext) -> str:
        """Return the client's hash; empty where the server gives no address."""
        client = self._hashes.client(context.client.address)
        if not client:
            context.runtime.notices.once(_NO_ADDRESS, "")
        return client

    def _judge(
        self, context: RequestContext, login: Login, route: _Route, body: bytes
    ) -> Answer | None:
        try:
            named = route.accounts.read(context.request, body)
        except Unreadable:
            return unreadable
        if len(named.names) > MOST:
            return too_many_names
        self._name(login, *named.names)
        login.is_certain = named.is_certain
        seconds = self._counting.run(partial(_seconds_left, login))
        if not seconds and not self._under_way.enter(login):
            seconds = 1
        return refusal(context.request, seconds) if seconds else None

    def _name(self, login: Login, *names: str) -> None:
        """Note whose account an attempt is about: failures count for all spellings, a place is known for one."""
        login.accounts = tuple(filter(None, dict.fromkeys(map(self._hashes.account, names))))
        login.spellings = tuple(dict.fromkeys(map(self._hashes.spelling, names)))

    def response(self, context: RequestContext, head: ResponseHead) -> Wait | None:
        """Count a failed login; remember from where one succeeded. A page's first chunk may tell."""
        login = context.login
        if login is None or login.is_counted:
            return None
        if login.succeeded is not None:
            self._count(context, login, succeeded=login.succeeded)
            return None
        route = self._route(context.request)
        verdict = "unknown" if route is None else route.verdicts.of(context, head)
        if verdict == "page":
            return Wait(partial(self._read_page, context, login, head.content_coding))
        if verdict != "unknown":
            self._count(context, login, succeeded=verdict == "succeeded")
        return None

    def _read_page(
        self, context: RequestContext, login: Login, coding: str, first: bytes, _: object
    ) -> None:
        """Count a page with a password field; one that shows none in its first chunk tells nothing."""
        if not login.is_counted and asks_for_password(coding, first):
            self._count(context, login, succeeded=False)

    def raised(self, context: RequestContext, error: BaseException) -> None:
        """Count what the app said before it raised."""
        del error
        login = context.login
        if login is not None and not login.is_counted and login.succeeded is not None:
            self._count(context, login, succeeded=login.succeeded)

    def end(self, context: RequestContext) -> None:
        """Note that the attempt is over."""
        if (login := context.login) is not None:
            self._under_way.leave(login)

    def failed(self, context: RequestContext, head: ResponseHead | None) -> Answer | None:
        """Fail open: logins go on."""

    def _count(self, context: RequestContext, login: Login, *, succeeded: bool) -> None:
        """Count an attempt once, for its client and its accounts."""
        login.is_counted = True
        if not login.route:  # told by the app, where no route is declared
            if context.client.address in self._allowed:
                return
            login.client = self._client(context)
        if login.account is not None:
            self._name(login, login.account)
            login.is_certain = True
        if succeeded:
            self._counting.run(partial(_remember_place, login))
            return
        self._one_address.note(context.client.address, login.client, context.runtime.notices)
        for kind, seconds in self._counting.run(partial(_count_failure, login)):
            announce_lockout(context, login.route, kind, seconds)
            logger.warning(
                "Too many failed logins: %s locked out for %s seconds.", _ONE[kind], seconds
            )


_ONE = {"client": "a client is", "account": "an account is"}


def _seconds_left(login: Login, failures: Failures) -> int:
    """Return how long an attempt must wait; an account can be reached from where it was before."""
    if login.client and (seconds := failures.seconds_left("client", login.client)):
        return seconds
    seconds = max((failures.seconds_left("account", a) for a in login.accounts), default=0)
    return 0 if seconds and _is_from_known_place(login, failures) else seconds


def _is_from_known_place(login: Login, failures: Failures) -> bool:
    """Tell whether the account was reached from here before, under each name of the attempt."""
    return bool(login.client) and all(
        failures.is_known(spelling, login.client) for spelling in login.spellings
    )


def _count_failure(login: Login, failures: Failures) -> list[tuple[Kind, int]]:
    """Count a failure; return the lock-outs that begin, with their seconds."""
    counted: list[tuple[Kind, int]] = []
    if login.client:
        counted.append(("client", failures.failed("client", login.client)))
    counted += [("account", failures.failed("account", account)) for account in login.accounts]
    return [(kind, seconds) for kind, seconds in counted if seconds]


def _remember_place(login: Login, failures: Failures) -> None:
    """Remember from where an account was reached, if it is certain which one."""
    if login.client and login.is_certain and len(login.accounts) == len(login.spellings) == 1:
        failures.succeeded(login.spellings[0], login.client)


class _UnderWay:
    """The attempts that the app has not answered: no more at once than failures are allowed.

    Otherwise a thousand guesses sent at the same moment would all pass before the first is counted.
    """

    def __init__(self, intrusion: Intrusion) -> None:
        self._most_of_client = intrusion.client_failures
        self._most_of_account = intrusion.account_failures
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, login: Login) -> bool:
        """Note an attempt, unless there are too many."""
        limits = [(account, self._most_of_account) for account in login.accounts]
        if login.client:
            limits.append((login.client, self._most_of_client))
        with self._lock:
            if any(self._counts.get(who, 0) >= most for who, most in limits):
                return False
            login.under_way = tuple(who for who, _ in limits)
            self._counts.update(login.under_way)
        return True

    def leave(self, login: Login) -> None:
        """Note that an attempt is over."""
        entered, login.under_way = login.under_way, ()
        with self._lock:
            self._counts.subtract(entered)
            for who in entered:
                if not self._counts[who]:
                    del self._counts[who]
