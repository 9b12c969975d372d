"""Handlers of signup requests: declared ones, undeclared ones, GraphQL operations, the age screen's form.

A handler lets a request pass, answers it, or asks for its body. The app never sees what is refused.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import ClassVar
from urllib.parse import quote

from alpines_privacy.http.body import ANY, Fields, Names, names_within, read_fields
from alpines_privacy.http.content_type import (
    ContentType,
    Unreadable,
    UnsupportedType,
    content_type_of,
)
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.events import Reason, announce
from alpines_privacy.http.heads import Field, RequestHead
from alpines_privacy.http.loose_body import find_fields, pairs
from alpines_privacy.http.methods import has_method
from alpines_privacy.http.outcomes import Answer, Examine, whole_body
from alpines_privacy.http.own_page import is_from_here, wants_problem, way_home
from alpines_privacy.http.percent import decoded
from alpines_privacy.http.route_shapes import shape_of
from alpines_privacy.http.routes import Routes
from alpines_privacy.http.submission import content_length
from alpines_privacy.policy import Signup
from alpines_privacy.policy.age import AgeRule, read_parts
from alpines_privacy.signups.detection import Finding, classify
from alpines_privacy.signups.graphql import operation_of
from alpines_privacy.signups.names import NameKind, kind_of
from alpines_privacy.signups.nested import with_nested
from alpines_privacy.signups.occurrence import may_be_signup
from alpines_privacy.signups.pages import Pages
from alpines_privacy.signups.reading import (
    FORM,
    AskedAge,
    check_length,
    has_body,
    may_create,
)
from alpines_privacy.signups.tokens import Tokens

__all__ = [
    "Handler",
    "OperationsHandler",
    "ScreenForm",
    "SignupContext",
    "SignupHandler",
    "UndeclaredHandler",
]

_SHOWS = frozenset({"GET", "HEAD"})
_SMALL = 65536  # bytes of an undeclared form that is read
_LARGEST_ANSWER = 8192  # bytes of the screen's form: three numbers and a path
_QUERY = re.compile(r"[!-~]{0,2048}")  # fits the form even with each character percent-encoded
_SAFE = "/:@!$&'()*+,;=~"  # of a path (RFC 3986 §3.3), beside what `quote` leaves anyway

_SCREEN_FIELDS = Names(("year", "month", "day", "to"))
_IN_QUERY = Names(("query",))  # a document in the query replaces that of any GraphQL request
_IN_SIGNUPS_QUERY = Names(("query", "variables", "operationName"))
_SCREEN = "age screen"  # the route in events where the signup is not known
_UNREADABLE = "A signup at %s was refused, because %s."
_UNCERTAIN = (
    'What was sent to a path that ends in "%s" may be a signup with %s, and was let through. Declare '
    'it in the policy, signups=[Signup("/…", birth_date="…")], or set detect_signups=False.'
)
# What a birth date's own field may mean, in the note of a signup that was seen.
_OF_BIRTHS = frozenset({NameKind.DATE, NameKind.BIRTHDAY, NameKind.YEAR})


class SignupContext:
    """What all handlers share: the age rule, the cookies, the pages, and the paths with an age screen."""

    __slots__ = ("endpoint", "pages", "rule", "screens", "tokens")

    def __init__(self, rule: AgeRule, tokens: Tokens, pages: Pages, endpoint: str) -> None:
        self.rule = rule
        self.tokens = tokens
        self.pages = pages
        self.endpoint = endpoint
        self.screens: Routes[str] = Routes([])

    def refuse(self, context: RequestContext, route: str, reason: Reason) -> Answer:
        """Refuse a visitor under age, and lock the browser, or refuse a locked browser."""
        announce(context, route, reason)
        if reason == "under_age":
            return self.pages.locking(context)
        return self.pages.answer("refused", context)

    def refuse_unreadable(
        self, context: RequestContext, route: str, why: Unreadable, names: Sequence[str] = ()
    ) -> Answer:
        """Refuse a request whose age cannot be read beyond doubt. `names` are the age's fields."""
        context.runtime.notices.once(_UNREADABLE, route, str(why))
        announce(context, route, "unreadable")
        is_type = isinstance(why, UnsupportedType)
        return self.pages.answer("unsupported" if is_type else "unreadable", context, names)


class Handler(ABC):
    """Handles the requests for one route, of these `methods` or of any other that may create an account."""

    __slots__ = ("methods", "route", "shared")
    is_declared: ClassVar[bool] = True

    def __init__(self, shared: SignupContext, route: str, methods: frozenset[str]) -> None:
        self.shared = shared
        self.route = route
        self.methods = methods

    @abstractmethod
    def handle(self, context: RequestContext, request: RequestHead) -> Answer | Examine | None:
        """Let a request pass (None), answer it, or ask for its body."""

    def handle_reduced(
        self, context: RequestContext, request: RequestHead
    ) -> Answer | Examine | None:
        """Handle a request whose path leads here only in a reduced form."""
        return self.handle(context, request)

    def failed(self, context: RequestContext) -> Answer | None:
        """Answer a request after a defect of ours: refuse it (fail closed)."""
        return self.shared.pages.answer("unreadable", context)


class DeclaredHandler(Handler):
    """Handles a path that the policy declares; `signups` share it.

    Their methods create an account; others may, as far as they give an age.
    """

    __slots__ = ("_creates", "_max_body")

    def __init__(
        self, shared: SignupContext, signups: Sequence[Signup], shown: frozenset[str] = frozenset()
    ) -> None:
        self._creates = frozenset(method for signup in signups for method in signup.methods)
        self._max_body = max(signup.max_body for signup in signups)
        super().__init__(shared, signups[0].path, self._creates | shown)

    def handle_reduced(
        self, context: RequestContext, request: RequestHead
    ) -> Answer | Examine | None:
        """Refuse to create an account at a path that routers read in different ways."""
        if not has_method(request, self._creates):
            return self.handle(context, request)
        why = Unreadable("its path can be read in more than one way")
        return self.shared.refuse_unreadable(context, self.route, why)

    def _examine(
        self,
        context: RequestContext,
        request: RequestHead,
        decide: Callable[[int, bytes], Answer | None],
    ) -> Answer | Examine:
        too_large = partial(self.shared.pages.answer, "too_large", context)
        if (length := content_length(request)) > self._max_body:
            return too_large()
        return Examine(self._max_body, whole_body(partial(decide, length)), beyond=too_large)


class SignupHandler(DeclaredHandler):
    """A signup the policy declares."""

    __slots__ = ("_age", "_screen")

    def __init__(self, shared: SignupContext, signup: Signup) -> None:
        super().__init__(shared, [signup], _SHOWS if signup.screen else frozenset())
        self._screen = signup.screen
        self._age = AskedAge(signup, shared.rule) if signup.fields else None

    def handle(self, context: RequestContext, request: RequestHead) -> Answer | Examine | None:
        """Check the lock, then the age screen's pass, then the body."""
        shared, creates = self.shared, has_method(request, self._creates)
        is_declared = creates or has_method(request, self.methods)
        if is_declared and shared.tokens.is_locked(request):
            return shared.refuse(context, self.route, "locked")
        may_create_here = is_declared or has_body(request)
        if self._screen and may_create_here and not shared.tokens.has_passed(request):
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
        """Decide over a request without a body, which can hold an age only in its query."""
        if not age.is_in_query(request):
            return None
        if self.shared.tokens.is_locked(request):
            return self.shared.refuse(context, self.route, "locked")
        try:
            allowed = age.allows_query(request)
        except Unreadable as error:
            return self.shared.refuse_unreadable(context, self.route, error, age.names)
        if allowed:
            return None
        # Without the lock: a link or an image can request such a page.
        announce(context, self.route, "under_age")
        return self.shared.pages.answer("refused", context)

    def _decide(
        self, context: RequestContext, request: RequestHead, age: AskedAge, length: int, body: bytes
    ) -> Answer | None:
        try:
            check_length(request, length, body)
            allowed = age.allows(request, body)
        except Unreadable as error:
            return self.shared.refuse_unreadable(context, self.route, error, age.names)
        return None if allowed else self.shared.refuse(context, self.route, "under_age")

    def _decide_other(
        self, context: RequestContext, request: RequestHead, age: AskedAge, length: int, body: bytes
    ) -> Answer | None:
        """Decide over a request with an undeclared method: without an age it is no signup."""
        try:
            check_length(request, length, body)
            if not body:
                return self._decide_query(context, request, age)
            if not age.is_given(request, body):
                return None
        except Unreadable as error:
            return self.shared.refuse_unreadable(context, self.route, error, age.names)
        if self.shared.tokens.is_locked(request):
            return self.shared.refuse(context, self.route, "locked")
        return self._decide(context, request, age, length, body)

    def _ask_first(self, context: RequestContext, request: RequestHead) -> Answer:
        """Show the age screen in place of the page, or redirect there from the signup form."""
        pages = self.shared.pages
        if wants_problem(request):
            return pages.answer("unasked", context)
        query = f"?{request.query}" if request.query and _QUERY.fullmatch(request.query) else ""
        path = request.local_path
        if request.method.upper() in _SHOWS:
            action = way_home(path).removeprefix("./") + self.shared.endpoint[1:] + "age"
            return pages.screen(action, quote(path, safe=_SAFE) + query)
        return _redirect("./" + quote(path.rpartition("/")[2], safe=_SAFE) + query)


class OperationsHandler(DeclaredHandler):
    """Handles a GraphQL API's path whose signup operations the policy declares."""

    __slots__ = ("_ages",)

    def __init__(self, shared: SignupContext, signups: Sequence[Signup]) -> None:
        """`signups` share one path; each has an operation."""
        super().__init__(shared, signups)
        self._ages = {str(s.operation): AskedAge(s, shared.rule, "variables.") for s in signups}

    def handle(self, context: RequestContext, request: RequestHead) -> Answer | Examine | None:
        """Ask for the body: only the body tells the operation."""
        if not (has_method(request, self.methods) or may_create(request)):
            return None
        return self._examine(context, request, partial(self._decide, context, request))

    def _decide(
        self, context: RequestContext, request: RequestHead, length: int, body: bytes
    ) -> Answer | None:
        shared = self.shared
        names: Sequence[str] = ()
        if not (body or has_method(request, self.methods)):
            return None
        try:
            check_length(request, length, body)
            operation = self._operation(request, body)
            if operation is None:
                return None
            if shared.tokens.is_locked(request):
                return shared.refuse(context, self.route, "locked")
            names = self._ages[operation].names
            allowed = self._ages[operation].allows(request, body)
        except Unreadable as error:
            return shared.refuse_unreadable(context, self.route, error, names)
        return None if allowed else shared.refuse(context, self.route, "under_age")

    def _operation(self, request: RequestHead, body: bytes) -> str | None:
        """Return the declared operation the request asks for. Raises `Unreadable` for one in the query too."""
        operation = operation_of(content_type_of(request), body, self._ages.keys())
        names = _IN_QUERY if operation is None else _IN_SIGNUPS_QUERY
        if request.query and names.occur_in_query(request.query):
            raise Unreadable("the GraphQL request stands in the query too")
        return operation


class UndeclaredHandler(Handler):
    """Handles an undeclared path whose last segment is a signup word; the body decides."""

    __slots__ = ()
    is_declared = False

    def __init__(self, shared: SignupContext, word: str) -> None:
        super().__init__(shared, word, frozenset({"POST"}))

    def handle(self, context: RequestContext, request: RequestHead) -> Answer | Examine | None:
        """Ask for a small body of any type; let a larger one pass."""
        if not may_create(request) or (length := content_length(request)) > _SMALL:
            return None
        return Examine(_SMALL, whole_body(partial(self._decide, context, request, length)))

    def failed(self, context: RequestContext) -> Answer | None:
        """Let the request pass: nobody declared a signup here (fail open)."""
        del context
        return None

    def _decide(
        self, context: RequestContext, request: RequestHead, length: int, body: bytes
    ) -> Answer | None:
        finding, doubt = self._classified(request, length, body)
        if finding is Finding.NO_SIGNUP:
            return None
        if finding is not Finding.NO_PASSWORD:
            self._note(context, request, body)
            # A parent may use the browser that refused the child.
            may_be_locked = finding is not Finding.SOMEBODY_ELSE or doubt is not None
            if may_be_locked and self.shared.tokens.is_locked(request):
                return self.shared.refuse(context, self.route, "locked")
            if doubt is not None:
                return self.shared.refuse_unreadable(context, self.route, doubt)
            if finding is Finding.UNDER_AGE:
                return self.shared.refuse(context, self.route, "under_age")
        if finding is not Finding.OLD_ENOUGH:
            context.runtime.notices.once(_UNCERTAIN, self.route, finding.value)
        return None

    def _note(self, context: RequestContext, request: RequestHead, body: bytes) -> None:
        """Write down where an account was created, and the first field of a birth date."""
        seen = context.runtime.seen
        if seen.is_kept:
            kind = "".join(request.values("content-type")[:1])
            names = (name for name, _ in find_fields(kind, body) if kind_of(name) in _OF_BIRTHS)
            seen.note("signup", shape_of(request.path), birth_date=next(names, "birth_date"))

    def _classified(
        self, request: RequestHead, length: int, body: bytes
    ) -> tuple[Finding, Unreadable | None]:
        """Return the finding, and why it is in doubt, if a parser may read something else.

        Of a request that cannot be read in one way only the names are asked for, not the values.
        """
        try:
            check_length(request, length, body)
            body_type = content_type_of(request)
            finding = classify(with_nested(_fields(request, body_type, body)), self.shared.rule)
        except Unreadable as error:
            types = "; ".join(request.values("content-type"))
            is_signup = may_be_signup(types, request.raw_query, body)
            return (Finding.UNREADABLE, error) if is_signup else (Finding.NO_SIGNUP, None)
        if finding is Finding.REPEATED:
            return finding, Unreadable(finding.value)
        return self._also_as_form(finding, request, body_type, body)

    def _also_as_form(
        self, finding: Finding, request: RequestHead, body_type: ContentType, body: bytes
    ) -> tuple[Finding, Unreadable | None]:
        """Return the finding of a parser that reads any body as a form, if it shows more."""
        kinds = map(kind_of, names_within(body_type, body, ANY))
        if all(kind is NameKind.OTHER for kind in kinds):
            return finding, None
        # What stands before the first pair is no name with a value.
        within = (pair for pair in pairs(body) if pair[1])
        as_form = classify(chain(_query(request), within), self.shared.rule)
        if as_form is Finding.NO_SIGNUP:
            return finding, None
        why = Unreadable("a birth date stands within another field's value, or a password does")
        return max(finding, as_form, key=_shows), why


def _fields(request: RequestHead, body_type: ContentType, body: bytes) -> Fields:
    """Yield the fields of the query and the body, which some frameworks give an app as one."""
    fields = read_fields(body_type, body, longest=len(body), files=True)
    return chain(_query(request), fields) if request.query else fields


def _query(request: RequestHead) -> Fields:
    query = request.raw_query
    return read_fields(FORM, query, longest=len(query)) if query else iter(())


def _shows(finding: Finding) -> int:
    """Tell how much of a signup a reading shows: no birth date, one without a password, both."""
    return (Finding.NO_SIGNUP, Finding.NO_PASSWORD, finding).index(finding)


class ScreenForm(Handler):
    """Handles the age screen's form, and redirects back to the signup."""

    __slots__ = ("_home",)

    def __init__(self, shared: SignupContext) -> None:
        super().__init__(shared, _SCREEN, _SHOWS | {"POST"})
        self._home = way_home(shared.endpoint)

    def handle(self, context: RequestContext, request: RequestHead) -> Answer | Examine | None:
        """Take the form from a page of this origin; redirect a GET to the home page."""
        pages = self.shared.pages
        if request.method.upper() in _SHOWS:
            return _redirect(self._home)
        if not is_from_here(request, context.client):
            return pages.answer("unasked", context)
        if self.shared.tokens.is_locked(request):
            return self.shared.refuse(context, self.route, "locked")
        judge = whole_body(partial(self._decide, context, request))
        return Examine(_LARGEST_ANSWER, judge, beyond=pages.answer("too_large", context))

    def _decide(self, context: RequestContext, request: RequestHead, body: bytes) -> Answer:
        try:
            fields = list(read_fields(content_type_of(request), body, _SCREEN_FIELDS))
        except Unreadable as error:
            return self.shared.refuse_unreadable(context, self.route, error)
        route, to, location = self._way_back(request, fields)
        typed = {name: _only(name, fields) or "" for name in ("year", "month", "day")}
        allowed = self._allows(typed)
        if allowed is None:
            announce(context, route, "unreadable")
            return self.shared.pages.screen("age", to, typed)
        if not allowed:
            return self.shared.refuse(context, route, "under_age")
        cookie = self.shared.tokens.passes(https=context.client.https)
        return _redirect(location, ("set-cookie", cookie))

    def _allows(self, typed: Mapping[str, str]) -> bool | None:
        birth = read_parts(typed["year"], typed["month"], typed["day"])
        return None if birth is None else self.shared.rule.allows(birth)

    def _way_back(
        self, request: RequestHead, fields: list[tuple[str, str]]
    ) -> tuple[str, str, str]:
        """Return the route of the signup at `to`, `to` itself, and its address relative to this page.

        Only a page with an age screen counts, so the form is no open redirect.
        """
        path, mark, query = (_only("to", fields) or "").partition("?")
        path = decoded(path)
        routes = self.shared.screens.below(request, path)
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
