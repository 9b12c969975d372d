"""One request's context: what the visit and the promises know of it, and what the app has said during it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from alpines_privacy.http.client import as_read_inside

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

# A path that cannot name another host, nor end it as a path.
_PATH = re.compile(r"(?:/[^/\\?#\s\x00-\x1f]++)*+")
_MOST_USERS = 16  # of one request
_SHORTEST = 4  # characters of a value to hide: a shorter one occurs in other words


class Preference:
    """What a visitor asks: whether they opted out, and by which signal. All there are, are made once."""

    __slots__ = ("dnt", "opted_out", "signal")

    def __init__(self, signal: Signal | None, *, dnt: str = "") -> None:
        self.signal = signal
        self.opted_out = signal is not None
        self.dnt = dnt  # the DNT field's first character, or nothing where there was none

    def __repr__(self) -> str:
        return f"Preference({self.signal!r}, dnt={self.dnt!r})"


class Runtime:
    """Facts of the guard that a request's context needs, one object for all its requests."""

    __slots__ = ("__weakref__", "ages", "cleaner", "enforces", "notices", "parts", "proxies")

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
        self.cleaner: Any = None  # of what its requests log; None leaves that alone


class RequestContext:
    """What is known of one request: made and owned by its `Visit`, given to every hook.

    An app sees it through `Privacy`, which holds the documented members alone. What few requests
    need stands here as a default, and costs the others nothing.
    """

    # By whom and for what the server said the request is: noted where the policy trusts proxies, before
    # the app can change it.
    arrived: Asked | None = None
    read = False  # the app asked for the signal: what it answers may differ by it
    head_left = False
    ended = False
    exempted: frozenset[str] = frozenset()
    hidden: tuple[tuple[str, str], ...] = ()  # values and kinds, the longest first
    users: tuple[Callable[[], object | None], ...] = ()  # each returns who is signed in
    reference: ref[RequestContext] | None = None  # by which it is known as under way
    submission: Submission | None = None  # the form or JSON the app has read so far
    literals: tuple[object, ...] | None = None  # what of all that no log may say
    _client: Client | None = None
    _mount: str | None = None
    _removals: list[Removal] | None = None

    def __init__(self, preference: Preference, request: RequestHead, runtime: Runtime) -> None:
        self.preference = preference
        self.request = request
        self.runtime = runtime

    def hide(self, value: str, kind: str) -> None:
        """Keep a value out of the request's records; the longest first: a name may stand inside an address."""
        if len(value) >= _SHORTEST and not self.ended:
            self.hidden = tuple(sorted({*self.hidden, (value, kind)}, key=_longest_first))

    def note_user(self, lookup: Callable[[], object | None]) -> None:
        """Let records of this request ask `lookup` who is signed in; nothing is kept once it has ended."""
        if not self.ended and len(self.users) < _MOST_USERS:
            self.users += (lookup,)

    def removed(self, removals: Iterable[Removal]) -> None:
        """Note what a promise took out of the response."""
        if self._removals is None:
            self._removals = []
        self._removals.extend(removals)

    @property
    def removals(self) -> tuple[Removal, ...]:
        """What was taken out of the response so far."""
        return tuple(self._removals or ())

    @property
    def client(self) -> Client:
        """The visitor's end of the connection, as the policy's trusted proxies or the app's own software tell it.

        Worked out once before the app runs, and once when it answers: a middleware inside the layer
        may have changed what the server said.
        """
        if self._client is None:
            asked = self.arrived or self.request.asked()
            self._client = self.runtime.proxies.client(self.request, asked)
        return self._client

    @property
    def mount(self) -> str:
        """The path that leads to the app as a browser sees it: a prefix that ProxyFix sets is heeded.

        Empty for one that a page could not name without naming another host.
        """
        if self._mount is None:
            mount = as_read_inside(self.request, self.request.asked()).mount.rstrip("/")
            self._mount = mount if _PATH.fullmatch(mount) else ""
        return self._mount

    def look_again(self) -> None:
        """Ask anew for the client and the mount, since the app has begun to answer."""
        self._client = self._mount = None

    @property
    def https(self) -> bool:
        """Whether the visitor's own connection is encrypted; without proxies there is nothing to work out."""
        request = self.request
        if self.runtime.proxies.any or request.readers or request.values("x-forwarded-proto"):
            return self.client.https
        return request.scheme in {"https", "wss"}


def _longest_first(hidden: tuple[str, str]) -> tuple[int, tuple[str, str]]:
    return -len(hidden[0]), hidden
