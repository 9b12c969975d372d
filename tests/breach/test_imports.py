"""From a list into the ledger: nobody lost, nobody twice, however often it is run or killed."""

from __future__ import annotations

import csv
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select, text

from alpines_privacy.breach import tables
from alpines_privacy.breach.columns import Columns
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.imports import Imported, import_people, untold_reasons
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.ledger import Counts, Ledger, Outcome
from alpines_privacy.breach.recipients import recipient_reader
from alpines_privacy.breach.sources.detect import open_list
from alpines_privacy.breach.sources.query import Query
from alpines_privacy.breach.sources.source import Row
from tests.breach.support import bring, columns_of, fast_folder, opened_ledger, people
from tests.support.postgres import postgres

LIST = """\
id,Mail,First name,Last name,lang,phone,address,leaked,unsubscribed
1,Jane@Example.com,Jane,Doe,en_GB,021 111,"1 High Street
Karachi",,yes
2,jane@EXAMPLE.com,Jane,Doe,en,,,,no
3,not an address,Sana,Khan,ur,0300 1,,no,
4,,Ali,Raza,,0300 2,,no,
5,leaked@example.com,Omar,,,,,yes,
6,bad@example.com,Evil\0Bcc: x,,,,,maybe,
7,evil@example.com,"Evil\r\nBcc: victim@example.com",,x y z,,,,
,,,,,,,,
8,omar@leaked.example,Omar,,,,,,
"""


def stored(database: Database, incident: Incident) -> list[tuple[str | None, ...]]:
    rows = tables.recipient.c
    query = (
        select(
            rows.person,
            rows.address,
            rows.name,
            rows.language,
            rows.postal,
            rows.state,
            rows.reason,
        )
        .where(rows.incident_id == incident.id)
        .order_by(rows.person)
    )
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_every_row_is_a_person_or_a_reject(url: str, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(LIST, "utf-8", newline="")
    with opened_ledger(url, leaked_mailboxes=["leaked.example"]) as (database, incident):
        done = bring(database, incident, path)
        assert done == Imported(rows=9, new=6, known=1, rejected=2)
        assert stored(database, incident) == [
            (
                "1",
                "Jane@example.com",
                "Jane Doe",
                "en-GB",
                "1 High Street Karachi",
                "pending",
                None,
            ),
            ("3", "not an address", "Sana Khan", "ur", None, "failed", "invalid-address"),
            ("4", None, "Ali Raza", None, None, "failed", "no-address"),
            ("5", "leaked@example.com", "Omar", None, None, "failed", "mailbox-leaked"),
            ("7", "evil@example.com", "Evil Bcc: victim@example.com", None, None, "pending", None),
            ("8", "omar@leaked.example", "Omar", None, None, "failed", "mailbox-leaked"),
        ]
        assert untold_reasons(database, incident.id) == {
            "invalid-address": 1,
            "mailbox-leaked": 2,
            "no-address": 1,
        }
    with Path(f"{path}.rejects.csv").open(encoding="utf-8", newline="") as file:
        rejects = list(csv.reader(file))
    assert [row[:3] for row in rejects] == [
        ["line", "reason", "id"],
        ["8", "leaked holds neither yes nor no", "6"],
        ["11", "names nobody: no address, name, phone or identifier", ""],
    ]
    assert Path(f"{path}.rejects.csv").stat().st_mode & 0o777 == 0o600


def test_importing_again_changes_nothing(url: str, tmp_path: Path) -> None:
    with opened_ledger(url) as (database, incident):
        path = people(tmp_path / "people.csv", 50)
        assert bring(database, incident, path) == Imported(50, new=50)
        ledger = Ledger(database, incident.id)
        claims = ledger.begin(ledger.claim("a", 10))
        ledger.finish([Outcome(claim, "accepted", 250) for claim in claims])
        assert bring(database, incident, path) == Imported(50, known=50)
        assert ledger.counts() == Counts(pending=40, accepted=10)


def test_a_second_list_adds_whom_the_first_has_not(url: str, tmp_path: Path) -> None:
    with opened_ledger(url) as (database, incident):
        bring(database, incident, people(tmp_path / "few.csv", 20))
        done = bring(database, incident, people(tmp_path / "more.csv", 30))
        assert done == Imported(30, new=10, known=20)


@pytest.mark.parametrize("order", ["before", "after", "another list"])
def test_a_mailbox_that_leaked_in_any_row_is_not_mailed(
    order: str, url: str, tmp_path: Path
) -> None:
    rows = ["a@x.com,no", "A@x.com,yes"] if order == "after" else ["a@x.com,yes", "A@x.com,no"]
    path = tmp_path / "people.csv"
    with opened_ledger(url) as (database, incident):
        if order == "another list":
            bring(database, incident, people(tmp_path / "first.csv", 1))
            rows = ["Person0@mail.example.com,yes"]
        path.write_text("\n".join(["email,leaked", *rows]), "utf-8")
        bring(database, incident, path)
        assert Ledger(database, incident.id).claim("a", 10) == []
        assert untold_reasons(database, incident.id) == {"mailbox-leaked": 1}


def test_parquet_and_queries_bring_the_same_people(url: str, tmp_path: Path) -> None:
    path = people(tmp_path / "people.csv", 30)
    shop = sqlite3.connect(tmp_path / "shop.db")
    with shop:
        shop.execute("CREATE TABLE customer (id INTEGER, email TEXT, name TEXT)")
        rows = list(csv.reader(path.read_text("utf-8").splitlines()))[1:]
        shop.executemany("INSERT INTO customer VALUES (?, ?, ?)", rows)
    shop.close()
    query = Query("SELECT * FROM customer", f"sqlite:///{tmp_path / 'shop.db'}")
    with opened_ledger(url) as (database, incident):
        bring(database, incident, path)
        done = import_people(database, incident, query, columns_of(query), tmp_path / "rejects.csv")
        assert done == Imported(30, known=30)


KILLED = """
import os, signal, sys
from pathlib import Path
from alpines_privacy.breach import imports
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.sources.delimited import Delimited
from tests.breach.support import bring

url, name, path, row, batch = sys.argv[1:]
imports._BATCH = int(batch)
read = imports.recipient_reader

def killed(*given):
    reader, seen = read(*given), [0]
    def each(row_):
        seen[0] += 1
        if seen[0] > int(row):
            os.kill(os.getpid(), signal.SIGKILL)
        return reader(row_)
    return each

imports.recipient_reader = killed
database = Database(url)
bring(database, Incidents(database).get(name), Path(path))
"""


@pytest.mark.parametrize("row", [0, 9, 10, 25, 39])
def test_a_killed_import_goes_on_where_it_was(row: int, url: str, tmp_path: Path) -> None:
    """Rows of a batch that was not committed are read again, their rejects too; the others are not."""
    path = people(tmp_path / "people.csv", 40)
    path.write_text(
        path.read_text("utf-8").replace("person7@", "\ufffd@").replace("person23@", "\ufffd@"),
        "utf-8",
    )
    with opened_ledger(url) as (database, incident):
        given = [url, incident.name, str(path), str(row), "10"]
        killed = subprocess.run([sys.executable, "-c", KILLED, *given], check=False)  # noqa: S603 - the test's own
        assert killed.returncode == -signal.SIGKILL
        with database.read() as connection:
            reached = connection.scalar(
                select(tables.imports.c.rows).where(tables.imports.c.incident_id == incident.id)
            )
        assert reached == row // 10 * 10
        assert bring(database, incident, path) == Imported(40, new=38, rejected=2)
        with database.read() as connection:
            rows = connection.execute(
                select(tables.imports.c.rows).where(tables.imports.c.incident_id == incident.id)
            ).all()
        assert [tuple(each) for each in rows] == [(40,)]  # it went on, and did not begin anew
    with Path(f"{path}.rejects.csv").open(encoding="utf-8", newline="") as file:
        assert [each[0] for each in csv.reader(file)] == ["line", "9", "25"]


def test_an_import_whose_rejects_are_gone_begins_anew(url: str, tmp_path: Path) -> None:
    path = people(tmp_path / "people.csv", 40)
    path.write_text(path.read_text("utf-8").replace("person7@", "\ufffd@"), "utf-8")
    with opened_ledger(url) as (database, incident):
        given = [url, incident.name, str(path), "25", "10"]
        subprocess.run([sys.executable, "-c", KILLED, *given], check=False)  # noqa: S603 - the test's own
        Path(f"{path}.rejects.csv").unlink()
        assert bring(database, incident, path) == Imported(40, new=20, known=19, rejected=1)
        assert Path(f"{path}.rejects.csv").exists()


def test_the_history_tells_of_each_import(url: str, tmp_path: Path) -> None:
    with opened_ledger(url) as (database, incident):
        path = people(tmp_path / "people.csv", 5)
        bring(database, incident, path)
        entry = Incidents(database).history(incident.name)[-1]
        assert (entry.what, entry.body["rows"], entry.body["list"]) == ("imported", 5, "people.csv")
        assert len(entry.body["sha256"]) == 64


def test_a_full_disk_is_one_error_and_nothing_is_half_there(tmp_path: Path) -> None:
    with (
        fast_folder() as folder,
        opened_ledger(f"sqlite:///{folder / 'ledger.db'}") as (database, incident),
    ):
        bring(database, incident, people(tmp_path / "few.csv", 10))
        with database.read() as connection:
            pages = connection.scalar(text("PRAGMA page_count"))

        @event.listens_for(database.engine, "begin")
        def fill(connection: object) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")  # type: ignore[attr-defined]

        with pytest.raises(BreachError, match="the disk is full") as raised:
            bring(database, incident, people(tmp_path / "many.csv", 5_000))
        assert "person" not in str(raised.value)
        assert Ledger(database, incident.id).counts() == Counts(pending=10)


def test_a_lost_database_is_one_error(tmp_path: Path) -> None:
    with postgres() as url:
        database = Database(url, create=True)
        opened = opened_ledger(url)
        _, incident = opened.__enter__()
        bring(database, incident, people(tmp_path / "few.csv", 10))
    for what in (
        lambda: Ledger(database, incident.id).claim("a", 5),
        lambda: bring(database, incident, people(tmp_path / "more.csv", 20)),
        lambda: Incidents(database).get(incident.name),
    ):
        with pytest.raises(BreachError, match=r"cannot be reached|was shut down") as raised:
            what()
        assert "person" not in str(raised.value)
    database.close()


def test_a_place_without_room_for_rejects_is_told_before_anything_is_stored(tmp_path: Path) -> None:
    with opened_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as (database, incident):
        source = open_list(people(tmp_path / "people.csv", 5))
        with pytest.raises(BreachError, match="rejects cannot be written"):
            import_people(
                database, incident, source, columns_of(source), tmp_path / "absent" / "rejects.csv"
            )
        assert Ledger(database, incident.id).counts().total == 0


_CELL = st.one_of(
    st.text(max_size=20),
    st.none(),
    st.integers(),
    st.floats(),
    st.binary(max_size=9),
    st.lists(st.text()),
)


def test_an_international_domain_is_one_that_leaked(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        "email\na@m\u00fcnchen.example\nb@xn--mnchen-3ya.example\nc@munchen.example\n", "utf-8"
    )
    with opened_ledger(
        f"sqlite:///{tmp_path / 'l.db'}", leaked_mailboxes=["M\u00dcNCHEN.example"]
    ) as (database, incident):
        bring(database, incident, path)
        assert untold_reasons(database, incident.id) == {"mailbox-leaked": 2}


def _leaked_by_list(database: Database, incident: Incident, path: Path) -> None:
    bring(database, incident, path)


def _leaked_by_incident(database: Database, incident: Incident, _: Path) -> None:
    Incidents(database).amend(incident.name, {"leaked_mailboxes": ["Leaked.Example"]})


@pytest.mark.parametrize("tell", [_leaked_by_list, _leaked_by_incident])
def test_a_leak_that_is_told_later_withholds_from_whoever_is_not_told(
    tell: Callable[[Database, Incident, Path], None], url: str, tmp_path: Path
) -> None:
    names = ["accepted", "deferred", "failed", "bounced", "held", "pending"]
    listed, leaked = tmp_path / "people.csv", tmp_path / "leaked.csv"
    addresses = [f"{name}@leaked.example" for name in names]
    others = ["p@notleaked.example", "x@@leaked.example"]
    listed.write_text("\n".join(["email", *addresses, *others]), "utf-8")
    leaked.write_text("\n".join(["email,leaked", *(f"{each},yes" for each in addresses)]), "utf-8")
    with opened_ledger(url) as (database, incident):
        bring(database, incident, listed)
        ledger = Ledger(database, incident.id)
        claims = {claim.address.partition("@")[0]: claim for claim in ledger.claim("worker", 9)}
        ledger.release([claims.pop("pending"), claims.pop("p")])
        held = [claims.pop("held")]
        ledger.begin([*claims.values()])
        ledger.finish(
            [
                Outcome(claims["accepted"], "accepted", 250),
                Outcome(claims["bounced"], "accepted", 250),
                Outcome(claims["failed"], "failed", 550),
                Outcome(
                    claims["deferred"], "deferred", 450, retry_at=datetime(2000, 1, 1, tzinfo=UTC)
                ),
            ]
        )
        ledger.bounce(claims["bounced"].key, "a" * 64)
        tell(database, incident, leaked)
        assert ledger.begin(held) == []
        ledger.release(held)
        assert ledger.counts() == Counts(pending=1, accepted=1, failed=5, bounced=1)
        assert untold_reasons(database, incident.id) == {"mailbox-leaked": 5, "invalid-address": 1}
        assert [claim.address for claim in ledger.claim("worker", 9)] == ["p@notleaked.example"]


@given(st.lists(_CELL, min_size=7, max_size=7))
def test_any_row_is_a_person_or_a_reason_without_its_values(cells: list[object]) -> None:
    names = ["email", "name", "language", "person", "phone", "postal", "leaked"]
    read = recipient_reader(
        Columns({name: [place] for place, name in enumerate(names)}, names), "00" * 16
    )
    person = read(Row(1, cells))
    if isinstance(person, str):
        assert person in REASONS
        return
    for kept in person[2:7]:
        assert kept is None or all(each.isprintable() or each in "\u200c\u200d" for each in kept)
    assert (person.due is None) is (person.reason is not None) is (person.state == "failed")


REASONS = {
    "leaked holds neither yes nor no",
    "names nobody: no address, name, phone or identifier",
    *(
        f"{field} holds what cannot be read in this encoding"
        for field in ("email", "name", "language", "person", "phone", "postal", "leaked")
    ),
}


@pytest.mark.parametrize("is_folder", [False, True])
def test_no_other_file_is_lost_to_rejects(tmp_path: Path, *, is_folder: bool) -> None:
    mine = tmp_path / "mine.csv"
    if is_folder:
        mine.mkdir()
    else:
        mine.write_text("of somebody else", "utf-8")
    with opened_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as (database, incident):
        source = open_list(people(tmp_path / "people.csv", 5))
        with pytest.raises(BreachError, match=r"holds no rejects|cannot be written"):
            import_people(database, incident, source, columns_of(source), mine)
    assert is_folder or mine.read_text("utf-8") == "of somebody else"
