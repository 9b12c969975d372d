"""What answers of a server mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.breach.delivery.replies import (
    Reply,
    Stage,
    Verdict,
    classify,
    cleaned,
    without_addresses,
    without_person,
)

MAIL, RCPT, DATA, CONTENT = Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT

TABLE: list[tuple[Stage, int | None, str, Verdict]] = [
    (CONTENT, 250, "2.0.0 Ok: queued as 4Xk", Verdict.ACCEPTED),
    (CONTENT, 250, "", Verdict.ACCEPTED),
    (CONTENT, 252, "accepted, in a way", Verdict.ACCEPTED),
    # later: throttling of every kind is never a failure
    (CONTENT, 454, "Throttling failure: Maximum sending rate exceeded.", Verdict.SERVER_BUSY),
    (MAIL, 454, "4.7.0 Throttling", Verdict.SERVER_BUSY),
    (RCPT, 421, "4.7.0 Too many messages", Verdict.SERVER_BUSY),
    (MAIL, 450, "4.7.1 slow down", Verdict.SERVER_BUSY),
    (RCPT, 451, "4.3.0 queue file write error", Verdict.SERVER_BUSY),
    (RCPT, 452, "Insufficient system storage", Verdict.SERVER_BUSY),
    (CONTENT, 452, "4.3.1 Insufficient system storage", Verdict.SERVER_BUSY),
    (RCPT, 452, "4.2.2 mailbox full", Verdict.LATER),
    (RCPT, 450, "4.2.0 busy", Verdict.LATER),
    (RCPT, 450, "", Verdict.LATER),
    (CONTENT, 451, "4.4.1 no connection to the next host", Verdict.LATER),
    (RCPT, 451, "4.7.1 Greylisted, come back", Verdict.LATER),
    (RCPT, 450, "4.7.1 greylisting in action", Verdict.LATER),
    (RCPT, 451, "4.7.650 rate of the domain", Verdict.DOMAIN_BUSY),
    (CONTENT, 450, "4.7.28 unusual rate of mail", Verdict.DOMAIN_BUSY),
    # for good, and the person's
    (RCPT, 550, "5.1.1 no such user", Verdict.REFUSED),
    (RCPT, 501, "5.1.3 bad address syntax", Verdict.REFUSED),
    (RCPT, 552, "5.2.2 mailbox full", Verdict.REFUSED),
    (CONTENT, 550, "5.2.1 mailbox disabled", Verdict.REFUSED),
    (RCPT, 550, "#5.1.0 Address rejected.", Verdict.REFUSED),
    (RCPT, 553, "5.6.7 needs SMTPUTF8", Verdict.REFUSED),
    # for good, and nobody knows whose
    (RCPT, 550, "relaying denied", Verdict.UNCLEAR),
    (RCPT, 550, "5.7.1 relaying denied", Verdict.UNCLEAR),
    (RCPT, 554, "5.7.1 Relay access denied", Verdict.UNCLEAR),
    (CONTENT, 554, "5.7.1 spam", Verdict.UNCLEAR),
    (RCPT, 550, "No such user here", Verdict.UNCLEAR),
    (RCPT, 501, "syntax error", Verdict.UNCLEAR),
    (RCPT, 550, "4.1.1 the code of another class", Verdict.UNCLEAR),
    # the sender's
    (MAIL, 553, "sender not allowed", Verdict.SENDER_REFUSED),
    (MAIL, 550, "5.1.1 no such user", Verdict.SENDER_REFUSED),
    (MAIL, 552, "5.3.4 message too big", Verdict.SENDER_REFUSED),
    (MAIL, 530, "5.7.0 Must issue a STARTTLS command first", Verdict.SENDER_REFUSED),
    (RCPT, 530, "5.7.0 authentication required", Verdict.SENDER_REFUSED),
    (RCPT, 535, "5.7.8 credentials", Verdict.SENDER_REFUSED),
    (RCPT, 550, "5.1.8 bad sender's system address", Verdict.SENDER_REFUSED),
    # what is no answer, or out of order
    (MAIL, 503, "Sender already specified", Verdict.BROKEN),
    (DATA, 503, "5.5.1 no valid recipients", Verdict.BROKEN),
    (RCPT, 500, "command unrecognized", Verdict.BROKEN),
    (DATA, 250, "ok, without 354", Verdict.LOST),
    (MAIL, 354, "go on", Verdict.LOST),
    (RCPT, None, "the connection was lost", Verdict.LOST),
    (MAIL, 999, "?", Verdict.LOST),
    (DATA, None, "the connection was lost", Verdict.LOST),
    (CONTENT, None, "the connection was lost", Verdict.UNKNOWN),
    (CONTENT, 354, "go on", Verdict.UNKNOWN),
    (CONTENT, 7, "?", Verdict.UNKNOWN),
    (Stage.ADDRESS, None, "no SMTPUTF8", Verdict.UNABLE),
]


@pytest.mark.parametrize(("stage", "code", "text", "verdict"), TABLE)
def test_an_answer_means(stage: Stage, code: int | None, text: str, verdict: Verdict) -> None:
    assert classify(Reply(stage, code, text, "mx")) is verdict


_FOR_GOOD = {Verdict.REFUSED, Verdict.UNCLEAR, Verdict.UNABLE}


@given(st.sampled_from([MAIL, RCPT, DATA, CONTENT]), st.integers(400, 499), st.text(max_size=40))
def test_no_4xx_ever_fails_anybody(stage: Stage, code: int, text: str) -> None:
    assert classify(Reply(stage, code, text, "mx")) not in _FOR_GOOD | {Verdict.ACCEPTED}


@given(st.sampled_from([MAIL, RCPT, DATA, CONTENT]), st.one_of(st.none(), st.integers(-5, 399)))
def test_only_an_answer_to_the_message_accepts_it_and_only_5xx_refuse(
    stage: Stage, code: int | None
) -> None:
    verdict = classify(Reply(stage, code, "5.1.1", "mx"))
    is_ok = stage is CONTENT and code is not None and 200 <= code < 300
    assert (verdict is Verdict.ACCEPTED) is is_ok
    assert verdict not in _FOR_GOOD


@given(st.integers(500, 599), st.text(max_size=40))
def test_nobody_is_refused_at_mail_from(code: int, text: str) -> None:
    assert classify(Reply(MAIL, code, text, "mx")) in {Verdict.SENDER_REFUSED, Verdict.BROKEN}


@given(st.text(max_size=3000))
def test_a_server_s_text_becomes_one_line_that_everything_takes(text: str) -> None:
    kept = cleaned(text)
    kept.encode()
    assert kept.isprintable()
    assert len(kept) <= 2000


@pytest.mark.parametrize(
    "text",
    [
        "<Jane.Doe@example.com>: unknown",
        "5.1.1 jane.doe@example.com",
        "to=Jane.Doe@x",
        '"Jane Doe"@example.com unknown',
        "returned to bounces+jane.doe=40example.com",
        "rfc822;jane.doe+40example.com",
        "https://mx.example/why?to=jane.doe%40example.com",
        "jane.doe@[192.0.2.1] unknown",
    ],
)
def test_what_is_shown_holds_no_address(text: str) -> None:
    shown = without_addresses(Reply(RCPT, 550, text, "mx"))
    assert "doe" not in shown.lower()
    assert "192.0.2.1" not in shown
    assert "550" in shown


@pytest.mark.parametrize(
    "text",
    [
        "user jane.doe unknown",
        "JANE.DOE: no such mailbox",
        "To: Jane Doe (jane.doe) is refused",
        "<jane.doe@example.com> unknown",
    ],
)
def test_no_part_of_the_person_is_shown(text: str) -> None:
    said = without_person(Reply(RCPT, 550, text, "mx"), "jane.doe@example.com", "Jane Doe")
    assert "jane" not in said.text.lower()
    assert said.code == 550


def test_words_that_only_hold_a_local_part_stay() -> None:
    said = without_person(Reply(RCPT, 550, "unknown user no", "mx"), "no@example.com")
    assert said.text == "unknown user [person]"
