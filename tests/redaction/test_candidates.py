"""Texts too dense to be judged in time: nothing of them passes unread, and no log is one."""

from __future__ import annotations

import json
from itertools import pairwise
from urllib.parse import quote

import pytest

from alpines_privacy import PrivacyPolicy
from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine.candidates import (
    LEAST,
    Candidates,
    most_documents,
    too_many_documents,
)
from alpines_privacy.redaction.engine.user_agents import UNREAD
from alpines_privacy.redaction.kinds.shape import Weigh, by_length

REDACTOR = Redactor()
KEEPS = Redactor(PrivacyPolicy.from_mapping({"logs": {"secret": "keep"}}))

# What asks for a judgement in as few characters as can be.
DENSE = {
    "bare keys": "pwd=a ", "other keys": ":cookie", "numbers after keywords": "tel:123456 ",
    "numbers": "0010-0000-000 ", "area codes": "(0) 0 00", "mail under keys": "email=a@b.co ",
    "addresses": "1.2.3.4 ", "documents": '{"pin":1}', "documents that say nothing": "{0}",
    "lists under keys": 'pin=["a",', "runs": "-0Bv", "drawn": "key_0Bv9Aa7zG ", "chains": "4111-1111-1111-1111 ",
    "people": '"user":{"name":"Al"},', "options": "--pwd x ",
    "in parentheses": "user=(a.b ", "brackets": "[pwd= {a}}", "calls in prose": "user: f(a) ",
    "documents under a key": 'pin={"a":[{0}]}', "strings": '"pwd=a ",', "encoded": "pwd=%61 ",
}  # fmt: skip
SECRETS = ("ayesha.khan@example.com", "password=hunter2hunter2", "+92 300 1234567")
HIDDEN = ("ayesha.khan", "hunter2", "1234567")


@pytest.mark.parametrize("redactor", [REDACTOR, KEEPS], ids=["all", "secrets kept"])
@pytest.mark.parametrize("opening", ["", "%41 ", "%252541 ", '{"a":"', "\u200b"])
@pytest.mark.parametrize("token", DENSE.values(), ids=DENSE)
def test_nothing_that_stands_in_a_dense_text_passes(
    token: str, opening: str, redactor: Redactor
) -> None:
    for size in (LEAST // 2, 2 * LEAST):
        dense = token * (size // len(token))
        text = opening + f"\n{dense}\n".join((*SECRETS, "end"))
        redacted = redactor.redact(text)
        assert not [hidden for hidden in HIDDEN if hidden in redacted]
        spans = redactor.findall(text)
        assert all(a.end <= b.start for a, b in pairwise(spans))
        assert spans[-1].end <= len(text)


@pytest.mark.parametrize("encoded", [str, quote], ids=["plain", "percent"])
def test_what_is_encoded_behind_a_dense_text_does_not_pass_either(encoded: object) -> None:
    assert callable(encoded)
    text = "pwd=a " * 4000 + encoded("ayesha.khan@example.com")
    assert "ayesha" not in REDACTOR.redact(text)


PEOPLE = [
    {
        "id": n,
        "name": "Анна Каренина",
        "email": f"user{n}@example.com",
        "phone": f"+92 300 {1234567 + n}",
        "ip": f"203.0.113.{n % 250}",
        "password": "hunter2",
        "pin": 1000 + n,
        "balance": n * 1_000_003,
    }
    for n in range(400)
]
DUMPS = {
    "escaped": json.dumps(PEOPLE),
    "as it is": json.dumps(PEOPLE, ensure_ascii=False),
    "compact": json.dumps(PEOPLE, separators=(",", ":")),
    "JSON in JSON": json.dumps(json.dumps(PEOPLE[:150])),
    "places": json.dumps([[n / 7, n / 11] for n in range(4000)]) + " é",
}


@pytest.mark.parametrize("text", DUMPS.values(), ids=DUMPS)
def test_a_dump_of_data_is_read_to_its_end(text: str) -> None:
    """However long it is: a hundred people of eight fields each are no attack."""
    assert len(text) > 2 * LEAST
    assert "[SECRET]" not in REDACTOR.redact(text)


def test_a_short_text_has_no_bound() -> None:
    text = "pwd=a " * (LEAST // 6)
    assert len(text) < LEAST
    assert REDACTOR.redact(text) == "pwd=[PASSWORD] " * (LEAST // 6)
    assert most_documents(LEAST - 1) == LEAST - 1


def _places(candidates: Candidates, count: int, weigh: Weigh | None = None) -> int:
    return len([*candidates.of("", ((place, place + 1) for place in range(count)), weigh)])


def test_what_is_judged_is_shared_by_a_text_and_its_layers() -> None:
    candidates = Candidates(900)
    assert _places(candidates, 500) == 500
    assert candidates.unread is None
    judged = _places(candidates, 500)
    assert 0 < judged < 500
    assert candidates.unread == judged
    assert not candidates.take(7)
    assert candidates.unread == 7


def test_what_takes_longer_to_judge_weighs_more() -> None:
    light, heavy, spent = Candidates(900), Candidates(900), Candidates(900)
    judged = _places(light, 1000)
    assert _places(heavy, 1000, lambda *_: 8) == judged // 4
    spent.spend(judged)
    assert _places(spent, 1000) == judged // 2
    assert by_length(8)("", 100, 180) == 12


def test_so_many_documents_are_read_as_stand_before_the_place() -> None:
    starts = [*range(0, 30_000, 3)]
    limit = too_many_documents(most_documents(30_000), starts)
    head = [start for start in starts if start < limit.place]
    assert 500 < len(head) <= most_documents(limit.place)


def test_only_so_many_programs_of_a_text_are_asked_about() -> None:
    agents = [
        f"Mozilla/5.0 (X11; Linux x86_64; rv:{n}.0) Gecko/20100101 Firefox/{n}.0" for n in range(60)
    ]
    redacted = REDACTOR.redact("\n".join(f'"{agent}"' for agent in agents)).splitlines()
    assert redacted[:32] == ['"Firefox on Linux, desktop"'] * 32
    assert redacted[32:] == [f'"{UNREAD}"'] * 28
    assert REDACTOR.redact("\n".join(redacted)) == "\n".join(redacted)
    same = "\n".join(f'"{agents[0]}"' for _ in range(60))
    assert UNREAD not in REDACTOR.redact(same)
