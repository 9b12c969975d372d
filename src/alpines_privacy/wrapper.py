"""`Wrapper`: the base of both middlewares, an app with a compiled policy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from alpines_privacy.guard import PolicyLike, guard_for
from alpines_privacy.http.forwarding import Inside

__all__ = ["Wrapper"]

AppT = TypeVar("AppT")


class Wrapper(Generic[AppT]):
    """An app and the policy around it: `PrivacyMiddleware(app, policy)`.

    `policy` is a PrivacyPolicy, a mapping of one, a callable from host to PrivacyPolicy, or None
    for the literal policy. `logins` are session and CSRF cookie names configured in the app,
    `app_keys` its secret keys, from which ours are derived if the environment has none.
    Raises `PolicyError` for a policy that cannot be used.
    """

    def __init__(
        self,
        app: AppT,
        policy: PolicyLike = None,
        *,
        logins: Iterable[str] = (),
        app_keys: Iterable[str | bytes] = (),
    ) -> None:
        self.app = app
        self.guard = guard_for(policy, logins, app_keys)
        self._inside = Inside(app)

    def __getattr__(self, name: str) -> Any:
        """Return the wrapped app's attributes, so that `wrapped.config` or `.routes` go on working."""
        if name == "app":  # not set yet: copying and unpickling ask before __init__
            raise AttributeError(name)
        return getattr(self.app, name)
