"""The doors to an account: a declared signup, one that a word gave away, and the age screen's form.

Each meets a request that stands before it: lets it pass, answers it, or asks for its body. What
is refused the app never sees.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar
from urllib.parse import quote

from alpines_privacy.http.body import ANY, Names, names_within, read_fields
from alpines_privacy.http.content_type import Unreadable, UnsupportedType
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.events import Reason, announce
from alpines_privacy.http.heads import Field, RequestHead
from alpines_privacy.http.loose_body import readings
from alpines_privacy.http.outcomes import Answer, Examine, whole_body
from alpines_privacy.http.own_page import is_from_here, wants_problem, way_home
from alpines_privacy.http.percent import decoded
from alpines_privacy.policy import Signup
from alpines_privacy.policy.age import AgeRule, read_parts
from alpines_privacy.signups.detection import Finding, is_of_a_birth, weigh
from alpines_privacy.signups.graphql import operation_of
from alpines_privacy.signups.pages import Pages
from alpines_privacy.signups.reading import (
    AskedAge,
    check_length,
    content_length,
    content_type,
    has_body,
    may_create,
    stands_for,
)
from alpines_privacy.signups.routes import Routes
from alpines_privacy.signups.tokens import Tokens

__all__ = ["Door", "OperationsDoor", "Porter", "ScreenForm", "SignupDoor", "UndeclaredDoor"]

_SHOWS = frozenset({"GET", "HEAD"})
_SMALL = 65536  # bytes of a form that is looked at though nobody declared it
_LARGEST_ANSWER = 8192  # bytes of the screen's form: three numbers and a path
_QUERY = re.compile(r"[!-~]{0,2048}")  # what fits the form, each character written as three
_SAFE = "/:@!$&'()*+,;=~"  # of a path (RFC 3986 §3.3), beside what `quote` leaves anyway

_SCREEN_FIELDS = Names(("year", "month", "day", "to"))
_IN_QUERY = Names(("query",))  # where a document makes any GraphQL request another
_IN_SIGNUPS_QUERY = Names(("query", "variables", "operationName"))
_SCREEN = "age screen"  # its name where the page it stood before is not known
_UNREADABLE = "A signup at %s was refused, because %s."
_UNCERTAIN = (
    'What was sent to a path that ends in "%s" may be a signup with %s, and was let through. Declare '
    'it in the policy, signups=[Signup("/…", birth_date="…")], or set detect_signups=False.'
)


class Porter:
    """What all doors share: who is old enough, the cookies, the pages, and where the screens stand."""

    __slots__ = ("endpoint", "pages", "rule", "screens", "tokens")

    def __init__(self, rule: AgeRule, tokens: Tokens, pages: Pages, endpoint: str) -> None:
        self.rule = rule
        self.tokens = tokens
        self.pages = pages
        self.endpoint = endpoint
        self.screens: Routes[str] = Routes([])

    def refuse(self, context: RequestContext, route: str, reason: Reason) -> Answer:
        """Refuse somebody under age, which locks, or somebody locked out."""
        announce(context, route, reason)
        if reason == "under_age":
            return self.pages.locking(context)
        return self.pages.answer("refused", context)

    def unreadable(
        self, context: RequestContext, route: str, why: Unreadable, names: Sequence[str] = ()
    ) -> Answer:
        """Refuse what cannot be read for sure: it is never an adult's. `names` are the age's fields."""
        context.guard.notices.once(_UNREADABLE, route, str(why))
        announce(context, route, "unreadable")
        is_type = isinstance(why, UnsupportedType)
        return self.pages.answer("unsupported" if is_type else "unreadable", context, names)


class Door(ABC):
    """Where an account is created, or the way there, by requests of these `methods`, or of any that may create."""

    __slots__ = ("methods", "porter", "route")
    is_declared: ClassVar[bool] = True

    def __init__(self, porter: Porter, route: str, methods: frozenset[str]) -> None:
        self.porter = porter
        self.route = route
        self.methods = methods

    @abstractmethod
    def meet(self, context: RequestContext, request: RequestHead) -> Answer | Examine | None:
        """Let a request pass (None), answer it, or ask for its body."""

    def meet_astray(self, context: RequestContext, request: RequestHead) -> Answer | Examine | None:
        """Meet a request whose path leads here by one reading of several."""
        return self.meet(context, request)

    def stuck(self, context: RequestContext) -> Answer | None:
        """Answer a request that could not be judged by a defect of ours: it stays closed."""
        return self.porter.pages.answer("unreadable", context)


class SignupDoor(Door):
    """A signup the policy declares."""

    __slots__ = ("_age", "_creates", "_max_body", "_screen")

    def __init__(self, porter: Porter, signup: Signup) -> None:
        self._creates = frozenset(signup.methods)  # others may, as far as they give an age
        shown = _SHOWS if signup.screen else frozenset()
        super().__init__(porter, signup.path, self._creates | shown)
        self._screen = signup.screen
        self._max_body = signup.max_body
        self._age = AskedAge(signup, porter.rule) if signup.fields else None

    def meet(self, context: RequestContext, request: RequestHead) -> Answer | Examine | None:
        """Judge the lock, then the screen's pass, then the body."""
        porter, creates = self.porter, stands_for(request, self._creates)
        is_declared = creates or stands_for(request, self.methods)
        if is_declared and porter.tokens.is_locked(request):
            return porter.refuse(context, self.route, "locked")
        may_create_here = is_declared or has_body(request)
        if self._screen and may_create_here and not porter.tokens.has_passed(request):
            return self._ask_first(context, request)
        if self._age is None:
            return None
        if not (creates or may_create(request)):
            return self._decide_query(context, request, self._age)
        decide = self._decide if creates else self._decide_other
        return self._examine(context, request, partial(decide, context, request, self._age))

    def _decide_query(
        self, context: RequestContext, request: RequestHead, age: AskedAge
    ) -> Answer | None:
        """Judge a request without a body, which gives an age at most in its query."""
        if not age.is_in_query(request):
            return None
        if self.porter.tokens.is_locked(request):
            return self.porter.refuse(context, self.route, "locked")
        try:
            allowed = age.allows_query(request)
        except Unreadable as error:
            return self.porter.unreadable(context, self.route, error, age.names)
        if allowed:
            return None
        announce(
            context, self.route, "under_age"
        )  # without the lock: a link or an image asks for such a page
        return self.porter.pages.answer("refused", context)

    def meet_astray(self, context: RequestContext, request: RequestHead) -> Answer | Examine | None:
        """Refuse who would create an account by a path that not every router reads alike."""
        if not stands_for(request, self._creates):
            return self.meet(context, request)
        why = Unreadable("its path can be read in more than one way")
        return self.porter.unreadable(context, self.route, why)

    def _examine(
        self,
        context: RequestContext,
        request: RequestHead,
        decide: Callable[[int, bytes], Answer | None],
    ) -> Answer | Examine:
        too_large = partial(self.porter.pages.answer, "too_large", context)
        if (length := content_length(request)) > self._max_body:
            return too_large()
        return Examine(self._max_body, whole_body(partial(decide, length)), beyond=too_large)

    def _decide(
        self, context: RequestContext, request: RequestHead, age: AskedAge, length: int, body: bytes
    ) -> Answer | None:
        try:
            check_length(request, length, body)
            allowed = age.allows(request, body)
        except Unreadable as error:
            return self.porter.unreadable(context, self.route, error, age.names)
        return None if allowed else self.porter.refuse(context, self.route, "under_age")

    def _decide_other(
        self, context: RequestContext, request: RequestHead, age: AskedAge, length: int, body: bytes
    ) -> Answer | None:
        """Judge a request of a method that nobody declared: without an age it is no signup."""
        try:
            check_length(request, length, body)
            if not body:
                return self._decide_query(context, request, age)
            if not age.is_given(request, body):
                return None
        except Unreadable as error:
            return self.porter.unreadable(context, self.route, error, age.names)
        if self.porter.tokens.is_locked(request):
            return self.porter.refuse(context, self.route, "locked")
        return self._decide(context, request, age, length, body)

    def _ask_first(self, context: RequestContext, request: RequestHead) -> Answer:
        """Show the screen in place of the page, or lead there who sends the form without it."""
        pages = self.porter.pages
        if wants_problem(request):
            return pages.answer("unasked", context)
        query = f"?{request.query}" if request.query and _QUERY.fullmatch(request.query) else ""
        path = request.local_path
        if request.method.upper() in _SHOWS:
            action = way_home(path).removeprefix("./") + self.porter.endpoint[1:] + "age"
            return pages.screen(action, quote(path, safe=_SAFE) + query)
        return _redirect("./" + quote(path.rpartition("/")[2], safe=_SAFE) + query)


class OperationsDoor(Door):
    """A GraphQL API's path, at which the policy declares operations that sign somebody up."""

    __slots__ = ("_ages", "_max_body")

    def __init__(self, porter: Porter, signups: Sequence[Signup]) -> None:
        """`signups` are those of one path, each with its operation."""
        methods = frozenset(method for signup in signups for method in signup.methods)
        super().__init__(porter, signups[0].path, methods)
        self._max_body = max(signup.max_body for signup in signups)
        self._ages = {str(s.operation): AskedAge(s, porter.rule, "variables.") for s in signups}

    def meet(self, context: RequestContext, request: RequestHead) -> Answer | Examine | None:
        """Ask for the body, which alone tells the operation."""
        if not (stands_for(request, self.methods) or may_create(request)):
            return None
        too_large = partial(self.porter.pages.answer, "too_large", context)
        if (length := content_length(request)) > self._max_body:
            return too_large()
        judge = whole_body(partial(self._decide, context, request, length))
        return Examine(self._max_body, judge, beyond=too_large)

    def meet_astray(self, context: RequestContext, request: RequestHead) -> Answer | Examine | None:
        """Refuse a path that not every router reads alike."""
        if not stands_for(request, self.methods):
            return self.meet(context, request)
        why = Unreadable("its path can be read in more than one way")
        return self.porter.unreadable(context, self.route, why)

    def _decide(
        self, context: RequestContext, request: RequestHead, length: int, body: bytes
    ) -> Answer | None:
        porter = self.porter
        names: Sequence[str] = ()
        if not (body or stands_for(request, self.methods)):
            return None
        try:
            check_length(request, length, body)
            operation = self._operation(request, body)
            if operation is None:
                return None
            if porter.tokens.is_locked(request):
                return porter.refuse(context, self.route, "locked")
            names = self._ages[operation].names
            allowed = self._ages[operation].allows(request, body)
        except Unreadable as error:
            return porter.unreadable(context, self.route, error, names)
        return None if allowed else porter.refuse(context, self.route, "under_age")

    def _operation(self, request: RequestHead, body: bytes) -> str | None:
        """Return the declared operation that is asked for; some servers look into the query first."""
        operation = operation_of(content_type(request), body, self._ages.keys())
        names = _IN_QUERY if operation is None else _IN_SIGNUPS_QUERY
        if request.query and names.stand_in(request.query):
            raise Unreadable("the GraphQL request stands in the query too")
        return operation


class UndeclaredDoor(Door):
    """A path whose last word is one that signups have; what is sent there decides."""

    __slots__ = ()
    is_declared = False

    def __init__(self, porter: Porter, word: str) -> None:
        super().__init__(porter, word, frozenset({"POST"}))

    def meet(self, context: RequestContext, request: RequestHead) -> Answer | Examine | None:
        """Look at a small body, of whatever type; a larger one passes by untouched."""
        if not may_create(request) or content_length(request) > _SMALL:
            return None
        return Examine(_SMALL, whole_body(partial(self._decide, context, request)))

    def stuck(self, context: RequestContext) -> Answer | None:
        """Let pass what nobody declared a signup."""
        del context
        return None

    def _decide(self, context: RequestContext, request: RequestHead, body: bytes) -> Answer | None:
        finding, doubt = self._weighed(request, body)
        if finding is Finding.NO_SIGNUP:
            return None
        if finding is not Finding.NO_PASSWORD:
            # A parent may sit at the browser that refused the child.
            may_be_locked = finding is not Finding.SOMEBODY_ELSE or doubt is not None
            if may_be_locked and self.porter.tokens.is_locked(request):
                return self.porter.refuse(context, self.route, "locked")
            if doubt is not None:
                return self.porter.unreadable(context, self.route, doubt)
            if finding is Finding.UNDER_AGE:
                return self.porter.refuse(context, self.route, "under_age")
        if finding is not Finding.OLD_ENOUGH:
            context.guard.notices.once(_UNCERTAIN, self.route, finding.value)
        return None

    def _weighed(self, request: RequestHead, body: bytes) -> tuple[Finding, Unreadable | None]:
        """Return what a body shows, and why some may read it otherwise: then by the reading that shows most."""
        rule = self.porter.rule
        finding = Finding.NO_SIGNUP
        try:
            kind = content_type(request)
            finding = weigh(read_fields(kind, body), rule)
            if not any(map(is_of_a_birth, names_within(kind, body, ANY))):
                return finding, None
            why = Unreadable("a birth date stands within another field's value")
        except Unreadable as error:
            why = error
        findings = (finding, *(weigh(fields, rule) for fields in readings(body)))
        return max(findings, key=_shows), why


def _shows(finding: Finding) -> int:
    """Tell how much of a signup a reading shows: no birth date, one without a password, both."""
    return (Finding.NO_SIGNUP, Finding.NO_PASSWORD, finding).index(finding)


class ScreenForm(Door):
    """The layer's own page that takes the age screen's form, and leads back to the signup."""

    __slots__ = ("_home",)

    def __init__(self, porter: Porter) -> None:
        super().__init__(porter, _SCREEN, _SHOWS | {"POST"})
        self._home = way_home(porter.endpoint)

    def meet(self, context: RequestContext, request: RequestHead) -> Answer | Examine | None:
        """Take the form from a page of this origin; who only looks in is led home."""
        pages = self.porter.pages
        if request.method.upper() in _SHOWS:
            return _redirect(self._home)
        if not is_from_here(request, context.client):
            return pages.answer("unasked", context)
        if self.porter.tokens.is_locked(request):
            return self.porter.refuse(context, self.route, "locked")
        judge = whole_body(partial(self._decide, context, request))
        return Examine(_LARGEST_ANSWER, judge, beyond=pages.answer("too_large", context))

    def _decide(self, context: RequestContext, request: RequestHead, body: bytes) -> Answer:
        try:
            fields = list(read_fields(content_type(request), body, _SCREEN_FIELDS))
        except Unreadable as error:
            return self.porter.unreadable(context, self.route, error)
        route, to, location = self._way_back(request, fields)
        typed = {name: _only(name, fields) or "" for name in ("year", "month", "day")}
        allowed = self._allows(typed)
        if allowed is None:
            announce(context, route, "unreadable")
            return self.porter.pages.screen("age", to, typed)
        if not allowed:
            return self.porter.refuse(context, route, "under_age")
        cookie = self.porter.tokens.passes(https=context.client.https)
        return _redirect(location, ("set-cookie", cookie))

    def _allows(self, typed: Mapping[str, str]) -> bool | None:
        birth = read_parts(typed["year"], typed["month"], typed["day"])
        return None if birth is None else self.porter.rule.allows(birth)

    def _way_back(
        self, request: RequestHead, fields: list[tuple[str, str]]
    ) -> tuple[str, str, str]:
        """Return the signup that `to` leads to: its route, `to` itself, and where it is from here.

        Only to a page that has a screen, so that the form redirects nowhere else.
        """
        path, mark, query = (_only("to", fields) or "").partition("?")
        path = decoded(path)
        routes = self.porter.screens.below(request, path)
        if not routes:
            return self.route, "", self._home
        if not _QUERY.fullmatch(query):
            mark = query = ""
        relative = quote(path.lstrip("/"), safe=_SAFE) + mark + query
        return routes[0], "/" + relative, self._home + relative


def _only(name: str, fields: list[tuple[str, str]]) -> str | None:
    values = [value for field, value in fields if field == name]
    return values[0] if len(values) == 1 else None


def _redirect(location: str, *more: Field) -> Answer:
    return Answer(303, [("location", location), ("cache-control", "no-store"), *more])
