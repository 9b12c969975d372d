"""Policy §6, payment data: card numbers and security codes that are sent to the site, and pages that ask for them."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import random
import re
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import PolicyError, PrivacyPolicy, protect
from alpines_privacy.guard import Guard
from alpines_privacy.http.key_names import KeyNames
from alpines_privacy.http.loose_body import find_fields
from alpines_privacy.http.route_shapes import FirstTimes, shape_of
from alpines_privacy.payments import pages
from alpines_privacy.payments.fields import PaymentFields, may_hold_payment_data
from alpines_privacy.payments.pages import CardForms
from alpines_privacy.policy import LogKey, Logs
from alpines_privacy.testing import visitor
from tests.frameworks.django_site import OURS
from tests.payments.numbers import OTHERS, cards
from tests.support.exempting import exempting
from tests.support.shop import Shop

FIELDS = PaymentFields(KeyNames(Logs()))
CARD = "4242424242424242"
REFUSE = PrivacyPolicy(payments="refuse")
FORM = "application/x-www-form-urlencoded"


def finds(name: str, value: str) -> bool:
    return FIELDS.find(iter([(name, value)])) is not None


# --- What is payment data

NAMED = ["card_number", "cardNumber", "cc-number", "ccnum", "pan", "creditCardNumber", "card[number]", "card.number",
         "payment.card.number", "payment_method_data[card][number]", "kartennummer", "numero_tarjeta", "x-card-number",
         "carteNumero", "debit_card", "checkout.cc", "cards.0.number"]  # fmt: skip
NAMELESS = ["number", "value", "q", "", "field_1", "data", "f[0]", "text", "input3", "0", "a.b"]
WRITTEN = ["{}", " {} ", "{}\r\n"]


@pytest.mark.parametrize("name", [*NAMED, *NAMELESS])
@pytest.mark.parametrize("written", WRITTEN)
def test_a_card_counts_under_its_name_and_under_one_that_tells_nothing(
    name: str, written: str
) -> None:
    assert [card for card in cards(60) if not finds(name, written.format(card))] == []


GROUPED = ["4242 4242 4242 4242", "4242-4242-4242-4242", "3782 822463 10005", "4242\u00a04242\u00a04242\u00a04242",
           "4242.4242.4242.4242", "4242 - 4242 - 4242 - 4242"]  # fmt: skip


@pytest.mark.parametrize("value", GROUPED)
@pytest.mark.parametrize("name", ["card_number", "number"])
def test_a_card_counts_however_its_groups_stand_apart(name: str, value: str) -> None:
    assert finds(name, value)


def test_groups_as_embossed_are_enough_under_a_name_nobody_knows() -> None:
    assert finds("zahlungsmittel", "4242 4242 4242 4242")
    assert not finds("zahlungsmittel", CARD)


def test_a_mistyped_number_under_a_card_s_name_is_one() -> None:
    assert finds("card_number", "4242424242424241")
    assert not finds("number", "4242424242424241")


IN_TEXT = [f"Visa {CARD}", f"N\u00b0 {CARD}", f"{CARD} 12/30 123", f"{CARD}=3012101", f"%B{CARD}^KHAN/A^3012101?",
           "no. 4242 4242 4242 4242, 12/30"]  # fmt: skip


@pytest.mark.parametrize("text", IN_TEXT)
def test_a_card_in_a_text_under_a_card_s_name_counts_by_its_check_digit(text: str) -> None:
    assert finds("card", text)
    assert not finds("note", text)
    assert not finds("card", text.replace(CARD, CARD[:-1] + "7").replace("4242,", "4247,"))


def test_a_card_in_several_fields_is_one() -> None:
    digits = [CARD[at : at + 4] for at in range(0, 16, 4)]
    for names in (["card1", "card2", "card3", "card4"], ["card[]"] * 4, ["card.0", "card.1"] * 2):
        assert FIELDS.find(iter(list(zip(names, digits, strict=True)))) is not None
        wrong = [*digits[:3], "4247"]
        assert FIELDS.find(iter(list(zip(names, wrong, strict=True)))) is None


def test_identifiers_under_a_card_s_name_are_no_cards() -> None:
    made = random.Random(14)  # noqa: S311 - nobody is to be surprised
    rows = [f"{made.getrandbits(128):032x}" for _ in range(2000)]
    rows += [str(UUID(int=made.getrandbits(128), version=4)) for _ in range(2000)]
    assert [row for row in rows if finds("card", row)] == []


CODES = [
    "cvv",
    "CVC",
    "cvv2",
    "card_cvc",
    "card[cvv]",
    "card.cvn",
    "cardSecurityCode",
    "payment.cvc",
]


@pytest.mark.parametrize("name", [name for name in CODES if "cvn" not in name])
@pytest.mark.parametrize("value", ["123", "0000", " 123 "])
def test_a_security_code_counts_by_its_key(name: str, value: str) -> None:
    assert finds(name, value)


def test_a_security_code_that_may_come_by_sms_counts_beside_a_card_alone() -> None:
    assert not finds("security_code", "1234")
    both = [("security_code", "1234"), ("name_on_card", "A Khan"), ("card_expiry", "01/30")]
    assert FIELDS.find(iter(both)) is not None


NOT = [
    ("card_number", ""), ("card_number", "tok_visa"), ("card_number", "4242"), ("card_number", "**** **** **** 4242"),
    ("card_number", "1234567890123456"), ("gift", CARD + "0000"), ("number", "4242424242424242.5"),
    ("number", "-" + CARD), ("number", "+" + CARD), ("number", "x" + CARD), ("message", f"my card is {CARD}"),
    ("number", "4222222222222"),  # 13 digits, as identities and products have
    ("card_id", CARD), ("card.transaction_id", CARD), ("number" * 100, "4" * 90),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), NOT)
def test_what_is_no_card(name: str, value: str) -> None:
    assert not finds(name, value)


@pytest.mark.parametrize("kind", OTHERS)
def test_other_numbers_do_not_trip_it(kind: str) -> None:
    made = random.Random(14)  # noqa: S311 - nobody is to be surprised
    rows = list(islice(OTHERS[kind](made), 400))
    assert [row for row in rows if finds(*row)] == []


def test_a_site_can_name_its_own_fields() -> None:
    logs = Logs(keys=[LogKey("bezahlding", kind="CARD")], safe_keys=["number"])
    own = PaymentFields(KeyNames(logs))
    assert own.find(iter([("bezahlding", CARD)])) is not None
    assert own.find(iter([("number", CARD)])) is None


# --- Bodies

GROUP = "4242"
ODDLY_WRITTEN = {
    "a leading blank": f" {CARD}",
    "many blanks": CARD + " " * 90,
    "Arabic digits": "".join(chr(0x0660 + int(digit)) for digit in CARD),
    "Urdu digits": "".join(chr(0x06F0 + int(digit)) for digit in CARD),
    "full-width digits": "".join(chr(0xFF10 + int(digit)) for digit in CARD),
    **{
        f"{sign!r} between": sign.join([GROUP] * 4)
        for sign in "\u2013\u2009\u202f\u200b\u2014\t\n/_"
    },
    **{f"{sign!r} before": sign + CARD for sign in "+#'\ufeff\u200e"},
}
WRITERS: dict[str, Callable[[str], tuple[str, bytes]]] = {
    "a form": lambda value: (FORM, urlencode({"a": "1", "card_number": value}).encode()),
    "a form of encodeURIComponent": lambda value: (FORM, f"card_number={quote(value, safe='')}".encode()),
    "JSON": lambda value: ("application/json", json.dumps({"card_number": value}).encode()),
    "JSON in UTF-8": lambda value: (
        "application/json", json.dumps({"card_number": value}, ensure_ascii=False).encode(),
    ),
    "a multipart form": lambda value: multipart({"card_number": value}),
    "JSON of sendBeacon()": lambda value: ("text/plain;charset=UTF-8", json.dumps({"card_number": value}).encode()),
    "JSON without a type": lambda value: ("", json.dumps({"card_number": value}).encode()),
}  # fmt: skip


@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_no_spelling_of_a_named_card_passes_where_cards_are_refused(
    protocol: str, write: Callable[[str], tuple[str, bytes]]
) -> None:
    shop = Shop()
    browser = visitor(protect(getattr(shop, protocol), REFUSE))
    for how, value in ODDLY_WRITTEN.items():
        kind, body = write(value)
        headers = {"content-type": kind} if kind else {}
        assert (browser.post("/pay", content=body, headers=headers).status_code, how) == (422, how)
    assert shop.read == []


@pytest.mark.parametrize("field", ["a", "a=1", "code=123", "n=4242424242424241"])
def test_a_card_is_found_behind_any_number_of_fields(field: str) -> None:
    body = (f"{field}&" * 9000 + f"card_number={CARD}").encode()
    assert may_hold_payment_data(body)
    found = FIELDS.find(find_fields(FORM, body))
    assert found is not None
    assert found.name == "card_number"


@given(st.text("0123456789 %-\u0661\u06f1/_\t", max_size=40), st.sampled_from(list(WRITERS)))
def test_no_body_with_a_finding_is_left_unread(value: str, way: str) -> None:
    kind, body = WRITERS[way](value)
    if FIELDS.find(find_fields(kind, body)) is not None:
        assert may_hold_payment_data(body)


def multipart(fields: dict[str, str], *, file: bytes = b"") -> tuple[str, bytes]:
    parts = [
        f'--xYz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    if file:
        head = b'--xYz\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n'
        parts.append(head + file + b"\r\n")
    return "multipart/form-data; boundary=xYz", b"".join(parts) + b"--xYz--\r\n"


FIELDS_OF_A_CARD = {"name": "Ayesha", "card_number": "4242 4242 4242 4242", "exp": "12/30"}
BODIES: dict[str, tuple[str, bytes]] = {
    "JSON in a form": (FORM, urlencode({"order": json.dumps({"card": {"number": CARD}, "a": "x" * 2000})}).encode()),
    "JSON in a multipart form": multipart({"order": json.dumps([{"number": CARD}])}),
    "JSON in JSON": ("application/json", json.dumps({"order": json.dumps({"pan": CARD})}).encode()),
    "a form": (FORM, urlencode(FIELDS_OF_A_CARD).encode()),
    "a form with %20": (FORM, urlencode(FIELDS_OF_A_CARD, quote_via=quote).encode()),
    "a form in escapes": (FORM, b"n=1&card_number=" + b"".join(b"%%%x" % b for b in CARD.encode())),
    "a multipart form": multipart(FIELDS_OF_A_CARD),
    "a multipart form with a file": multipart(FIELDS_OF_A_CARD, file=bytes(range(256)) * 8),
    "JSON": ("application/json", json.dumps({"a": 1, "card": {"number": CARD}}).encode()),
    "a number of JSON": ("application/json", b'{"card_number": 4242424242424242}'),
    "JSON in escapes": ("application/json", b'{"card_number": "%s"}' % b"".join(b"\\u%04x" % b for b in CARD.encode())),
    "JSON in UTF-16": ("application/json", json.dumps({"card_number": CARD}).encode("utf-16-le")),
    "a list": ("application/vnd.api+json", json.dumps([{"x": {"cc": {"number": CARD}}}]).encode()),
    "JSON that breaks off": ("application/json", b'{"card_number": "4242424242424242", "a'),
    "a code": (FORM, b"cvv=123"),
    "a code in JSON": ("application/json", b'{"cvc":123}'),
}  # fmt: skip
each_body = pytest.mark.parametrize(("kind", "body"), BODIES.values(), ids=BODIES)
protocols = pytest.mark.parametrize("protocol", ["wsgi", "asgi"])


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "payment data" in r.getMessage()]


@protocols
@each_body
def test_what_is_sent_is_reported_once_for_a_route_and_never_its_value(
    protocol: str, kind: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    shop = Shop()
    browser = visitor(protect(getattr(shop, protocol)))
    for number in range(3):
        response = browser.post(f"/pay/{number}", content=body, headers={"content-type": kind})
        assert response.status_code == 200
    assert shop.read == [body] * 3
    (line,) = told(caplog)
    assert line.startswith(
        "POST /pay/*: a card's " if b"cv" in body else "POST /pay/*: a card number"
    )
    assert not any(digits in line for digits in ("4242", "123"))
    assert [r.levelno for r in caplog.records if "payment data" in r.getMessage()] == [
        logging.WARNING
    ]


@protocols
@each_body
def test_what_is_sent_can_be_refused_before_the_app_sees_it(
    protocol: str, kind: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    shop = Shop()
    browser = visitor(protect(getattr(shop, protocol), REFUSE))
    response = browser.post("/pay", content=body, headers={"content-type": kind})
    assert (response.status_code, shop.read) == (422, [])
    assert "4242" not in response.text
    assert len(told(caplog)) == 1


@protocols
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("policy", [PrivacyPolicy(), REFUSE], ids=["report", "refuse"])
@each_body
def test_digits_in_pieces_are_found(  # noqa: PLR0917 - a table's columns
    protocol: str, size: int, policy: PrivacyPolicy, kind: str, body: bytes, caplog: Any
) -> None:
    shop = Shop()
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    browser = visitor(protect(getattr(shop, protocol), policy))
    response = browser.post("/pay", content=pieces, headers={"content-type": kind})
    assert response.status_code == (422 if policy is REFUSE else 200)
    assert len(told(caplog)) == 1


@protocols
def test_a_program_gets_a_problem_and_a_person_a_page(protocol: str) -> None:
    browser = visitor(protect(getattr(Shop(), protocol), REFUSE))
    problem = browser.post("/pay", json={"cvv": "123"})
    assert problem.headers["content-type"] == "application/problem+json"
    page = browser.post("/pay", data={"cvv": "123"}, headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>" in page.text


QUERIES = {
    "a form's": urlencode({"card_number": CARD}),
    "spaced": "n=1&q=4242+4242+4242+4242",
    "a code": "cvv=123",
}


@protocols
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_queries_count_too(
    protocol: str, query: str, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    shop = Shop()
    assert (
        visitor(protect(getattr(shop, protocol))).request(method, f"/p?{query}").status_code == 200
    )
    (line,) = told(caplog)
    assert line.startswith(f"{method} /p (query): a card")
    refusing = visitor(protect(getattr(shop, protocol), REFUSE))
    assert refusing.request(method, f"/p?{query}").status_code == 422
    assert len(shop.read) == 1


@protocols
@pytest.mark.parametrize("policy", ["report", "refuse", "off"])
def test_a_gateway_s_callback_is_left_alone(protocol: str, policy: Any, caplog: Any) -> None:
    shop = Shop()
    app = protect(
        getattr(shop, protocol),
        PrivacyPolicy(payments=policy, payment_callbacks=["/hooks/stripe", "/ipn/*"]),
    )
    for place in ("/hooks/stripe?cvv=123", "/ipn/a/b"):
        assert visitor(app).post(place, data=FIELDS_OF_A_CARD).status_code == 200
    assert told(caplog) == []
    refused = visitor(app).post("/hooks/other", data=FIELDS_OF_A_CARD).status_code
    assert refused == (422 if policy == "refuse" else 200)
    assert len(told(caplog)) == (0 if policy == "off" else 1)


def test_off_is_not_in_the_guard_at_all() -> None:
    guard = Guard(PrivacyPolicy(payments="off"))
    assert not any("payments" in type(p).__module__ for p, _ in guard.on_request)


@protocols
def test_an_app_can_leave_a_request_out(protocol: str, caplog: pytest.LogCaptureFixture) -> None:
    app = exempting(Shop(), protocol, "payments")
    visitor(protect(app)).post("/pay", data=FIELDS_OF_A_CARD)
    assert told(caplog) == []


def test_report_mode_refuses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    shop = Shop()
    policy = PrivacyPolicy(payments="refuse", mode="report")
    assert (
        visitor(protect(shop.wsgi, policy)).post("/pay", data=FIELDS_OF_A_CARD).status_code == 200
    )
    assert len(shop.read) == 1
    assert len(told(caplog)) == 1
    assert "would have been answered 422" in caplog.text


@protocols
@pytest.mark.parametrize("policy", [PrivacyPolicy(), REFUSE], ids=["report", "refuse"])
def test_what_holds_none_reaches_the_app_as_it_was_sent(
    protocol: str, policy: PrivacyPolicy, caplog: pytest.LogCaptureFixture
) -> None:
    shop = Shop()
    browser = visitor(protect(getattr(shop, protocol), policy))
    bodies = [
        multipart({"phone": "+92 300 1234567"}, file=b"\x00" * 100)[1],
        b'{"order_id": 4242424242424242}',
    ]
    kinds = ["multipart/form-data; boundary=xYz", "application/json"]
    for kind, body in zip(kinds, bodies, strict=True):
        assert browser.post("/o", content=body, headers={"content-type": kind}).status_code == 200
    assert shop.read == bodies
    assert told(caplog) == []


@protocols
def test_a_body_beyond_the_bound_passes(protocol: str) -> None:
    shop = Shop()
    kind, body = multipart({"a": "b"}, file=b"x" * 1_200_000)
    browser = visitor(protect(getattr(shop, protocol), REFUSE))
    assert browser.post("/up", content=body, headers={"content-type": kind}).status_code == 200
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)]
    assert browser.post("/up", content=pieces, headers={"content-type": kind}).status_code == 200
    assert shop.read == [body, body]


@protocols
def test_a_large_upload_is_reported_as_far_as_it_is_kept(
    protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    kind, body = multipart(FIELDS_OF_A_CARD, file=b"x" * 1_200_000)
    browser = visitor(protect(getattr(Shop(), protocol), REFUSE))
    assert browser.post("/up", content=body, headers={"content-type": kind}).status_code == 200
    assert len(told(caplog)) == 1


# --- What strangers send


@protocols
def test_paths_that_the_app_does_not_know_are_not_told_of(
    protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = protect(getattr(Shop(status=404), protocol))
    visitor(app).post("/nowhere", data=FIELDS_OF_A_CARD)
    assert told(caplog) == []


def test_invented_paths_and_names_fill_neither_log_nor_memory(
    caplog: pytest.LogCaptureFixture,
) -> None:
    browser = visitor(protect(Shop().wsgi))
    for number in range(200):
        word = "".join(chr(97 + number // 26**i % 26) for i in range(3))
        path = f"/{word}/{'x' * 2000}/{CARD}/{'a/' * 500}"
        browser.request("POST", path, data={f"card_number_{CARD}" + "x" * 3000: CARD, "cvv": "123"})
    lines = told(caplog)
    assert len(lines) == 51  # and one that says that it is over
    assert max(map(len, lines)) < 600
    assert "4242" not in "".join(lines)


@given(st.text(max_size=300))
def test_the_shape_of_a_path_is_short_and_holds_no_digit(path: str) -> None:
    shape = shape_of("/" + path)
    assert len(shape) < 120
    assert not any(c.isdigit() for c in shape)
    assert shape.isascii()
    assert shape.isprintable()


def test_the_routes_told_of_are_bounded() -> None:
    routes = FirstTimes()
    assert [routes.take(str(n)) for n in (1, 1, 2)] == [True, False, True]
    for n in range(100):
        routes.take(str(n))
    assert routes.are_over
    assert not routes.take("new")


@given(
    st.binary(max_size=200),
    st.sampled_from([FORM, "application/json", "multipart/form-data; boundary=b"]),
)
def test_no_body_is_too_odd(body: bytes, kind: str) -> None:
    may_hold_payment_data(body)
    FIELDS.find(find_fields(kind, body))


@given(
    st.text("0123456789abc =-_+", max_size=30),
    st.sampled_from(["card_number", "number", "pan", "q"]),
    st.sampled_from(cards(20)),
    st.sampled_from(["", " ", "-"]),
    st.sampled_from([FORM, "application/json"]),
)
def test_the_first_look_never_hides_what_the_second_would_find(
    other: str, name: str, card: str, gap: str, kind: str
) -> None:
    value = gap.join(card[at : at + 4] for at in range(0, len(card), 4))
    fields = {"other": other, name: value}
    body = urlencode(fields) if kind == FORM else json.dumps(fields)
    assert may_hold_payment_data(body.encode())


def test_a_defect_of_ours_refuses_or_lets_pass_by_what_was_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("alpines_privacy.payments.payments.may_hold_payment_data", None)
    shop = Shop()
    assert visitor(protect(shop.wsgi)).post("/p", data={"a": "b"}).status_code == 200
    assert visitor(protect(shop.wsgi, REFUSE)).post("/p", data={"a": "b"}).status_code == 422


# --- Pages

FIELD = '<input name="n" autocomplete="cc-number">'
PAGES: dict[str, tuple[str, bool]] = {
    "posts here": (f"<form method=post action=/pay>{FIELD}</form>", True),
    "no action": (f"<form>{FIELD}</form>", True),
    "a whole address": (f'<form action="https://shop.example/pay">{FIELD}</form>', True),
    "a host of the site": (f'<form action="//pay.shop.example/">{FIELD}</form>', True),
    "a code": ('<FORM><INPUT NAME=c AUTOCOMPLETE="section-a billing cc-csc"></FORM>', True),
    "an address with two slashes": (f'<form action="/go?to=//gateway.example">{FIELD}</form>', True),
    "the gateway": (f'<form action="https://gateway.example/pay">{FIELD}</form>', False),
    "the gateway without a scheme": (f'<form action="//gateway.example/pay">{FIELD}</form>', False),
    "no name": ('<form><input autocomplete="cc-number"></form>', False),
    "an empty name": ('<form><input name="" autocomplete="cc-number"></form>', False),
    "no form": (f"<form></form>{FIELD}", False),
    "a script's": (f'<form action="javascript:pay()">{FIELD}</form>', False),
    "a dialog": (f"<form method=dialog>{FIELD}</form>", False),
    "another field": ('<form><input name=n autocomplete="cc-name"></form>', False),
    "prose": ("<form><p>autocomplete=cc-number</p></form>", False),
    "after a form for the gateway": (f'<form action="https://gateway.example/">x</form><form>{FIELD}</form>', True),
}  # fmt: skip


@protocols
@pytest.mark.parametrize(("page", "counts"), PAGES.values(), ids=PAGES)
def test_a_page_that_asks_for_a_card_is_reported(
    protocol: str, page: str, counts: bool, caplog: pytest.LogCaptureFixture
) -> None:
    html = f"<!doctype html><p>{'x' * 5000}</p>{page}<p>end".encode()
    app = protect(getattr(Shop(page=html, kind="text/html"), protocol))
    for _ in range(2):
        visitor(app, base_url="https://shop.example").get("/checkout")
    assert len(told(caplog)) == int(counts)
    assert not counts or "/checkout" in told(caplog)[0]


@pytest.mark.parametrize("size", [1, 5, 37, 4096])
@pytest.mark.parametrize(("page", "counts"), PAGES.values(), ids=PAGES)
def test_a_page_in_pieces_is_read_alike(size: int, page: str, counts: bool) -> None:
    found: list[str] = []
    watch = CardForms(lambda: "shop.example", found.append)
    html = f"<p>{'x' * 70_000 if size == 4096 else 'x'}</p>{page}".encode()
    for at in range(0, len(html), size):
        watch(html[at : at + size])
    assert len(found) == int(counts)


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
@pytest.mark.parametrize(
    ("between", "counts"),
    [("", True), ("x" * 60_000, True), ("</form>", False), ("</form>" + "x" * 70_000, False),
     ("<i class=cc-x>" * 3000, True)],
)  # fmt: skip
def test_the_form_around_a_field_is_the_one_that_is_open(
    size: int, between: str, counts: bool
) -> None:
    found: list[str] = []
    watch = CardForms(lambda: "shop.example", found.append)
    page = f"<form action=https://gateway.example>{'<input name=a autocomplete=cc-number>' * 3}</form><form>{between}"
    data = f"{page}<input name=n autocomplete=cc-csc>".encode()
    for at in range(0, len(data), size):
        watch(data[at : at + size])
    assert found == (["cc-csc"] if counts else [])


def test_each_tag_of_a_page_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def finditer(text: bytes, start: int, end: int = sys.maxsize) -> Iterator[re.Match[bytes]]:
        nonlocal read
        for tag in re.finditer(rb"<(?:(input)|(form))[^<>]*+>", text[start:end]):
            read += 1
            yield tag

    for pattern in {"_TAG", "_FORM", "_FIELD"} & set(vars(pages)):
        monkeypatch.setattr(pages, pattern, SimpleNamespace(finditer=finditer))
    watch = CardForms(lambda: "shop.example", lambda _: None)
    watch(b"<form>" * 1000 + b"<form action=https://gateway.example>")
    watch(b"<input name=a autocomplete=cc-number>" * 60)
    assert read <= 1061


def test_a_compressed_page_is_read(caplog: pytest.LogCaptureFixture) -> None:
    html = gzip.compress(f"<form>{FIELD}</form>".encode())

    def app(environ: Any, start_response: Any) -> list[bytes]:
        fields = [("content-type", "text/html"), ("content-encoding", "gzip")]
        start_response("200 OK", fields)
        return [html]

    visitor(protect(app)).get("/checkout")
    assert len(told(caplog)) == 1


# --- Django


def _view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("name", "") or "none")


urlpatterns = [path("pay", _view)]


@pytest.mark.parametrize("kind", [Client, AsyncClient], ids=["sync", "async"])
@pytest.mark.parametrize("payments", ["report", "refuse", "off"])
def test_django_s_adapter(kind: type[Any], payments: str, caplog: Any) -> None:
    with override_settings(
        ROOT_URLCONF=__name__, MIDDLEWARE=[OURS], ALPINES_PRIVACY={"payments": payments}
    ):
        client = kind()
        if kind is Client:
            response = client.post("/pay", FIELDS_OF_A_CARD)
        else:
            response = asyncio.run(client.post("/pay", FIELDS_OF_A_CARD))
    assert response.status_code == (422 if payments == "refuse" else 200)
    assert len(told(caplog)) == (0 if payments == "off" else 1)


# --- The policy

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"payments": "no"}, "payments"),
    ({"payments": False}, "payments"),
    ({"payment_callbacks": ["hooks"]}, "payment_callbacks[0]"),
    ({"payment_callbacks": "/hooks"}, "payment_callbacks"),
]


@pytest.mark.parametrize(("table", "key"), WRONG)
def test_a_wrong_table_is_one_error_that_names_its_key(table: dict[str, Any], key: str) -> None:
    with pytest.raises(PolicyError) as caught:
        PrivacyPolicy.from_mapping(table)
    assert caught.value.key == key
