"""When refusals pause the sending."""

from __future__ import annotations

import pytest

from alpines_privacy.breach.delivery.refusals import WINDOW, Refusals
from alpines_privacy.breach.delivery.replies import Reply, Stage, Verdict

REFUSED = Reply(Stage.RCPT, 550, "5.1.1 <jane@example.com> unknown", "mx")


def heard(refusals: Refusals, *verdicts: Verdict) -> str | None:
    """Hear answers, and return the last reason to pause."""
    reason = None
    for verdict in verdicts:
        reason = refusals.add(verdict, REFUSED) or reason
    return reason


def test_a_share_of_refusals_pauses() -> None:
    refusals = Refusals(0.2)
    assert heard(refusals, *[Verdict.ACCEPTED] * 80, *[Verdict.REFUSED] * 20) is None
    reason = heard(refusals, Verdict.REFUSED)
    assert reason is not None
    assert reason.startswith("21 of the last 100 answers are refusals")
    assert "jane" not in reason


def test_what_is_deferred_changes_no_share() -> None:
    refusals = Refusals(0.2)
    for _ in range(300):
        assert heard(refusals, Verdict.LATER, Verdict.SERVER_BUSY, Verdict.LOST) is None
    assert heard(refusals, *([*[Verdict.ACCEPTED] * 9, Verdict.REFUSED] * 50)) is None


def test_old_answers_count_no_more() -> None:
    refusals = Refusals(0.2)
    assert (
        heard(
            refusals, *[Verdict.REFUSED] * 20, *[Verdict.ACCEPTED] * WINDOW, *[Verdict.REFUSED] * 20
        )
        is None
    )


def test_a_share_of_one_never_pauses() -> None:
    assert heard(Refusals(1), *[Verdict.REFUSED] * 500) is None


@pytest.mark.parametrize(
    ("verdict", "number"),
    [
        (Verdict.SENDER_REFUSED, 3),
        (Verdict.UNCLEAR, 20),
        (Verdict.BROKEN, 20),
        (Verdict.UNKNOWN, 20),
    ],
)
def test_so_many_in_a_row_are_about_the_sender(verdict: Verdict, number: int) -> None:
    refusals = Refusals(1)
    assert (
        heard(refusals, *[verdict] * (number - 1), Verdict.ACCEPTED, *[verdict] * (number - 1))
        is None
    )
    assert heard(refusals, verdict) is not None


def test_a_lost_connection_pauses_nothing() -> None:
    assert heard(Refusals(0.2), *[Verdict.LOST] * 1000) is None


def test_an_operator_who_has_looked_is_not_asked_again() -> None:
    refusals = Refusals(1, trusts=True)
    assert heard(refusals, *[Verdict.UNCLEAR] * 100) is None
    assert not refusals.is_unclear(Verdict.UNCLEAR)
    assert Refusals(1).is_unclear(Verdict.UNCLEAR)
    assert heard(refusals, *[Verdict.SENDER_REFUSED] * 3) is not None
