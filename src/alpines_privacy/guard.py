"""`Guard` and `Visit`: the policy compiled once, and one request's way through it.

A visit takes heads and bytes and answers with decisions and bytes; it awaits nothing and opens
nothing, so every rule is tested without a server and all protocols share it. An adapter calls

    request()               -> Pass | Answer | NeedBody
    body(data, more)        -> More | Pass | Answer      while a body is needed
    cut_short()             -> Pass | Answer             if that body breaks off
    preflight(answer)       -> fields | None             to ask the app by, before an answer leaves
    granting(answer, head)  -> Answer                    with what the app's response to that allows
    response(head)          -> Send | Hold | Replace     again if the app starts over
    settle(data, last)      -> Send | Replace            with the first chunk of a held response
    chunk(data, last)       -> bytes                     for each chunk of one that rewrites
    fields(message, fields) -> fields                    of trailers, early hints, pushes
    raised(error)                                        when the app's exception passes to the server
    end()                                                when the response has left, or never will

and decides nothing itself.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias, get_args

from alpines_privacy.cookies import Cookies
from alpines_privacy.headers import Headers
from alpines_privacy.http.client import ProxyTrust, as_read_inside
from alpines_privacy.http.context import Preference, RequestContext, Running
from alpines_privacy.http.cross_origin import granted, preflight
from alpines_privacy.http.heads import TELLING, Field, RequestHead, ResponseHead, field_name
from alpines_privacy.http.outcomes import (
    HOLD,
    MORE,
    Answer,
    Examine,
    Hold,
    More,
    NeedBody,
    Pass,
    Replace,
    Rewrite,
    Send,
    Settle,
    Wait,
    Watch,
    Watcher,
)
from alpines_privacy.http.paths import PathSet
from alpines_privacy.http.privacy import Privacy, running
from alpines_privacy.http.promise import Message, Promise
from alpines_privacy.http.report import Notices, logger
from alpines_privacy.http.sniffing import sniffed
from alpines_privacy.policy import Logs, PolicyError, PrivacyPolicy, SecretKeys
from alpines_privacy.policy.age import AgeRule
from alpines_privacy.policy.errors import nearest
from alpines_privacy.policy.parts import Mode
from alpines_privacy.policy.warning import warn
from alpines_privacy.preference import ChoicePage, PreferenceReader, StoredChoice, WellKnown
from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.exporters import unhooked
from alpines_privacy.redaction.hook import install_for
from alpines_privacy.redaction.promise import VisitorsInLogs
from alpines_privacy.shield import Shield
from alpines_privacy.shield.promise import Knowledge, ShieldCookies
from alpines_privacy.signups import signups_for
from alpines_privacy.trackers import Rules, Subscription
from alpines_privacy.trackers.known import known
from alpines_privacy.trackers.nothing import Nothing
from alpines_privacy.trackers.promise import Trackers
from alpines_privacy.trackers.reports import LoadReports
from alpines_privacy.trackers.subscription import FreshLists

__all__ = ["Guard", "HostGuards", "PolicyLike", "Visit", "guard_for"]

PolicyOfHost: TypeAlias = Callable[[str], "PrivacyPolicy | None"]
# What the adapters take: a policy or the mapping a settings file holds, one compiled already, a
# callable from host to policy; None is the literal policy.
PolicyLike: TypeAlias = (
    "PrivacyPolicy | Mapping[str, Any] | Guard | HostGuards | PolicyOfHost | None"
)

_Page: TypeAlias = "tuple[Promise, Callable[[RequestContext], Answer | Examine | Watch | None]]"

MODE_VARIABLE = "ALPINES_PRIVACY_MODE"
_MOST_GUARDS = 256  # each takes about 40 KB and 5 ms to make
_GUARDS_A_SECOND = 10  # once so many were made
_LONGEST_HOST = 253  # characters of a domain name, RFC 1035 §2.3.4
_NO_BODY = frozenset({204, 304})  # RFC 9110 §6.4.1, and every 1xx

_TOO_MANY = (
    "The policy callable returned more than %s new policies a second; further hosts got the literal "
    "policy. Return the same policy, or None, for hosts that are not yours."
)

_UNUSABLE = "A policy of the policy callable cannot be used, so the literal policy applied: %s"

# A body that ends before its declared length: the visitor went away, and half a form proves nothing.
_TRUNCATED = Answer(
    400, [("content-type", "text/plain; charset=utf-8")], b"The request ended too early.\n"
)


class Guard:
    """A policy compiled: the promises, the hooks of each, and the facts all requests share."""

    def __init__(
        self,
        policy: PrivacyPolicy,
        *,
        logins: Iterable[str] = (),
        app_keys: Iterable[str | bytes] = (),
        promises: Sequence[Promise] | None = None,
    ) -> None:
        """Compile `policy`; `logins` and `app_keys` are what the framework was configured with.

        The first are names of cookies, the others secret keys, newest first, from which ours are
        derived where the environment has none. `promises` stand in for the built-in ones. Raises
        `PolicyError` for what only compiling shows: a wrong mode or key in the environment, a file
        that is not what it should be.
        """
        self.policy = policy
        self.mode = _mode(policy)
        self.reports = self.mode == "report"
        keys = partial(SecretKeys.of_site, tuple(app_keys))
        choices = StoredChoice(keys()) if policy.site_preference else None
        self.read_preference = (
            PreferenceReader(policy, choices).read if self.mode != "off" else _unread
        )
        self.exempt = PathSet(policy.exempt if self.mode != "off" else ("*",))
        redacts = self.mode == "enforce" and policy.logs != "off"
        if promises is None:
            promises = _promises(policy, choices, logins, keys)
            if redacts:
                promises.append(VisitorsInLogs())
        parts = frozenset(
            part for promise in promises for part in (promise.part, *promise.parts) if part
        )
        notices = Notices("Only reported (mode is report): " if self.reports else "")
        self.running = Running(
            ProxyTrust(policy.trusted_proxies),
            notices,
            parts,
            AgeRule(policy.minimum_age, policy.age_zone),
            enforces=self.mode == "enforce",
        )
        self.trusts_peers = bool(policy.trusted_proxies)
        # Each hook is bound once, beside the promise whose it is.
        self.pages: dict[str, _Page] = {path: (p, p.page) for p in promises for path in p.pages}
        self.pages_below: list[tuple[str, _Page]] = [
            (beginning, (p, p.page)) for p in promises for beginning in p.below
        ]
        self.beginnings = tuple(beginning for beginning, _ in self.pages_below)
        self.on_request = [(p, p.request) for p in _overriding("request", promises)]
        self.on_response = [(p, p.response) for p in _overriding("response", promises)]
        self.on_fill = [(p, p.fill) for p in _overriding("fill", promises)]
        self.on_fields = [(p, p.fields) for p in _overriding("fields", promises)]
        self.on_raised = [(p, p.raised) for p in _overriding("raised", promises)]
        self.on_end = [(p, p.end) for p in _overriding("end", promises)]
        self.heeds = _heeded(promise for promise, _ in self.on_response)
        if redacts:
            asks = isinstance(policy.logs, Logs) and policy.logs.asks_for_keys
            install_for(self.running, Redactor(policy, keys=keys() if asks else None))
            for sentence in unhooked():
                warn(sentence)

    def visit(self, head: RequestHead) -> Visit:
        """Begin a request's way through the policy."""
        return Visit(self, head)

    def page_at(self, path: str) -> _Page | None:
        """Return what answers at a path below the mount point: the very path, else one that it begins with."""
        below = (page for beginning, page in self.pages_below if path.startswith(beginning))
        return self.pages.get(path) or next(below, None)


class Visit:
    """One request and its response: made by `Guard.visit`, driven by an adapter, ended once.

    What most requests leave alone stands here as a default.
    """

    _head: ResponseHead | None = None  # the one that is held
    _untouched: ResponseHead  # what leaves where the policy only reports
    _sniffs = False  # the first chunk tells what the held head is
    _judges: list[tuple[Promise, Examine]] | None = None
    _settles: list[tuple[Promise, Settle]] | None = None
    _filters: list[tuple[Promise, Rewrite]] | None = None
    _watchers: list[Watcher] | None = None
    _taken = 0

    def __init__(self, guard: Guard, head: RequestHead) -> None:
        self._guard = guard
        self.context = context = RequestContext(guard.read_preference(head), head, guard.running)
        self.privacy = privacy = Privacy(context)  # what the app sees of it
        if guard.trusts_peers:
            context.arrived = head.asked()
        # Whether request and response concern us at all; if not, an adapter need not look at them.
        self.watches = not (guard.exempt.any and guard.exempt.holds(head))
        self._before = running.get()
        running.set(privacy)

    def request(self) -> Pass | Answer | NeedBody:
        """Take the request's head: let the app have it, answer it, or ask for its body first."""
        context, guard = self.context, self._guard
        if not self.watches:
            return self._passed()
        head = context.request
        hooks: Sequence[_Page] = guard.on_request
        path = head.local_path
        # Asked of every request: two look-ups, and a call only for a page of ours.
        if (path in guard.pages or path.startswith(guard.beginnings)) and head.kind == "http":
            page = guard.page_at(path)
            hooks = [page, *hooks] if page else hooks
        for promise, hook in hooks:
            try:
                outcome = hook(context)
            except Exception:
                outcome = self._failed(promise, None)
            if outcome is None:
                continue
            if isinstance(outcome, Examine | Watch):
                if head.kind == "http":
                    self._look_at_body(promise, outcome)
            elif not self._only_reported(outcome):
                return outcome
        if self._judges:
            return NeedBody(max(examine.limit for _, examine in self._judges))
        return self._passed()

    def _look_at_body(self, promise: Promise, wish: Examine | Watch) -> None:
        if isinstance(wish, Watch):
            self._watchers = [*(self._watchers or ()), wish.watcher]
        else:
            self._judges = [*(self._judges or ()), (promise, wish)]

    def body(self, data: bytes, more: bool) -> More | Pass | Answer:  # noqa: FBT001 - DESIGN's signature
        """Take the next bytes of a body that is needed; the adapter keeps them until it passes."""
        self._taken += len(data)
        undecided = []
        for promise, examine in self._judges or ():
            verdict = self._judged(promise, examine, data, more=more)
            if isinstance(verdict, Answer) and not self._only_reported(verdict):
                return verdict
            if verdict is MORE and more:
                undecided.append((promise, examine))
        self._judges = undecided
        if undecided:
            return MORE
        return self._passed()

    def preflight(self, answer: Answer) -> list[Field] | None:
        """Return the fields of a preflight to ask the app by, before an answer leaves; None for most."""
        return preflight(self.context.request, self.context.client) if answer.crosses else None

    def granting(self, answer: Answer, head: ResponseHead | None) -> Answer:
        """Return the answer with what the app's response to the preflight allows."""
        if head is None:
            return answer
        fields = [field for field in answer.fields if field[0] != "content-length"]
        origin = self.context.request.values("origin")[0]
        return Answer(answer.status, [*fields, *granted(origin, head)], answer.body)

    def cut_short(self) -> Pass | Answer:
        """Take the end of a body that broke off: the visitor went away, and half a form proves nothing."""
        return self._passed() if self._guard.reports else _TRUNCATED

    def response(self, head: ResponseHead) -> Send | Hold | Replace:
        """Take the response's head; once more when the app starts over after an error."""
        self._sniffs = False
        if head.is_plain and self._may_pass(head):  # nearly always; so without a call more
            self._settles = self._filters = None
            self.context.head_left = True
            return Send(head)
        if head.is_undecided and self._has_body(head):
            self._sniffs, self._head = True, head
            return HOLD
        return self._asked(head)

    def _may_pass(self, head: ResponseHead) -> bool:
        """Whether no promise wants to see a head that is no page's."""
        context, heeds = self.context, self._guard.heeds
        return (
            heeds is not None
            and not context.read
            and not context.preference.opted_out
            and heeds.isdisjoint(head.names)
        )

    def _pass_on(self, head: ResponseHead) -> Send:
        self._settles = self._filters = None
        self.context.head_left = True
        return Send(head)

    def _sniffed(self, data: bytes) -> Send | Hold | Replace:
        """Let every promise look at a head whose kind its first chunk tells."""
        head, self._sniffs = self._head, False
        assert head is not None  # it was held
        try:
            head.media_type = sniffed(head, data)
        except Exception:  # a chunk that is no bytes: the server says what is wrong
            self._guard.running.notices.failure("the reading of a response's beginning")
        is_no_page = not head.is_html and head.status not in TELLING
        return self._pass_on(head) if is_no_page and self._may_pass(head) else self._asked(head)

    def _has_body(self, head: ResponseHead) -> bool:
        """Whether the app's bytes are sent: not to HEAD, nor where a status has none."""
        is_asked = self.context.request.method != "HEAD"
        return is_asked and head.status >= 200 and head.status not in _NO_BODY

    def _asked(self, head: ResponseHead) -> Send | Hold | Replace:
        """Let every promise look at a head."""
        context = self.context
        context.look_again()
        sent = head
        if self._guard.reports:
            self._untouched, head = head, head.copy()
        self._settles = self._filters = None
        exempted = context.exempted
        for promise, hook in self._guard.on_response:
            if exempted and promise.part in exempted:
                continue
            outcome: Replace | Rewrite | Wait | None = None
            try:
                outcome = hook(context, head)
            except Exception:
                self._failed(promise, head)
            if isinstance(outcome, Replace) and not self._only_reported(outcome):
                context.head_left = True
                return outcome
            if isinstance(outcome, Wait):
                self._settles = [*(self._settles or ()), (promise, outcome.settle)]
            elif isinstance(outcome, Rewrite):
                self._filters = [*(self._filters or ()), (promise, outcome)]
        if self._settles or self._filters:
            self._head = head
            return self._with_body(head)
        self._fill(head)
        context.head_left = True
        return Send(sent)

    def settle(self, data: bytes, last: bool) -> Send | Replace:  # noqa: FBT001 - DESIGN's style
        """Take the first chunk of a held response and release its head; the chunk is not used up."""
        if self._sniffs and not isinstance(decided := self._sniffed(data), Hold):
            return decided
        head = self._head
        assert head is not None  # only a held response settles
        settles, self._settles = self._settles or (), None
        first = _as_bytes(data)
        if first is None:  # the app's fault, which its server names
            self._filters = None
            return self._sent(head)
        whole = last or head.values("content-length") == [str(len(first))]
        for promise, settle in settles:
            if promise.part in self.context.exempted:  # since the app began its response
                continue
            outcome: Replace | Rewrite | None = None
            try:
                outcome = settle(first, whole)
            except Exception:
                self._failed(promise, head)
            if isinstance(outcome, Replace) and not self._only_reported(outcome):
                self.context.head_left = True
                return outcome
            if isinstance(outcome, Rewrite):
                self._filters = [*(self._filters or ()), (promise, outcome)]
        return self._sent(head)

    def chunk(self, data: bytes, last: bool) -> bytes:  # noqa: FBT001 - DESIGN's signature
        """Return what leaves of the next bytes of a response that rewrites; all, where it only reports."""
        left = _as_bytes(data)
        if left is None:  # the app's fault, which its server names
            return data
        for promise, rewrite in self._filters or ():
            try:
                left = rewrite.filter(left, last=last)
            except Exception:
                self._guard.running.notices.failure(_name(promise))
                # It has lost its place: what follows passes it by.
                self._filters = [f for f in self._filters or () if f[1] is not rewrite]
        return data if self._guard.reports else left

    def fields(self, message: Message, fields: list[Field]) -> list[Field]:
        """Return the fields that may leave beside the head; the very same list where all may."""
        hooks = self._guard.on_fields if self.watches and not self._guard.reports else ()
        for promise, hook in hooks:
            if promise.part in self.context.exempted:
                continue
            try:
                fields = hook(self.context, message, fields)
            except Exception:
                head = ResponseHead(200, fields)  # they fail the way a head's would
                self._failed(promise, head)
                fields = head.fields
        return fields

    def raised(self, error: BaseException) -> None:
        """Take note of an exception of the app's; the adapter lets it go on."""
        for promise, raised in self._guard.on_raised if self.watches else ():
            try:
                raised(self.context, error)
            except Exception:
                self._failed(promise, None)

    def end(self) -> None:
        """End the visit: from now on `current()` is outside it. More than once does no harm."""
        context = self.context
        if context.ended:
            return
        for promise, hook in self._guard.on_end if self.watches else ():
            try:
                hook(context)
            except Exception:
                self._failed(promise, None)
        context.ended = True
        if running.get() is self.privacy:
            running.set(self._before)

    def _with_body(self, head: ResponseHead) -> Send | Hold | Replace:
        """Hold or rewrite, unless there is no body: then the head settles on nothing at once."""
        if not self._has_body(head):
            outcome = self.settle(b"", last=True)
            if isinstance(outcome, Send):
                return Send(outcome.head)
            return outcome
        if self._settles:
            return HOLD
        return self._sent(head)

    def _passed(self) -> Pass:
        head = self.context.request
        if self._guard.reports:
            head.edits = None
        return Pass(head, self._watched if self._watchers else None)

    def _watched(self, data: bytes) -> None:
        """Show the next bytes that the app reads of the body to who wants to see them."""
        for watcher in self._watchers or ():
            try:
                watcher(data)
            except Exception:
                self._guard.running.notices.failure("the watching of a request's body")

    def _fill(self, head: ResponseHead) -> None:
        """Let the promises use the room that is left in a head."""
        exempted = self.context.exempted
        for promise, hook in self._guard.on_fill:
            if promise.part in exempted:
                continue
            try:
                hook(self.context, head)
            except Exception:
                self._failed(promise, head)

    def _sent(self, head: ResponseHead) -> Send:
        """Send a head; a body that is rewritten has no longer the length the app gave."""
        self._fill(head)
        self.context.head_left = True
        rewrites = [rewrite for _, rewrite in self._filters or ()]
        if self._guard.reports:  # its body is read, to tell what would go
            return Send(self._untouched, rewrites=bool(rewrites))
        if rewrites and "content-length" in head.names:
            fields = [f for f in head.fields if field_name(f[0]) != "content-length"]
            if (length := rewrites[0].length) is not None and len(rewrites) == 1:
                fields.append(("content-length", str(length)))
            head.replace(fields)
        return Send(head, rewrites=bool(rewrites))

    def _judged(
        self, promise: Promise, examine: Examine, data: bytes, *, more: bool
    ) -> Answer | More | None:
        if self._taken > examine.limit:
            return examine.beyond() if callable(examine.beyond) else examine.beyond
        try:
            return examine.judge(data, more=more)
        except Exception:
            return self._failed(promise, None)

    def _only_reported(self, outcome: object) -> bool:
        """In report mode, log what would have happened instead of letting it."""
        if not self._guard.reports:
            return False
        if isinstance(outcome, Answer):
            self._guard.running.notices.once(
                "a request would have been answered %s.", str(outcome.status)
            )
        return True

    def _failed(self, promise: Promise, head: ResponseHead | None) -> Answer | None:
        """Keep a defect of ours out of the app's request: log it once, let the clause fail its way."""
        notices = self._guard.running.notices
        notices.failure(_name(promise))
        try:
            return promise.failed(self.context, head)
        except Exception:
            notices.failure(f"{_name(promise)}.failed")
            return None


def _as_bytes(data: bytes) -> bytes | None:
    """Return the bytes of a chunk, which may be any buffer; None for what is none (text)."""
    if isinstance(data, bytes):
        return data
    try:
        return bytes(memoryview(data))
    except TypeError:
        return None


class HostGuards:
    """Guards of several hosts: a callable tells the policy of each, every policy is compiled once.

    A visitor can invent hosts, and the callable may have a policy for each of them. So the guards
    used last are kept, and more than a few new ones a second are not compiled: the literal policy
    stands in, for these requests alone.
    """

    def __init__(
        self,
        policy_of: Callable[[str], PrivacyPolicy | None],
        logins: Iterable[str] = (),
        app_keys: Iterable[str | bytes] = (),
    ) -> None:
        """`policy_of` gets the host without its port, lower case; None stands for the literal policy.

        It is the host that the app sees: a server's or a middleware's word for it is heeded, if they trust it.
        """
        self._policy_of = policy_of
        self._logins, self._app_keys = tuple(logins), tuple(app_keys)
        self._literal = Guard(PrivacyPolicy(), logins=self._logins, app_keys=self._app_keys)
        self._guards: OrderedDict[PrivacyPolicy, Guard] = OrderedDict()
        self._left, self._counted = float(_MOST_GUARDS), time.monotonic()

    def visit(self, head: RequestHead) -> Visit:
        """Begin a request's way through its host's policy; a callable that fails gets the literal one."""
        host = as_read_inside(head, head.asked()).authority.strip().lower()
        name, _, port = host.rpartition(":")
        host = name if name and port.isdecimal() else host
        if len(host) > _LONGEST_HOST:  # then nobody's
            return Visit(self._literal, head)
        try:
            policy = self._policy_of(host)
            guard = self._literal if policy is None else self._guard(policy)
        except PolicyError as error:
            guard = self._literal
            guard.running.notices.once(_UNUSABLE, str(error))
        except Exception:
            guard = self._literal
            guard.running.notices.failure("the policy callable, so the literal policy applied")
        return Visit(guard, head)

    def _guard(self, policy: PrivacyPolicy) -> Guard:
        guard = self._guards.get(policy)
        if guard is None:
            if not self._may_compile():
                self._literal.running.notices.once(_TOO_MANY, str(_GUARDS_A_SECOND))
                return self._literal
            guard = self._guards[policy] = self._compiled(policy)
            if len(self._guards) > _MOST_GUARDS:
                self._guards.popitem(last=False)
        else:
            with suppress(KeyError):  # another thread has just dropped it
                self._guards.move_to_end(policy)
        return guard

    def _compiled(self, policy: PrivacyPolicy) -> Guard:
        return Guard(policy, logins=self._logins, app_keys=self._app_keys)

    def _may_compile(self) -> bool:
        """Count a new guard: as many as are kept at once, then so many a second."""
        now = time.monotonic()
        self._left += (now - self._counted) * _GUARDS_A_SECOND
        self._left, self._counted = min(self._left, _MOST_GUARDS), now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def guard_for(
    policy: PolicyLike, logins: Iterable[str] = (), app_keys: Iterable[str | bytes] = ()
) -> Guard | HostGuards:
    """Compile whatever `protect()` and the middleware take as a policy; raises `PolicyError` otherwise."""
    if isinstance(policy, Guard | HostGuards):
        return policy
    if policy is None:
        policy = PrivacyPolicy()
    if isinstance(policy, Mapping):
        policy = PrivacyPolicy.from_mapping(policy)
    if isinstance(policy, PrivacyPolicy):
        return Guard(policy, logins=logins, app_keys=app_keys)
    other: Any = policy
    if callable(other) and not isinstance(other, type):
        return HostGuards(other, logins, app_keys)
    raise PolicyError(
        f"found {other!r:.60} ({type(other).__name__}); expected a PrivacyPolicy, a mapping, or a callable from host "
        "to PrivacyPolicy. A file is read with PrivacyPolicy.load(path)",
        key="policy",
    )


def _promises(
    policy: PrivacyPolicy,
    choices: StoredChoice | None,
    logins: Iterable[str],
    keys: Callable[[], SecretKeys],
) -> list[Promise]:
    """Return the promises in their order.

    Pages of our own answer before anything else is asked. `Headers` is the first to look at a
    head, because it looks at the app's own; `WellKnown` the last, because no cookie of anybody's
    may leave its resources, a deletion of ours included.
    """
    lists = Subscription(policy.trackers)
    rules = lists.rules
    cookies = Cookies(policy, logins)
    shield = Shield(policy, _knowledge(policy, rules), ShieldCookies(*cookies.for_scripts))
    reports = LoadReports(policy, SecretKeys.given(), rules)
    trackers = Trackers(policy, rules, shield.tag)
    promises: list[Promise] = [
        *signups_for(policy, keys),
        reports,
        Nothing(policy),
        Headers(policy),
        cookies,
        shield,
        trackers,
        WellKnown(policy),
    ]
    if lists.has_files:
        lists.use(lambda rules: shield.use(_knowledge(policy, rules)), trackers.use, reports.use)
        promises.insert(0, FreshLists(lists))
    return [ChoicePage(policy, choices), *promises] if choices else promises


def _knowledge(policy: PrivacyPolicy, rules: Rules) -> dict[bool, Knowledge]:
    """Return what the shield is told of the rules, by whether the visitor opted out."""
    both = {opted_out: known(rules, policy, opted_out=opted_out) for opted_out in (False, True)}
    return {opted_out: Knowledge(k.tables, k.exceptions_on) for opted_out, k in both.items()}


def _name(promise: Promise) -> str:
    return f"{type(promise).__module__}.{type(promise).__qualname__}"


def _overriding(hook: str, promises: Sequence[Promise]) -> tuple[Promise, ...]:
    return tuple(p for p in promises if getattr(type(p), hook) is not getattr(Promise, hook))


def _heeded(promises: Iterable[Promise]) -> frozenset[str] | None:
    """Return the fields for which any promise wants to see a plain response; None if one sees all."""
    named = [promise.heeds for promise in promises]
    return None if None in named else frozenset().union(*(names or () for names in named))


def _unread(_: RequestHead, silent: Preference = Preference(None)) -> Preference:  # noqa: B008 - one for all
    """Read nothing: switched off, the layer answers as if it were not there."""
    return silent


def _mode(policy: PrivacyPolicy) -> Mode:
    """Return the policy's mode, or the environment's: a kill switch, and a way to roll out."""
    mode = os.environ.get(MODE_VARIABLE, "").strip().lower()
    if not mode:
        return policy.mode
    if mode not in get_args(Mode):
        raise PolicyError(
            f'found "{mode:.40}"{nearest(mode, get_args(Mode))}; expected one of {", ".join(get_args(Mode))}',
            source="environment",
            key=MODE_VARIABLE,
        )
    if mode != policy.mode:
        logger.warning("%s=%s overrides the policy's mode %s.", MODE_VARIABLE, mode, policy.mode)
    return mode  # type: ignore[return-value]  # one of Mode's literals, just checked
