"""The ledger against a model of it: any order of claims, answers, crashes, bounces and new tries."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)
from sqlalchemy import func, select

from alpines_privacy.breach import tables
from alpines_privacy.breach.evidence.facts import facts_of
from alpines_privacy.breach.ledger import STATES, Claim, Ledger, Outcome
from tests.breach.support import bring, fast_folder, opened_ledger, people

PEOPLE = 3
LEASE = 60
_STATES = st.sampled_from(["accepted", "deferred", "failed"])


class Model:
    """A person as the ledger ought to have them."""

    def __init__(self) -> None:
        self.state = "pending"
        self.due: float | None = 0
        self.token: str | None = None
        self.entries = 0

    def may_begin(self, claim: Claim, now: float) -> bool:
        held = self.state == "sending" and self.token == claim.token
        return held and self.due is not None and self.due > now

    def settle(self, state: str, due: float | None) -> None:
        self.state, self.due, self.token = state, due, None


class Machine(RuleBasedStateMachine):
    """Workers that claim, begin, finish, stop, die and come late."""

    claimed = Bundle("claimed")
    begun = Bundle("begun")

    @initialize()
    def open(self) -> None:
        self.now = 1_800_000_000.0
        self.folder = fast_folder()
        folder = self.folder.__enter__()
        self.opened = opened_ledger(f"sqlite:///{folder / 'ledger.db'}")
        self.database, self.incident = self.opened.__enter__()
        bring(self.database, self.incident, people(folder / "people.csv", PEOPLE))
        self.ledger = Ledger(self.database, self.incident.id, clock=lambda: self.now)
        rows = tables.recipient.c
        with self.database.read() as connection:
            found = connection.execute(select(rows.id, rows.key))
            self.keys = {int(number): str(key) for number, key in found}
        self.models = {number: Model() for number in self.keys}

    @rule(target=claimed, limit=st.integers(2, PEOPLE))
    def claim(self, limit: int) -> object:
        return multiple(*self.claim_now(limit))

    def claim_now(self, limit: int) -> list[Claim]:
        due = [
            (model.due, number)
            for number, model in self.models.items()
            if model.due is not None and model.due <= self.now
        ]
        claims = self.ledger.claim("worker", limit, lease=LEASE)
        assert {claim.recipient_id for claim in claims} == {
            number for _, number in sorted(due)[:limit]
        }
        for claim in claims:
            model = self.models[claim.recipient_id]
            model.state, model.due, model.token = "sending", self.now + LEASE, claim.token
        return claims

    @rule(target=begun, claim=consumes(claimed))
    def begin(self, claim: Claim) -> object:
        model = self.models[claim.recipient_id]
        may = model.may_begin(claim, self.now)
        assert self.ledger.begin([claim], lease=LEASE) == ([claim] if may else [])
        if not may:
            return multiple()
        model.due = self.now + LEASE
        model.entries += 1
        return claim

    @rule(
        claim=consumes(begun),
        state=_STATES,
        wait=st.integers(0, 90),
    )
    def finish(self, claim: Claim, state: str, wait: int) -> None:
        self.finish_now(claim, state, wait)

    @rule(target=claimed, claim=consumes(begun), state=_STATES)
    def finish_late(self, claim: Claim, state: str) -> object:
        """A worker that was slow answers when others have the person already."""
        self.now += LEASE + 1
        claims = self.claim_now(PEOPLE)
        self.finish_now(claim, state, 30)
        return multiple(*claims)

    def finish_now(self, claim: Claim, state: str, wait: int) -> None:
        retry = self.now + wait if state == "deferred" else None
        at = datetime.fromtimestamp(retry, UTC) if retry is not None else None
        self.ledger.finish([Outcome(claim, state, 250, "", "mx", at)])  # type: ignore[arg-type]  # one of three
        model = self.models[claim.recipient_id]
        model.entries += 1
        holds = model.state == "sending" and model.token == claim.token
        if holds or (state == "accepted" and model.state != "bounced"):
            model.settle(state, retry)

    @rule(claims=st.lists(consumes(claimed), max_size=3))
    def stop(self, claims: list[Claim]) -> None:
        self.ledger.release(claims)
        for claim in claims:
            model = self.models[claim.recipient_id]
            if model.state == "sending" and model.token == claim.token:
                model.settle("pending", 0)

    @rule(claim=consumes(claimed))
    def die_before(self, claim: Claim) -> None:
        """A worker dies with a claim: nothing more is heard of it."""

    @rule(claim=consumes(begun))
    def die_after(self, claim: Claim) -> None:
        """A worker dies after the message has begun to leave."""

    @rule(data=st.data(), source=st.integers(0, 1))
    def bounce(self, data: st.DataObject, source: int) -> None:
        number = data.draw(st.sampled_from(sorted(self.models)))
        model = self.models[number]
        name = f"bounce {source}"
        with self.database.read() as connection:
            rows = tables.evidence.c
            known = connection.scalar(
                select(func.count()).where(rows.recipient_id == number, rows.source == name)
            )
        assert self.ledger.bounce(self.keys[number], name) is not bool(known)
        if not known:
            model.entries += 1
            model.settle("bounced", None)

    @rule(chosen=st.sets(st.integers(0, PEOPLE - 1)))
    def put_back(self, chosen: set[int]) -> None:
        """An operator tries people again, whatever became of them since they were chosen."""
        numbers = [sorted(self.models)[index] for index in chosen]
        unreached = [each for each in numbers if self.models[each].state in {"failed", "bounced"}]
        assert self.ledger.put_back(numbers, "operator", {}) == len(unreached)
        for number in unreached:
            self.models[number].entries += 1
            self.models[number].settle("pending", 0)
        self.the_report_adds_up()

    @rule(seconds=st.sampled_from([1, LEASE // 2, LEASE, LEASE + 1]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def states_are_the_model_s(self) -> None:
        counts = self.ledger.counts()
        found = Counter(model.state for model in self.models.values())
        assert counts.total == PEOPLE
        assert [*counts] == [found[state] for state in STATES]

    @invariant()
    def evidence_only_grows(self) -> None:
        with self.database.read() as connection:
            kept = connection.scalar(select(func.count()).select_from(tables.evidence))
        assert kept == sum(model.entries for model in self.models.values())

    def the_report_adds_up(self) -> None:
        with self.database.read() as connection:
            sums = facts_of(connection, self.incident).sums
        assert [each for each in sums if not each.adds_up] == []

    def teardown(self) -> None:
        """Whatever happened, nobody is skipped: an honest worker reaches everybody who is left."""
        if not hasattr(self, "models"):
            return
        try:
            self.the_report_adds_up()
            self.reach_everybody()
            self.the_report_adds_up()
        finally:
            self.opened.__exit__(None, None, None)
            self.folder.__exit__(None, None, None)

    def reach_everybody(self) -> None:
        left = {number for number, model in self.models.items() if model.due is not None}
        reached: set[int] = set()
        while (waiting := self.ledger.remaining()) is not None:
            self.now += waiting.seconds + 1
            claims = self.ledger.begin(self.ledger.claim("honest", PEOPLE))
            self.ledger.finish([Outcome(claim, "accepted", 250) for claim in claims])
            reached |= {claim.recipient_id for claim in claims}
        assert reached == left


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
