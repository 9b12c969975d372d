"""Whether the mail server can be used: a connection without a message, or a test message to the operator."""

from __future__ import annotations

from typing import NamedTuple

from alpines_privacy.breach.addresses import read_address
from alpines_privacy.breach.delivery.connection import Connection, Endpoint
from alpines_privacy.breach.delivery.letters import Notices
from alpines_privacy.breach.delivery.replies import Reply, Verdict, classify, without_addresses
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.policy.smtp import Smtp

__all__ = ["ServerCheck", "check_server", "send_test"]


class ServerCheck(NamedTuple):
    """The server's name, the SMTP extensions it offers, and its answer to the test message if one was sent."""

    server: str
    offers: tuple[str, ...]
    reply: Reply | None


async def check_server(smtp: Smtp) -> ServerCheck:
    """Connect, secure and sign in, and send nothing; raises `BreachError` if that fails."""
    return await _checked(smtp, None, "")


async def send_test(smtp: Smtp, notices: Notices, address: str) -> ServerCheck:
    """Send the notice to an address of the operator's; raises `BreachError` unless it is accepted."""
    if read_address(address) is None:
        raise BreachError("--test-to is no mail address; expected one of your own")
    checked = await _checked(smtp, notices, address)
    if checked.reply is not None and classify(checked.reply) is not Verdict.ACCEPTED:
        raise BreachError(
            f"{checked.server} does not accept the test message, after {checked.reply.stage.value}: "
            f"{without_addresses(checked.reply)}"
        )
    return checked


async def _checked(smtp: Smtp, notices: Notices | None, address: str) -> ServerCheck:
    endpoint = Endpoint(smtp)
    connection = await Connection.open(endpoint)
    offers = connection.extensions
    try:
        reply = await connection.deliver(notices.test_letter(address)) if notices else None
    finally:
        await connection.close()
    return ServerCheck(endpoint.name, offers, reply)
