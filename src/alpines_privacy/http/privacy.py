"""`current()` and `Privacy`: what an app sees of a request."""

from __future__ import annotations

from contextvars import ContextVar
from operator import attrgetter
from typing import TYPE_CHECKING, Literal

from alpines_privacy.policy.age import LITERAL
from alpines_privacy.policy.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from alpines_privacy.http.context import RequestContext, Signal
    from alpines_privacy.http.report import Removal

__all__ = [
    "ENVIRON_KEY",
    "KEY",
    "OUTSIDE",
    "Privacy",
    "Purpose",
    "context_of",
    "current",
    "current_privacy",
    "is_current",
    "request_context",
]

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


class Privacy:
    """The visitor's privacy during one request: what they asked, and what the app may do.

    The app gets it from `current()`, `environ["alpines_privacy"]` or `scope["alpines_privacy"]`.
    Reading it tells the layer that the response may depend on the signal, so the response gets
    `Vary: DNT, Sec-GPC`. None of its methods raises, except for a birth date that is no date.
    """

    # Private, because views must not see the context; the layer uses `context_of`.
    __slots__ = ("_context",)

    def __init__(self, context: RequestContext) -> None:
        self._context = context

    @property
    def opted_out(self) -> bool:
        """Whether the visitor opted out: `DNT: 1`, `Sec-GPC: 1`, or their choice on this site (policy §11)."""
        self._context.read = True
        return self._context.preference.opted_out

    @property
    def signal(self) -> Signal | None:
        """What they opted out by: `"DNT"`, `"Sec-GPC"`, both, `"site preference"`, `"default"`, or None."""
        self._context.read = True
        return self._context.preference.signal

    def allows(self, purpose: Purpose) -> bool:
        """Tell whether data may serve `purpose`: "advertising", "analytics" or "personalization".

        False under any signal, and for a purpose that is none of the three (a notice names it).
        """
        context = self._context
        context.read = True
        if purpose not in PURPOSES:
            context.runtime.notices.once(
                'privacy.allows("%s")%s: no such purpose, so the answer is no; expected one of %s.',
                str(purpose)[:60],
                nearest(str(purpose), PURPOSES),
                ", ".join(sorted(PURPOSES)),
            )
            return False
        return not context.preference.opted_out

    def hide(self, value: str, kind: str) -> None:
        """Keep `value` out of every log record of this request: `[KIND]` stands in its place.

        Of a NAME each word counts too. Values of fewer than four characters are not hidden: they
        occur in other words.
        """
        self._context.hide(value, kind)

    def hide_user(self, user: object) -> None:
        """Keep who is signed in out of every log record of this request: names, addresses and the like.

        `user` is an object with attributes, a mapping, or the user name as text. The keys that logs
        know, and those of the policy's `[logs]`, tell what of it is personal. Only what the object
        holds is read, nothing is looked up. Django's and Flask-Login's users, and Starlette's
        `request.user`, are hidden without this.
        """
        self._context.note_user(lambda: user)

    def exempt(self, *parts: str) -> None:
        """Keep parts of the layer off this response: `privacy.exempt("cookies")`, before its head leaves."""
        context = self._context
        known, notices = context.runtime.parts, context.runtime.notices
        for part in parts:
            if part not in known:
                notices.once(
                    'privacy.exempt("%s")%s: no such part; expected one of %s.',
                    str(part)[:60],
                    nearest(str(part), known),
                    ", ".join(sorted(known)),
                )
            elif context.head_left:
                notices.once(
                    'privacy.exempt("%s") came after the response\'s head had left; call it earlier.',
                    part,
                )
        context.exempted |= known.intersection(parts)

    def may_sign_up(self, birth_date: date) -> bool:
        """Whether somebody born on this date is old enough for an account (policy §13).

        For ages that the layer finds in no form: single sign-on, edits of a profile. False for an
        impossible date; raises TypeError for any other type than `datetime.date`.
        """
        return self._context.runtime.ages.may_sign_up(birth_date)

    def login_failed(self, account: str | None = None) -> None:
        """Tell that this request's login failed, before the response's head leaves (policy §6).

        For what a status does not show. `account` is the name that was given, needed where no field
        of the login route tells it. A response of a request that is told of counts once.
        """
        _tell_login(self._context, succeeded=False, account=account)

    def login_succeeded(self, account: str | None = None) -> None:
        """Tell that this request's login succeeded, or another proof of who the visitor is.

        From here the account can then be reached while it is locked for others.
        """
        _tell_login(self._context, succeeded=True, account=account)

    @property
    def report(self) -> tuple[Removal, ...]:
        """The removals from this response so far: the element, the rule, its list, and the company.

        Those of a streamed page are complete once it has been sent.
        """
        return self._context.removals

    def __copy__(self) -> Privacy:
        """Return itself: a request has one, in every copy of its scope that a middleware makes."""
        return self

    def __deepcopy__(self, memo: object) -> Privacy:
        """Return itself, as `__copy__`."""
        return self

    def __bool__(self) -> bool:
        """Whether there is a request: false outside one."""
        return True

    def __repr__(self) -> str:
        return f"<Privacy {self._context.preference.signal or 'no signal'}>"


def _tell_login(context: RequestContext, *, succeeded: bool, account: str | None) -> None:
    if "intrusion" not in context.runtime.parts:
        return  # nobody counts
    if context.head_left:
        context.runtime.notices.once(
            "privacy.%s() came after the response's head had left; call it earlier.",
            "login_succeeded" if succeeded else "login_failed",
        )
        return
    context.tell_login(succeeded=succeeded, account=account)


class _Outside(Privacy):
    """The privacy outside a request: opted out, so a worker's mail holds no ads; it keeps nothing."""

    __slots__ = ()

    def __init__(self) -> None:
        """Have no context: there is no request."""
        self._context = None  # type: ignore[assignment]  # only `context_of` reads it

    @property
    def opted_out(self) -> bool:
        return True

    @property
    def signal(self) -> Signal:
        return "default"

    def allows(self, purpose: Purpose) -> bool:
        del purpose
        return False

    def hide(self, value: str, kind: str) -> None:
        pass

    def hide_user(self, user: object) -> None:
        pass

    def exempt(self, *parts: str) -> None:
        pass

    def may_sign_up(self, birth_date: date) -> bool:
        return LITERAL.may_sign_up(birth_date)

    def login_failed(self, account: str | None = None) -> None:
        pass

    def login_succeeded(self, account: str | None = None) -> None:
        pass

    @property
    def report(self) -> tuple[Removal, ...]:
        return ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "<Privacy default, outside a request>"


OUTSIDE = _Outside()

# The privacy of the request that this code runs for; tasks keep it after the request has ended.
current_privacy: ContextVar[Privacy] = ContextVar(KEY, default=OUTSIDE)


def current() -> Privacy:
    """Return the privacy of the current request, in its thread, task or any task it started.

    Outside a request the answer is an opted-out `Privacy` that is false as a condition.
    """
    privacy = current_privacy.get()
    return privacy if is_current(privacy) else OUTSIDE


# Returns the context behind a `Privacy`; None outside a request. Each log record calls it, so it is
# implemented in C.
context_of: Callable[[Privacy], RequestContext | None] = attrgetter("_context")


def request_context() -> RequestContext | None:
    """Return the context of the request that this code runs for, which may have ended; None outside one."""
    return context_of(current_privacy.get())


def is_current(found: object) -> bool:
    """Whether an object, found under the key, is the `Privacy` of a request that has not ended."""
    context = context_of(found) if isinstance(found, Privacy) else None
    return context is not None and not context.ended
