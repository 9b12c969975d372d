"""A visitor played by hypothesis: any order of visits, signals, logins and signups, and what has to hold after each.

class Shop(VisitorMachine):
    policy = POLICY
    paths = ("/", "/cart")

    def app(self):
        return protect(create_app(), POLICY)

TestShop = Shop.TestCase
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urljoin, urlsplit

try:
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
except ModuleNotFoundError as error:
    if error.name != "hypothesis":
        raise
    raise ModuleNotFoundError(
        "alpines_privacy.testing.machine needs hypothesis: pip install 'alpines-privacy[testing]'",
        name="hypothesis",
    ) from None

from alpines_privacy.http.report import DEFECT, logger
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.policy.age import AgeRule
from alpines_privacy.policy.parts import Signup
from alpines_privacy.testing.client import Visitor
from alpines_privacy.testing.exchange import Exchange, breaches
from alpines_privacy.testing.response import Response
from alpines_privacy.testing.strategies import (
    Signal,
    birth_dates,
    is_old_enough,
    signals,
    signup_bodies,
)

__all__ = ["Form", "VisitorMachine"]

_LINK = re.compile(rb"""<a\s[^<>]*?href\s*+=\s*+["']?+([^"'\s<>]++)""", re.IGNORECASE)
_PARAMETER = re.compile(r"\{[^{}]*\}")
_SCREEN = "age"  # the path of the age screen's form, below the policy's endpoint


class Form(NamedTuple):
    """A form that a visitor sends: its path and its fields."""

    path: str
    fields: Mapping[str, str]


class _Entered(NamedTuple):
    """A birth date or an age that a visitor entered: too young at the time, old enough, or None at all."""

    old_enough: bool | None


class VisitorMachine(RuleBasedStateMachine):
    """Plays a visitor against `app()`, and fails with the steps that led there when the policy is broken.

    A subclass sets what the app has; `TestShop = Shop.TestCase` is the test.

    - `app()` makes a fresh WSGI or ASGI app, wrapped as in production.
    - `policy`: what it is wrapped with. `paths`: where the visitor begins; links lead on.
    - `login`: the form by which people sign in. `logout`: the path that is posted to sign out.
    - `forms`: by a signup's path as the policy has it, the fields of its form without the birth date.
    - `logins`: names of session cookies that are not the framework's default.
    - `births()`: the birth dates of all accounts, for an app that keeps them.

    After each step these hold: no cookie under a signal but necessary ones, and under GPC logins
    (§11); no listed tracker in a page's markup (§12); nobody under age has signed up, and who was
    refused is refused until the cookies are cleared (§13); `Vary` where responses may differ; and
    neither the layer nor the app raises.
    """

    policy: ClassVar[PrivacyPolicy] = PrivacyPolicy()
    paths: ClassVar[Sequence[str]] = ("/",)
    login: ClassVar[Form | None] = None
    logout: ClassVar[str | None] = None
    forms: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    logins: ClassVar[Sequence[str]] = ()
    base_url: ClassVar[str] = "https://testserver"

    def __init__(self) -> None:
        super().__init__()
        self._defects = _Defects()
        logger.addFilter(self._defects)
        self.visitor = Visitor(self.app(), base_url=self.base_url)
        self.visitor.__enter__()
        self._seen: list[Response] = []
        self._links: list[str] = []
        self._refused = self._asked = False

    def app(self) -> Any:
        """Return a fresh app, wrapped as in production."""
        raise NotImplementedError(f"{type(self).__name__} makes no app; define app()")

    def births(self) -> Iterable[date]:
        """Return the birth dates of all accounts; without any, only responses are judged."""
        return ()

    def teardown(self) -> None:
        """End the app."""
        logger.removeFilter(self._defects)
        self.visitor.close()

    # -- What a visitor does

    @rule(signal=signals())
    def switch_signals(self, signal: Signal) -> None:
        """Switch signals on or off, from the next request on."""
        self.visitor.dnt, self.visitor.gpc = signal

    @rule(number=st.integers(0, 20), method=st.sampled_from(["GET", "GET", "GET", "HEAD"]))
    def visit(self, number: int, method: str) -> None:
        """Open one of `paths`."""
        self._request(method, self.paths[number % len(self.paths)])

    @precondition(lambda self: self._links)
    @rule(number=st.integers(0, 50))
    def follow_link(self, number: int) -> None:
        """Follow a link of the last page within the site."""
        self._request("GET", self._links[number % len(self._links)])

    @precondition(lambda self: self._seen)
    @rule(revalidates=st.booleans())
    def go_back(self, revalidates: bool) -> None:  # noqa: FBT001 - drawn
        """Ask for the page before again, as a browser does with what it has kept."""
        before = self._seen[-2:][0]
        known = {"etag": "if-none-match", "last-modified": "if-modified-since"}
        fields = {
            sent: before.headers[name] for name, sent in known.items() if name in before.headers
        }
        self._request("GET", str(before.url), headers=fields if revalidates else {})

    @precondition(lambda self: self.login is not None)
    @rule(wrong=st.booleans())
    def log_in(self, wrong: bool) -> None:  # noqa: FBT001 - drawn
        """Sign in, or try to with fields of which the last one is wrong."""
        assert self.login is not None  # the precondition
        fields = dict(self.login.fields)
        if wrong:
            fields[list(fields)[-1]] += "x"
        self._request("POST", self.login.path, data=fields)

    @precondition(lambda self: self.logout is not None)
    @rule()
    def log_out(self) -> None:
        """Sign out."""
        self._request("POST", str(self.logout))

    @rule()
    def clear_cookies(self) -> None:
        """Clear the cookies; with them goes what a refused browser is known by."""
        self.visitor.cookies.clear()
        self._refused = self._asked = False

    @precondition(lambda self: self._signups)
    @rule(data=st.data())
    def sign_up(self, data: st.DataObject) -> None:
        """Send a signup: an adult's, a child's, or one without a birth date."""
        signup = data.draw(st.sampled_from(self._signups))
        method = data.draw(st.sampled_from(sorted(signup.methods)))
        content_type, content, entered = self._draw_body(data, signup)
        path = _PARAMETER.sub("x", signup.path)
        fields = {"content-type": content_type}
        response = self._request(method, path, content=content, headers=fields)
        is_admitted = _is_admitted(response, path)
        assert not (is_admitted and entered.old_enough is False), (
            f"{path} took a child's account (§13)"
        )
        assert not (is_admitted and self._refused), (
            f"{path} took an account from a browser that was refused before (§13)"
        )
        is_known = entered.old_enough is not None if signup.fields else self._asked
        assert not is_admitted or is_known, f"{path} took an account without asking the age (§13)"
        self._refused |= entered.old_enough is False

    @precondition(lambda self: any(signup.screen for signup in self.policy.signups))
    @rule(data=st.data())
    def answer_age_screen(self, data: st.DataObject) -> None:
        """Enter a birth date at the age screen."""
        birth = data.draw(birth_dates(self._today(), self.policy.minimum_age))
        to = next(signup.path for signup in self.policy.signups if signup.screen)
        year, month, day = birth.isoformat().split("-")
        entered = self._entered(birth)
        answer = {"year": year, "month": month, "day": day, "to": _PARAMETER.sub("x", to)}
        self._request("POST", self.policy.endpoint + _SCREEN, data=answer)
        self._asked |= entered.old_enough is True and not self._refused
        self._refused |= entered.old_enough is False

    # -- What has to hold

    @invariant()
    def nobody_is_under_age(self) -> None:
        """No account is a child's, by the birth dates that the app keeps."""
        today = self._today()
        young = [b for b in self.births() if not is_old_enough(b, today, self.policy.minimum_age)]
        assert not young, f"{len(young)} accounts belong to children (§13)"

    @invariant()
    def the_layer_has_no_defect(self) -> None:
        """No exception was raised within the layer, and none was caught there."""
        assert not self._defects.messages, self._defects.messages[0]

    @property
    def _signups(self) -> list[Signup]:
        return [signup for signup in self.policy.signups if signup.operation is None]

    def _request(self, method: str, path: str, **options: Any) -> Response:
        """Send a request, and judge the response."""
        response = self.visitor.request(method, path, **options)
        self.the_layer_has_no_defect()
        found = breaches(self.policy, _exchange(response), logins=self.logins)
        assert not found, f"{method} {response.url.path}: " + "; ".join(found)
        if method == "GET":
            self._seen.append(response)
            self._links = _links_of(response)
        return response

    def _today(self) -> date:
        return AgeRule(self.policy.minimum_age, self.policy.age_zone).today()

    def _entered(self, birth: date) -> _Entered:
        return _Entered(is_old_enough(birth, self._today(), self.policy.minimum_age))

    def _draw_body(self, data: st.DataObject, signup: Signup) -> tuple[str, bytes, _Entered]:
        least = self.policy.minimum_age
        fields = self.forms.get(signup.path, {})
        if signup.age is not None:
            age = data.draw(st.integers(least - 2, least + 2) | st.integers(0, 110))
            births: st.SearchStrategy[date] = st.nothing()
            drawn = data.draw(signup_bodies((), births, fields={**fields, signup.age: str(age)}))
            return drawn.content_type, drawn.content, _Entered(age >= least)
        drawn = data.draw(
            signup_bodies(signup.fields, birth_dates(self._today(), least), fields=fields)
        )
        if drawn.birth is None or not signup.fields:
            return drawn.content_type, drawn.content, _Entered(None)
        return drawn.content_type, drawn.content, self._entered(drawn.birth)


class _Defects(logging.Filter):
    """Keeps what the layer logs of its own defects."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        if DEFECT in str(record.msg):
            self.messages.append(record.getMessage())
        return True


def _exchange(response: Response) -> Exchange:
    request = response.request
    return Exchange(
        request.method,
        str(response.url),
        request.headers.multi_items(),
        response.status_code,
        response.fields,
        response.content,
    )


def _is_admitted(response: Response, path: str) -> bool:
    """Whether the app took the signup: it answers well, or leads elsewhere than back to the form."""
    if response.status_code < 300:
        return True
    to = urlsplit(urljoin(str(response.url), response.headers.get("location", path))).path
    return response.status_code < 400 and to != path


def _links_of(response: Response) -> list[str]:
    """Return the links of a page that stay within the site."""
    if "html" not in response.headers.get("content-type", ""):
        return []
    host = urlsplit(str(response.url)).netloc
    found = [
        urljoin(str(response.url), link.decode("utf-8", "replace").replace("&amp;", "&"))
        for link in _LINK.findall(response.content)
    ]
    return sorted(
        {url for url in found if urlsplit(url)[:2] == (urlsplit(str(response.url)).scheme, host)}
    )
