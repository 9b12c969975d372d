"""The promise of signups: finds the handler of a request's path and lets it decide (policy §13)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import ClassVar

from alpines_privacy.http.cache_control import keep_from_shared_caches
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import RequestHead, ResponseHead
from alpines_privacy.http.methods import has_method
from alpines_privacy.http.outcomes import Answer, Examine
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.routes import Routes
from alpines_privacy.policy import PrivacyPolicy, SecretKeys, Signup
from alpines_privacy.policy.age import AgeRule
from alpines_privacy.policy.signup_paths import expression_of
from alpines_privacy.signups.detection import WORDS
from alpines_privacy.signups.handlers import (
    Handler,
    OperationsHandler,
    ScreenForm,
    SignupContext,
    SignupHandler,
    UndeclaredHandler,
)
from alpines_privacy.signups.pages import Pages
from alpines_privacy.signups.reading import may_create
from alpines_privacy.signups.tokens import Tokens

__all__ = ["Signups", "signups_for"]


def signups_for(policy: PrivacyPolicy, keys: Callable[[], SecretKeys]) -> list[Signups]:
    """Return the promise for a policy: none if it neither declares signups nor looks for them.

    `keys` returns the site's keys; it is called only where all workers need the same ones.
    Raises `PolicyError` for a template that cannot be used.
    """
    if any(signup.screen for signup in policy.signups):
        return [ScreenedSignups(policy, keys())]
    if policy.signups or policy.detect_signups:
        # A lock counts whatever key signed it, so workers need no common key.
        return [Signups(policy, SecretKeys.given() or SecretKeys([secrets.token_urlsafe(32)]))]
    return []


class Signups(Promise):
    """Checks every request that may create an account, before the app sees any of it."""

    part: ClassVar[str] = "signups"

    def __init__(self, policy: PrivacyPolicy, keys: SecretKeys) -> None:
        tokens = Tokens(keys)
        shared = SignupContext(
            AgeRule(policy.minimum_age, policy.age_zone),
            tokens,
            Pages(policy.age_screen, tokens),
            policy.endpoint,
        )
        handlers = _handlers(policy.signups, shared)
        screened = [(signup.path, signup.path) for signup in policy.signups if signup.screen]
        if screened:
            shared.screens = Routes(screened)
            self.pages = frozenset({policy.endpoint + "age"})
        self._form = ScreenForm(shared)
        words = WORDS if policy.detect_signups else ()
        undeclared: dict[str, Handler] = {word: UndeclaredHandler(shared, word) for word in words}
        self._routes = Routes(handlers, undeclared)
        self._may_lead = self._routes.may_lead
        self._screens = shared.screens

    def request(self, context: RequestContext) -> Answer | Examine | None:
        """Let the handler at the request's path decide. Most paths have none: one look-up tells."""
        request = context.request
        if not self._may_lead[request.local_path] or request.kind != "http":
            return None
        found = self._routes.find(request)
        declared = [handler for handler in found.handlers if handler.is_declared]
        if handler := _best(declared, request):
            return handler.handle(context, request)
        # A declared handler, even at a reduced form of the path, goes before an undeclared one.
        if handler := _best([handler for handler in found.reduced if handler.is_declared], request):
            return handler.handle_reduced(context, request)
        handler = _best((*found.handlers, *found.reduced), request)
        return None if handler is None else handler.handle(context, request)

    def page(self, context: RequestContext) -> Answer | Examine | None:
        """Handle the age screen's form."""
        return self._form.handle(context, context.request)

    def failed(self, context: RequestContext, head: ResponseHead | None) -> Answer | None:
        """Fail closed: refuse a declared signup that could not be decided."""
        if head is not None:
            return None
        request = context.request
        if request.local_path in self.pages:
            return self._form.failed(context)
        found = self._routes.find(request)
        handlers = (*found.handlers, *found.reduced)
        handler = _best([handler for handler in handlers if handler.is_declared], request)
        if handler is None or not (has_method(request, handler.methods) or may_create(request)):
            return None
        return handler.failed(context)


def _handlers(signups: Sequence[Signup], shared: SignupContext) -> list[tuple[str, Handler]]:
    """Return handlers with their paths: one for each signup, one for all operations of an API."""
    handlers: list[tuple[str, Handler]] = []
    operations: dict[str, list[Signup]] = {}
    for signup in signups:
        if signup.operation is None:
            handlers.append((signup.path, SignupHandler(shared, signup)))
        else:
            operations.setdefault(expression_of(signup.path), []).append(signup)
    return handlers + [
        (group[0].path, OperationsHandler(shared, group)) for group in operations.values()
    ]


def _best(handlers: Sequence[Handler], request: RequestHead) -> Handler | None:
    """Return the first handler that takes this method, else the first of all; None if there are none."""
    declared = (handler for handler in handlers if has_method(request, handler.methods))
    return next(declared, handlers[0] if handlers else None)


class ScreenedSignups(Signups):
    """Signups of which at least one has an age screen."""

    def response(self, context: RequestContext, head: ResponseHead) -> None:
        """Keep a page behind an age screen out of shared caches, which would show it to anybody."""
        request = context.request
        if request.method.upper() not in {"GET", "HEAD"}:
            return
        if self._screens.at(request):
            head.merge("vary", ("Cookie",))
            keep_from_shared_caches(head)
