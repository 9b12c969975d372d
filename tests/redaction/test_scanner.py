"""The scanner: spans in plain text, the same behind both gates, found in time linear in the text."""

from __future__ import annotations

import ipaddress
import os
import re
import string
import sys
from itertools import pairwise, product
from pathlib import Path

import phonenumbers
import pytest
from faker import Faker
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban, luhn

from alpines_privacy import PrivacyPolicy
from alpines_privacy.policy import Logs
from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine.gate import FoldGate, RE2Gate
from alpines_privacy.redaction.engine.spans import Span
from alpines_privacy.redaction.kinds import SHAPES
from alpines_privacy.redaction.kinds.accounts import LENGTHS
from tests.support.gated_scanner import GatedScanner

_TEXT = "From visitor@shop.example at 203.0.113.9, card 4111 1111 1111 1111"
_FOLDED = GatedScanner(gate=FoldGate)
_SCANNER = GatedScanner()

# Pieces that begin, join and end what kinds look like, so that texts come near them often.
_PIECES = st.sampled_from(
    [
        *"abcfxzGBEKé用…\ud800\U0001f600 .,:;@+-_/()[]{}<>'\"=|%#\n\t0123456789",
        *(
            "@shop.example",
            "visitor",
            "203.0.113.",
            "2001:db8::",
            "::ffff:",
            "00:1b:44:",
            "4111 1111 ",
        ),
        *(
            "1111",
            "GB82 WEST 1234 5698 7654 32",
            "536-90-4399",
            "35202-1234567-1",
            "ssn ",
            "phone ",
            "cvv=",
        ),
        *(
            "born ",
            "1990-01-02",
            "passport ",
            "NTN ",
            "+92 300 ",
            "(212) 555-",
            "0123",
            "020 7946 ",
            "call ",
        ),
        *(
            "40.712776",
            ", -74.005974",
            "lat=",
            "Bearer ",
            "Authorization: ",
            "://",
            "u:p@",
            "eyJhbGciOi",
        ),
        *(
            "Mozilla/5.0 ",
            "(X11)",
            "curl/8.5",
            "-----BEGIN PRIVATE KEY-----",
            "sk-",
            "AKIA",
            "ABCDEFGH",
        ),
        *(
            "2026-11-25 20:50:38,123",
            " INFO ",
            "550e8400-e29b-41d4-a716-446655440000",
            "office",
            " to ",
        ),
    ]
)
texts = st.lists(_PIECES, max_size=24).map("".join) | st.text(max_size=80)


@pytest.mark.parametrize("scanner", [_SCANNER, _FOLDED], ids=["fastest", "folded"])
def test_spans_are_offsets_in_order(scanner: GatedScanner) -> None:
    assert scanner.spans(_TEXT) == [
        Span(5, 25, "EMAIL"),
        Span(29, 40, "IP"),
        Span(47, 66, "CARD"),
    ]
    assert scanner.may_match(_TEXT)


def test_only_the_kinds_asked_for_are_found() -> None:
    assert GatedScanner({"IP", "NAME"}).spans(_TEXT) == [Span(29, 40, "IP")]
    assert not GatedScanner({"MAC"}).may_match(_TEXT)


@pytest.mark.parametrize(
    "text",
    ["order ab12 of 7 items shipped by carrier in 13 ms", "xx12345678901234567890"],
)
def test_prose_and_numbers_of_no_country_are_not_read_as_accounts(text: str) -> None:
    assert not GatedScanner({"IBAN"}).may_match(text)


def test_offsets_count_characters_of_every_plane() -> None:
    text = "\U0001f600é\ud800 visitor@shop.example \U0001f600 203.0.113.9"
    assert [text[span.start : span.end] for span in _SCANNER.spans(text)] == [
        "visitor@shop.example",
        "203.0.113.9",
    ]


def _re2_gate() -> RE2Gate:
    try:
        return RE2Gate(SHAPES)
    except ImportError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("google-re2 is not installed")


def test_where_re2_is_absent_the_folded_gate_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    with_re2 = Redactor().findall(_TEXT)
    monkeypatch.setitem(sys.modules, "re2", None)
    policy = PrivacyPolicy(logs=Logs(safe_keys=["compiled_without_re2"]))
    assert Redactor(policy).findall(_TEXT) == with_re2 != []


@given(texts)
def test_both_gates_find_the_same(text: str) -> None:
    assert _SCANNER.spans(text) == _FOLDED.spans(text)


@given(texts)
def test_re2_reads_every_pattern_as_re_does(text: str) -> None:
    hits = {*_re2_gate()(text)}
    searched = {n for n, shape in enumerate(SHAPES) if re.search(shape.pattern, text, re.ASCII)}
    assert searched <= hits
    if text.isascii():  # beyond, RE2 folds two letters more: the sign of Kelvin and the long s
        assert hits == searched


def _cores_are_matches(text: str) -> bool:
    """Whether the cores of all shapes are what `re` finds."""
    return all(
        [*shape.cores(text)]
        == [match.span() for match in re.finditer(shape.pattern, text, re.ASCII)]
        for shape in SHAPES
        if shape.cores is not None
    )


@given(texts | st.text("0123456789.@ae[Mozila/Oprx é\ud800", max_size=60))
def test_cores_are_the_matches_of_the_pattern(text: str) -> None:
    assert _cores_are_matches(text)


_BESIDE = (
    "1.2.3.4.5.6.7.8", "1.1.1.1.1.1.1.1.1", "1234.5.6.7", "..1.2.3.4", "a@b.@c.d@[", "1" * 45, "\ud800é" + "4" * 20,
    "Opera/9.8 Mozilla/5.0 Opera/9.8", "xMozilla/5.0 Mozilla/5.0",
)  # fmt: skip


@pytest.mark.parametrize("text", _BESIDE)
def test_cores_beside_one_another(text: str) -> None:
    assert _cores_are_matches(text)


@given(texts)
def test_spans_are_disjoint_in_order_and_within_the_text(text: str) -> None:
    spans = _SCANNER.spans(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert bool(spans) <= _SCANNER.may_match(text)


@given(texts)
def test_lines_after_a_text_change_nothing_in_it(text: str) -> None:
    alone = _SCANNER.spans(text + "\n")
    assert _SCANNER.spans(text + "\n" + "| and plain words after it") == alone


def _found(text: str, kind: str) -> list[str]:
    return [text[span.start : span.end] for span in _SCANNER.spans(text) if span.kind == kind]


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_every_address_that_is_not_every_machines_own_is_found(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    own = address.is_loopback or address.is_unspecified or address.packed[0] in {0, 127, 255}
    if own and address.version == 4:
        return
    for written in {str(address), address.exploded}:
        if (
            any(map(str.isdigit, written))
            and int(address) > 1
            and len(written.replace(":", "")) > 4
        ):
            assert _found(f'client "{written}" connected', "IP") == [written]


_REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


@pytest.mark.parametrize("region", _REGIONS)
def test_the_example_number_of_every_region_is_found(region: str) -> None:
    number = phonenumbers.example_number(region)
    assert number is not None
    for form in (
        phonenumbers.PhoneNumberFormat.INTERNATIONAL,
        phonenumbers.PhoneNumberFormat.E164,
        phonenumbers.PhoneNumberFormat.NATIONAL,
    ):
        written = phonenumbers.format_number(number, form)
        if sum(map(str.isdigit, written)) >= 7:  # shorter ones are those of a few islands
            assert _found(f"Phone: {written}.", "PHONE") == [written]


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("CARD", "credit_card_number"),
        ("SSN", "ssn"),
        ("IBAN", "iban"),
        ("EMAIL", "email"),
        ("MAC", "mac_address"),
        ("USER_AGENT", "user_agent"),
    ],
)
def test_what_faker_makes_is_found(kind: str, make: str) -> None:
    Faker.seed(7)
    fake = Faker("en_US")
    for _ in range(300):
        value = str(getattr(fake, make)())
        assert _found(f'given as "{value}" today', kind) == [value]


def test_lengths_of_accounts_are_the_registrys() -> None:
    lengths = {}
    for country in map("".join, product(string.ascii_uppercase, repeat=2)):
        ((_, entry), *_) = iban._ibandb.info(f"{country}00")
        if "bban" in entry:
            lengths[country] = 4 + sum(map(int, re.findall(r"([0-9]+)!", entry["bban"])))
    assert len(lengths) > 70
    assert lengths.items() <= LENGTHS.items()


@given(st.integers(10**11, 10**19 - 1).map(str))
def test_a_card_passes_the_checksum_of_others(digits: str) -> None:
    if _found(f"n {digits} n", "CARD"):
        assert luhn.is_valid(digits)


def test_ordinary_lines_hold_nothing() -> None:
    """Lines as PostgreSQL, strace, pip, npm, dpkg, uvicorn, redis, gcc, java and pytest write them."""
    lines = (Path(__file__).parent / "ordinary.log").read_text().splitlines()
    assert len(lines) > 60
    assert [line for line in lines if _SCANNER.spans(line)] == []


_SEEDS = (
    *"a01@.:-+/(",
    *(
        "a@",
        "@a.",
        "1.",
        "1.1.1.1.",
        "::",
        "1::",
        "ab:",
        "00-",
        "1234 ",
        "4111 ",
        "123-45-",
        "+1 ",
        "01 23 ",
    ),
    *(
        "birth ",
        "cvv 1",
        "phone 1",
        "call 12 ",
        "at 12 34 ",
        "Bearer ",
        "authorization: ",
        "://a:",
        "://a:b@",
    ),
    *(
        "eyJaaaaaa.",
        "sk-",
        "-----BEGIN PRIVATE KEY",
        "Mozilla/5.0 (",
        "curl/1 ",
        "GB82 ",
        "40.1234,",
        "lat=1.",
    ),
    *("12°", "é@é.", '"a"@a.', "0 fax ", "\ud800", "Maaaaaaaaaaaaaaaaaaaaaaa.", "(11) 1-1 "),
)


@pytest.mark.parametrize("seed", _SEEDS)
def test_work_grows_no_faster_than_the_text(seed: str) -> None:
    """Calls made while scanning, counted by the interpreter, at most double with the text."""
    short, long = (_calls(seed * (length // len(seed))) for length in (2_000, 4_000))
    assert long <= 2.2 * short + 200


def _calls(text: str) -> int:
    count = 0

    def counted(_frame: object, _event: str, _argument: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(counted)
    try:
        _FOLDED.spans(text)
    finally:
        sys.setprofile(None)
    return count
