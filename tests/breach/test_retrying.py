"""People whom mail did not reach, tried again: who is meant, who never is, and what the evidence says."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from alpines_privacy import breach
from alpines_privacy.breach import tables
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.evidence.facts import facts_of
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.ledger import Bounce, Claim, Counts, Ledger, Outcome
from alpines_privacy.breach.retrying import Asked, Unreached, put_back, unreached
from tests.breach.support import bring, opened_ledger

LIST = """\
email,name,leaked
told@one.example.com,Told,
unknown@one.example.com,Unknown,
relay@one.example.com,Relay,
relay@two.example.com,Other,
back@two.example.com,Back,
Back2@münchen.example.com,Back,
leaked@two.example.com,Leaked,yes
nonsense,Nobody,
,Nameless,
"""
ANSWERS = {
    "unknown@one.example.com": (550, "5.1.1 no such user"),
    "relay@one.example.com": (550, "5.7.1 relaying denied"),
    "relay@two.example.com": (554, "relaying denied"),
}
BOUNCES = {
    "back@two.example.com": (550, "550 5.7.26 unauthenticated"),
    "Back2@xn--mnchen-3ya.example.com": (None, "5.2.2"),
}


class Case:
    """A ledger in which everything happened that leaves somebody unreached."""

    def __init__(self, database: Database, incident: Incident, folder: Path) -> None:
        self.database, self.incident, self.folder = database, incident, folder
        self.ledger = Ledger(database, incident.id)
        path = folder / "people.csv"
        path.write_text(LIST, "utf-8")
        bring(database, incident, path)
        self.keys = {claim.address: claim.key for claim in self.send(_answer)}
        for address, (code, reply) in BOUNCES.items():
            self.bounce(address, "a" * 64, code, reply)

    def bounce(self, address: str, source: str, code: int | None = 550, reply: str = "") -> str:
        return self.ledger.bounces([Bounce((self.keys[address],), source, code, reply)])[0]

    def send(self, answer: Callable[[Claim], Outcome]) -> list[Claim]:
        claims = self.ledger.begin(self.ledger.claim("worker", 100))
        self.ledger.finish([answer(claim) for claim in claims])
        return claims

    def find(self, **asked: Any) -> Unreached:
        return unreached(self.database, self.incident, Asked(**asked))

    def addresses(self, ids: Any) -> set[str]:
        rows = tables.recipient.c
        with self.database.read() as connection:
            found = connection.scalars(select(rows.address).where(rows.id.in_(list(ids))))
            return set(map(str, found))

    def sums(self) -> list[str]:
        with self.database.read() as connection:
            return [
                each.what for each in facts_of(connection, self.incident).sums if not each.adds_up
            ]


def _answer(claim: Claim) -> Outcome:
    if claim.address in ANSWERS:
        return Outcome(claim, "failed", *ANSWERS[claim.address], "mx")
    return accepted(claim)


def accepted(claim: Claim) -> Outcome:
    return Outcome(claim, "accepted", 250, "OK", "mx")


@pytest.fixture
def case(url: str, tmp_path: Path) -> Iterator[Case]:
    with opened_ledger(url) as opened:
        yield Case(*opened, tmp_path)


RELAYS = {"relay@one.example.com", "relay@two.example.com"}
BACK, BACK2 = BOUNCES
UNREACHED = {*ANSWERS, *BOUNCES}
MEANT: dict[str, tuple[dict[str, Any], set[str]]] = {
    "all": ({"everybody": True}, UNREACHED),
    "a reason": ({"reasons": ["refused-554"]}, {"relay@two.example.com"}),
    "a reason as it is shown": ({"reasons": ["Refused 554"]}, {"relay@two.example.com"}),
    "two reasons": ({"reasons": ["refused-554", "bounced"]}, {"relay@two.example.com", *BOUNCES}),
    "a code": ({"codes": ["550"]}, {"unknown@one.example.com", "relay@one.example.com", BACK}),
    "an enhanced code": ({"codes": ["5.7.1"]}, {"relay@one.example.com"}),
    "codes of bounces": ({"codes": ["5.7.26", "5.2.2"]}, set(BOUNCES)),
    "a domain": ({"domains": ["TWO.example.com"]}, {"relay@two.example.com", BACK}),
    "an international domain": ({"domains": ["@münchen.example.com"]}, {BACK2}),
    "a domain and a code": ({"domains": ["two.example.com"], "codes": ["554"]}, {"relay@two.example.com"}),
    "leaked, by its reason": ({"reasons": ["mailbox-leaked"]}, {"leaked@two.example.com"}),
    "a reason that nobody has": ({"reasons": ["refused-551", "no-smtputf8"]}, set()),
    "no address": ({"reasons": ["no-address", "invalid-address"]}, set()),
}  # fmt: skip


@pytest.mark.parametrize("name", MEANT)
def test_who_is_meant(name: str, case: Case) -> None:
    asked, expected = MEANT[name]
    found = case.find(**asked)
    assert case.addresses(found.ids) == expected
    assert found.people == sum(found.reasons.values()) == len(expected)
    assert put_back(case.database, case.incident, found) == len(expected) if expected else True
    claims = case.send(accepted)
    assert {claim.address for claim in claims} == expected
    assert case.sums() == []


def test_people_of_a_list_are_meant_in_any_spelling(case: Case) -> None:
    path = case.folder / "mended.csv"
    rows = [
        "Mail;Note",
        "UNKNOWN@one.example.com;",
        "unknown@One.example.com;again",
        "back@two.example.com;",
    ]
    rows += ["told@one.example.com;", "stranger@one.example.com;", "nonsense;"]
    path.write_text("\n".join(rows), "utf-16")
    found = case.find(file=path, mapped=["email=Mail"])
    assert case.addresses(found.ids) == {"unknown@one.example.com", BACK}
    found = case.find(file=path, codes=["5.1.1"])
    assert case.addresses(found.ids) == {"unknown@one.example.com"}
    assert found.said["list"] == "mended.csv"
    assert "unknown" not in str(found.said)


def test_whoever_cannot_be_mailed_is_told_and_left(case: Case) -> None:
    found = case.find(everybody=True)
    assert found.left_out == {"invalid-address": 1, "mailbox-leaked": 1, "no-address": 1}
    Incidents(case.database).amend(case.incident.name, {"leaked_mailboxes": ["two.example.com"]})
    case.incident = Incidents(case.database).get(case.incident.name)
    found = case.find(everybody=True, reasons=())
    assert found.left_out["mailbox-leaked"] == 3
    assert case.addresses(found.ids) == {"unknown@one.example.com", "relay@one.example.com", BACK2}
    assert case.find(reasons=["mailbox-leaked"]).ids == []


def test_the_evidence_grows_and_says_why(case: Case) -> None:
    put_back(case.database, case.incident, case.find(everybody=True))
    assert case.ledger.counts() == Counts(pending=5, accepted=1, failed=3)
    rows = tables.evidence.c
    with case.database.read() as connection:
        told = connection.execute(
            select(rows.attempt, rows.reply).where(
                rows.what == "retried", rows.incident_id == case.incident.id
            )
        )
        reasons = sorted((row.attempt, row.reply) for row in told)
    assert reasons == sorted([(1, "bounced")] * 2 + [(1, "refused-550")] * 2 + [(1, "refused-554")])
    entry = Incidents(case.database).history(case.incident.name)[-1]
    assert entry.what == "retried"
    assert (entry.body["people"], entry.body["everybody"]) == (5, True)
    assert case.sums() == []


def test_a_bounce_that_was_read_before_counts_no_second_time(case: Case) -> None:
    put_back(case.database, case.incident, case.find(reasons=["bounced"]))
    assert case.bounce(BACK, "a" * 64) == "repeated"
    case.send(accepted)
    assert case.ledger.counts().bounced == 0
    assert case.bounce(BACK, "b" * 64) == "bounced"
    assert case.ledger.counts().bounced == 1
    assert case.sums() == []


def test_the_deadline_is_judged_by_the_message_that_did_not_come_back(case: Case) -> None:
    put_back(case.database, case.incident, case.find(reasons=["bounced"]))
    [*claims] = case.send(accepted)
    assert {claim.key for claim in claims} == {case.keys[address] for address in BOUNCES}
    with case.database.read() as connection:
        facts = facts_of(connection, case.incident)
        rows = tables.evidence.c
        last = connection.scalars(
            select(rows.at)
            .where(rows.what == "accepted", rows.incident_id == case.incident.id)
            .order_by(rows.id.desc())
        ).first()
    assert facts.told.people == 3
    assert facts.told.twice == 0
    assert facts.told.last is not None
    assert round(facts.told.last.timestamp() * 1000) == last


def test_two_operators_put_the_same_people_back_once(case: Case) -> None:
    first, second = case.find(everybody=True), case.find(everybody=True)
    assert put_back(case.database, case.incident, first) == 5
    assert put_back(case.database, case.incident, second) == 0
    entries = [entry.what for entry in Incidents(case.database).history(case.incident.name)]
    assert entries.count("retried") == 1


def test_an_answer_that_comes_late_keeps_its_person(url: str, tmp_path: Path) -> None:
    """The person is chosen as failed, and before that is written another worker's acceptance is."""
    path = tmp_path / "people.csv"
    path.write_text("email\nana@example.com\n", "utf-8")
    with opened_ledger(url) as (database, incident):
        bring(database, incident, path)
        now = [1_800_000_000.0]
        ledger = Ledger(database, incident.id, clock=lambda: now[0])
        slow = ledger.begin(ledger.claim("slow", 1, lease=60), lease=60)
        now[0] += 61
        ledger.finish(
            [Outcome(each, "failed", 550) for each in ledger.begin(ledger.claim("quick", 1))]
        )
        found = unreached(database, incident, Asked(everybody=True))
        assert found.people == 1
        ledger.finish([accepted(each) for each in slow])
        assert put_back(database, incident, found) == 0
        assert ledger.counts() == Counts(accepted=1)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "it is not said who is meant"),
    "all and some": ({"everybody": True, "codes": ["550"]}, "it is not said who is meant"),
    "no reason": ({"reasons": ["refused-55"]}, r"is no reason.*expected one of bounced, "),
    "no code": ({"codes": ["55"]}, "is no code of a server"),
    "an accepting code": ({"codes": ["350"]}, "is no code of a server"),
    "no domain": ({"domains": ["a b"]}, "is no domain"),
    "no list": ({"file": Path("absent.csv")}, "cannot be read"),
    "columns of nothing": ({"codes": ["550"], "mapped": ["email=Mail"]}, "of no list"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_nobody_can_fit_is_refused(name: str, case: Case) -> None:
    asked, words = WRONG[name]
    with pytest.raises(BreachError, match=words):
        case.find(**asked)


def test_the_function_shows_first_and_then_does_it(case: Case) -> None:
    given: dict[str, Any] = {
        "ledger": case.database.engine.url.render_as_string(hide_password=False)
    }
    name = case.incident.name
    assert breach.retry(name, codes=[550], dry_run=True, **given).people == 3
    assert case.ledger.counts().pending == 0
    assert breach.retry(name, codes=[550], **given).people == 3
    assert case.ledger.counts().pending == 3
    assert breach.retry(name, codes=[550], **given).people == 0


def test_a_report_adds_up_whatever_happens_meanwhile(url: str, tmp_path: Path) -> None:
    """Senders tell people, bounces come, and an operator puts people back."""
    path = tmp_path / "people.csv"
    path.write_text("email\n" + "".join(f"p{n}@example.com\n" for n in range(400)), "utf-8")
    with opened_ledger(url) as (database, incident), ThreadPoolExecutor(3) as threads:
        bring(database, incident, path)
        others = [threads.submit(_tell, database, incident, seed) for seed in range(2)]
        others.append(threads.submit(_put_back_often, database, incident))
        while not all(other.done() for other in others):
            with database.snapshot() as connection:
                sums = facts_of(connection, incident).sums
            assert [each for each in sums if not each.adds_up] == []
        assert [other.result() for other in others] == [None] * 3


def _tell(database: Database, incident: Incident, seed: int) -> None:
    dice, ledger = random.Random(seed), Ledger(database, incident.id)  # noqa: S311 - the same each time
    while claims := ledger.begin(ledger.claim(f"worker {seed}", 30)):
        chosen = [dice.random() < 0.7 for _ in claims]
        ledger.finish(
            [
                accepted(claim) if is_told else Outcome(claim, "failed", 550)
                for claim, is_told in zip(claims, chosen, strict=True)
            ]
        )
        ledger.bounces([Bounce((claims[0].key,), f"{seed} {dice.random()}")])


def _put_back_often(database: Database, incident: Incident) -> None:
    for _ in range(10):
        put_back(database, incident, unreached(database, incident, Asked(everybody=True)))


def test_more_people_than_one_statement_takes_are_put_back(url: str, tmp_path: Path) -> None:
    number = 2_500
    path = tmp_path / "people.csv"
    path.write_text("email\n" + "".join(f"p{n}@example.com\n" for n in range(number)), "utf-8")
    with opened_ledger(url) as (database, incident):
        bring(database, incident, path)
        ledger = Ledger(database, incident.id)
        claims = ledger.begin(ledger.claim("worker", number))
        ledger.finish([Outcome(claim, "failed", 550) for claim in claims])
        found = unreached(database, incident, Asked(file=path))
        assert put_back(database, incident, found) == number
        assert ledger.counts() == Counts(pending=number)
