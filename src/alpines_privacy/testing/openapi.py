"""A check for schemathesis: whatever a request made from an OpenAPI document gets, the policy is kept.

schemathesis.check(policy_kept(POLICY))                      # for `schemathesis run` and pytest
case.call_and_validate(additional_checks=[policy_kept(POLICY)])   # for one call
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol
from urllib.parse import urlsplit

from alpines_privacy.http.body import read_fields
from alpines_privacy.http.content_type import Unreadable, read_content_type
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.policy.age import AgeRule, read_age, read_birth, read_parts
from alpines_privacy.policy.parts import Signup
from alpines_privacy.testing.exchange import Exchange, breaches

__all__ = ["policy_kept"]


class _Request(Protocol):
    method: str | None
    url: str | None
    body: Any
    headers: Any


def policy_kept(
    policy: PrivacyPolicy, *, logins: Iterable[str] = ()
) -> Callable[[Any, Any, Any], None]:
    """Return a check (schemathesis 4: context, response, case) that raises AssertionError for a broken policy.

    It judges cookies, markup and `Vary` by the signal that the request carries, and that no child's
    signup is answered well. `logins` are as in `breaches`.
    """
    logins = tuple(logins)
    rule = AgeRule(policy.minimum_age, policy.age_zone)

    def policy_is_kept(ctx: Any, response: Any, case: Any) -> None:
        del ctx, case
        request: _Request = response.request
        exchange = Exchange(
            str(request.method),
            str(request.url),
            list(request.headers.items()),
            response.status_code,
            [(name, value) for name, values in response.headers.items() for value in values],
            response.content or b"",
        )
        found = breaches(policy, exchange, logins=logins)
        if response.status_code < 400:
            found += _children(policy, rule, request)
        if found:
            raise AssertionError(f"The policy is broken: {'; '.join(found)}")

    return policy_is_kept


def _children(policy: PrivacyPolicy, rule: AgeRule, request: _Request) -> Iterator[str]:
    """Yield a sentence for each declared signup that the request is, with a child's age in it (§13)."""
    path = urlsplit(str(request.url)).path
    for signup in policy.signups:
        is_here = request.method in signup.methods and _shape(signup.path).fullmatch(path)
        if is_here and _is_old_enough(signup, rule, request) is False:
            yield f"{signup.path} took a child's account (§13)"


def _shape(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, re.split(r"\{[^{}]*\}", path))))


def _is_old_enough(signup: Signup, rule: AgeRule, request: _Request) -> bool | None:
    """Return whether the sender is old enough; None where the body does not tell it."""
    body = request.body.encode() if isinstance(request.body, str) else request.body
    content_type = request.headers.get("content-type", "")
    if not isinstance(body, bytes) or not signup.fields:
        return None
    try:
        values = dict(read_fields(read_content_type(content_type), body))
    except Unreadable:
        return None
    if not values.keys() >= set(signup.fields):
        return None
    texts = [values[name] for name in signup.fields]
    if signup.age is not None:
        age = read_age(texts[0])
        return None if age is None else rule.allows_age(age)
    birth = read_birth(texts[0], signup.formats) if len(texts) == 1 else read_parts(*texts)
    return None if birth is None else rule.allows(birth)
