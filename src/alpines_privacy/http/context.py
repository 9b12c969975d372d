"""The request's context: what the app and the promises can ask while a request is under way."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal

from alpines_privacy.http.client import as_read_inside
from alpines_privacy.policy.age import LITERAL
from alpines_privacy.policy.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date
    from weakref import ref

    from alpines_privacy.http.client import Client, ProxyTrust
    from alpines_privacy.http.heads import Asked, RequestHead
    from alpines_privacy.http.report import Notices, Removal
    from alpines_privacy.http.submission import Submission
    from alpines_privacy.policy.age import AgeRule

__all__ = ["ENVIRON_KEY", "KEY", "Preference", "Privacy", "Purpose", "Signal", "current", "running"]

# The key in the scope and request.META.
KEY = "alpines_privacy"


class _ExtensionName(str):
    """The same key for an environ, where the names of extensions have a dot.

    `wsgiref.validate` asks each name for one, and where there is none for a value of type str.
    Lookups compare and hash the name as the plain string it is.
    """

    __slots__ = ()

    def __contains__(self, part: object) -> bool:
        return part == "." or (isinstance(part, str) and super().__contains__(part))


ENVIRON_KEY: str = _ExtensionName(KEY)

Purpose = Literal["advertising", "analytics", "personalization"]
PURPOSES = frozenset({"advertising", "analytics", "personalization"})

Signal = Literal["DNT", "Sec-GPC", "DNT, Sec-GPC", "site preference", "default"]


# A path that cannot name another host, nor end it as a path.
_PATH = re.compile(r"(?:/[^/\\?#\s\x00-\x1f]++)*+")


class Preference:
    """What a visitor asks: whether they opted out, and by which signal. All there are, are made once."""

    __slots__ = ("dnt", "opted_out", "signal")

    def __init__(self, signal: Signal | None, *, dnt: str = "") -> None:
        self.signal = signal
        self.opted_out = signal is not None
        self.dnt = dnt  # the DNT field's first character, or nothing where there was none

    def __repr__(self) -> str:
        return f"Preference({self.signal!r}, dnt={self.dnt!r})"


UNKNOWN = Preference("default")


class Running:
    """Facts of the guard that a request's context needs, one object for all its requests."""

    __slots__ = ("ages", "enforces", "notices", "parts", "proxies")

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


_MOST_USERS = 16  # of one request


class Privacy:
    """The visitor's privacy during one request: what they asked, and what the app may do.

    The app gets it from `current()`, `environ["alpines_privacy"]` or `scope["alpines_privacy"]`.
    Reading it tells the layer that the response may depend on the signal, so the response gets
    `Vary: DNT, Sec-GPC`. None of its methods raises, but for a birth date that is no date.
    """

    __slots__ = (
        "__weakref__",
        "_client",
        "_mount",
        "arrived",
        "ended",
        "exempted",
        "guard",
        "head_left",
        "hidden",
        "literals",
        "preference",
        "read",
        "reference",
        "removals",
        "request",
        "submission",
        "users",
    )

    # By whom and for what the server said the request is: noted where the policy trusts proxies, before
    # the app can change it.
    arrived: Asked

    def __init__(
        self, preference: Preference, request: RequestHead | None, guard: Running | None
    ) -> None:
        self.preference = preference
        self.request = request
        self.guard = guard
        self._client: Client | None = None
        self._mount: str | None = None
        self.read = False  # the app asked: what it answers may differ by the signal
        self.head_left = False
        self.ended = False
        self.exempted: frozenset[str] = frozenset()
        self.hidden: tuple[tuple[str, str], ...] = ()
        self.removals: list[Removal] | None = None
        self.reference: ref[Privacy] | None = None  # by which it is known as under way
        self.submission: Submission | None = None  # the form or JSON the app has read so far
        self.literals: tuple[object, ...] | None = None  # what of all that no log may say
        self.users: tuple[Callable[[], object | None], ...] = ()  # each returns who is signed in

    @property
    def opted_out(self) -> bool:
        """Whether the visitor opted out: `DNT: 1`, `Sec-GPC: 1`, or their choice on this site (policy §11)."""
        self.read = True
        return self.preference.opted_out

    @property
    def signal(self) -> Signal | None:
        """What they opted out by: `"DNT"`, `"Sec-GPC"`, both, `"site preference"`, `"default"`, or None."""
        self.read = True
        return self.preference.signal

    def allows(self, purpose: Purpose) -> bool:
        """Tell whether data may serve `purpose`: "advertising", "analytics" or "personalization".

        False under any signal, and for a purpose that is none of the three (a notice names it).
        """
        self.read = True
        if purpose not in PURPOSES:
            self._notice(
                'privacy.allows("%s")%s: no such purpose, so the answer is no; expected one of %s.',
                str(purpose)[:60],
                nearest(str(purpose), PURPOSES),
                ", ".join(sorted(PURPOSES)),
            )
            return False
        return not self.preference.opted_out

    def hide(self, value: str, kind: str) -> None:
        """Keep `value` out of every log record of this request: `[KIND]` stands in its place.

        Of a NAME each word counts too. Values of fewer than four characters are not hidden: they
        occur in other words.
        """
        if len(value) >= 4 and not self.ended and self.guard is not None:  # the sentence above
            # The longest first: a name may stand inside an address that is hidden too.
            self.hidden = tuple(sorted({*self.hidden, (value, kind)}, key=_longest_first))

    def hide_user(self, user: object) -> None:
        """Keep who is signed in out of every log record of this request: names, addresses and the like.

        `user` is an object with attributes, a mapping, or the user name as text. The keys that logs
        know, and those of the policy's `[logs]`, tell what of it is personal. Only what the object
        holds is read, nothing is looked up. Django's and Flask-Login's users, and Starlette's
        `request.user`, are hidden without this.
        """
        self.note_user(lambda: user)

    def note_user(self, lookup: Callable[[], object | None]) -> None:
        """Let records of this request ask `lookup` who is signed in; outside a request nothing is kept."""
        if self.request is not None and not self.ended and len(self.users) < _MOST_USERS:
            self.users += (lookup,)

    def exempt(self, *parts: str) -> None:
        """Keep parts of the layer off this response: `privacy.exempt("cookies")`, before its head leaves."""
        if self.guard is None:
            return
        for part in parts:
            if part not in self.guard.parts:
                self._notice(
                    'privacy.exempt("%s")%s: no such part; expected one of %s.',
                    str(part)[:60],
                    nearest(str(part), self.guard.parts),
                    ", ".join(sorted(self.guard.parts)),
                )
            elif self.head_left:
                self._notice(
                    'privacy.exempt("%s") came after the response\'s head had left; call it earlier.',
                    part,
                )
        self.exempted |= self.guard.parts.intersection(parts)

    def may_sign_up(self, birth_date: date) -> bool:
        """Whether somebody born on this date is old enough for an account (policy §13).

        For what no form tells the layer: single sign-on, edits of a profile. No for an impossible
        date; raises TypeError for what is no `datetime.date`.
        """
        return (LITERAL if self.guard is None else self.guard.ages).may_sign_up(birth_date)

    @property
    def report(self) -> tuple[Removal, ...]:
        """What was taken out of this response so far: where, which rule and list, whose company's.

        Of a page that streams, all is known only when it has left.
        """
        return tuple(self.removals or ())

    def removed(self, removals: Iterable[Removal]) -> None:
        """Note what a promise took out of the response."""
        self.removals = [*(self.removals or ()), *removals]

    @property
    def client(self) -> Client:
        """The visitor's end of the connection, as the policy's trusted proxies or the app's own software tell it.

        Worked out once before the app runs, and once when it answers: a middleware inside the layer
        may have changed what the server said.
        """
        if self._client is None:
            assert self.guard is not None and self.request is not None  # noqa: PT018 - one precondition
            asked: Asked = getattr(self, "arrived", None) or self.request.asked()
            self._client = self.guard.proxies.client(self.request, asked)
        return self._client

    @property
    def mount(self) -> str:
        """The path that leads to the app as a browser sees it: a prefix that ProxyFix sets is heeded.

        Empty for one that a page could not name without naming another host.
        """
        if self._mount is None:
            assert self.request is not None  # what asks is about a response
            mount = as_read_inside(self.request, self.request.asked()).mount.rstrip("/")
            self._mount = mount if _PATH.fullmatch(mount) else ""
        return self._mount

    def look_again(self) -> None:
        """Ask anew for the client and the mount, since the app has begun to answer."""
        self._client = self._mount = None

    @property
    def https(self) -> bool:
        """Whether the visitor's own connection is encrypted; without proxies there is nothing to work out."""
        guard, request = self.guard, self.request
        assert guard is not None and request is not None  # noqa: PT018 - one precondition
        if guard.proxies.any or request.readers or request.values("x-forwarded-proto"):
            return self.client.https
        return request.scheme in {"https", "wss"}

    def _notice(self, message: str, name: str, *args: object) -> None:
        if self.guard is not None:
            self.guard.notices.once(message, name, *args)

    def __copy__(self) -> Privacy:
        """Return itself: a request has one, in every copy of its scope that a middleware makes."""
        return self

    def __deepcopy__(self, memo: object) -> Privacy:
        """Return itself, as `__copy__`."""
        return self

    def __bool__(self) -> bool:
        """Whether there is a request: false outside one."""
        return self.request is not None

    def __repr__(self) -> str:
        return f"<Privacy {self.preference.signal or 'no signal'}{'' if self else ', outside a request'}>"


def _longest_first(hidden: tuple[str, str]) -> tuple[int, tuple[str, str]]:
    return -len(hidden[0]), hidden


# Nobody's preference is known here, so nothing is allowed: a mail rendered by a worker holds no ads.
OUTSIDE = Privacy(UNKNOWN, None, None)

running: ContextVar[Privacy] = ContextVar(KEY, default=OUTSIDE)


def current() -> Privacy:
    """Return the privacy of the request under way, in its thread, task or any task it started.

    Outside a request the answer is an opted-out `Privacy` that is false as a condition.
    """
    privacy = running.get()
    return OUTSIDE if privacy.ended else privacy
