"""`PrivacyPolicy` and its parts: frozen, typed, and valid from the moment they exist."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from datetime import date
from os import PathLike
from typing import Annotated, Any, ClassVar, Literal, Self

import msgspec
from msgspec import Meta

from alpines_privacy.policy.age import AgeRule, check_formats
from alpines_privacy.policy.bounds import check_mapping
from alpines_privacy.policy.breach import Breach
from alpines_privacy.policy.collection import Collection
from alpines_privacy.policy.disclosure import Disclosure
from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.explain import explain
from alpines_privacy.policy.intrusion import Intrusion
from alpines_privacy.policy.kinds import Kind
from alpines_privacy.policy.operator import Change, Evidence, Operator
from alpines_privacy.policy.part import Part
from alpines_privacy.policy.passwords import Passwords
from alpines_privacy.policy.patterns import compile_patterns
from alpines_privacy.policy.route_checks import check_path, check_patterns
from alpines_privacy.policy.signup_paths import expression_of
from alpines_privacy.policy.transport import Hsts
from alpines_privacy.policy.zone import zone_problem

__all__ = [
    "AgeScreen",
    "Cookie",
    "LogKey",
    "Logs",
    "PrivacyPolicy",
    "Signup",
    "ThirdParty",
    "Trackers",
]

Mode = Literal["enforce", "report", "off"]

# Ways to redact. A pseudonym of a password or a CVV could be guessed by whoever holds the key, and
# the last four of a short value are most of it, so not every kind has every way.
_Marked = Literal["mark", "keep"]
_Known = Literal["mark", "pseudonym", "keep"]
_Shown = Literal["mark", "partial", "pseudonym", "keep"]

# RFC 6265bis §4.1.1 with the two wildcards we add: no controls, spaces, separators or "=".
_COOKIE_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HOST = re.compile(
    r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
)

# The CSS selectors that a policy may use: one class or one id.
_SLOT = re.compile(r"[.#][^\s.#>+~:,*\[\](){}\"'\\]+")

# The name of a form field, a JSON member, a header or a variable.
_LOG_KEY = re.compile(r"[A-Za-z0-9_.\-]*[A-Za-z][A-Za-z0-9_.\-]*")
_METHOD = re.compile(r"[A-Z]+")
_OPERATION = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")  # GraphQL §2.1.9
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "CONNECT"})

Purpose = Annotated[str, Meta(min_length=1)]
Text = Annotated[str, Meta(min_length=1)]


class Cookie(Part, frozen=True):
    """A cookie the site sets, and why.

    `name` may hold `*` for any run of characters (`cart_*`). `lifetime` is the longest the
    browser may keep it, in seconds, or `"session"`; without it the app's own lifetime stands.
    `necessary` ones are set under a privacy signal too, so each is a promise of the operator's
    (policy §7 and §11). A cookie is hidden from scripts unless `readable_by_scripts`. `path` is
    where one that is not necessary is expired under a signal.
    """

    name: Annotated[str, Meta(min_length=1, max_length=256)]
    purpose: Purpose
    necessary: bool = False
    lifetime: Annotated[int, Meta(ge=0)] | Literal["session"] | None = None
    readable_by_scripts: bool = False
    path: str = "/"

    def check(self) -> None:
        """Check what the type cannot say."""
        if not _COOKIE_NAME.fullmatch(self.name):
            raise PolicyError(
                f"{self.name!r} is no cookie name; expected letters, digits and !#$%&'*+-.^_`|~",
                key="name",
            )
        if not self.name.strip("*"):
            raise PolicyError("a pattern that matches every cookie declares none", key="name")
        if not self.purpose.strip():
            raise PolicyError("is blank; expected what the cookie is for, in words", key="purpose")
        if not re.fullmatch(r"/[!-:<-~]*", self.path):
            raise PolicyError(
                f"{self.path!r} is no cookie path; expected one that starts with /", key="path"
            )


class ThirdParty(Part, frozen=True):
    """Another company's host that the site's pages load from, and why (`*.` covers its subdomains)."""

    host: Annotated[str, Meta(min_length=1, max_length=253)]
    purpose: Purpose

    def check(self) -> None:
        """Check what the type cannot say."""
        if not _HOST.fullmatch(self.host):
            raise PolicyError(
                f"{self.host!r} is no host; expected a lower-case name such as cdn.example.com, "
                "without scheme, port or path",
                key="host",
            )
        if not self.purpose.strip():
            raise PolicyError(
                "is blank; expected what is loaded from there, in words", key="purpose"
            )


class Trackers(Part, frozen=True, kw_only=True):
    """A site's own rules about trackers: added, allowed, replaced (Adblock Plus syntax).

    - `lists`: files, as text or compiled, in the place of EasyPrivacy and EasyList. What a text
      blocks is stopped for everyone; a compiled file says itself for whom.
    - `signal_lists`: the same, for what is stopped only for visitors who send a signal.
    - `add`: rules of the site's own, for everyone; no list's exception lifts them.
    - `allow`: rules for what may load, whatever any list says.
    - `allow_categories`: categories of services that may load, such as `"error-monitoring"`.
    """

    lists: Sequence[Annotated[str, Meta(min_length=1)]] = ()
    signal_lists: Sequence[Annotated[str, Meta(min_length=1)]] = ()
    add: Sequence[Annotated[str, Meta(min_length=1)]] = ()
    allow: Sequence[Annotated[str, Meta(min_length=1)]] = ()
    allow_categories: Sequence[str] = ()


class LogKey(Part, frozen=True):
    """A key whose value in logs is personal data: `LogKey("roll_number", kind="USERNAME")`.

    Case and separators do not matter: it covers `rollNumber` and `student-roll-number` too.
    """

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    kind: Kind

    def check(self) -> None:
        """Check what the type cannot say."""
        if not _LOG_KEY.fullmatch(self.name):
            raise PolicyError(
                f"{self.name!r} is no key; expected letters, digits, _, - and .", key="name"
            )


class Logs(Part, frozen=True, kw_only=True):
    """How each kind of personal data is redacted in logs, and further keys of personal data.

    - `"mark"`: `[EMAIL]`; `"keep"`: the kind is switched off, its values stay.
    - `"partial"`: `a…@e….com`, of numbers the last four; a short value becomes the mark.
    - `"pseudonym"`: `EMAIL:d3a91c…`, the same for the same value all day (UTC), by the site's key.
    - `"truncate"`: `203.0.113.0/24`, `2001:db8:7::/48`.
    - `"generalise"`: `Firefox on Windows, desktop`.
    - `keys`: more keys whose values are personal data.
    - `safe_keys`: keys whose values are no personal data, whatever they are called.
    """

    name: _Known = "mark"
    email: _Shown = "mark"
    address: _Known = "mark"
    phone: _Shown = "mark"
    cnic: _Known = "mark"
    ntn: _Known = "mark"
    username: _Known = "mark"
    password: _Marked = "mark"  # noqa: S105 - the way, no password
    secret: _Marked = "mark"  # noqa: S105 - the same
    ip: Literal["truncate", "mark", "pseudonym", "keep"] = "truncate"
    user_agent: Literal["generalise", "mark", "pseudonym", "keep"] = "generalise"
    card: _Shown = "mark"
    cvv: _Marked = "mark"
    iban: _Shown = "mark"
    ssn: _Known = "mark"
    passport: _Known = "mark"
    birth_date: _Known = "mark"
    mac: _Known = "mark"
    coordinates: _Known = "mark"
    keys: Sequence[LogKey] = ()
    safe_keys: Sequence[Annotated[str, Meta(min_length=1, max_length=64)]] = ()

    @property
    def asks_for_keys(self) -> bool:
        """Whether some kind is written as a pseudonym, which takes the site's secret keys."""
        return "pseudonym" in msgspec.structs.astuple(self)

    def check(self) -> None:
        """Check for names declared twice, or as both personal and safe."""
        _refuse_repeats("keys", "name", self.keys)
        own = {_folded(key.name) for key in self.keys}
        for index, name in enumerate(self.safe_keys):
            key = f"safe_keys[{index}]"
            if not _LOG_KEY.fullmatch(name):
                raise PolicyError(
                    f"{name!r} is no key; expected letters, digits, _, - and .", key=key
                )
            if _folded(name) in own:
                raise PolicyError(f'"{name}" stands in keys too; expected one of them', key=key)

    def way(self, kind: Kind) -> str:
        """Return how a kind is redacted."""
        way: str = getattr(self, kind.lower())
        return way

    def stricter(self, other: Logs) -> Logs:
        """Return settings that hide all that either of two hides; of two ways that show a part, neither is used."""
        ways: dict[str, Any] = {
            name: _stricter_way(getattr(self, name), getattr(other, name))
            for name in self.__struct_fields__
            if name not in {"keys", "safe_keys"}
        }
        safe = {_folded(name) for name in other.safe_keys}
        return Logs(
            **ways,
            keys=_all_keys(self.keys, other.keys, ways),
            safe_keys=tuple(name for name in self.safe_keys if _folded(name) in safe),
        )


def _stricter_way(first: str, second: str) -> str:
    """Return the stricter way of one kind."""
    if second in {first, "keep"}:
        return first
    return second if first == "keep" else "mark"


def _all_keys(
    first: Sequence[LogKey], second: Sequence[LogKey], ways: Mapping[str, str]
) -> tuple[LogKey, ...]:
    """Return the keys of both; a kind that is kept counts only where both name one for the key."""
    own, others = ({_folded(key.name): key for key in keys} for keys in (first, second))
    known = {**others, **own}
    for name in own.keys() & others.keys():
        if ways[own[name].kind.lower()] == "keep":
            known[name] = others[name]
    for name in own.keys() ^ others.keys():
        if ways[known[name].kind.lower()] == "keep":
            del known[name]
    return tuple(known[name] for name in sorted(known))


class Signup(Part, frozen=True):
    """A path where accounts are created, and the fields of the birth date or age (policy §13).

    - `path` may hold parameters, each a part of one segment: `/clubs/{club}/join`.
    - `birth_date` is a field's name, dotted for nested JSON (`user.birth_date`), or the names of
      the fields for year, month and day, in this order; the last ones may be missing.
    - `age` is the name of a field that holds an age in whole years instead.
    - `screen` puts the age screen before the signup page, for an app that asks no age.
    - `methods` create the account; of their bodies at most `max_body` bytes are taken.
    - `formats` are dates as the form writes them, beside YYYY-MM-DD: `DD.MM.YYYY`.
    - `operation` is the name of a GraphQL operation, or of the field it calls, where `path` is an
      API's: it is judged by the `variables`, all other operations pass.
    """

    path: str
    birth_date: str | tuple[str, ...] | None = None
    age: str | None = None
    methods: Sequence[str] = ("POST",)
    screen: bool = False
    max_body: Annotated[int, Meta(ge=1)] = 1_000_000
    formats: Sequence[str] = ()
    operation: str | None = None

    def check(self) -> None:
        """Check what the type cannot say."""
        check_path(self.path, "path", "/register or /clubs/{club}/join")
        if self.birth_date is not None and self.age is not None:
            raise PolicyError(
                "a signup asks for a birth date or an age; expected one of them", key="age"
            )
        if self.birth_date is None and self.age is None and not self.screen:
            raise PolicyError(
                f"nothing tells how old who signs up at {self.path} is; expected birth_date, age, or "
                "screen = true",
                key="birth_date",
            )
        self._check_fields()
        self._check_operation()
        for index, method in enumerate(self.methods):
            if not _METHOD.fullmatch(method) or method in _WITHOUT_BODY:
                raise PolicyError(
                    f"{method!r} creates no account; expected POST, PUT or PATCH",
                    key=f"methods[{index}]",
                )
        if not self.methods:
            raise PolicyError("is empty; expected at least POST", key="methods")
        if problem := check_formats(self.formats):
            raise PolicyError(problem, key="formats")

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields of the age; empty for a signup with only the age screen."""
        if self.age is not None:
            return (self.age,)
        if self.birth_date is None:
            return ()
        return (self.birth_date,) if isinstance(self.birth_date, str) else self.birth_date

    def _check_operation(self) -> None:
        if self.operation is None:
            return
        if not _OPERATION.fullmatch(self.operation):
            raise PolicyError(
                f"{self.operation!r} is no name of a GraphQL operation; expected one such as SignUp",
                key="operation",
            )
        if self.screen:
            raise PolicyError(
                "an operation has no page for the age screen to stand before; expected birth_date or age alone",
                key="screen",
            )

    def _check_fields(self) -> None:
        key = "birth_date" if self.age is None else "age"
        if not all(name.strip() for name in self.fields):
            raise PolicyError("is blank; expected a field's name", key=key)
        if isinstance(self.birth_date, tuple) and (
            len(set(self.birth_date)) != len(self.birth_date) or not 0 < len(self.birth_date) < 4
        ):
            raise PolicyError(
                f"{list(self.birth_date)} are no fields of a date; expected the names for year, "
                "month and day, in this order",
                key="birth_date",
            )


class AgeScreen(Part, frozen=True, kw_only=True):
    """The texts of the age screen and of refusals, and the template of their pages.

    `template` is a file of the app's (UTF-8, Python's `string.Template`) with `$content` where
    the texts and the form go; `$title`, `$language`, `$direction` and `$style` may stand in it
    too. `order` is the order of the three fields. No text may tell an age, because visitors would
    enter the wanted answer.
    """

    template: str | None = None
    language: Annotated[str, Meta(min_length=2)] = "en"
    direction: Literal["ltr", "rtl"] = "ltr"
    order: Sequence[Literal["day", "month", "year"]] = ("day", "month", "year")
    title: Text = "Your date of birth"
    introduction: Text = "Please enter your date of birth to continue. It is not stored."
    day: Text = "Day"
    month: Text = "Month"
    year: Text = "Year"
    button: Text = "Continue"
    error: Text = (
        "Enter your date of birth in numbers: the day, the month, and all four digits of the year."
    )
    refused_title: Text = "We cannot create an account"
    refused: Text = "Thank you for your interest. We are not able to create an account for you."
    unreadable_title: Text = "We could not read your date of birth"
    unreadable: Text = "Nothing was saved. Please go back and enter your complete date of birth."
    too_large_title: Text = "The form was too large"
    too_large: Text = "Nothing was saved. Please go back and send a smaller form."
    unasked: Text = "Please open the page where accounts are created, and start there."
    home: Text = "Go to the start page"

    def check(self) -> None:
        """Check what the types cannot say."""
        if sorted(self.order) != ["day", "month", "year"]:
            raise PolicyError(
                f'{list(self.order)} is no order of the fields; expected "day", "month" and "year", each once',
                key="order",
            )
        if not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", self.language):
            raise PolicyError(
                f"{self.language!r} is no language tag; expected one such as en or pt-BR",
                key="language",
            )


class PrivacyPolicy(Part, frozen=True, kw_only=True):
    """What the site promises its visitors, as data.

    Without arguments it is the written policy, literally: no cookies under a signal, no third
    parties. Keyword arguments, `load()` and `from_mapping()` take the same names.

    - `cookies`, `third_parties`: what is declared.
    - `trackers`: how the rules about trackers are added to, lifted or replaced.
    - `loads`: what pages may load: `"listed"` (anything but what the rules list), `"declared"` (by an
      additional Content-Security-Policy, only from the site and declared third parties) or `"report"`
      (the same, and browsers report what `"declared"` would stop).
    - `shield`: add the layer's own script before a page's first, so that loads by scripts are judged too.
    - `signups`: where accounts are created, and the fields of the visitor's age (policy §13).
    - `minimum_age`: from which age people may sign up: 13, or more. `age_zone`: the IANA time zone
      whose day counts; without it a day begins where it does last on Earth (UTC-12).
    - `detect_signups`: also check undeclared signups, if they are clear.
    - `age_screen`: the texts and the page of the age screen.
    - `passwords`: where people choose a password, and the advice that they get (policy §6).
    - `logs`: how personal data is redacted in logs; `"off"` leaves logging alone.
    - `mode`: `"enforce"`; `"report"` changes nothing and logs what it would change; `"off"`.
      `ALPINES_PRIVACY_MODE` in the environment overrides it when the app starts.
    - `exempt`: paths that pass untouched; `/static/*` covers everything below.
    - `endpoint`: where the layer's own pages live, below the app's mount point.
    - `trusted_proxies`: addresses or networks whose forwarding headers count, and `"unix"`.
    - `keep_logins`: under which signals the framework's own session and CSRF cookies stay, for
      the session: `"gpc"` (alone), `"always"` or `"never"`.
    - `site_preference`: offer a page where visitors choose for this site.
    - `without_signal`: how visitors without a signal are treated: `"allow"` or `"opt-out"`.
    - `debug`: tell what was removed, in a header of each page and in the log.
    - `intrusion`: where people sign in, and after how many failures they are answered 429 (policy §6).
    - `disclosure`: what the site's own process may tell other companies (policy §8).
    - `effective`: the date the policy took effect.
    - `dnt_policy`: path of EFF's dnt-policy.txt, verbatim; served at its well-known place.
    - `https`: `"require"` takes requests over https alone; `"secure-cookies"` only makes all cookies
      Secure, for a site whose proxy redirects already and does not tell the app (policy §6).
      `https_exempt` are paths that are served over http too, as to health checks.
    - `hsts`: tell browsers to use https alone; `upgrade_insecure_requests`: and for a page's parts.
    - `payments`: `"report"` card numbers and security codes that are sent to the site, or `"refuse"`
      them; `payment_callbacks` are paths that a payment gateway calls.
    - `collections`: which personal data each path takes, why, and how long it is kept; the rest is
      reported, or with `strict` refused.
    - `operator`: who runs the site; with it, the policy's page is served and linked (policy §10).
    - `changes`: the versions of the policy, each with its date and what it changed.
    - `evidence`: dated audits, updates and access reviews, for the policy's page.
    - `breach`: how the people whom a data breach affects are told.
    """

    cookies: Sequence[Cookie] = ()
    third_parties: Sequence[ThirdParty] = ()
    trackers: Trackers = Trackers()
    ad_slots: Sequence[str] = ()
    loads: Literal["listed", "declared", "report"] = "listed"
    shield: bool = True
    logs: Literal["on", "off"] | Logs = "on"
    signups: Sequence[Signup] = ()
    minimum_age: Annotated[int, Meta(ge=13)] = 13
    age_zone: str | None = None
    detect_signups: bool = True
    age_screen: AgeScreen = AgeScreen()
    passwords: Passwords | None = None
    mode: Mode = "enforce"
    exempt: Sequence[str] = ()
    endpoint: str = "/_privacy/"
    trusted_proxies: Sequence[str] = ()
    keep_logins: Literal["gpc", "always", "never"] = "gpc"
    site_preference: bool = False
    without_signal: Literal["allow", "opt-out"] = "allow"
    debug: bool = False
    intrusion: Intrusion | None = None
    disclosure: Disclosure | None = None
    effective: date | None = None
    dnt_policy: str | None = None
    https: Literal["off", "secure-cookies", "require"] = "off"
    https_exempt: Sequence[str] = ()
    hsts: Hsts | None = None
    upgrade_insecure_requests: bool = False
    payments: Literal["report", "refuse", "off"] = "report"
    payment_callbacks: Sequence[str] = ()
    collections: Sequence[Collection] = ()
    strict: bool = False
    operator: Operator | None = None
    changes: Sequence[Change] = ()
    evidence: Sequence[Evidence] = ()
    breach: Breach | None = None

    FILE: ClassVar[str] = "alpines-privacy.toml"

    def check(self) -> None:
        """Check paths, proxies, and names declared twice."""
        _refuse_repeats("cookies", "name", self.cookies)
        _refuse_repeats("third_parties", "host", self.third_parties)
        _refuse_repeats("changes", "date", self.changes)
        _refuse_contradictions(self.signups)
        if self.age_zone is not None and (problem := zone_problem(self.age_zone)):
            raise PolicyError(problem, key="age_zone")
        for index, slot in enumerate(self.ad_slots):
            if not _SLOT.fullmatch(slot):
                raise PolicyError(
                    f'{slot!r} is no ad slot; expected one class or id, as ".banner" or "#sidebar-ad"',
                    key=f"ad_slots[{index}]",
                )
        check_patterns(self.exempt, "exempt")
        check_patterns(self.https_exempt, "https_exempt")
        check_patterns(self.payment_callbacks, "payment_callbacks")
        if not re.fullmatch(r"/([A-Za-z0-9._~-]+/)+", self.endpoint):
            raise PolicyError(
                f"{self.endpoint!r} is no path of its own; expected one such as /_privacy/ that starts and ends with /",
                key="endpoint",
            )
        for index, proxy in enumerate(self.trusted_proxies):
            _check_proxy(proxy, f"trusted_proxies[{index}]")

    def cookie(self, name: str) -> Cookie | None:
        """Return the declaration that covers a cookie name: its own, else the first pattern that fits."""
        for cookie in self.cookies:
            if cookie.name == name:
                return cookie
        return next(
            (cookie for cookie in self.cookies if "*" in cookie.name and _fits(cookie.name, name)),
            None,
        )

    def may_sign_up(self, birth_date: date) -> bool:
        """Tell whether somebody born on this date is old enough today; no for an impossible date.

        Raises TypeError for what is no date.
        """
        return AgeRule(self.minimum_age, self.age_zone).may_sign_up(birth_date)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a policy file (TOML, UTF-8); raises `PolicyError` with file, line and key."""
        from alpines_privacy.policy.loading import load  # noqa: PLC0415 - only those who load need TOML

        return load(cls, path)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], *, source: str = "") -> Self:
        """Build a policy from plain data; `source` names it in the `PolicyError` of a wrong one."""
        if not isinstance(mapping, Mapping):
            found = type(mapping).__name__
            raise PolicyError(f"found {found}; expected a mapping of the policy", source=source)
        try:
            check_mapping(mapping)
            return msgspec.convert(dict(mapping), cls)
        except PolicyError as error:
            raise error.at(source=source) from None
        except msgspec.ValidationError as error:
            raise explain(error, mapping, cls).at(source=source) from None
        except UnicodeEncodeError as error:  # msgspec names what it found in UTF-8
            half = f"U+{ord(error.object[error.start]):04X}"
            raise PolicyError(
                f"a text holds {half}, half a character that no file can hold; expected whole characters",
                source=source,
            ) from None


def _folded(key: str) -> str:
    return re.sub(r"[_.\-]", "", key).lower()


def _fits(pattern: str, name: str) -> bool:
    return compile_patterns((pattern,)).fullmatch(name) is not None


def _refuse_repeats(table: str, field: str, parts: Sequence[Any]) -> None:
    first: dict[str, int] = {}
    for index, part in enumerate(parts):
        name = getattr(part, field)
        if name in first:
            raise PolicyError(
                f'"{name}" is declared twice, first as {table}[{first[name]}]',
                key=f"{table}[{index}].{field}",
            )
        first[name] = index


def _refuse_contradictions(signups: Sequence[Signup]) -> None:
    """Refuse a path that is declared twice, or that routers may take for another declared one."""
    first: dict[str, list[int]] = {}
    for index, signup in enumerate(signups):
        same = first.setdefault(expression_of(signup.path), [])
        for earlier in same:
            if problem := _contradiction(signup, signups[earlier], f"signups[{earlier}]"):
                raise PolicyError(problem, key=f"signups[{index}].path")
        same.append(index)


def _contradiction(signup: Signup, other: Signup, name: str) -> str | None:
    operations = {signup.operation, other.operation}
    if len(operations - {None}) == 2:
        return None
    if signup.path == other.path and len(operations) == 1:
        return f'"{signup.path}" is declared twice, first as {name}'
    alike = msgspec.structs.replace(other, path=signup.path, methods=signup.methods)
    if alike == signup or not set(signup.methods) & set(other.methods):
        return None
    return (
        f'"{signup.path}" and "{other.path}" ({name}) are one path to many routers, and have '
        "different rules; expected one of them"
    )


def _check_proxy(proxy: str, key: str) -> None:
    if proxy == "unix":
        return
    try:
        ipaddress.ip_network(proxy)
    except ValueError as error:
        raise PolicyError(
            f'{error}; expected an address, a network such as 10.0.0.0/8, or "unix"', key=key
        ) from None
