"""What each kind of personal data looks like, and what only resembles it.

A row's text has what is to be found between ⟦ and ⟧; a row without them holds nothing.
"""

from __future__ import annotations

import re

import pytest

from alpines_privacy.redaction.engine.gate import FoldGate
from alpines_privacy.redaction.kinds import KINDS, RANKS, SHAPES
from tests.support.gated_scanner import GatedScanner

_MARKED = re.compile("⟦(.*?)⟧", re.DOTALL)
_SCANNERS = (GatedScanner(), GatedScanner(gate=FoldGate))

TABLE = {
    "EMAIL": (
        "from ⟦ayesha.khan@shop.example⟧.",
        "To: Ayesha <⟦a.b+tag@mail.example.co.uk⟧>, <mailto:⟦x_y@host.example⟧>",
        "'⟦o'neil@example.org⟧'",
        '⟦"ayesha khan"@example.org⟧ wrote',
        "⟦почта@почта.рф⟧ и ⟦用户@例子.中国⟧。",
        "⟦user@xn--80a1acny.xn--p1ai⟧ ⟦me@[192.0.2.1]⟧",
        "b'⟦jane@example.com⟧' u'⟦jane@example.com⟧' rb'⟦jane@example.com⟧' ⟦bob'jane@example.com⟧'",
        "联系⟦jane@example.com⟧谢谢, メールは⟦a.b@shop.example⟧です。 ⟦jane@example.com⟧으로",
        "⟦张伟.zhang@example.com⟧ ⟦用户a@例え.テスト⟧ ⟦ayesha@bücher.example⟧",
        "⟦0@0.Aa⟧\udc80⟦0@0.Aa⟧",
        '{"mail":"⟦a@b.example⟧","n":1}',
        "mail=⟦a@b.example⟧&next=1",
        "⟦a@b-c.example⟧; ⟦d@e.example⟧, ⟦f@g.example⟧",
        "git@github.com:owner/name.git and getty@tty1.service, logo@2x.png, lodash@4.17.21",
        "@pytest.mark.parametrize and user@localhost and a@b",
        "a…@e….com",
    ),
    "IP": (
        "203.0.113.9 - -".replace("203.0.113.9", "⟦203.0.113.9⟧"),
        "http://⟦203.0.113.9⟧:8080/x, (⟦10.1.2.3⟧) [⟦2001:db8::7⟧]:443",
        "⟦192.168.0.17⟧/24 but 192.168.0.0/24 is a network",
        "⟦2001:db8:0:0:1:0:0:1⟧ ⟦fe80::1ff:fe23:4567:890a%eth0⟧ ⟦::ffff:203.0.113.9⟧ ⟦64:ff9b::192.0.2.33⟧",
        "range ⟦10.0.0.1⟧-⟦10.0.0.9⟧; from /⟦10.0.0.5⟧:54106, host/⟦10.0.0.5⟧:80, GET /whois/⟦198.51.100.7⟧",
        "ip=⟦203.0.113.9⟧&x=1, 'ip': '⟦203.0.113.9⟧', client_ip = ?%|⟦203.0.113.9⟧|%",
        "on ⟦203.0.113.9⟧.",
        "bound to 127.0.0.1:8000 and 0.0.0.0 and [::1] and [::]:80, mask 255.255.255.0",
        "version 1.2.3.4, v1.2.3.4, Chrome/120.0.0.0, pkg==1.2.3.4, libfoo-1.2.3.4, 1.2.3.4-5ubuntu1",
        "oid 1.3.6.1.4.1.311 and 1.2.3 and 256.1.1.1 and 1.2.3.4.5 and 2026.11.25.20",
        "std::vector, tests/test_x.py::test_add, a::b, dead::beef, 12:34:56, 20:50:38,123",
        "203.0.113.0/24 and 2001:db8:7::/48",
        "rows[1::2] + rows[::2] + text[-16::]",
    ),
    "MAC": (
        "link ⟦00:1b:44:11:3a:b7⟧ up, ⟦00-1B-44-11-3A-B7⟧, ⟦001b.4411.3ab7⟧",
        "00:00:00:00:00:00 and ff:ff:ff:ff:ff:ff",
        "SHA1 Fingerprint=AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01",
        "26-11-25-20-50-38",
    ),
    "CARD": (
        "card ⟦4111111111111111⟧, ⟦4111 1111 1111 1111⟧, ⟦4111-1111-1111-1111⟧.",
        "amex ⟦378282246310005⟧ ⟦3782 822463 10005⟧ ⟦3714-496353-98431⟧",
        "diners ⟦30569309025904⟧ ⟦3056 930902 5904⟧, ⟦36227206271667⟧",
        "mastercard ⟦5555555555554444⟧ ⟦2223003122003222⟧, discover ⟦6011111111111117⟧",
        "jcb ⟦3566002020360505⟧, unionpay ⟦6200000000000005⟧ ⟦6205500000000000004⟧",
        "maestro ⟦6759649826438453⟧ ⟦501800000009⟧, visa13 ⟦4222222222222⟧, mir ⟦2200123456789019⟧",
        "in 2024 ⟦4111 1111 1111 1111⟧ 12/29",
        "\u5361\u53f7⟦4111111111111111⟧\u5df2\u4e22\u5931",
        "order 4111111111111112, 1234567890123452, id 4111111111111111a, 0.4111111111111111",
        "4111 1111-1111 1111 and 9111111111111113",
        "1764103838123 1764103838123456 1764103838123456789",
    ),
    "IBAN": (
        "⟦GB82WEST12345698765432⟧ ⟦GB82 WEST 1234 5698 7654 32⟧, ⟦gb82 west 1234 5698 7654 32⟧ is mine",
        "⟦DE89370400440532013000⟧ ⟦PK36SCBL0000001123456702⟧ ⟦NO9386011117947⟧",
        "⟦MT84MALT011000012345MTLCAST001S⟧ ⟦FR14-2004-1010-0505-0001-3M02-606⟧",
        "GB83WEST12345698765432, DE8937040044053201300, XX82WEST12345698765432, be12deadbeefdeadbeef",
    ),
    "SSN": (
        "ssn ⟦536-90-4399⟧, ⟦536 90 4399⟧, SSN: ⟦536904399⟧, social security number is ⟦536.90.4399⟧",
        "⟦001-01-0001⟧ and ⟦899-99-1000⟧",
        "000-12-3456 666-12-3456 912-12-3456 123-00-3456 123-45-0000",
        '"GET / HTTP/1.1" 200 45 1234 and 123 45 6789 1011, 1-123-45-6789, 123-45 6789, 536904399',
    ),
    "CNIC": (
        "⟦35202-1234567-1⟧; CNIC: ⟦3520212345671⟧; cnic no ⟦35202 1234567 1⟧; National Identity Card ⟦4210112345671⟧",
        "1764103838123, 135202-1234567-1, 35202-1234567-12",
    ),
    "NTN": ("NTN ⟦1234567-8⟧, ntn: ⟦1234567⟧, National Tax Number is ⟦3520212345671⟧", "1234567-8"),
    "PASSPORT": (
        "passport number is ⟦AB1234567⟧, passport=⟦c01x00t47⟧, Passport No. ⟦123456789⟧",
        "AB1234567 without its word; the passport of 2020",
    ),
    "CVV": (
        'cvv: ⟦123⟧, CVC=⟦1234⟧, "cvv2": "⟦999⟧", security code is ⟦321⟧',
        "cvv 12345, code 123",
    ),
    "BIRTH_DATE": (
        "born on ⟦12 March 1990⟧; DOB: ⟦03/12/1990⟧; date_of_birth=⟦1990-03-12⟧; birthday ⟦March 12th, 1990⟧",
        '"birthDate": "⟦19900312⟧"',
        "reborn at 2026-11-25 and dob 99/99/9999, 1990-03-12",
    ),
    "COORDINATES": (
        "at ⟦40.712776, -74.005974⟧; geo:⟦37.786971,-122.399677⟧; lat=⟦40.71⟧&lng=⟦-74.00⟧",
        "⟦40°26\u203246\u2033N 79°58\u203256\u2033W⟧",
        "loss 0.12345, 0.23456; 1.23456, 2.34567, 3.45678; 95.12345, 200.12345; 1.5, 2.5",
    ),
    "PHONE": (
        "⟦+92 300 1234567⟧, ⟦+923001234567⟧, ⟦0300-1234567⟧, ⟦03001234567⟧, ⟦0092 300 1234567⟧, ⟦92-300-1234567⟧",
        "⟦(212) 555-0123⟧ ⟦212-555-0123⟧ ⟦212.555.0123⟧ ⟦+1-212-555-0123x45⟧ ⟦001-212-555-0123⟧ ⟦(212)555-0123 ext. 5⟧",
        "⟦+44 (0)20 7946 0958⟧, ⟦020 7946 0958⟧, ⟦01 23 45 67 89⟧, ⟦(030) 1234567⟧, ⟦8 (301) 123-45-67⟧",
        "⟦8 660 271 45 70⟧, ⟦42 9602-8764⟧, ⟦38-3006-2755⟧; Contact: ⟦18985940092⟧",
        "phone: ⟦2123 4567⟧. Call me at ⟦21 23 45 67⟧; tel ⟦5551234567⟧; ⟦415 55 26 71⟧ mobile",
        "1764103838 1764103838123 2026-11-25 20:50:38 25.11.2026 05/11/2024 4294967295",
        "+0000 +20240115 v1.2.3-4 00 11 22 33 44 55 66 77 01 23 45 67 89 ab cd ef",
        "phone updated 2026-11-25, mobile 1764103838123, call took 1234567 us, 12345678 bytes to 200 512",
        "doi 10.1073/pnas.0709247105, Algor. 18 (2001) 116-140, vol. 104 no. 27  11150-11154, '0123456789'",
        "12-34-56 100 200 3000, 550e8400-e29b-41d4-a716-446655440000, 07:49:01.981912 2013",
    ),
    "SECRET": (
        "postgres://⟦app:s3cr3t⟧@db.example/x, https://⟦:tok⟧@host/, amqp://⟦u:p@ss⟧@mq:5672",
        "authorization: denied; Authorization=⟦a1b2c3d4⟧",
        "Authorization: Bearer ⟦abcDEF123456789⟧, Basic ⟦dXNlcjpwYXNzd29yZA==⟧",
        "⟦AKIAIOSFODNN7EXAMPLE⟧ " + "⟦ghp_" + "a1B2" * 9 + "⟧ ⟦glpat-" + "x" * 20 + "⟧",
        "⟦sk_live_4eC39HqLyjWDarjtT1zdp7dc⟧ ⟦xoxb-1234567890-abcdef⟧ ⟦AIza" + "b" * 35 + "⟧",
        "⟦eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N⟧",
        "⟦-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----⟧ after",
        "⟦-----BEGIN PRIVATE KEY-----\nMIIBcut off⟧",
        "https://hooks.slack.com/services/⟦T00000000/B00000000/XXXXXXXXXXXXXXXX⟧",
        "https://example.com:8080/a@b and basic authentication, Bearer token, task-force, ssh://host",
    ),
    "USER_AGENT": (
        '"-" "⟦Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0⟧"',
        "agent ⟦Mozilla/5.0 (Linux; Android 14) (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36⟧ seen",
        "'⟦curl/8.5.0⟧' ⟦python-requests/2.31.0⟧",
        "Firefox on Windows, desktop; nginx/1.24.0",
    ),
}
_ROWS = [(kind, row) for kind, rows in TABLE.items() for row in rows]


@pytest.mark.parametrize("scanner", _SCANNERS, ids=["fastest", "folded"])
@pytest.mark.parametrize(
    ("kind", "row"), _ROWS, ids=[f"{kind}-{n}" for n, (kind, _) in enumerate(_ROWS)]
)
def test_a_kind_is_found_where_it_stands_and_nowhere_else(
    scanner: GatedScanner, kind: str, row: str
) -> None:
    text = row.replace("⟦", "").replace("⟧", "")
    found = [text[span.start : span.end] for span in scanner.spans(text) if span.kind == kind]
    assert found == _MARKED.findall(row)


# What texts, records, tables, mark-up and queries put around a value.
_FRAMES = (
    *("{}", "({})", "[{}]", '"{}"', "'{}'", "<{}>", "`{}`", "\u201c{}\u201d", "{}\u2026"),
    *("\u5361\u53f7\uff1a{}\u3002", "\u0641\u0648\u0646: {}\u060c"),
    *("x={}", "x={}&y=1", '"k":"{}"', '"k": "{}", "n": 2', "k: {}", "id=1 v={} t=2", "user({})"),
    *(
        "a,{},b",
        "a, {}, b",
        "a;{};b",
        "a\t{}\tb",
        "a|{}|b",
        '"{}",1',
        "<b>{}</b>",
        "a\n{}\nb",
        "{}\r\n",
    ),
    *(
        "a {}.",
        "a {}, b",
        "a {}: b",
        "a {}! b",
        "a {}? b",
        "- {}",
        "* {}",
        "{}/x",
        "/{}/",
        "http://{}/",
    ),
)
_VALUES = (
    *(
        ("EMAIL", value)
        for value in ("jane.doe@example.com", "o'brien+x@sub.example.co.uk", "x@y.example")
    ),
    *(
        ("IP", value)
        for value in ("203.0.113.9", "2001:db8:85a3::8a2e:370:7334", "::ffff:192.0.2.1")
    ),
    *(
        ("CARD", value)
        for value in ("4111111111111111", "4111 1111 1111 1111", "3782-822463-10005")
    ),
    *(("IBAN", value) for value in ("GB82WEST12345698765432", "DE89 3704 0044 0532 0130 00")),
    *(("SSN", value) for value in ("536-90-4399", "536 90 4399")),
    *(
        ("CNIC", "35202-1234567-1"),
        ("MAC", "00:1b:44:11:3a:b7"),
        ("COORDINATES", "-33.8688,151.2093"),
    ),
    *(
        ("PHONE", value)
        for value in ("+92 300 1234567", "0300-1234567", "(212) 555-0123", "020 7946 0958")
    ),
    *(
        ("PHONE", value)
        for value in ("+44 20 7946 0958", "+1-212-555-0123 ext. 5", "+923001234567")
    ),
)


@pytest.mark.parametrize("frame", _FRAMES)
def test_a_value_is_found_whole_in_whatever_stands_around_it(frame: str) -> None:
    for kind, value in _VALUES:
        text = frame.replace("{}", value)
        spans = _SCANNERS[0].spans(text)
        assert [(text[span.start : span.end], span.kind) for span in spans] == [(value, kind)]


def test_every_kind_has_rows_and_a_rank() -> None:
    assert {*TABLE} == {shape.kind for shape in SHAPES} == {*KINDS} == {*RANKS}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("https://user:word@mail.example/", ["SECRET"]),  # not an e-mail address
        ('"Mozilla/5.0 (compatible; bot@example.org; 203.0.113.9)"', ["USER_AGENT"]),
        ("passport 35202-1234567-1", ["CNIC"]),
        ("call 4111 1111 1111 1111", ["CARD"]),
        ("phone 203.0.113.9", ["IP"]),
    ],
)
def test_of_two_kinds_in_a_place_the_more_specific_wins(text: str, kinds: list[str]) -> None:
    assert [span.kind for span in GatedScanner().spans(text)] == kinds
