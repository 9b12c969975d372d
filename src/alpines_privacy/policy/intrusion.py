"""`Intrusion`: where people sign in, what a failure is, and after how many of them they must wait."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.part import Part
from alpines_privacy.policy.route_checks import check_path, check_patterns

__all__ = ["STORAGE_VARIABLE", "Intrusion", "LoginRoute"]

STORAGE_VARIABLE = "ALPINES_PRIVACY_REDIS_URL"
_METHOD = re.compile(r"[A-Z]+")
_SCHEMES = frozenset({"redis", "rediss", "redis+unix"})

Status = Annotated[int, Meta(ge=200, le=599)]
Seconds = Annotated[int, Meta(ge=1, le=604_800)]
Count = Annotated[int, Meta(ge=1, le=10_000)]


class LoginRoute(Part, frozen=True, kw_only=True):
    """A path where people sign in, the field of the account's name, and what a failure is.

    - `path` may hold parameters, each a part of one segment: `/clubs/{club}/login`.
    - `account` is a field's name, dotted for nested JSON (`user.email`), or several, each of which may
      hold the name. The user of an `Authorization: Basic` counts without being declared.
    - `methods` are those of an attempt; of their bodies at most `max_body` bytes are taken.
    - `failure_statuses` are the statuses of a failure.
    - `failure_redirects` are paths to which a failure redirects (`*` for any characters), beside the
      login path itself. A redirect elsewhere is a success.
    - `page_again`: a page (200) with a password field, in answer to an attempt, is a failure.
    """

    path: str
    account: str | tuple[str, ...] = ()
    methods: Sequence[str] = ("POST",)
    failure_statuses: Sequence[Status] = (400, 401, 403, 422)
    failure_redirects: Sequence[str] = ()
    page_again: bool = True
    max_body: Annotated[int, Meta(ge=1)] = 65_536

    def check(self) -> None:
        """Check what the types cannot say."""
        check_path(self.path, "path", "/login or /clubs/{club}/login")
        if not all(self.accounts):
            raise PolicyError("is empty; expected the name of a field", key="account")
        for index, method in enumerate(self.methods):
            if not _METHOD.fullmatch(method):
                raise PolicyError(
                    f"{method!r} is no method; expected one such as POST", key=f"methods[{index}]"
                )
        if not self.methods:
            raise PolicyError("is empty; expected at least POST", key="methods")
        check_patterns(self.failure_redirects, "failure_redirects")

    @property
    def accounts(self) -> tuple[str, ...]:
        """The names of the fields that may hold the account's name."""
        return (self.account,) if isinstance(self.account, str) else self.account


class Intrusion(Part, frozen=True, kw_only=True):
    """Failed logins are counted by client and by account; too many are answered 429 (policy §6).

    - `logins`: where people sign in.
    - `client_failures`, `account_failures`: how many failures within `window` seconds lock a client
      (an IPv4 /24, an IPv6 /56) or an account out.
    - `lockout` is the first lock-out in seconds; each further one of a day is twice as long, up to
      `longest_lockout`.
    - `allow`: addresses and networks that are never locked out or counted.
    - `storage`: `"memory"` of each process; `"redis://host:6379/0"` (also `rediss`, `redis+unix`), which all
      workers share; or `"redis"`, whose address stands in `ALPINES_PRIVACY_REDIS_URL`.
    - `timeout`: milliseconds for each answer of Redis.
    """

    logins: Sequence[LoginRoute]
    client_failures: Count = 30
    account_failures: Count = 10
    window: Seconds = 900
    lockout: Seconds = 60
    longest_lockout: Seconds = 3_600
    allow: Sequence[str] = ()
    storage: str = "memory"
    timeout: Annotated[int, Meta(ge=1, le=5_000)] = 50

    def check(self) -> None:
        """Check what the types cannot say. An address of a storage may hold a password, so none is shown."""
        if not self.logins:
            raise PolicyError("is empty; expected at least one login route", key="logins")
        first: dict[str, int] = {}
        for index, login in enumerate(self.logins):
            if login.path in first:
                raise PolicyError(
                    f'"{login.path}" is declared twice, first as logins[{first[login.path]}]',
                    key=f"logins[{index}].path",
                )
            first[login.path] = index
        if self.longest_lockout < self.lockout:
            raise PolicyError(
                f"is {self.longest_lockout}, shorter than the first lock-out; expected at least {self.lockout}",
                key="longest_lockout",
            )
        for index, network in enumerate(self.allow):
            _check_network(network, f"allow[{index}]")
        if self.storage not in {"memory", "redis"} and not is_storage(self.storage):
            raise PolicyError(
                'is no storage; expected "memory", "redis", or an address such as redis://127.0.0.1:6379/0',
                key="storage",
            )


def is_storage(address: str) -> bool:
    """Tell whether a text is the address of a Redis."""
    try:
        parts = urlsplit(address)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    has_place = bool(parts.path if parts.scheme == "redis+unix" else parts.hostname)
    return parts.scheme in _SCHEMES and has_place and has_port


def _check_network(network: str, key: str) -> None:
    try:
        ipaddress.ip_network(network)
    except ValueError as error:
        raise PolicyError(
            f"{error}; expected an address or a network such as 10.0.0.0/8", key=key
        ) from None
