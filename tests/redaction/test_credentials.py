"""Credentials in a text where no key names them: tokens, codes of a query, links, commands, one-time codes."""

from __future__ import annotations

import base64
import hashlib
import keyword
import random
import string
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine.gate import FoldGate
from alpines_privacy.redaction.kinds.randomness import surprise
from tests.support.gated_scanner import GatedScanner

redact = Redactor().redact
CHANCE = random.Random(20261127)  # noqa: S311 - the tokens are made up
ALPHABETS = {
    "w": string.ascii_letters + string.digits,
    "u": string.ascii_letters + string.digits + "_-",
    "b": string.ascii_letters + string.digits + "+/",
    "l": string.ascii_lowercase + string.digits,
    "c": string.ascii_uppercase + string.digits,
    "x": "0123456789abcdef",
    "d": string.digits,
}


def made(form: str) -> str:
    """Fill in a form: `{w24}` is 24 characters drawn from letters and digits, and so on by `ALPHABETS`."""
    pieces = form.replace("}", "{").split("{")
    for place in range(1, len(pieces), 2):
        kind, count = pieces[place][0], int(pieces[place][1:])
        pieces[place] = "".join(CHANCE.choices(ALPHABETS[kind], k=count))
    return "".join(pieces)


# Forms of tokens, known and unknown ones.
TOKENS = [
    "sk_live_{w24}",
    "rk_prod_{w24}",
    "ghp_{w36}",
    "glpat-{u20}",
    "xoxb-{d12}-{d13}-{w24}",
    "tskey-auth-{w12}CNTRL-{w32}",
    "tskey-api-k{w11}-{w22}",
    "dp.scim.{w40}",
    "dp.st.prd.{w40}",
    "made_up_service_{w32}",
    "zq7-{w40}",
    "acme.{w22}.{w43}",
    "API-{c26}",
    "shippo_live_{x40}",
    "key_{x64}",
    "sk_{x48}",
    "rzp_test_{w20}",
    "packagist_ort_{x68}",
    "pul-{x40}",
    "acme{w20}.{x64}",
    "SWMTKN-1-{l50}-{l25}",
    "hvs.{u90}",
    "{w6}_{w29}_mmk",
    "{w40}",
    "{u43}",
    "{l50}",
    "{c40}",
]


@pytest.mark.parametrize("form", TOKENS)
@pytest.mark.parametrize(
    "line", ["{}", "got {} from the peer", '{{"value": "{}"}}', "retry ({}), 3 left"]
)
def test_a_token_needs_no_key(form: str, line: str) -> None:
    """A drawn token goes, with its prefix or most of it, and what stands around it stays."""
    tokens = [made(form) for _ in range(12)]
    left = [redact(line.format(token)) for token in tokens]
    missed = [token for token, text in zip(tokens, left, strict=True) if token[-8:] in text]
    assert len(missed) <= 1, missed  # one in a hundred looks like what people write
    before, _, after = line.format("\0").partition("\0")
    assert all(text.startswith(before) and text.endswith(after) for text in left)


GLUED = {
    "POST /bot{d10}:AA{w33}/getMe HTTP/1.1": "POST /bot[SECRET]/getMe HTTP/1.1",
    "AccountName=x;AccountKey={b86}==;EndpointSuffix=core": "AccountName=x;AccountKey=[SECRET];EndpointSuffix=core",
    "GET /c?sv=2022-11-02&sig={w20}%2F{w20}%3D&se=2024": "GET /c?sv=2022-11-02&sig=[SECRET]&se=2024",
    "curl -u alice:{w9} https://x.example/": "curl -u [SECRET] https://x.example/",
    "curl -sS --user 'alice:{w4} {w4}' https://x.example/": "curl -sS --user '[SECRET]' https://x.example/",
    "/usr/bin/curl -X POST -ualice:{w9} x.example": "/usr/bin/curl -X POST -u[SECRET] x.example",
    "sshpass -p {w9} ssh box": "sshpass -p [SECRET] ssh box",
    "mysqldump -u root -p{w9} shop": "mysqldump -u root -p[SECRET] shop",
    "https://hooks.slack.com/workflows/T0{c8}/A0{c8}/{d18}/{w24}": "https://hooks.slack.com/workflows/[SECRET]",
    "https://hooks.slack.com/triggers/T0{c8}/{d13}/{x32}": "https://hooks.slack.com/triggers/[SECRET]",
    "https://x.example/webhooks/{x32}": "https://x.example/webhooks/[SECRET]",
    "GET /cb?code=4%2F0A{w40}&state=xyz HTTP/1.1": "GET /cb?code=[SECRET]&state=xyz HTTP/1.1",
    "GET /cb?state=xyz&code={l12}7 HTTP/1.1": "GET /cb?state=xyz&code=[SECRET] HTTP/1.1",
    "GET /accounts/reset/MQ/c1x-{x32}/ HTTP/1.1": "GET /accounts/reset/MQ/[SECRET]/ HTTP/1.1",
    "GET /verify-email/{u43} HTTP/1.1": "GET /verify-email/[SECRET] HTTP/1.1",
    "GET /password_reset/{x8}-{x4}-{x4}-{x4}-{x12}/": "GET /password_reset/[SECRET]/",
    "https://x.example/invite/{w22}?next=/": "https://x.example/invite/[SECRET]?next=/",
    "otp: {d6}": "otp: [SECRET]",
    "OTP={d6}": "OTP=[SECRET]",
    "verification code: {d6}": "verification code: [SECRET]",
    "Your verification code is {d6}.": "Your verification code is [SECRET].",
    "Your security code is {d3}-{d3}": "Your security code is [SECRET]",
    "totp_code={d6} ok": "totp_code=[SECRET] ok",
    "sms_code: {d6}": "sms_code: [SECRET]",
    "recovery_codes=['a1{l6}', 'b2{l6}']": "recovery_codes=['[SECRET]', '[SECRET]']",
    "passwords=['a{w8}', 'b{w8}']": "passwords=['[PASSWORD]', '[PASSWORD]']",
    "api_keys=a{w8}": "api_keys=[SECRET]",
    "pw=a{w8}": "pw=[PASSWORD]",
}


@pytest.mark.parametrize(("form", "text"), GLUED.items())
def test_what_is_glued_to_something_goes(form: str, text: str) -> None:
    assert redact(made(form)) == text


def test_a_list_of_codes_in_json() -> None:
    assert (
        redact('{"backup_codes": ["a1b2c3d4"], "n": 1}') == '{"backup_codes": ["[SECRET]"], "n": 1}'
    )


DIGEST = hashlib.sha256(b"made up").digest()
IN_BASE64 = base64.b64encode(DIGEST).decode()
HARMLESS = f"""
commit {DIGEST.hex()[:40]}
image sha256:{DIGEST.hex()} pulled
"integrity": "sha512-{base64.b64encode(DIGEST * 2).decode()}",
etag: "{IN_BASE64}"
'content-md5', '{base64.b64encode(DIGEST[:16]).decode()}'
SHA256:{IN_BASE64.rstrip("=")}
github.com/made/up v1.2.3 h1:{IN_BASE64}
request 9f8e7d6c-51b2-4abc-9def-0a1b2c3d4e5f took 3 ms
"node_id": "{base64.b64encode(b"010:Repository3544490").decode()}"
requestId="{IN_BASE64[:22]}"
"evt_id": "evt_1{IN_BASE64[:23].replace("+", "a").replace("/", "b")}"
i-0abcd1234ef567890 in subnet-0123456789abcdef0
pod coredns-5d78c9869d-x2x9k is ready
arn:aws:iam::123456789012:role/service-role/MyLambdaExecutionRole2
java.lang.IllegalStateException: AbstractSingletonProxyFactoryBean2Impl
Content-Type: multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW
{string.digits}{string.ascii_letters} and {string.ascii_letters}{string.digits}+/
_ZN4core3fmt9Formatter9write_str17h0123456789abcdefE
libfoo-1.2.3-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl
data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk
ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7x9Yz1Q2w3E4r5T6y7U8i9O0pAsDfGhJkL
2026-11-25T20:50:38.123456+00:00 20261125T205038Z
https://docs.example/document/d/1{IN_BASE64[:40].replace("+", "a").replace("/", "b")}/edit
static/js/main.{IN_BASE64[:24].replace("+", "a").replace("/", "b")}.js
code=200
GET /x?code=404&state=open
code: ECONNREFUSED
{{"code": 401, "message": "no"}}
status code 503, exit code 137, error code 1045
test_hosts[xn--85x722f.xn--55qx5d.cn-xn--85x722f.xn--55qx5d.cn1]
country_code=PK
GET /accounts/reset/password/
GET /invite/friends
GET /verify/email
GET /verify/2024-01-01
GET /activate/getting-started-guide-2
GET /users/confirm/12
POST /webhooks/stripe
docker run -u 1000:1000 alpine
ls -u foo:bar
curl -u alice https://x.example/
mysqld --socket=/run/mysqld/mysqld.sock --port=3306
max_tokens=512 prompt_tokens: 1234
passwords: you are setting them
passwords: 3
cache-key-{DIGEST.hex()}
""".strip().splitlines()


@pytest.mark.parametrize("line", HARMLESS)
def test_digests_identifiers_and_names_stay(line: str) -> None:
    assert redact(line) == line


def test_a_line_of_a_certificate_stays() -> None:
    body = base64.b64encode(DIGEST * 12).decode()
    lines = [body[place : place + 64] for place in range(0, 512, 64)]
    text = "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----"])
    assert redact(text) == text
    assert redact(repr(text)) == repr(text)


def test_surprise_parts_what_is_drawn_from_what_is_named() -> None:
    """Of drawn runs of 24 characters nearly all are above the bar, of names of Python none comes near it."""
    drawn = [surprise(made("{w24}")) for _ in range(400)]
    assert sum(bits > 24 for bits in drawn) > 390
    names = {
        name for module in (str, string, base64, hashlib, uuid, random) for name in dir(module)
    }
    assert max(surprise(name.replace("_", "")) for name in names | {*keyword.kwlist}) < 20


@given(st.text("0123456789abcdef", min_size=1, max_size=80))
def test_hexadecimal_digits_alone_are_no_token(digest: str) -> None:
    scanner = GatedScanner({"SECRET"})
    assert not scanner.spans(f"layer {digest} done")


@given(st.text(string.ascii_letters + string.digits + "_-./=+ :", max_size=120))
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(st.sampled_from([*TOKENS, *GLUED]), st.sampled_from(["{}", "<{}>", '"{}"', "a {}\nb"]))
def test_both_gates_let_the_same_through(form: str, line: str) -> None:
    """Without RE2 no credential is lost."""
    text = line.format(made(form))
    assert GatedScanner({"SECRET"}, gate=FoldGate).spans(text) == GatedScanner({"SECRET"}).spans(
        text
    )
