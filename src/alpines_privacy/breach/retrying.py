"""People whom mail did not reach, put back to be told by mail after all: what was wrong is mended.

Nobody whose message a server has accepted is among them, unless it came back; nobody without a
valid address; and nobody of a leaked mailbox, unless the operator asks for that very reason.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select

from alpines_privacy.breach import tables
from alpines_privacy.breach.addresses import read_domain
from alpines_privacy.breach.columns import guess_columns, named_columns
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.evidence.withheld import status_of
from alpines_privacy.breach.imports import untold_reasons
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.ledger import ANOTHER_WAY, Ledger, worker_name
from alpines_privacy.breach.opening import Policy, ledger_and_incident
from alpines_privacy.breach.reasons import (
    INVALID_ADDRESS,
    LEAKED_MAILBOX,
    NO_ADDRESS,
    is_reason,
)
from alpines_privacy.breach.recipients import Recipient, recipient_reader
from alpines_privacy.breach.sources.detect import open_list
from alpines_privacy.breach.sources.source import Source
from alpines_privacy.policy.errors import nearest

__all__ = ["Asked", "Unreached", "put_back", "retry", "unreached"]

_PAGE = 1_000
_SAMPLE = 200  # rows that columns are guessed from
_CODE = re.compile(r"[245]\d\d|[245]\.\d{1,3}\.\d{1,3}")
_NO_MAIL = {NO_ADDRESS, INVALID_ADDRESS}

_recipient, _evidence = tables.recipient.c, tables.evidence.c


class Asked(NamedTuple):
    """Who is to be tried again: a person has to fit each kind of condition that is given.

    `reasons` are those of the ledger (`refused-550`, `bounced`), `codes` a server's last code or
    enhanced code (`550`, `5.7.1`), `domains` those of addresses, `file` a list of people whose
    columns `mapped` names where they cannot be guessed. `everybody` stands alone.
    """

    reasons: Sequence[str] = ()
    codes: Sequence[str] = ()
    domains: Sequence[str] = ()
    file: Path | None = None
    mapped: Sequence[str] = ()
    everybody: bool = False


class Unreached(NamedTuple):
    """The people who fit, and why mail did not reach them; those who cannot be mailed in spite of it."""

    ids: Sequence[int] = ()
    reasons: Mapping[str, int] = {}
    left_out: Mapping[str, int] = {}
    said: Mapping[str, Any] = {}  # what was asked, for the incident's history

    @property
    def people(self) -> int:
        """The number of people who can be put back."""
        return len(self.ids)


def retry(  # noqa: PLR0913 - who is meant
    name: str | None = None,
    *,
    reasons: Sequence[str] = (),
    codes: Sequence[str | int] = (),
    domains: Sequence[str] = (),
    file: str | os.PathLike[str] | None = None,
    mapped: Sequence[str] = (),
    everybody: bool = False,
    dry_run: bool = False,
    ledger: str | None = None,
    policy: Policy = None,
) -> Unreached:
    """Put people back to `pending` whom mail did not reach, once what was wrong is mended; `send` tells them.

    A person has to fit each condition that is given: one of the `reasons` that `status` names, of the
    server's `codes` (550, "5.7.1"), of the `domains`, and of the people in a list `file`; or all are
    meant (`everybody`). Returns who they are, and with `dry_run` does no more. Raises `BreachError`.
    """
    asked = Asked(
        reasons, list(map(str, codes)), domains, None if file is None else Path(file), mapped, everybody
    )  # fmt: skip
    with ledger_and_incident(name, ledger, policy) as (database, incident):
        found = unreached(database, incident, asked)
        if found.people and not dry_run:
            put_back(database, incident, found)
        return found


def put_back(database: Database, incident: Incident, found: Unreached) -> int:
    """Put people back who were found; return how many they were, less those whose state has changed since."""
    return Ledger(database, incident.id).put_back(found.ids, worker_name(), found.said)


def unreached(database: Database, incident: Incident, asked: Asked) -> Unreached:
    """Find the people who are meant; raises `BreachError` for a condition that nobody can fit."""
    conditions = _conditions(database, incident, asked)
    source = open_list(asked.file) if asked.file else None
    seen, ids, reasons, left_out = set[int](), list[int](), Counter[str](), Counter[str]()
    with database.read() as connection:
        for row, codes in _people(connection, incident, asked, source):
            if row.id in seen or not conditions.fit(row, codes):
                continue
            seen.add(row.id)
            if (withheld := conditions.withheld(row)) is not None:
                left_out[withheld] += 1
            else:
                ids.append(row.id)
                reasons[_reason_of(row)] += 1
    return Unreached(ids, _sorted(reasons), _sorted(left_out), _said(asked, source))


class _Conditions(NamedTuple):
    """What a person has to fit, and whose mailboxes others read."""

    reasons: frozenset[str]
    codes: frozenset[str]
    domains: frozenset[str]
    leaked: frozenset[str]

    def fit(self, row: Row[Any], codes: Sequence[str]) -> bool:
        """Whether a person fits all of them."""
        return (
            (not self.reasons or _reason_of(row) in self.reasons)
            and (not self.codes or not self.codes.isdisjoint(codes))
            and (not self.domains or _domain_of(row) in self.domains)
        )

    def withheld(self, row: Row[Any]) -> str | None:
        """Return why no mail may go to a person, or can; None where it may."""
        reason = _reason_of(row)
        if reason in _NO_MAIL or row.address is None:
            return reason
        was_leaked = reason == LEAKED_MAILBOX and LEAKED_MAILBOX not in self.reasons
        return LEAKED_MAILBOX if was_leaked or _domain_of(row) in self.leaked else None


def _conditions(database: Database, incident: Incident, asked: Asked) -> _Conditions:
    is_narrowed = any((asked.reasons, asked.codes, asked.domains, asked.file))
    if is_narrowed is asked.everybody:
        raise BreachError(
            "it is not said who is meant; expected reasons, codes, domains or a list of people, or else everybody"
        )
    if asked.mapped and asked.file is None:
        raise BreachError("columns are mapped of no list; expected a list of people")
    return _Conditions(
        frozenset(_known_reasons(asked.reasons, untold_reasons(database, incident.id))),
        frozenset(map(_code, asked.codes)),
        frozenset(map(_domain, asked.domains)),
        frozenset(incident.leaked_domains),
    )


def _known_reasons(given: Sequence[str], known: Mapping[str, int]) -> Iterator[str]:
    for text in given:
        reason = "-".join(text.lower().split())
        if not is_reason(reason):
            listed = f"expected one of {', '.join(known)}" if known else "mail reaches everybody"
            raise BreachError(f'"{text[:60]}" is no reason{nearest(reason, list(known))}; {listed}')
        yield reason


def _code(text: str) -> str:
    if not _CODE.fullmatch(text.strip()):
        raise BreachError(
            f'"{text[:20]}" is no code of a server; expected one such as 550 or 5.7.1'
        )
    return text.strip()


def _domain(text: str) -> str:
    domain = read_domain(text.strip().removeprefix("@"))
    if domain is None:
        raise BreachError(f'"{text[:60]}" is no domain; expected one such as example.com')
    return domain


_ROWS = select(
    _recipient.id, _recipient.key, _recipient.address, _recipient.state, _recipient.reason
).where(_recipient.incident_id == bindparam("incident"), _recipient.state.in_(ANOTHER_WAY))
# By key, of which there is an index.
_PAGE_OF_ALL = (
    _ROWS.where(_recipient.key > bindparam("after")).order_by(_recipient.key).limit(_PAGE)
)
_PAGE_OF_LIST = _ROWS.where(_recipient.key.in_(bindparam("keys", expanding=True)))
_LAST = (
    select(_evidence.recipient_id, _evidence.code, _evidence.reply)
    .where(_evidence.recipient_id.in_(bindparam("ids", expanding=True)))
    .where(_evidence.what.in_(ANOTHER_WAY))
    .order_by(_evidence.id)
)


def _people(
    connection: Connection, incident: Incident, asked: Asked, source: Source | None
) -> Iterator[tuple[Row[Any], Sequence[str]]]:
    """Yield the people whom mail did not reach, of a list or all, with the server's last codes about each."""
    pages = (
        _pages(connection, incident)
        if source is None
        else _pages_of(connection, incident, _keys(source, incident, asked.mapped))
    )
    for page in pages:
        codes = _last_codes(connection, [row.id for row in page]) if asked.codes else {}
        for row in page:
            yield row, codes.get(row.id, ())


def _pages(connection: Connection, incident: Incident) -> Iterator[Sequence[Any]]:
    given = {"incident": incident.id, "after": ""}
    while rows := connection.execute(_PAGE_OF_ALL, given).all():
        yield rows
        given["after"] = rows[-1].key


def _pages_of(
    connection: Connection, incident: Incident, keys: Iterator[str]
) -> Iterator[Sequence[Any]]:
    while page := list(islice(keys, _PAGE)):
        yield connection.execute(_PAGE_OF_LIST, {"incident": incident.id, "keys": page}).all()


def _keys(source: Source, incident: Incident, mapped: Sequence[str]) -> Iterator[str]:
    """Yield the keys of the people of a list; a row that names nobody is passed over."""
    said = named_columns(mapped, source.columns)
    columns = guess_columns(source.columns, list(islice(source.rows(), _SAMPLE)), said)
    read = recipient_reader(columns, incident.salt)
    return (person.key for person in map(read, source.rows()) if isinstance(person, Recipient))


def _last_codes(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return by person the code and the enhanced code of the last refusal or bounce."""
    return {
        row.recipient_id: (str(row.code), status_of(row.reply or "") or "")
        for row in connection.execute(_LAST, {"ids": ids})
    }


def _reason_of(row: Row[Any]) -> str:
    return str(row.reason or row.state)


def _domain_of(row: Row[Any]) -> str:
    return str(row.address or "").rpartition("@")[2].lower()


def _sorted(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items()))


def _said(asked: Asked, source: Source | None) -> dict[str, Any]:
    """Return what was asked, without what was not."""
    said: dict[str, Any] = {
        "reasons": list(asked.reasons),
        "codes": list(asked.codes),
        "domains": list(asked.domains),
        "everybody": asked.everybody,
    }
    if source is not None:
        said |= {"list": source.name, "sha256": source.identity}
    return {key: value for key, value in said.items() if value}
