"""The evidence report: what it says is what the ledger holds, of everybody, with and without addresses."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import html5lib  # type: ignore[import-untyped]
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.evidence import people as people_module
from alpines_privacy.breach.evidence.facts import facts_of
from alpines_privacy.breach.evidence.html_report import html_report
from alpines_privacy.breach.evidence.json_report import json_report
from alpines_privacy.breach.evidence.people import people_of
from alpines_privacy.breach.evidence.report_file import ReportFile, report
from alpines_privacy.breach.evidence.withheld import status_of, without_addresses
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import append_entry
from alpines_privacy.breach.ledger import Bounce, Claim, Ledger, Outcome
from alpines_privacy.breach.retrying import Asked, put_back, unreached
from tests.breach.report_schema import SCHEMA
from tests.breach.support import bring, fast_folder, opened_ledger

SOON = timedelta(hours=1)
LIST = "email,name\n" + "".join(f"person{n}@mail.example.com,Person {n}\n" for n in range(8))
LIST += "PERSON0@mail.example.com,Again\nnonsense,Sana\na,b,c\n"
REPLY = "5.1.1 <{}>: no mailbox jdoe here\u202e"


class Case:
    """A ledger of eight people with mail, one without, a double and a reject."""

    def __init__(self, database: Database, incident: Incident, folder: Path) -> None:
        self.database, self.incident, self.folder = database, incident, folder
        self.ledger = Ledger(database, incident.id)
        path = folder / "list of jane@mail.example.com.csv"
        path.write_text(LIST, "utf-8")
        bring(database, incident, path)

    def note(self, what: str, **body: Any) -> None:
        with self.database.write() as connection:
            append_entry(connection, self.incident.id, what, body)

    def send(self, answer: Callable[[Claim], Outcome], limit: int = 100) -> list[Claim]:
        claims = self.ledger.begin(self.ledger.claim("worker", limit))
        self.ledger.finish([answer(claim) for claim in claims])
        return claims

    def report(self, **options: Any) -> ReportFile:
        output = self.folder / f"report-{len(list(self.folder.iterdir()))}"
        return report(output, self.incident.name, ledger=self.database.name, **options)

    def data(self, **options: Any) -> dict[str, Any]:
        written = self.report(style="json", **options)
        data: dict[str, Any] = json.loads(written.path.read_text("utf-8"))
        jsonschema.validate(data, SCHEMA, format_checker=jsonschema.FormatChecker())
        return data

    def page(self, **options: Any) -> str:
        return self.report(**options).path.read_text("utf-8")


def accepted(claim: Claim) -> Outcome:
    return Outcome(claim, "accepted", 250, "2.0.0 OK", "mx.example.com")


def refused(claim: Claim) -> Outcome:
    return Outcome(claim, "failed", 550, REPLY.format(claim.address))


@pytest.fixture
def case(url: str, tmp_path: Path) -> Iterator[Case]:
    with opened_ledger(url, discovered="2026-11-27 18:40", confirmed="2026-11-27 20:00") as opened:
        yield Case(*opened, tmp_path)


@pytest.fixture
def told(case: Case) -> Case:
    """Six were accepted, one at the second attempt, one is refused, one bounces."""
    case.note("tested", digest="a" * 64, address="privacy@example.com")
    case.note("sending", digest="a" * 64, worker="worker")
    later = datetime.now(UTC) - SOON
    case.send(lambda claim: Outcome(claim, "deferred", 454, "Throttling", retry_at=later), 1)
    case.send(refused, 1)
    claims = case.send(accepted)
    bounce = Bounce((claims[-1].key,), "b" * 64, 550, REPLY.format(claims[-1].address))
    case.ledger.bounces([bounce])
    case.note("finished")
    return case


def test_a_report_holds_everybody_and_what_happened(told: Case) -> None:
    data = told.data()
    assert data["states"] == told.ledger.counts()._asdict()
    assert data["another_way"] == {"bounced": 1, "invalid-address": 1, "refused-550": 1}
    people = {person["address"]: person for person in data["people"]}
    assert len(people) == len(data["people"]) == 9
    assert [person["key"] for person in data["people"]] == sorted(
        person["key"] for person in data["people"]
    )
    histories = [" ".join(event["what"] for event in each["evidence"]) for each in people.values()]
    assert sorted(histories) == [
        "",
        *5 * ["began accepted"],
        "began accepted bounced",
        "began deferred began accepted",
        "began failed",
    ]
    for person in data["people"]:
        assert person["message_id"] == told.incident.message_id(person["key"])
    keys = "".join(f"{person['key']}\n" for person in data["people"])
    assert data["recipients_sha256"] == hashlib.sha256(keys.encode()).hexdigest()


def test_who_is_tried_again_is_told_with_what_was_before(told: Case) -> None:
    found = unreached(told.database, told.incident, Asked(everybody=True))
    assert put_back(told.database, told.incident, found) == 2
    told.send(accepted)
    for with_addresses in (True, False):
        data = told.data(with_addresses=with_addresses)
        stories = [[event["what"] for event in each["evidence"]] for each in data["people"]]
        assert ["began", "failed", "retried", "began", "accepted"] in stories
        assert ["began", "accepted", "bounced", "retried", "began", "accepted"] in stories
        events = [event for each in data["people"] for event in each["evidence"]]
        again = [event["reply"] for event in events if event["what"] == "retried"]
        assert sorted(again) == ["bounced", "refused-550"]
        assert data["messages"]["retried"] == 2
        assert data["deadline"]["told"] == data["states"]["accepted"] == 8
        assert (data["deadline"]["accepted_twice"], data["messages"]["unanswered"]) == (0, 0)
        assert all(each["adds_up"] for each in data["reconciliation"])
        page = told.page(with_addresses=with_addresses)
        assert "put back, to be told by mail after all: the notice came back" in page
        assert "put back, to be told by mail after all: refused 550" in page


def test_its_verdict_is_by_the_last_acceptance(told: Case) -> None:
    deadline = told.data()["deadline"]
    assert (deadline["verdict"], deadline["told"], deadline["another_way"]) == ("met", 6, 3)
    assert deadline["first_acceptance"] <= deadline["last_acceptance"]


def test_numbers_add_up(told: Case) -> None:
    data = told.data()
    assert data["reconciliation"]
    assert all(each["adds_up"] for each in data["reconciliation"])
    [listed] = data["lists"]
    assert [listed[name] for name in ("rows", "new", "known", "rejected")] == [11, 9, 1, 1]
    content = (told.folder / "list of jane@mail.example.com.csv").read_bytes()
    assert listed["sha256"] == hashlib.sha256(content).hexdigest()
    assert data["notices"] == [{"at": data["history"][3]["at"], "sha256": "a" * 64}]
    messages = data["messages"]
    assert (messages["began"], messages["accepted"], messages["unanswered"]) == (9, 7, 0)


def test_what_does_not_add_up_is_said(told: Case) -> None:
    """Somebody has taken a person out of the ledger, and changed the state of another."""
    with told.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE breach_recipient SET state = 'failed' WHERE state = 'bounced'"
        )
        connection.exec_driver_sql("UPDATE breach_import SET new = new + 1")
    data = told.data()
    wrong = [each["what"] for each in data["reconciliation"] if not each["adds_up"]]
    assert wrong == [
        "rows read; rows new, known and rejected",
        "people new in lists; people in the ledger",
        "people who are bounced; people whose bounce is in the evidence",
    ]
    assert "It does not add up:" in told.page()


def test_the_history_can_be_checked_from_the_report(told: Case) -> None:
    before = ""
    for entry in told.data()["history"]:
        body = json.dumps(entry["body"], ensure_ascii=False, sort_keys=True)
        text = f"{before}\n{entry['number']}\n{entry['at_ms']}\n{entry['what']}\n{body}"
        assert hashlib.sha256(text.encode()).hexdigest() == entry["digest"]
        before = entry["digest"]


def test_a_history_that_was_changed_is_said() -> None:
    with fast_folder() as folder, opened_ledger(f"sqlite:///{folder / 'l.db'}") as opened:
        case = Case(*opened, folder)
        with case.database.write() as connection:
            connection.exec_driver_sql("DROP TRIGGER breach_history_update")
            connection.exec_driver_sql("UPDATE breach_history SET at = at - 1 WHERE number = 1")
        data = case.data()
        assert [entry["is_intact"] for entry in data["history"]] == [False, True]
        assert data["history_is_intact"] is False
        assert "The history was changed." in case.page()


class TestDeadline:
    """Time is set through the deadline of the incident that the report is asked about."""

    def verdict(self, case: Case, deadline: timedelta) -> tuple[str, int, int]:
        incident = case.incident._replace(deadline=datetime.now(UTC) + deadline)
        with case.database.snapshot() as connection:
            facts = facts_of(connection, incident)
        return facts.verdict, facts.told.late, facts.states.remaining

    def test_while_people_are_to_be_told_it_is_open_and_then_missed(self, case: Case) -> None:
        case.send(accepted, 3)
        assert self.verdict(case, SOON) == ("open", 0, 5)
        assert self.verdict(case, -SOON) == ("missed", 3, 5)

    def test_one_who_is_told_late_misses_it(self, case: Case) -> None:
        case.send(accepted)
        assert self.verdict(case, SOON) == ("met", 0, 0)
        assert self.verdict(case, -SOON) == ("missed", 8, 0)

    def test_nobody_is_told_by_mail(self, case: Case) -> None:
        case.send(refused)
        assert self.verdict(case, SOON) == ("nobody", 0, 0)

    def test_a_repeated_message_counts_when_it_came_first(self, case: Case) -> None:
        claims = case.send(accepted)
        case.ledger.finish([accepted(claims[0])])
        with case.database.snapshot() as connection:
            facts = facts_of(connection, case.incident)
        assert (facts.told.people, facts.told.twice) == (8, 1)


class TestWithoutAddresses:
    NAMES = re.compile(r"person\d|nonsense|jane|jdoe|privacy@")

    def test_json(self, told: Case) -> None:
        data = told.data(with_addresses=False)
        text = json.dumps({name: data[name] for name in data if name != "people"})
        assert not re.search(r"[\w.]@(?!example\.com>)", text)
        for person in data["people"]:
            shown = json.dumps(person).replace(person["message_id"], "")
            assert "@" not in shown
        assert not self.NAMES.search(json.dumps(data))
        events = [event for person in data["people"] for event in person["evidence"]]
        assert {event.get("status") for event in events if event["what"] == "failed"} == {"5.1.1"}

    def test_html(self, told: Case) -> None:
        page = told.page(with_addresses=False)
        assert not self.NAMES.search(page)
        assert "550 5.1.1" in page
        assert self.NAMES.search(told.page())

    @pytest.mark.parametrize(
        ("reply", "status"),
        [
            ("5.1.1 <jane@x.example>: unknown", "5.1.1"),
            ("550 5.7.26 no", "5.7.26"),
            ("550-5.1.1 no", "5.1.1"),
            ("203.0.113.9 is listed", None),
            ("5.1.1.1", None),
            ("jane is 5.1.1", None),
            ("", None),
        ],
    )
    def test_of_a_reply_only_its_status_is_left(self, reply: str, status: str | None) -> None:
        assert status_of(reply) == status

    @given(st.text(max_size=30), st.from_regex(r"[a-z.+'-]{1,9}@[a-z.]{1,9}", fullmatch=True))
    def test_no_address_is_left_in_texts(self, around: str, address: str) -> None:
        shown = without_addresses({"said": [f"{around} {address} {around}", 1, None]})
        assert "@" not in shown["said"][0]
        assert shown["said"][1:] == [1, None]


def elements(page: str, name: str) -> list[Any]:
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    return list(tree.iter(name))


def test_a_page_is_whole_and_loads_nothing(told: Case) -> None:
    page = told.page()
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    assert not elements(page, "script")
    assert not re.search(r'(?:src|href)="(?!#)', page)
    tables = elements(page, "table")
    assert tables
    assert all(table.find("caption") is not None for table in tables)
    targets = {link.get("href")[1:] for link in elements(page, "a")}
    assert targets <= {each.get("id") for each in elements(page, "h2")}
    assert "\u202e" not in page
    keys = {each.text for each in elements(page, "b") if re.fullmatch("[0-9a-f]{24}", each.text)}
    assert len(keys) == 9


def test_what_strangers_say_is_text(case: Case) -> None:
    """A server's reply, a list's name and the operator's texts make no elements of the page."""
    attack = "<script>x()</script><b onclick=x()>\"'</td>"
    case.note("sending", digest=attack, worker=attack)
    case.send(lambda claim: Outcome(claim, "failed", 550, attack, attack))
    before = report(
        case.folder / "plain", case.incident.name, ledger=case.database.name
    ).path.read_text("utf-8")
    assert attack not in before
    assert not elements(before, "script")
    assert not [each for each in elements(before, "b") if each.attrib]
    for with_addresses in (True, False):
        assert attack not in case.page(with_addresses=with_addresses)


def test_people_are_in_groups_of_which_one_alone_is_open(
    told: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alpines_privacy.breach.evidence.html_report._GROUP", 3)
    groups = [each for each in elements(told.page(), "details") if "keys" in each[0].text]
    assert [("open" in each.attrib, int(each[0].text.split()[0])) for each in groups] == [
        (True, 3),
        (False, 3),
        (False, 3),
    ]


def test_a_page_says_how_many_it_leaves_out(told: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "more: the report as JSON" not in told.page()
    monkeypatch.setattr("alpines_privacy.breach.evidence.html_report._MOST", 2)
    page = told.page()
    assert re.findall(r"And (\d) more: the report as JSON", page) == ["1", "4"]


def test_pages_of_the_ledger_hold_each_person_once(
    told: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = told.data()["people"]
    monkeypatch.setattr(people_module, "_PAGE", 2)
    assert told.data()["people"] == whole


def test_what_is_sent_meanwhile_changes_no_report(case: Case) -> None:
    """A report reads one state of the ledger, however long it takes."""
    with case.database.snapshot() as connection:
        facts = facts_of(connection, case.incident)
        case.send(accepted)
        states = {person.state for person in people_of(connection, case.incident)}
    assert facts.states.pending == 8
    assert states == {"pending", "failed"}


class TestFile:
    def test_it_is_its_owner_s_alone_and_its_digest_is_told(self, told: Case) -> None:
        written = told.report()
        assert stat.S_IMODE(written.path.stat().st_mode) == 0o600
        assert hashlib.sha256(written.path.read_bytes()).hexdigest() == written.sha256

    def test_no_file_is_written_over(self, told: Case) -> None:
        path = told.folder / "there"
        path.write_text("mine", "utf-8")
        with pytest.raises(BreachError, match="is there already"):
            report(path, told.incident.name, ledger=told.database.name)
        assert path.read_text("utf-8") == "mine"

    def test_what_cannot_be_written_whole_is_not_left(
        self, told: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(*_: Any) -> Iterator[Any]:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(
            "alpines_privacy.breach.evidence.report_file.json_report",
            lambda *_, **__: map(fails, [1]),
        )
        with pytest.raises(BreachError, match="cannot be written: No space left"):
            told.report(style="json")
        assert not list(told.folder.glob("report-*"))

    def test_a_folder_that_is_not_there_is_said(self, told: Case) -> None:
        with pytest.raises(BreachError, match="cannot be written: No such file"):
            report(told.folder / "no" / "x", told.incident.name, ledger=told.database.name)


@pytest.mark.parametrize("style", ["json", "html"])
def test_memory_does_not_grow_with_people(style: str) -> None:
    """Written parts come from a stream: twice as many people take no more memory."""
    with fast_folder() as folder, opened_ledger(f"sqlite:///{folder / 'l.db'}") as opened:
        case = Case(*opened, folder)
        case.send(accepted)
        with case.database.snapshot() as connection:
            facts = facts_of(connection, case.incident)
            people = list(people_of(connection, case.incident))
        peaks = []
        for number in (1_000, 2_000):
            everybody = (people[index % len(people)] for index in range(number))
            parts = (
                json_report(facts, everybody, with_addresses=True)
                if style == "json"
                else html_report(facts, iter(()), everybody, with_addresses=True)
            )
            tracemalloc.start()
            size = sum(map(len, parts))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert size > number * 100
        assert peaks[1] < 1.2 * peaks[0] + 100_000
