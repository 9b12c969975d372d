"""A first message, to the operator: whether the server takes it, before anybody else gets one."""

from __future__ import annotations

from typing import NamedTuple

from alpines_privacy.breach.addresses import read_address
from alpines_privacy.breach.delivery.connection import Connection, Endpoint
from alpines_privacy.breach.delivery.letters import Notices
from alpines_privacy.breach.delivery.replies import Reply, Verdict, classify, without_addresses
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.policy.smtp import Smtp

__all__ = ["Trial", "look_at", "send_test"]


class Trial(NamedTuple):
    """What a server said: what it offers, and its answer to a message if there was one."""

    server: str
    offers: tuple[str, ...]
    reply: Reply | None


async def look_at(smtp: Smtp) -> Trial:
    """Connect, secure and sign in, and send nothing; raises `BreachError` if that fails."""
    return await _tried(smtp, None, "")


async def send_test(smtp: Smtp, notices: Notices, address: str) -> Trial:
    """Send the notice to an address of the operator's; raises `BreachError` unless it is accepted."""
    if read_address(address) is None:
        raise BreachError("--test-to is no mail address; expected one of your own")
    trial = await _tried(smtp, notices, address)
    if trial.reply is not None and classify(trial.reply) is not Verdict.ACCEPTED:
        raise BreachError(
            f"{trial.server} does not accept the test message, after {trial.reply.stage.value}: "
            f"{without_addresses(trial.reply)}"
        )
    return trial


async def _tried(smtp: Smtp, notices: Notices | None, address: str) -> Trial:
    endpoint = Endpoint(smtp)
    connection = await Connection.open(endpoint)
    offers = connection.extensions
    try:
        reply = await connection.deliver(notices.test_letter(address)) if notices else None
    finally:
        await connection.close()
    return Trial(endpoint.name, offers, reply)
