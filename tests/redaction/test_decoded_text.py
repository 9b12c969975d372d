"""Personal data behind encodings: what is decoded, and that all of it is taken out of the original."""

from __future__ import annotations

# ruff: noqa: RUF001 - characters that look like others are what it is about
import html
import json
import re
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine import decoded_text
from alpines_privacy.redaction.engine.decoded_text import (
    MAY_BE_ENCODED,
    Layer,
    decoded,
    host_addresses,
    layers,
    may_be_encoded,
)
from alpines_privacy.testing import strategies

REDACTOR = Redactor()

MAIL = "ayesha.khan@example.com"

# How a mail address, or what stands for it, can be written; each becomes one mark.
HIDDEN: dict[str, str] = {
    "percent": "ayesha.khan%40example.com",
    "percent, small letters": "ayesha%2ekhan%40example%2ecom",
    "percent twice": "ayesha.khan%2540example.com",
    "percent, every character": "".join(f"%{ord(c):02X}" for c in MAIL),
    "percent, as IIS writes it": "ayesha.khan%u0040example.com",
    "JSON": r"ayesha.khan\u0040example.com",
    "JSON, every character": "".join(f"\\u{ord(c):04x}" for c in MAIL),
    "Python": r"ayesha.khan\x40example.com",
    "octal": r"ayesha.khan\100example.com",
    "JavaScript": r"ayesha.khan\u{40}example.com",
    "a slash before it": r"ayesha.khan\@example.com",
    "decimal reference": "ayesha.khan&#64;example.com",
    "hexadecimal reference": "ayesha.khan&#x40;example.com",
    "named reference": "ayesha.khan&commat;example&period;com",
    "reference without semicolon": "ayesha.khan&#64example.com",
    "full width": "ａｙｅｓｈａ.khan＠example．com",
    "mathematical letters": "𝐚𝐲𝐞𝐬𝐡𝐚.khan@example.com",
    "small commercial at": "ayesha.khan﹫example.com",
    "zero width": "ayesha.\u200bkhan@exam\u200dple.com",
    "soft hyphen": "ayesha.kh\u00adan@example.com",
    "word joiner, byte order mark": "aye\u2060sha.khan@\ufeffexample.com",
    "tag characters": "ayesha\U000e0041.khan@example.com",
    "colour": "ayesha\x1b[1;31m.khan@\x1b[0mexample.com",
    "colour, escaped": r"ayesha\x1b[1;31m.khan@\x1b[0mexample.com",
    "colour, in JSON": r"ayesha\u001b[31m.khan@example.com",
    "hyperlink": "ayesha\x1b]8;;x\x07.khan@example.com",
    "broken line": "ayesha.\\\nkhan@example.com",
    "quoted printable": "ayesha.khan=40example=2Ecom",
    "soft line break": "ayesha.kh=\nan@example.com",
    "control character": "ayesha\x00.khan@example.com",
    "reference, then percent": "ayesha.khan%26%2364%3Bexample.com",
    "JSON, then percent": "ayesha.khan%5Cu0040example.com",
    "international domain": "ayesha@bücher.example",
    "international address": "علی@مثال.پاکستان",
    "punycode": "ayesha@xn--bcher-kva.com",
}  # fmt: skip


@pytest.mark.parametrize("written", HIDDEN.values(), ids=HIDDEN)
def test_a_hidden_mail_address_is_one_mark(written: str) -> None:
    assert REDACTOR.redact(f"to {written} today") == "to [EMAIL] today"
    assert REDACTOR.redact(f'{{"to": "{written}", "n": 1}}') == '{"to": "[EMAIL]", "n": 1}'


OTHERS = {
    "a card": ("card 4111%201111%201111%201111.", "card [CARD]."),
    "a card, full width": ("card ４１１１１１１１１１１１１１１１.", "card [CARD]."),
    "a phone": ("to %2B92%20300%201234567", "to [PHONE]"),
    "a query": ("GET /?x=%22password%22%3A%22hunter2%22", "GET /?x=%22password%22%3A%22[PASSWORD]%22"),
    "a query, twice": ("GET /?next=%2F%3Ftoken%3Dabc%26a%3D1", "GET /?next=%2F%3Ftoken%3D[SECRET]%26a%3D1"),
    "JSON in JSON in JSON": (
        json.dumps(json.dumps(json.dumps({"password": "hunter2 x"}))),
        json.dumps(json.dumps(json.dumps({"password": "[PASSWORD]"}))),
    ),
    "a host": ("up ip-203-0-113-7.ec2.internal", "up ip-203.0.113.0/24.ec2.internal"),
    "a host by its address": ("203-0-113-7.example.net up", "203.0.113.0/24.example.net up"),
    "an address": ("from 203%2E0%2E113%2E7 x", "from 203.0.113.0/24 x"),
    "an address, full width": ("from 203。0。113。7 x", "from 203.0.113.0/24 x"),
    "a key": ("pass\u200bword=hunter2 x", "pass\u200bword=[PASSWORD] x"),
    "a key, coloured": (
        "\x1b[36mpassword\x1b[0m=\x1b[35mhunter2\x1b[0m x",
        "\x1b[36mpassword\x1b[0m=\x1b[35m[PASSWORD]\x1b[0m x",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "clean"), OTHERS.values(), ids=OTHERS)
def test_other_kinds_hide_no_better(text: str, clean: str) -> None:
    assert REDACTOR.redact(text) == clean


PLAIN = (
    "100% of 5%+3 done", "C:\\new\\users\\data", "½ ¾ of ²³", "a-1-2-3", "release-1-2-3-4.tar.gz",
    "build 2026-11-25-1 of 1-2-3-4", "&amp; &copy; &unknown;", "x=40 y=2 z=5F", "naïve café 東京",
    "\x1b[31mred\x1b[0m", "%D8%A7%D9%84", r"\ud83d\ude00 \n\t\"", "a=3D", "%", "\\", "&#", "%zz", "&#99999999;",
)  # fmt: skip


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_encoded_and_no_personal_data_stays(text: str) -> None:
    assert REDACTOR.redact(text) is text


def test_fractions_are_not_made_numbers() -> None:
    """NFKC would make sixteen digits of them, and a card number of those."""
    text = "½" * 8 + "①" + "²" * 16
    assert [layer.text for layer, _ in layers(text)] == ["½" * 8 + "1" + "²" * 16]


ENCODINGS: list[Callable[[str], str]] = [
    lambda text: quote(text, safe=""),
    lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    lambda text: "".join(f"\\x{ord(c):02x}" if c < "\xff" else c for c in text),
    lambda text: "".join(f"&#{ord(c)};" for c in text),
    lambda text: "".join(f"&#x{ord(c):X};" for c in text),
    "\u200b".join,
    "\u00ad".join,
    "\x1b[1m".join,
    lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    lambda text: html.escape(text).replace("@", "&commat;"),
    lambda text: text,
]


@example(
    ("a0000gqb0.a0000aw00g@a00.com", "[EMAIL]"),
    lambda text: quote(text, safe=""),
    lambda text: quote(text, safe=""),
)
@given(
    st.one_of(strategies.emails().map(lambda v: (v, "[EMAIL]")),
              strategies.card_numbers().map(lambda v: (v, "[CARD]")),
              strategies.ip_addresses(six=False).map(lambda v: (v, re.sub(r"[0-9]+$", "0/24", v)))),
    st.sampled_from(ENCODINGS), st.sampled_from(ENCODINGS),
)  # fmt: skip
def test_no_composition_of_two_encodings_hides_a_value(
    value: tuple[str, str], first: Callable[[str], str], second: Callable[[str], str]
) -> None:
    written = second(first(value[0]))
    assert REDACTOR.redact(f"before {written} after") == f"before {value[1]} after"


any_text = st.text(
    st.one_of(st.sampled_from("%4025u\\x&#;64\u200b\x1b[m=+@.-"), st.characters()), max_size=80
)


@given(any_text)
def test_a_layer_maps_all_of_it_to_all_of_the_original(text: str) -> None:
    layer = Layer(text)
    places = [layer.origin(index, index + 1) for index in range(len(layer.text))]
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert all(a[1] <= b[0] or a == b for a, b in pairwise(places))


@given(any_text, any_text)
def test_places_are_the_same_however_many_are_computed_together(first: str, second: str) -> None:
    """Each layer of a text of many tokens, in blocks of two pieces and in one."""
    text = f"{first}%40{second}\\x41" * 2

    def mapped(pieces: int) -> list[object]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(decoded_text, "_BLOCK", pieces)
            layer = Layer(text)
            size, written = len(layer.text), len(text)
            return [
                [layer.origin(at, end) for at in range(size) for end in (at + 1, size)],
                [layer.whole(at, end) for at in range(written) for end in (at + 1, written)],
                [layer.forward(at) for at in range(written + 1)],
            ]

    assert mapped(2) == mapped(1 << 20)


@given(any_text)
def test_what_the_first_look_stops_has_no_other_reading(text: str) -> None:
    if not may_be_encoded(text):
        # Digits that a plus joins are read with a blank where something else is encoded too.
        assert decoded(text) == text


@given(st.text("%4025u\\x&#;^[=3DCF+-019az \n\x1b\u200bn", max_size=14))
def test_the_first_look_is_one_pattern_however_it_is_taken(text: str) -> None:
    """RE2 takes it as a whole, `may_be_encoded` in parts."""
    assert may_be_encoded(text) == (re.search(MAY_BE_ENCODED, text) is not None)


HOSTS = {
    "ip-10-1-2-3": True, "ec2-203-0-113-7.compute-1.amazonaws.com": True, "ip-203-0-113-7": True,
    "host-1-2-3-4.dsl.example": True, "203-0-113-7.example.net": True, "a.203-0-113-7.example.net": True,
    "203-0-113-7": False, "ip-203-0-113-777": False, "v1-2-3-4.zip": False, "2026-11-25-10": False,
    "ip-1-2-3-4-5": False,
}  # fmt: skip


@pytest.mark.parametrize(("host", "is_address"), HOSTS.items())
def test_addresses_in_names_of_hosts(host: str, is_address: bool) -> None:
    assert bool([*host_addresses(host)]) == is_address
