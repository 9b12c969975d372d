"""Mail withheld from mailboxes whose own passwords leaked: others may read them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, or_, select, update

from alpines_privacy.breach import tables
from alpines_privacy.breach.reasons import INVALID_ADDRESS, LEAKED_MAILBOX, NO_ADDRESS

__all__ = ["withhold_domains", "withhold_keys"]

_UNTOLD = ("pending", "sending", "deferred", "failed")
_STATEMENT = 500  # keys of one statement

_recipient = tables.recipient.c


def withhold_keys(connection: Connection, incident_id: int, keys: Sequence[str]) -> None:
    """Send nothing more to people by their keys; a message that has begun to leave is not called back."""
    for begin in range(0, len(keys), _STATEMENT):
        _withhold(connection, incident_id, _recipient.key.in_(keys[begin : begin + _STATEMENT]))


def withhold_domains(connection: Connection, incident_id: int, domains: Sequence[str]) -> None:
    """Send nothing more to the mailboxes of some domains."""
    for domain in domains:
        at = _recipient.address.endswith(f"@{domain}", autoescape=True)
        _withhold(connection, incident_id, at)


def _withhold(connection: Connection, incident_id: int, whom: ColumnElement[bool]) -> None:
    has_mailbox = or_(
        _recipient.reason.is_(None), _recipient.reason.not_in((NO_ADDRESS, INVALID_ADDRESS))
    )
    people = (_recipient.incident_id == incident_id, whom, has_mailbox)
    said = {"reason": LEAKED_MAILBOX, "due": None, "token": None}
    for states, values in ((_UNTOLD, said | {"state": "failed"}), (("bounced",), said)):
        held = select(_recipient.id).where(*people, _recipient.state.in_(states))
        ordered = held.order_by(_recipient.id).with_for_update().cte()  # as senders take them
        connection.execute(
            update(tables.recipient).where(_recipient.id.in_(select(ordered.c.id))).values(values)
        )
