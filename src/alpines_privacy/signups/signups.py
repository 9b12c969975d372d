"""Keeps signups: finds the door a request stands before, and lets it be met there (policy §13)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import ClassVar

from alpines_privacy.http.cache_control import keep_from_shared_caches
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import RequestHead, ResponseHead
from alpines_privacy.http.outcomes import Answer, Examine
from alpines_privacy.http.promise import Promise
from alpines_privacy.policy import PrivacyPolicy, SecretKeys, Signup
from alpines_privacy.policy.age import AgeRule
from alpines_privacy.policy.signup_paths import expression_of
from alpines_privacy.signups.detection import WORDS
from alpines_privacy.signups.handlers import (
    Door,
    OperationsDoor,
    Porter,
    ScreenForm,
    SignupDoor,
    UndeclaredDoor,
)
from alpines_privacy.signups.pages import Pages
from alpines_privacy.signups.reading import may_create, stands_for
from alpines_privacy.signups.routes import Routes
from alpines_privacy.signups.tokens import Tokens

__all__ = ["Signups", "signups_for"]


def signups_for(policy: PrivacyPolicy, keys: Callable[[], SecretKeys]) -> list[Signups]:
    """Return the promise for a policy: none if it neither declares signups nor looks for them.

    `keys` are those of the site, asked for where its workers have to know each other's.

    Raises `PolicyError` for a template that cannot be used.
    """
    if any(signup.screen for signup in policy.signups):
        return [ScreenedSignups(policy, keys())]
    if policy.signups or policy.detect_signups:
        # A lock counts whoever signed it, so no other worker has to know the key.
        return [Signups(policy, SecretKeys.given() or SecretKeys([secrets.token_urlsafe(32)]))]
    return []


class Signups(Promise):
    """Meets every request that would create an account, before the app sees any of it."""

    part: ClassVar[str] = "signups"

    def __init__(self, policy: PrivacyPolicy, keys: SecretKeys) -> None:
        tokens = Tokens(keys)
        porter = Porter(
            AgeRule(policy.minimum_age, policy.age_zone),
            tokens,
            Pages(policy.age_screen, tokens),
            policy.endpoint,
        )
        doors = _doors(policy.signups, porter)
        screened = [(signup.path, signup.path) for signup in policy.signups if signup.screen]
        if screened:
            porter.screens = Routes(screened)
            self.pages = frozenset({policy.endpoint + "age"})
        self._form = ScreenForm(porter)
        words = WORDS if policy.detect_signups else ()
        undeclared: dict[str, Door] = {word: UndeclaredDoor(porter, word) for word in words}
        self._routes = Routes(doors, undeclared)
        self._may_lead = self._routes.may_lead
        self._screens = porter.screens

    def request(self, context: RequestContext) -> Answer | Examine | None:
        """Let the door at the request's path decide; where there is none, nearly always, one look tells."""
        request = context.request
        if not self._may_lead[request.local_path] or request.kind != "http":
            return None
        found = self._routes.find(request)
        declared = [door for door in found.doors if door.is_declared]
        if door := _best(declared, request):
            return door.meet(context, request)
        # By whatever reading a path leads to what is declared, a word that it ends in decides nothing.
        if door := _best([door for door in found.astray if door.is_declared], request):
            return door.meet_astray(context, request)
        door = _best((*found.doors, *found.astray), request)
        return None if door is None else door.meet(context, request)

    def page(self, context: RequestContext) -> Answer | Examine | None:
        """Take the age screen's form."""
        return self._form.meet(context, context.request)

    def failed(self, context: RequestContext, head: ResponseHead | None) -> Answer | None:
        """Fail closed: a declared signup that could not be judged is refused."""
        if head is not None:
            return None
        request = context.request
        if request.local_path in self.pages:
            return self._form.stuck(context)
        found = self._routes.find(request)
        doors = (*found.doors, *found.astray)
        door = _best([door for door in doors if door.is_declared], request)
        if door is None or not (stands_for(request, door.methods) or may_create(request)):
            return None
        return door.stuck(context)


def _doors(signups: Sequence[Signup], porter: Porter) -> list[tuple[str, Door]]:
    """Return the doors by their paths: one for each signup, one for all operations of an API."""
    doors: list[tuple[str, Door]] = []
    operations: dict[str, list[Signup]] = {}
    for signup in signups:
        if signup.operation is None:
            doors.append((signup.path, SignupDoor(porter, signup)))
        else:
            operations.setdefault(expression_of(signup.path), []).append(signup)
    return doors + [(group[0].path, OperationsDoor(porter, group)) for group in operations.values()]


def _best(doors: Sequence[Door], request: RequestHead) -> Door | None:
    """Return the first door for requests of this method, else the first; None where there is none."""
    declared = (door for door in doors if stands_for(request, door.methods))
    return next(declared, doors[0] if doors else None)


class ScreenedSignups(Signups):
    """Signups of which some have the age screen before their page."""

    def response(self, context: RequestContext, head: ResponseHead) -> None:
        """Keep such a page out of caches that would show it to somebody who has not passed."""
        request = context.request
        if request.method.upper() not in {"GET", "HEAD"}:
            return
        if self._screens.at(request):
            head.merge("vary", ("Cookie",))
            keep_from_shared_caches(head)
