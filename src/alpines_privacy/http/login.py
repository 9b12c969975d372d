"""`Login`: what is known of one request's attempt to sign in, until its response has left."""

from __future__ import annotations

__all__ = ["Login"]


class Login:
    """An attempt to sign in, as far as it has come.

    `route` is the declared path, empty where none is; `client` and `accounts` are keyed hashes of who
    asks and whose account is meant, `spellings` those of its names as written; which account it is
    may be not `is_certain`. `succeeded` and
    `account` are what the app itself said. An attempt `is_counted` once; `under_way` are the hashes
    for which it is among those that the app has not answered.
    """

    __slots__ = (
        "account",
        "accounts",
        "client",
        "is_certain",
        "is_counted",
        "route",
        "spellings",
        "succeeded",
        "under_way",
    )

    def __init__(self, route: str = "", client: str = "") -> None:
        self.route = route
        self.client = client
        self.accounts: tuple[str, ...] = ()
        self.spellings: tuple[str, ...] = ()
        self.succeeded: bool | None = None
        self.account: str | None = None
        self.is_counted = False
        self.is_certain = False
        self.under_way: tuple[str, ...] = ()
