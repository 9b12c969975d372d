"""The ledger's tables, and the triggers that keep evidence as it was written.

Times are milliseconds since 1970 in UTC. `due` is when a recipient may next be claimed: at once
(0), when a deferred message is to be tried again, when a worker's lease ends; null where nothing
is to be sent any more. One index on it answers every claim.
"""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
)

__all__ = [
    "VERSION",
    "evidence",
    "history",
    "imports",
    "incident",
    "metadata",
    "recipient",
    "version",
]

VERSION = 1

metadata = MetaData()
_Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up an INTEGER PRIMARY KEY only


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


def _incident() -> Column[int]:
    return Column("incident_id", _Id, ForeignKey("breach_incident.id"), nullable=False)


version = Table("breach_version", metadata, Column("version", Integer, primary_key=True))

incident = Table(
    "breach_incident",
    metadata,
    _id(),
    Column("name", String(100), nullable=False, unique=True),
    Column("opened", BigInteger, nullable=False),
    Column("discovered", BigInteger, nullable=False),
    Column("zone", String(140), nullable=False),
    Column("deadline", BigInteger, nullable=False),
    Column("calendar", String(100), nullable=False),
    Column("domain", String(253), nullable=False),  # of Message-IDs
    Column("salt", String(32), nullable=False),  # of recipients' keys
)
history = Table(
    "breach_history",
    metadata,
    _id(),
    _incident(),
    Column("number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("what", String(20), nullable=False),
    Column("body", Text, nullable=False),  # JSON
    Column("digest", String(64), nullable=False),  # of the entry and the digest before it
    UniqueConstraint("incident_id", "number"),
)
imports = Table(
    "breach_import",
    metadata,
    _id(),
    _incident(),
    Column("identity", String(64), nullable=False),  # digest of the file and of how it is read
    Column("started", BigInteger, nullable=False),
    Column("finished", BigInteger),
    Column("rows", BigInteger, nullable=False),
    Column("new", BigInteger, nullable=False),
    Column("known", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("reject_bytes", BigInteger, nullable=False),
)
recipient = Table(
    "breach_recipient",
    metadata,
    _id(),
    _incident(),
    Column("key", String(24), nullable=False),
    Column("address", Text),
    Column("name", Text),
    Column("language", Text),
    Column("person", Text),  # the operator's own identifier
    Column("phone", Text),
    Column("postal", Text),
    Column("state", String(8), nullable=False),
    Column("reason", String(40)),
    Column("due", BigInteger),
    Column("token", String(32)),  # of the claim that holds it
    Column("attempts", Integer, nullable=False),
    UniqueConstraint("incident_id", "key"),
)
_due = recipient.c.due.is_not(None)
Index(
    "breach_recipient_due",
    recipient.c.incident_id, recipient.c.due, recipient.c.id,
    sqlite_where=_due, postgresql_where=_due,
)  # fmt: skip
evidence = Table(
    "breach_evidence",
    metadata,
    _id(),
    _incident(),
    Column("recipient_id", _Id, ForeignKey("breach_recipient.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column(
        "what", String(8), nullable=False
    ),  # began, accepted, deferred, failed, bounced, retried
    Column("attempt", Integer, nullable=False),
    Column("code", Integer),  # SMTP's
    Column("reply", Text),
    Column("server", Text),
    Column("worker", Text),
    Column("source", String(64)),  # of a bounce, so that it counts once
    UniqueConstraint("recipient_id", "source"),
)
Index("breach_evidence_at", evidence.c.incident_id, evidence.c.at)

_ONLY_APPENDED = (incident, history, evidence)
_FUNCTION = """
CREATE OR REPLACE FUNCTION breach_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'evidence is only appended to'; END $$
"""
_function: DDL = DDL(_FUNCTION)  # type: ignore[no-untyped-call]  # SQLAlchemy's own
event.listen(metadata, "before_create", _function.execute_if(dialect="postgresql"))


def _run_after(table: Table, statement: str, dialect: str) -> None:
    made: DDL = DDL(statement)  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    event.listen(table, "after_create", made.execute_if(dialect=dialect))


for _table in _ONLY_APPENDED:
    for _verb in ("UPDATE", "DELETE"):
        _trigger = (
            f"CREATE TRIGGER {_table.name}_{_verb.lower()} BEFORE {_verb} ON {_table.name} "
            "BEGIN SELECT RAISE(ABORT, 'evidence is only appended to'); END"
        )
        _run_after(_table, _trigger, "sqlite")
    _trigger = (
        f"CREATE TRIGGER {_table.name}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {_table.name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION breach_append_only()"
    )
    _run_after(_table, _trigger, "postgresql")
