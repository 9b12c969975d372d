"""`alpines-privacy intrusion`: unlock a client or an account for all workers, and count who is locked out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from alpines_privacy.cli.errors import Refusal, needing

if TYPE_CHECKING:
    from alpines_privacy.policy import Intrusion

__all__ = ["intrusion"]

_NARROW = {"max_content_width": 80}
_TIMEOUT = 5.0  # seconds; a person waits
_FILE = click.option(
    "--policy",
    metavar="FILE",
    default="alpines-privacy.toml",
    show_default=True,
    help="The policy with [intrusion].",
)


class _Intrusion(click.Group):
    """The group: a missing package is told in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        with needing("intrusion"):
            return super().invoke(ctx)


@click.group(
    cls=_Intrusion,
    short_help="Unlock who failed to sign in too often.",
    context_settings=_NARROW,
)
def intrusion() -> None:
    """Unlock who failed to sign in too often, and count who is locked out."""


@intrusion.command(
    short_help="Unlock an account, or an address's network, in all workers.",
    context_settings=_NARROW,
)
@click.argument("who", metavar="ACCOUNT|ADDRESS")
@_FILE
def reset(who: str, policy: str) -> None:
    """Forget the failures of an account, or of an address's network, in all workers.

    ACCOUNT is the name as it is typed at the login; case does not matter.
    """
    from alpines_privacy.intrusion.failures import Failures  # noqa: PLC0415
    from alpines_privacy.intrusion.shared import redis_storage  # noqa: PLC0415
    from alpines_privacy.intrusion.who import Hashes  # noqa: PLC0415

    table = _declared(policy)
    failures = Failures(table, redis_storage(table, timeout=_TIMEOUT))
    hashes = Hashes(_key())
    client, account = hashes.client(who), hashes.account(who)
    found = [_asked(lambda: failures.reset("account", account))] if account else []
    if client:
        found.append(_asked(lambda: failures.reset("client", client)))
    if not any(found):
        raise Refusal("nothing is counted for it; is it written as at the login?")
    click.echo("Unlocked for all workers.")


@intrusion.command(
    short_help="Count who is locked out, and who has failed.", context_settings=_NARROW
)
@_FILE
def status(policy: str) -> None:
    """Count who is locked out and who has failed within the window; no names, no addresses."""
    from alpines_privacy.intrusion.shared import PREFIX, redis_storage  # noqa: PLC0415

    redis = redis_storage(_declared(policy), timeout=_TIMEOUT).storage
    for text, pattern in (
        ("clients locked out", "client:locked:*"),
        ("accounts locked out", "account:locked:*"),
        ("clients with failures", "{client:failed:*}"),
        ("accounts with failures", "{account:failed:*}"),
    ):
        count = _asked(lambda p=pattern: sum(1 for _ in redis.scan_iter(f"{PREFIX}:{p}", 1000)))
        click.echo(f"{text:<24}{count:>10,}")


def _declared(policy: str) -> Intrusion:
    """Return the policy's table, if its storage is one that a command can reach."""
    from alpines_privacy.policy import PrivacyPolicy  # noqa: PLC0415

    table = PrivacyPolicy.load(policy).intrusion
    if table is None:
        raise Refusal(f"{policy}: declares no [intrusion]")
    if table.storage == "memory":
        raise Refusal(
            f'{policy}: intrusion.storage is "memory", which each worker has for itself and no command '
            "reaches; set it to a Redis, or restart the workers to unlock all"
        )
    return table


def _key() -> str:
    from alpines_privacy.policy import SecretKeys  # noqa: PLC0415
    from alpines_privacy.policy.secrets import VARIABLE  # noqa: PLC0415

    keys = SecretKeys.given()
    if not keys:
        raise Refusal(f"{VARIABLE} is not set; it needs the value that the workers have")
    return keys[0]


def _asked(ask: Any) -> Any:
    """Return what Redis answers; a failure becomes one line."""
    from redis.exceptions import RedisError  # noqa: PLC0415 - here it is installed

    try:
        return ask()
    except (RedisError, OSError) as error:
        raise Refusal(f"Redis does not answer ({type(error).__name__})") from None
