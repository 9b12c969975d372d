"""The languages that the people of an incident want, as their list said."""

from __future__ import annotations

from sqlalchemy import func, select

from alpines_privacy.breach.database import Database
from alpines_privacy.breach.ledger import ANOTHER_WAY
from alpines_privacy.breach.tables import recipient

__all__ = ["wanted_languages"]


def wanted_languages(database: Database, incident_id: int) -> dict[str, int]:
    """Return how many people who are mailed want each language ("" where the list said none)."""
    told = recipient.c.state.not_in(ANOTHER_WAY)
    query = (
        select(func.coalesce(recipient.c.language, ""), func.count())
        .where(recipient.c.incident_id == incident_id, told)
        .group_by(recipient.c.language)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    return {str(language): int(number) for language, number in rows}
