"""The promise of cookies: which leave, are dropped, expired or hardened (policy §7, §11; RFC 6265bis).

Under a signal only declared necessary cookies and deletions leave; under the signals that
`keep_logins` means, also the framework's session cookies, without a lifetime. An unreadable
`Set-Cookie` does not leave. Without a signal the app's cookies leave, hardened, and each undeclared
one is reported once by its name.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

import msgspec

from alpines_privacy.cookies.known import (
    FRAMEWORKS,
    LOGINS,
    TOKENS,
    TRACKERS,
    is_echoed,
    is_token,
    pattern_of,
)
from alpines_privacy.http import setcookie, site
from alpines_privacy.http.cache import Cache
from alpines_privacy.http.cache_control import keep_from_shared_caches
from alpines_privacy.http.context import RequestContext, Signal
from alpines_privacy.http.heads import Field, ResponseHead, field_name, size_of_fields
from alpines_privacy.http.local import is_local
from alpines_privacy.http.promise import Message, Promise
from alpines_privacy.policy import Cookie, PrivacyPolicy
from alpines_privacy.policy.own import OWN_COOKIES, own_cookie
from alpines_privacy.policy.patterns import compile_patterns

__all__ = ["Cookies"]

_LONGEST_SHOWN = 256  # characters: the longest name in a policy
_MOST_EXPIRED = 24  # lines tried for a response, and lines for one name
_LIFETIME = frozenset({"max-age", "expires"})
# Some servers let line breaks through, and browsers read a new line there, whatever its field.
_SMUGGLED_LINE = re.compile(r"[\r\n][ \t]*set-cookie[ \t]*:", re.IGNORECASE)
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}")

# DNT is literal: nothing but declared necessary cookies. GPC means "do not sell or share", and
# browsers that send it by default must be able to log in; so must visitors who opted out on this site
# or by default.
_LOGINS_STAY_UNDER: dict[str, frozenset[Signal]] = {
    "gpc": frozenset({"Sec-GPC", "site preference", "default"}),
    "always": frozenset({"DNT", "DNT, Sec-GPC", "Sec-GPC", "site preference", "default"}),
    "never": frozenset(),
}

_UNDECLARED = (
    'Cookie "%s" is not declared. Visitors who send a privacy signal do not get it; for the others, '
    "declare it with its purpose so that the policy page can name it."
)
_HELD_BACK = 'Cookie "%s" did not leave: the visitor opted out (%s) and the cookie is not declared necessary.%s'
_ADVICE = " Where people need it, declare {}."
_SMUGGLED = "A response field%s with a line break and Set-Cookie in it did not leave."
_UNREADABLE = "A Set-Cookie%s that browsers cannot read did not leave."


Lifetime: TypeAlias = int | Literal["session"] | None


class _Rule:
    """The rule for a cookie's name: its declaration, or what is known of it without one."""

    __slots__ = ("declared", "lifetime", "login", "necessary", "scripts")

    def __init__(self, name: str, cookie: Cookie | None, *, login: bool) -> None:
        self.declared = cookie is not None
        self.necessary = cookie is not None and cookie.necessary
        self.lifetime = cookie.lifetime if cookie else None
        # Whether scripts may read it, as they must where they send a token back.
        self.scripts = (cookie is not None and cookie.readable_by_scripts) or is_echoed(name)
        self.login = login


# The names of the attributes to remove, and the attributes to add.
_Edit: TypeAlias = "tuple[frozenset[str], tuple[str, ...]]"
# A name, what follows the value, the visitor's signal, whether over https, Unix time in seconds.
_Asked: TypeAlias = "tuple[str, str, Signal | None, bool, int]"


class _Verdict(NamedTuple):
    """The decision over a cookie, whatever its value.

    Without an `edit` it does not leave. A `private` one must not be in shared caches; `notice` is the
    notice to the developer.
    """

    edit: _Edit | None
    private: bool
    notice: tuple[Any, ...] = ()


class ForScripts(NamedTuple):
    """The cookies that scripts may set: name or pattern, lifetime, necessary; the first match counts.

    `logins` are patterns of login cookies, which stay for the session under the signals `logins_stay_under`.
    """

    declared: tuple[tuple[str, Lifetime, bool], ...]
    logins: tuple[str, ...]
    logins_stay_under: frozenset[Signal]


class Cookies(Promise):
    """Decides over every `Set-Cookie` that would leave, and expires stale ones on pages."""

    part: ClassVar[str] = "cookies"
    fields_read: ClassVar[frozenset[str]] = frozenset({"set-cookie"})

    def __init__(self, policy: PrivacyPolicy, logins: Iterable[str] = ()) -> None:
        """`logins` are names the framework was configured with, beside the built-in table."""
        self._logins_stay_under = _LOGINS_STAY_UNDER[policy.keep_logins]
        rules = _rules(policy, frozenset(logins) | LOGINS)
        self._rules: Cache[str, _Rule] = Cache("cookie rules", rules)
        self._unwanted: Cache[str, bool] = Cache("unwanted cookies", _unwanted(self._rules))
        # Attributes are the same for all visitors of an app; dates in them for a second.
        self._verdicts: Cache[_Asked, _Verdict] = Cache("cookie verdicts", self._verdict)
        self._policy = policy
        self._all_secure = policy.https == "secure-cookies"
        self._for_scripts = ForScripts(
            tuple(_for_scripts(cookie) for cookie in (*_OWN_NAMES, *policy.cookies)),
            (*sorted(frozenset(logins) | LOGINS), *TOKENS),
            self._logins_stay_under,
        )
        site.load()

    def response(self, context: RequestContext, head: ResponseHead) -> None:
        """Filter the head's cookies."""
        if "set-cookie" in head.names:
            self._filter(context, head)
        if context.preference.opted_out and any(map(_smuggles_cookie, head.fields)):
            self._report(context, _SMUGGLED, "")
            head.replace(f for f in head.fields if not _smuggles_cookie(f))

    def fill(self, context: RequestContext, head: ResponseHead) -> None:
        """On a page under a signal, expire cookies that were set before and may not stay."""
        if context.preference.opted_out and head.is_html and head.status != 304:  # Not Modified
            self._expire(context, head)

    def failed(self, context: RequestContext, head: ResponseHead | None) -> None:
        """Fail closed: under a signal no cookie leaves."""
        if head is not None and context.preference.opted_out:
            head.replace(field for field in head.fields if not _sets_cookie(field))

    def fields(self, context: RequestContext, message: Message, fields: list[Field]) -> list[Field]:
        """Remove cookies from trailers, hints and pushes under a signal."""
        del message
        if not context.preference.opted_out:
            return fields
        kept = [field for field in fields if not _sets_cookie(field)]
        return fields if len(kept) == len(fields) else kept

    @property
    def for_scripts(self) -> ForScripts:
        """The cookies that scripts of a page may set, for the shield."""
        return self._for_scripts

    def _filter(self, context: RequestContext, head: ResponseHead) -> None:
        now = time.time()
        # The site's visitors use https, though perhaps nobody tells the app.
        https = context.https or (self._all_secure and not is_local(context))
        kept: list[Field] = []
        edited = exposed = False
        for field in head.fields:
            if field_name(field[0]) != "set-cookie":
                kept.append(field)
                continue
            text, private = self._leaving(field[1], context, now, https=https)
            exposed |= private
            edited |= text is not field[1]
            if text is not None:
                kept.append(field if text is field[1] else (field[0], text))
        if edited:
            head.replace(kept)
        if exposed and head.status >= 200:  # an upgrade is not cached
            keep_from_shared_caches(head)

    def _leaving(
        self, text: str, context: RequestContext, now: float, *, https: bool
    ) -> tuple[str | None, bool]:
        """Return the `Set-Cookie` that leaves, if any, and whether shared caches must not keep it."""
        preference = context.preference
        parts = setcookie.split(text)
        if parts is None:
            if preference.opted_out:
                self._report(context, _UNREADABLE, "")
            return (None, False) if preference.opted_out else (text, True)
        name, _, rest = parts
        asked = (name, rest, preference.signal, https, int(now))
        edit, private, notice = self._verdicts[asked]
        if notice:
            self._report(context, *notice)
        if context.runtime.seen.is_kept and not self._rules[name].declared:
            context.runtime.seen.note("cookie", _shown(name))
        return setcookie.edited(text, *edit) if edit else None, private

    def _verdict(self, asked: _Asked) -> _Verdict:
        """Decide over a cookie by its name and its attributes."""
        name, rest, signal, https, now = asked
        cookie = setcookie.SetCookie("", name, "", *setcookie.read_attributes(rest))
        rule = self._rules[name]
        if cookie.is_deletion(now):
            return _Verdict(_deletion(cookie, https=https, opted_out=signal is not None), False)
        if signal is not None and not rule.necessary:
            if not self._login_stays(rule, signal):
                advice = "" if self._unwanted[name] else _advice(name)
                return _Verdict(None, False, (_HELD_BACK, name, signal, advice))
            return _Verdict(_hardened(cookie, rule, "session", now, https=https), True)
        known = rule.declared or rule.login
        edit = _hardened(cookie, rule, rule.lifetime, now, https=https)
        return _Verdict(edit, not rule.necessary, () if known else (_UNDECLARED, name))

    def _login_stays(self, rule: _Rule, signal: Signal | None) -> bool:
        return rule.login and signal in self._logins_stay_under

    def _report(self, context: RequestContext, message: str, name: str, *args: object) -> None:
        context.runtime.notices.once(message, _shown(name), *args)

    def _path(self, name: str) -> str:
        declared = self._policy.cookie(name)
        return declared.path if declared else "/"

    def _expire(self, context: RequestContext, head: ResponseHead) -> None:
        names = self._stale(context)
        if not names:
            return
        # If they do not all fit, they take turns, so that a cookie that stays does not block the others.
        turns, turn = divmod(int(time.time()), len(names))
        client = context.client
        deletions = (
            line
            for name in names[turn:] + names[:turn]
            for line in _DELETIONS[name, client.host, self._path(name), client.https]
        )
        lines: list[Field] = [("set-cookie", line) for line in islice(deletions, _MOST_EXPIRED)]
        if fitting := _fitting(lines, head.room, turns):
            head.replace([*head.fields, *fitting])

    def _stale(self, context: RequestContext) -> list[str]:
        """Return the names of the cookies in the request that are to be deleted."""
        request = context.request
        if request.method == "HEAD" or not (lines := request.values("cookie")):
            return []
        sent = {pair.partition("=")[0].strip(" \t") for line in lines for pair in line.split(";")}
        return sorted(
            name
            for name in sent
            if _NAME.fullmatch(name)
            and self._unwanted[name]
            and not self._login_stays(self._rules[name], context.preference.signal)
        )


# The layer's own, under both of their names.
_OWN_NAMES = tuple(
    msgspec.structs.replace(cookie, name=prefix + cookie.name)
    for cookie in OWN_COOKIES
    for prefix in ("", "__Host-")
)


def _for_scripts(cookie: Cookie) -> tuple[str, Lifetime, bool]:
    return cookie.name, cookie.lifetime, cookie.necessary


def _fitting(lines: list[Field], room: int, turn: int) -> list[Field]:
    """Return the lines that fit into a head; if not all do, each turn starts with another."""
    if size_of_fields(lines) <= room:
        return lines
    start = turn % len(lines)
    left = []
    for line in lines[start:] + lines[:start]:
        room -= size_of_fields([line])
        if room < 0:
            break
        left.append(line)
    return left


def _sets_cookie(field: Field) -> bool:
    return field_name(field[0]) == "set-cookie" or _smuggles_cookie(field)


def _smuggles_cookie(field: Field) -> bool:
    """Whether a field other than `Set-Cookie` has one after a line break in it."""
    name, value = field
    if value.isprintable() and name.isprintable():
        return False
    return _SMUGGLED_LINE.search(f"{name}:{value}") is not None


_is_tracker = compile_patterns(TRACKERS).fullmatch


def _rules(policy: PrivacyPolicy, logins: frozenset[str]) -> Callable[[str], _Rule]:
    known = compile_patterns(logins)

    def rule(name: str) -> _Rule:
        bare = _bare(name)
        declared = own_cookie(name) or policy.cookie(name)
        login = known.fullmatch(bare) is not None or (is_token(bare) and not _is_tracker(name))
        return _Rule(name, declared, login=login)

    return rule


def _bare(name: str) -> str:
    """Return a cookie's name without the prefix that restricts it (RFC 6265bis §4.1.3)."""
    return name.removeprefix("__Host-").removeprefix("__Secure-")


def _shown(name: str) -> str:
    """Return a name as it can be declared, a long one as a pattern."""
    pattern = pattern_of(name)
    return pattern if len(pattern) <= _LONGEST_SHOWN else f"{pattern[: _LONGEST_SHOWN - 1]}*"


def _advice(name: str) -> str:
    """Return the declarations for a cookie, with the other login cookies of its framework."""
    bare = _bare(name)
    cookies = next((names for names in FRAMEWORKS.values() if bare in names), {bare: "…"})
    lines = [
        f'Cookie("{_shown(name) if one == bare else one}", purpose="{purpose}", necessary=True)'
        for one, purpose in cookies.items()
    ]
    return _ADVICE.format(", ".join(lines))


def _unwanted(rules: Cache[str, _Rule]) -> Callable[[str], bool]:
    """Return the test for a cookie to delete: a tracker's, or one declared not necessary."""

    def unwanted(name: str) -> bool:
        known = rules[name]
        if known.declared:
            return not known.necessary
        return not known.login and _is_tracker(name) is not None

    return unwanted


def _hardened(
    cookie: setcookie.SetCookie, rule: _Rule, lifetime: Lifetime, now: int, *, https: bool
) -> _Edit:
    """Return the edit that adds missing attributes and limits the lifetime, by the cookie's rule."""
    attributes = cookie.attributes
    add: list[str] = []
    remove: frozenset[str] = frozenset()
    asked = cookie.lifetime(now)
    if lifetime == "session":
        remove = _LIFETIME if cookie.doubtful or _LIFETIME & attributes.keys() else remove
    elif lifetime is not None and (cookie.doubtful or (asked is not None and asked > lifetime)):
        remove = _LIFETIME
        if asked is not None:
            add.append(f"Max-Age={min(int(asked), lifetime)}")
    if https and "secure" not in attributes:
        add.append("Secure")
    if rule.declared and not rule.scripts and "httponly" not in attributes:
        add.append("HttpOnly")
    if rule.declared and "samesite" not in attributes:
        add.append("SameSite=Lax")
    return remove, tuple(add)


def _deletion(cookie: setcookie.SetCookie, *, https: bool, opted_out: bool) -> _Edit:
    """Return the edit of a deletion; under a signal it deletes whatever the browser's clock.

    Browsers compare `Expires` with their own clock, Chromium also with the response's `Date`.
    """
    add = []
    if opted_out and cookie.expires_only:
        add.append("Max-Age=0")
    if https and "secure" not in cookie.attributes:
        add.append("Secure")
    return frozenset(), tuple(add)


def _deletions(asked: tuple[str, str, str, bool]) -> tuple[str, ...]:
    """Return the lines that delete a cookie of this name wherever the browser keeps it.

    A browser identifies a cookie by name, Domain, Path and partition, but sends only the name: so
    there is one line for the host and one for each domain up to the registrable one, over https each
    also partitioned. Prefixes restrict the attributes (§4.1.3).
    """
    name, host, path, https = asked
    prefix = name.lower()
    host_only = prefix.startswith(("__host-", "__host-http-"))
    secure = "; Secure" if https else ""
    if prefix.startswith(("__http-", "__host-http-")):
        secure += "; HttpOnly"
    gone = f"{name}=; Path={'/' if host_only else path}; Max-Age=0{secure}"
    places = [
        "",
        *([] if host_only else (f"; Domain={domain}" for domain in site.cookie_domains(host))),
    ]
    twins = ("", "; SameSite=None; Partitioned") if https else ("",)
    lines = (gone + place + twin for place in places for twin in twins)
    return tuple(islice(lines, _MOST_EXPIRED))


_DELETIONS = Cache("cookie deletions", _deletions)
