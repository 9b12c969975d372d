"""`Redactor`: what its three methods promise, whatever they are given."""

from __future__ import annotations

import json
import re
from collections import OrderedDict, UserDict, defaultdict, namedtuple
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from threading import Thread
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from alpines_privacy import PrivacyPolicy
from alpines_privacy.policy import Logs
from alpines_privacy.redaction import Redactor, Span
from alpines_privacy.redaction.engine import redactor as module
from alpines_privacy.testing import strategies

REDACTOR = Redactor()

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"

TEXTS = {
    "access log": (
        f'203.0.113.7 - - [25/Nov/2026:20:50:37 +0000] "GET /?q=1&email=a%40b.com&page=2" 200 5 "-" "{FIREFOX}"',
        (
            '203.0.113.0/24 - - [25/Nov/2026:20:50:37 +0000] "GET /?q=1&email=[EMAIL]&page=2" 200 5 "-" '
            '"Firefox on Windows, desktop"'
        ),
    ),
    "a key is surer than a shape": ("password=a@b.com", "password=[PASSWORD]"),
    "a shape is surer than a vague key": ("user=a@b.com", "user=[EMAIL]"),
    "overlapping": ("password=x,a@b.com!y z", "password=[PASSWORD] z"),
    "a number of JSON": ('{"pin": 1234, "a": [1]}', '{"pin": "[PASSWORD]", "a": [1]}'),
    "a number of JSON in JSON": (r'"{\"cvv\": 123}"', r'"{\"cvv\": \"[CVV]\"}"'),
    "a number of a dict": ("{'pin': 1234}", "{'pin': '[PASSWORD]'}"),
    "a plus before an address": ("+203.0.113.7 %2B203.0.113.7", "+203.0.113.0/24 %2B203.0.113.0/24"),
    "a patient": ('{"patients": [{"name": "Ann Lee"}]}', '{"patients": [{"name": "[NAME]"}]}'),
    "a traceback": (
        'File "x.py", line 3, in f\n    login(user, password=form.password)\nValueError: a@b.com\n',
        'File "x.py", line 3, in f\n    login(user, password=form.password)\nValueError: [EMAIL]\n',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "clean"), TEXTS.values(), ids=TEXTS)
def test_text(text: str, clean: str) -> None:
    assert REDACTOR.redact(text) == clean
    assert REDACTOR.redact(clean) is clean


BEHIND_ESCAPES = {
    r"\n+92 300 1234567": r"\n[PHONE]", r"\t+92-300-1234567": r"\t[PHONE]", r"\n0300 1234567": r"\n[PHONE]",
    r"\tjane@x.org": r"\t[EMAIL]", r"\r\njane@x.org\n": r"\r\n[EMAIL]\n", r"a\n203.0.113.7": r"a\n203.0.113.0/24",
    r"\n4111 1111 1111 1111": r"\n[CARD]", r"\n35202-1234567-1": r"\n[CNIC]", r"x\nSSN 536-90-4399": r"x\nSSN [SSN]",
    r"\tGB82WEST12345698765432": r"\t[IBAN]", r"\npassword=hunter2": r"\npassword=[PASSWORD]",
    r"\\n+92 300 1234567": r"\\n[PHONE]", r'{"m": "x\tBearer abc123def456"}': r'{"m": "x\tBearer [SECRET]"}',
}  # fmt: skip


@pytest.mark.parametrize(("text", "clean"), BEHIND_ESCAPES.items())
def test_an_escape_of_two_characters_hides_nothing_behind_it(text: str, clean: str) -> None:
    assert REDACTOR.redact(text) == clean
    assert REDACTOR.redact(clean) is clean


def test_a_person_in_a_string_of_json_has_a_name_too() -> None:
    text = json.dumps({"body": json.dumps({"user": {"name": "Ayesha Khan"}, "name": "shop"})})
    assert REDACTOR.redact(text) == text.replace("Ayesha Khan", "[NAME]")


_BESIDE_MAIL = st.sampled_from(["a", "0", "@", ".", "é", "東", "\udc80", "\u200b", "\\n", "com"])


@given(st.lists(_BESIDE_MAIL, max_size=14).map("".join))
def test_mail_of_any_script_is_found_at_once(text: str) -> None:
    """What stands beside a replaced address does not become one."""
    once = REDACTOR.redact(text)
    assert REDACTOR.redact(once) is once


CLEAN = (
    "", " ", "\n", "Order 4711 shipped in 3 parcels", "GET /static/app.3f2a9c1e.js HTTP/1.1 200",
    "2026-11-25T20:50:37+00:00 INFO app.views status=200 bytes=1024 took=12.5ms",
    "Task app.tasks.send[3f2a9c1e-5b7d-4e8f-9a0b-1c2d3e4f5a6b] succeeded in 0.123s: None",
    "commit 4e8e6d7f0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e version 1.2.3.4-5", "ascii\ud800lone",
)  # fmt: skip


@pytest.mark.parametrize("text", CLEAN)
def test_a_clean_text_is_given_back_itself(text: str) -> None:
    assert REDACTOR.redact(text) is text
    assert REDACTOR.findall(text) == []


def test_findall_knows_keys_and_encodings() -> None:
    text = "user=ayesha a@b.com x%40y.com"
    assert REDACTOR.findall(text) == [
        Span(5, 11, "USERNAME"), Span(12, 19, "EMAIL"), Span(20, 29, "EMAIL"),
    ]  # fmt: skip


Point = namedtuple("Point", ["email", "size"])  # noqa: PYI024 - how older code makes them


@dataclass
class Login:
    username: str
    password: str


class Refuses:
    def __str__(self) -> str:
        raise ValueError("a@b.com")


class Frozen(Mapping[str, str]):
    def __getitem__(self, key: str) -> str:
        return {"token": "abc", "a": "b"}[key]

    def __iter__(self) -> Iterator[str]:
        return iter(("token", "a"))

    def __len__(self) -> int:
        return 2


VALUES: dict[str, tuple[Any, Any]] = {
    "by key": ({"password": "x", "a": "b"}, {"password": "[PASSWORD]", "a": "b"}),
    "by text": ({"a": "to a@b.com"}, {"a": "to [EMAIL]"}),
    "a whole value": ({"address": "12, Mall Road; Lahore"}, {"address": "[ADDRESS]"}),
    "nested": ({"a": [{"b": ({"pin": 1234},)}]}, {"a": [{"b": ({"pin": "[PASSWORD]"},)}]}),
    "below the key": (
        {"secrets": 1, "credentials": {"a": "b", "c": ["d"]}},
        {"secrets": 1, "credentials": {"a": "[SECRET]", "c": ["[SECRET]"]}},
    ),
    "a list below it": ({"phone": ["0300 1234567", None]}, {"phone": ["[PHONE]", None]}),
    "a person's name": (
        {"user": {"name": "Ayesha", "id": 5}, "app": {"name": "shop"}},
        {"user": {"name": "[NAME]", "id": 5}, "app": {"name": "shop"}},
    ),
    "a key that is personal": ({"a@b.com": 1, "x@y.com": 2}, {"[EMAIL]": 1, "[EMAIL] 2": 2}),
    "bytes": ({"a": b"to a@b.com", b"cookie": b"a=b"}, {"a": b"to [EMAIL]", b"cookie": b"[SECRET]"}),
    "bytes of no text": ([b"\xff a@b.com"], [b"\xff [EMAIL]"]),
    "headers": ([(b"cookie", b"a=b"), (b"host", b"x")], [(b"cookie", b"[SECRET]"), (b"host", b"x")]),
    "a set": ({"a@b.com"}, {"[EMAIL]"}),
    "a frozen set": (frozenset({"a@b.com", 1}), frozenset({"[EMAIL]", 1})),
    "a named tuple": (Point("a@b.com", 3), Point("[EMAIL]", 3)),
    "numbers": (
        {"card": 4111111111111111, "n": 4111111111111111, "id": 12345678},
        {"card": "[CARD]", "n": "[CARD]", "id": 12345678},
    ),
    "a decimal": ({"latitude": Decimal("31.5204")}, {"latitude": "[COORDINATES]"}),
    "a date": ({"dob": date(1990, 1, 2), "on": date(1990, 1, 2)}, {"dob": "[BIRTH_DATE]", "on": date(1990, 1, 2)}),
    "a birthday as a list": ({"dob": [1990, 1, 2]}, {"dob": ["[BIRTH_DATE]"] * 3}),
    "parts of a birthday": (
        {"dob": {"year": 1990, "day": 2}, "dob_month": 1},
        {"dob": {"year": "[BIRTH_DATE]", "day": "[BIRTH_DATE]"}, "dob_month": "[BIRTH_DATE]"},
    ),
    "a value that another member names": (
        [{"name": "api_key", "value": "ab12"}, {"Key": "DB_PIN", "Value": 4829}, {"name": "a", "value": 1}],
        [{"name": "api_key", "value": "[SECRET]"}, {"Key": "DB_PIN", "Value": "[PASSWORD]"}, {"name": "a", "value": 1}],
    ),
    "what a form says of a field": (
        {"password": ["This password is too common."], "email": ["Enter a valid email address."]},
        {"password": ["This password is too common."], "email": ["Enter a valid email address."]},
    ),
    "an object": (
        {"login": 5, "form": Login("ayesha", "x")},
        {"login": 5, "form": "Login(username='[USERNAME]', password='[PASSWORD]')"},
    ),
    "an exception": ([ValueError("a@b.com")], ["[EMAIL]"]),
    "a dict that keeps order": (OrderedDict(token="abc", a=1), OrderedDict(token="[SECRET]", a=1)),
    "a dict with defaults": (defaultdict(list, token=["abc"]), defaultdict(list, token=["[SECRET]"])),
    "a mapping of another kind": (Frozen(), {"token": "[SECRET]", "a": "b"}),
    "a proxy": (MappingProxyType({"token": "abc"}), {"token": "[SECRET]"}),
    "a dict of many values": (
        MultiDict([("email", "a@b.com"), ("email", "c@d.com")]),
        MultiDict([("email", "[EMAIL]"), ("email", "[EMAIL]")]),
    ),
    "text": ("to a@b.com", "to [EMAIL]"),
    "empty values": (
        {"password": "", "token": None, "pin": [], "cookie": {}},
        {"password": "", "token": None, "pin": [], "cookie": {}},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("value", "clean"), VALUES.values(), ids=VALUES)
def test_nested_data(value: Any, clean: Any) -> None:
    redacted = REDACTOR.redact_mapping(value)
    assert redacted == clean
    assert REDACTOR.redact_mapping(clean) is clean
    if isinstance(clean, OrderedDict | defaultdict | Point):
        assert type(redacted) is type(value)


def test_what_was_given_is_not_changed() -> None:
    value = {"a": [{"password": "x"}], "b": defaultdict(list, token=["abc"])}
    before = repr(value)
    assert REDACTOR.redact_mapping(value) != value
    assert repr(value) == before


def test_clean_data_is_given_back_itself() -> None:
    value = {
        "a": [1, 2.5, None, True, "text", b"bytes", {"b": (3, "x")}],
        "when": datetime(2026, 11, 25, tzinfo=UTC), "id": UUID(int=5), "user_id": 7, "thing": object(),
        "c": {"d": frozenset({1}), "e": UserDict(x=1)}, 5: Decimal("1.5"), "password": None,
    }  # fmt: skip
    assert REDACTOR.redact_mapping(value) is value


def test_redact_value_goes_by_the_key() -> None:
    assert REDACTOR.redact_value("user_password", "hunter2") == "[PASSWORD]"
    assert REDACTOR.redact_value("note", "to a@b.com") == "to [EMAIL]"
    value = "hunter2"
    assert REDACTOR.redact_value("note", value) is value
    assert REDACTOR.redact_value("user_agent", "curl/8.1") == "curl on other system, other device"
    assert REDACTOR.redact_value("client_ip", "203.0.113.7") == "203.0.113.0/24"
    assert (
        REDACTOR.redact_value("client_ip", "203.0.113.7, 10.1.2.3") == "203.0.113.0/24, 10.1.2.0/24"
    )


def test_what_contains_itself_ends() -> None:
    cycle: dict[str, Any] = {"password": "x"}
    cycle["self"] = [cycle]
    redacted = REDACTOR.redact_mapping(cycle)
    assert redacted == {"password": "[PASSWORD]", "self": ["[withheld: it contains itself]"]}
    twice = {"token": "abc"}
    assert REDACTOR.redact_mapping([twice, twice]) == [{"token": "[SECRET]"}] * 2


def test_what_is_nested_too_deep_is_withheld() -> None:
    deep: list[Any] = ["a@b.com"]
    for _ in range(3000):
        deep = [deep]
    text = repr(REDACTOR.redact_mapping(deep))
    assert "a@b.com" not in text
    assert "[withheld: nested too deep]" in text


def test_what_has_no_text_is_withheld() -> None:
    withheld: list[object] = REDACTOR.redact_mapping([Refuses()])
    assert withheld == ["[withheld: it has no text]"]


class Broken(Mapping[str, str]):
    def __getitem__(self, key: str) -> str:
        raise LookupError("a@b.com")

    def __iter__(self) -> Iterator[str]:
        return iter(("a",))

    def __len__(self) -> int:
        return 1


def test_whatever_fails_inside_the_raw_text_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    redactor = Redactor()

    def fail(*_: object) -> None:
        raise MemoryError("a@b.com")

    assert redactor.redact(b"a@b.com") == "[withheld: redaction failed (AttributeError)]"  # type: ignore[arg-type]
    broken: object = Broken()
    assert redactor.redact_mapping(broken) == "[withheld: redaction failed (LookupError)]"
    monkeypatch.setattr(module, "_find", fail)
    text = "to a@b.com"
    assert redactor.redact(text) == "[withheld: redaction failed (MemoryError)]"
    assert redactor.redact_value("a", text) == "[withheld: redaction failed (MemoryError)]"
    assert redactor.findall(text) == [Span(0, len(text), "SECRET")]
    monkeypatch.setattr(module, "_compiled", fail)
    assert Redactor().redact(text) == "[withheld: redaction failed (MemoryError)]"
    assert Redactor().redact_mapping({"a": 1}) == "[withheld: redaction failed (MemoryError)]"  # type: ignore[comparison-overlap]


def test_a_failure_with_a_name_of_its_own_says_no_more() -> None:
    notice = "[withheld: redaction failed (MemoryError)]"
    assert REDACTOR.redact(notice) is notice
    assert REDACTOR.redact(f"password={notice}") == f"password={notice}"


def test_threads_share_one() -> None:
    redactor = Redactor()
    results: list[str] = []

    def work() -> None:
        results.extend(redactor.redact(f"to a{n}@b.com") for n in range(50))

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(results) == {"to [EMAIL]"}
    assert len(results) == 400


def test_both_gates_let_through_what_has_to_be_found() -> None:
    """Without RE2 the same is found."""
    plain = _without_re2()
    for text, clean in TEXTS.values():
        assert plain.redact(text) == clean
    for text in CLEAN:
        assert plain.redact(text) is text


@given(
    st.text(
        st.one_of(st.sampled_from("pasword=:\"'{}[]@.%4025\\u0&;<>, -"), st.characters()),
        max_size=60,
    )
)
def test_text_outside_the_spans_is_untouched(text: str) -> None:
    spans = REDACTOR.findall(text)
    kept = [
        text[a.end : b.start]
        for a, b in zip([Span(0, 0, ""), *spans], [*spans, Span(len(text), 0, "")], strict=True)
    ]
    pattern = "(.+?)".join(map(re.escape, kept))
    assert re.fullmatch(pattern, REDACTOR.redact(text), re.DOTALL)
    assert all(a.end <= b.start for a, b in pairwise(spans))


json_values = strategies.json_values(
    st.sampled_from(["password", "a", "token", "user", "pin", "card"]), most=8
)


@pytest.mark.parametrize(
    ("document", "redacted"),
    [
        (r'{"password": "\\", "b": "c"}', '{"password": "[PASSWORD]", "b": "c"}'),
        (r'{"password": "a\\", "b": "c"}', '{"password": "[PASSWORD]", "b": "c"}'),
        (r"{\"password\": \"ab\", \"b\": \"c\"}", r"{\"password\": \"[PASSWORD]\", \"b\": \"c\"}"),
        (r'[{"card": ["\\"]}, 10000000]', r'[{"card": ["\\"]}, 10000000]'),
        (r"{'password': '\\', 'b': 'c'}", "{'password': '[PASSWORD]', 'b': 'c'}"),
        (r'{"password": "x\"y", "b": "c"}', '{"password": "[PASSWORD]", "b": "c"}'),
    ],
)
def test_a_value_ends_where_its_own_quote_does(document: str, redacted: str) -> None:
    assert REDACTOR.redact(document) == redacted


@pytest.mark.parametrize(
    "value",
    [
        {"password": [-8176, "'.\n'}:\" ,}", ""]},
        {"user": [["]]é']a4\"'\""], {"card": None}]},
        {"email": {"a": 3983323152152, "token": [None, -1902, '"\\\\']}},
        {"pin": [[-50100066727118528, True]]},
    ],
)
def test_json_stays_json_whatever_quotes_its_values_hold(value: Any) -> None:
    redacted = REDACTOR.redact(json.dumps(value))
    assert json.loads(redacted).keys() == value.keys()
    assert REDACTOR.redact(redacted) == redacted


@given(json_values)
def test_json_stays_json(value: Any) -> None:
    redacted = REDACTOR.redact(json.dumps(value))
    assert type(json.loads(redacted)) in {type(value), str}


@given(json_values)
def test_nested_data_twice(value: Any) -> None:
    once = REDACTOR.redact_mapping(value)
    assert REDACTOR.redact_mapping(once) is once


def _without_re2() -> Redactor:
    def absent(*_: object) -> None:
        raise ImportError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "RE2Gate", absent)
        patch.setattr(module, "_compiled", module._compiled.__wrapped__)
        redactor = Redactor(PrivacyPolicy(logs=Logs()))
        redactor.redact("")
        return redactor


@pytest.mark.parametrize("redactor", [REDACTOR, _without_re2()], ids=["RE2", "folded"])
@given(text=st.text(st.sampled_from("a1 .@=:%4\t\n\r\v\f\0\x1b\x7f\u2028\xa0é\xad"), max_size=24))
@example(text="a line\nof zarqa@example.com")
def test_a_line_is_redacted_as_any_text_but_for_one_with_controls(
    redactor: Redactor, text: str
) -> None:
    line = redactor.redact_line(text)
    assert "withheld" not in redactor.redact(text)
    if text.isprintable():
        assert line == redactor.redact(text)
    elif text.replace("\t", " ").isprintable():
        assert line == "" or (line is text and redactor.redact(text) == text)
    else:
        assert line == ""
