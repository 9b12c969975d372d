"""One request's context: the state that the visit and the promises share, and what the app has called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from alpines_privacy.http.client import as_read_inside
from alpines_privacy.http.login import Login
from alpines_privacy.http.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from weakref import ref

    from alpines_privacy.http.client import Client, ProxyTrust
    from alpines_privacy.http.heads import Asked, RequestHead
    from alpines_privacy.http.report import Notices, Removal
    from alpines_privacy.http.submission import Submission
    from alpines_privacy.policy.age import AgeRule

__all__ = ["Preference", "RequestContext", "Runtime", "Signal"]

Signal = Literal["DNT", "Sec-GPC", "DNT, Sec-GPC", "site preference", "default"]

# A path that as a reference names no other host, and has no query or fragment.
_PATH = re.compile(r"(?:/[^/\\?#\s\x00-\x1f]++)*+")
_MOST_USERS = 16  # of one request
_SHORTEST = 4  # characters of a value to hide: a shorter one occurs in other words


class Preference:
    """A visitor's preference: whether they opted out, and by which signal. Instances are shared."""

    __slots__ = ("dnt", "opted_out", "signal")

    def __init__(self, signal: Signal | None, *, dnt: str = "") -> None:
        self.signal = signal
        self.opted_out = signal is not None
        self.dnt = dnt  # the DNT field's first character, or nothing where there was none

    def __repr__(self) -> str:
        return f"Preference({self.signal!r}, dnt={self.dnt!r})"


class Runtime:
    """What all requests of a guard share: trusted proxies, notices, age rule, names of parts."""

    __slots__ = (
        "__weakref__",
        "ages",
        "cleaner",
        "enforces",
        "notices",
        "parts",
        "proxies",
        "seen",
    )

    def __init__(
        self,
        proxies: ProxyTrust,
        notices: Notices,
        parts: frozenset[str],
        ages: AgeRule,
        *,
        enforces: bool,
    ) -> None:
        self.proxies = proxies
        self.notices = notices
        self.parts = parts
        self.ages = ages
        self.enforces = enforces
        self.seen = Seen.asked()
        self.cleaner: Any = None  # of what its requests log; None leaves that alone


class RequestContext:
    """The state of one request: made and owned by its `Visit`, given to every hook.

    An app sees it through `Privacy`, which has only the documented members. Class attributes are
    defaults that few requests change.
    """

    # Peer, scheme and host as the server gave them: kept if the policy names proxies, because the app can
    # change them.
    arrived: Asked | None = None
    read = False  # the app has read the signal, so its response may depend on it
    head_left = False
    ended = False
    brings_input = True  # a query, or a body that may follow
    is_missing = False  # the app answers 404: its path is no route
    page_watchers: tuple[
        Callable[[bytes], None], ...
    ] = ()  # each gets the bytes of a page that is filtered
    exempted: frozenset[str] = frozenset()
    hidden: tuple[tuple[str, str], ...] = ()  # values and kinds, the longest first
    users: tuple[Callable[[], object | None], ...] = ()  # each returns who is signed in
    reference: ref[RequestContext] | None = (
        None  # the weak reference by which redaction lists the request
    )
    submission: Submission | None = None  # the form or JSON the app has read so far
    known_values: tuple[object, ...] | None = (
        None  # the values that no log record may hold, once they are compiled
    )
    login: Login | None = None  # of a request that is, or may be, an attempt to sign in
    announced: Any = None  # the notices that the request's page shows, once that is asked
    outgoing: Any = None  # what judges the connections of this request's code, if anything does
    disclosed: frozenset[tuple[str, str]] = frozenset()  # the kinds and hosts that events told of
    blocks = False  # a hook may wait for a server, so an event loop runs the next ones in a thread
    _client: Client | None = None
    _mount: str | None = None
    _removals: list[Removal] | None = None

    def __init__(self, preference: Preference, request: RequestHead, runtime: Runtime) -> None:
        self.preference = preference
        self.request = request
        self.runtime = runtime

    def hide(self, value: str, kind: str) -> None:
        """Keep a value out of the request's log records; the longest go first: an address may hold a name."""
        if len(value) >= _SHORTEST and not self.ended:
            self.hidden = tuple(sorted({*self.hidden, (value, kind)}, key=_longest_first))

    def note_user(self, lookup: Callable[[], object | None]) -> None:
        """Let this request's log records ask `lookup` who is signed in, until the request ends."""
        if not self.ended and len(self.users) < _MOST_USERS:
            self.users += (lookup,)

    def tell_login(self, *, succeeded: bool, account: str | None) -> None:
        """Note how a login ended by the app's own word, the last one if it speaks twice."""
        if self.login is None:
            self.login = Login()
        self.login.succeeded, self.login.account = succeeded, account
        self.blocks = True

    def removed(self, removals: Iterable[Removal]) -> None:
        """Add removals by a promise to the report."""
        if self._removals is None:
            self._removals = []
        self._removals.extend(removals)

    @property
    def removals(self) -> tuple[Removal, ...]:
        """The removals from the response so far."""
        return tuple(self._removals or ())

    @property
    def client(self) -> Client:
        """The visitor's address, scheme and host, by the trusted proxies or by the app's own software.

        Computed once before the app runs and once when it responds, because a middleware inside the
        layer may have changed the environ or scope.
        """
        if self._client is None:
            asked = self.arrived or self.request.asked()
            self._client = self.runtime.proxies.client(self.request, asked)
        return self._client

    @property
    def mount(self) -> str:
        """The app's mount point as a browser sees it, with a prefix that ProxyFix sets.

        Empty for a path that would lead to another host in a page.
        """
        if self._mount is None:
            mount = as_read_inside(self.request, self.request.asked()).mount.rstrip("/")
            self._mount = mount if _PATH.fullmatch(mount) else ""
        return self._mount

    def look_again(self) -> None:
        """Forget the client and the mount, because the app has begun its response."""
        self._client = self._mount = None
        self.page_watchers = ()

    @property
    def https(self) -> bool:
        """Whether the visitor's own connection is encrypted; without proxies the request's scheme tells."""
        request = self.request
        if not (self.runtime.proxies.any or request.readers):
            if request.scheme in {"https", "wss"}:
                return True
            if not request.values("x-forwarded-proto"):
                return False
        return self.client.https


def _longest_first(hidden: tuple[str, str]) -> tuple[int, tuple[str, str]]:
    return -len(hidden[0]), hidden
