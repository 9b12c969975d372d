"""What is no personal data stays as it is, and what people write in their own way is found.

Each group is a kind of text; its rows are made up. A row of `FOUND` has the value between ⟦ and ⟧.
"""

from __future__ import annotations

import random
import re

import pytest

from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine.gate import FoldGate
from tests.support.gated_scanner import GatedScanner

REDACTOR = Redactor()
SCANNERS = (GatedScanner(), GatedScanner(gate=FoldGate))
_MARKED = re.compile("⟦(.*?)⟧")

LEFT = {
    "expressions of source": (
        "    sessions = self.objects.filter(session_key=session_key).delete()",
        (
            'Traceback (most recent call last):\n  File "/srv/a.py", line 3, in f\n'
            "    login(user=u1, password=pw2, token=tok.v2)"
        ),
        '  File "/srv/b.py", line 9, in g\n    return Client(apiKey=Conf.KEY2, auth=Basic, secret=BOT2)',
        "def get(self, cookies: X.CookieTypes | None, token: str | None = None) -> None:",
        "    cookies: httpx.types.CookieTypes | None = None,",
        "    password: SecretStr = Field(...)",
        "const signature = entry.promise.signedAt;",
        "  this.request.headers['Authorization'] = auth;",
        "secret: KEY || fallback, token: current ?? undefined",
        "'username': prefix or local,",
        'if token == "else" or prev_token == "lambda":',
        "node = Node(depth=0, digitOrToken=seqLen)",
        "exports.getUserAgent = void 0;",
        ":param password: User account password.",
    ),
    "calls and words of expressions": (
        'const jwt = require("jsonwebtoken");',
        "var older_token = jwt.sign({ foo: 'bar' })",
        "const sha256_password = require('../auth_plugins/sha256_password');",
        "const ChangeUser = require('./change_user')",
        "const useragent = require('ua-parser-js')",
        "var Token = function Token(p) {",
        "exports.verifyToken = function (publicSeed) {",
        "secret = await read(name)",
        "address = possible_addr = prefix = port = possible",
        "exports.NEW_USER = exports.ACCOUNT_INFO = 1",
        "    token: /:req\\[([^\\]]+)]/g,",
    ),
    "strings that end in a key": (
        'raise Error("while checking %s credentials:" % user_type)',
        "url = '?a=1&password=' + encodeURIComponent(this.password) + ''",
        "'{} token:'.format(name)",
        "    self.assertIn('client_assertion=', request.text)",
        "    self.assertIn('request from user: ', logger.output)",
        "log(['password:', word])",
    ),
    "formats": (
        "    'parent_addr': '0000:0a:00.%d' % dev,",
        "color('pass', ' %s: ')",
        'headers = {"Authorization": "Bearer {self.key}"}',
        'Authorization: [f"Bearer {self.key}".encode()],',
        "x progressToken={token!r} y",
        'password=f"{user}-x"',
    ),
    "words for a value, and parts of one": (
        "INVALID_ID_TOKEN: 'INVALID_ID_TOKEN', credential: 'THIRD_PARTY_AUTH_ERROR'",
        "SERVICE_TOKEN=password",
        "api_key = sk-your-api-key-here",
        "export GITHUB_TOKEN=ghp_\u2026",
        '{"consentToken": "ZZZZZZZ..."}',
        "SECRET_KEY = 'This is not a secret, be sure to change this.'",
        "{ token: string-or-regexp, replacement }",
        "tool --secret [key] --token [TOKEN]",
        "``github.Github(password=\u2026)``",
        '{"address": "gateway", "transit_addr": "address for requests of a bridge"}',
        "dbus-daemon --system --address=systemd: --nofork",
        "new user: name=backdoor, UID=1001",
        '{"User-Agent": "ELB-HealthChecker"}',
    ),
    "lines of data": (
        (
            "lTxI0Eawv0rzh0AsUFGYmCLbr0ETweGMkMPQOTlTxI0Eawv0rzh0AsUFGYmCLbr0"
            '\\nbrxmcDTuA0iKHT0k0CAvkIGOSR0HNxVmQstYOa0Wzu0HxngLDnUpyg=="'
        ),
        'X-Auth-Token: {SHA1}a0d10d2a0cbee000a00f0000d000e0000d0fd000"',
    ),
    "identifiers that a word before them calls so": (
        "req_8sKqXh29LmPzW4vT7yRb done",
        "request req_011CQmn9xVbTzy5wKpLr8sHd failed",
        "trace 8sKqXh29LmPzW4vT7yRb, span=8sKqXh29LmPzW4vT7yRb, job: 8sKqXh29LmPzW4vT7yRb",
        '{"event": "8sKqXh29LmPzW4vT7yRb", "task-8sKqXh29LmPzW4vT7yRb": 1}',
    ),
    "amounts behind a verb": (
        "reach 1000000 users",
        "ring buffer 1048576 entries",
        "call took 1234567 in all",
        "uf('a',+123456,+1331901000);",
    ),
    "places for a value": (
        "<Rule '/user/<username>' (GET) -> profile>",
        "Map([<Rule '/reset/<token>/<int:key>' (HEAD, GET) -> reset>, {\"a\": 1}])",
        "path('user/<str:username>/', views.profile, name='profile')",
        'usage: tool <key> <password> {"a": 1, "b": [2]}',
        "<protocol>://[<user>[:<password>]@]<hostname>",
        "user=<name> token=<your_token> session=<SESSION> user=<User 5> login=<none>",
        "- password: {{ pillar['x'] }} and ?apikey=$apiKey and token=`${current}`",
    ),
    "reasons after what failed": (
        "failed to get password: connection refused",
        "failed to resolve address: lookup db.internal: timeout",
        "failed to resolve address: no such host",
        "error reading secret: permission denied",
        "could not fetch access token: unexpected end of input",
        "unable to find user: record not found",
        "while reading the passphrase: EOF",
    ),
    "programs that speak": (
        "dovecot: imap-login: Disconnected (no auth attempts)",
        "pop3-login: Aborted login (tried to use disallowed plaintext auth)",
        "gnome-session: Entering running state",
        "2016-09-28 04:30:30, Info CBS Session: 30546173_4261462944 initialized by client X.",
    ),
    "signs, amounts and outcomes": (
        "Sec-Fetch-User: ?1",
        "cpu user=12.3 sys=4.5, user=0.00%",
        '{"responseElements": {"ConsoleLogin": "Failure"}}',
        '{"alert":{"signature":"ET SCAN Potential SSH Scan","signature_id":2001219}}',
    ),
    "what is public under a key": (
        '{"cookie": "^0.7.1", "express-session": "~1.18.0", "pbkdf2-password": "1.2.1"}',
        '{"private_key": "/etc/app/keys/mine.pem", "token": "https://docs.example/tokens"}',
        '{"signature": "-----BEGIN PGP SIGNATURE-----"}',
        '{"input_token": "NextToken", "output_token": "PaginationToken"}',
        '{"full_name": "owner/project", "serviceFullName": "Pipes of Water", "ValueDisplayName": "Enabled"}',
        "token: ':response-time'",
    ),
    "long numbers": (
        "capacity=504673002458 of 2199023255552",
        "Receiving block blk_-6240954611139309559 src",
        "count=6011000990139424 rows, size: 4539578763621486",
        '{"order_id": "4539578763621486", "offset": 4539578763621486}',
        "order 4539578763621486 and id 4539578763621486",
        "at 501800000009 and 4222222222222 and 6205500000000000004",
    ),
    "fractions and versions": (
        "libfoo_1.2.3.4_amd64.deb foo 1:2.3.4.5-1 linux-6.1.0.13 1.2.3.4+dfsg1 1.2.3.4~rc1 Agent/1.2.3.4",
        "opencv-4.5.5.64 types-setuptools-67.6.0.5 Chrome/120.0.0.0 snap-2.61.3.1_x",
        "drift +0.250001 and +1.0000001 and +33.123456 rows",
        '{"FirmwareVersion": "2.4.3.1", "bios_version": "1.2.3.4"}',
        "see Section 15.1.1.1; the version is now ``2.4.3.1``",
        "call of 2014.7.0 and 2015.8.10",
        "INFO: Versions: lxml 5.3.0.0, libxml2 2.12.9, w3lib 2.2.1.4",
        "Bump zstd requirement to >1.5.5.1; Setting minimum version to 9.2.1.6",
    ),
    "annotations": (
        '{"Members@odata.count": 4, "Boot@Redfish.AllowableValues": ["a"]}',
        'x.get("Members@odata.nextLink"), Field("Target@Redfish.AllowableValues")',
        "+@mock.patch('keystoneauth1.session')",
        '{"error": {"@Message.ExtendedInfo": []}}',
    ),
    "texts that are given word by word": (
        'data: {"token": "workers "}',
        '{"token": " I\'m"} {"token": "today? "} {"token": "long-running "}',
    ),
    "places that a format fills, by key": (
        'Interpolate("echo %(secret:other)s %(secret:one)s")',
        'Interpolate("postgresql://db_user:%(secret:db_password)s@db_host:db_port/db_name")',
        "{'user': {'name': 'test_{0}'}}, {'username': '{}-x'}",
        "        password: <yours> db password>,",
        "    password: <a word of yours>,",
        'sid = f"<b>Session {x}"',
    ),
    "declarations and members": (
        "    const signature = crypto",
        "    const [available, credentials] = await getCredentials();",
        "export type XOAuthPrivateKey = crypto.KeyLike | crypto.KeyInput",
        "    const username = utils$1.getSafeProp(auth, 'username') || '';",
        "  masterKey: Document;",
        "    credentials: Record<keyof C, string>",
        "    get_user(UserName=(principal.name))",
        "  const secret = (_ref = (_options || {}))",
        '    "User: (?P<principal>[^ ]+)"',
        "\tchar *fullname = join3(name, sep);",
        '    "displayName": task.pretty_id,',
        "{'passwordCredentials': auth}",
        "    list(system='all', user=self.TEST_USER_ID)",
        '    headers["Authorization"] = make_basic(auth[0], auth[1])',
        "    # the token = refresh if exchanged",
    ),
    "words for a value of one letter": (
        "aws_secret_access_key = YYYY",
        "apiKey('XXX') api_key=xxx",
    ),
    "names of programs, links and hosts": (
        '{"login": "octo-linter[bot]", "username": "actions[bot]"}',
        ".. _`@pytest.mark.parametrize`:",
        "|1|L0TqxOhAVh6mLZ2lbHdTv3owun0=|vn0La5pbHNxin3XzQQdvaOulvVU= ecdsa-sha2-nistp256",
        '{"name": "al2023-ami-ecs-hvm-2023.0.20260714-kernel-6.1-arm64"}',
    ),
    "sections of standards": (
        "EN 60870-5-101:2003, sec. 7.2.6.10 (p. 48)",
        "// The bare item of RFC 9651 3.3.1.1, RFC 8941 4.2.3.1",
        "[MS-ADTS] sect. 5.1.1.1",
    ),
    "years, bytes and differences": (
        "readings from 1958-2020 with two",
        "00 01 00 01",
        "+4263/-293",
    ),
    "columns and dates": (
        "2026-11-25",
        "12 345 678\n99 100 231\n14 200 300",
        "1990-2026",
        "10.20.30",
    ),
}

FOUND = {
    "EMAIL": (
        "`bob@mail.example` bob`x@mail.example",
        '{"Bob@Example.Com": 1}',
        "bob@odata.org and Bob@Mail.Example",
        '"a b"@example.com',
    ),
    "IP": (
        "timeout after 5 sec. ⟦203.0.113.9⟧ closed, new release. ⟦203.0.113.9⟧ connected",
        "DHCPRELEASE of ⟦10.0.0.5⟧ from driver at ⟦10.0.0.6⟧, release to ⟦10.0.0.7⟧",
        "Versions: lxml 5.3.0.0, libxml2 2.12.9, peer: ⟦10.0.0.5⟧ and versions: host ok from ⟦10.0.0.5⟧",
        "> ⟦10.0.0.5⟧ and <⟦10.0.0.6⟧>",
        "_⟦203.0.113.9⟧ ⟦203.0.113.9⟧_443 ⟦203.0.113.9⟧+1 ⟦203.0.113.9⟧-x user-⟦203.0.113.9⟧",
        "1:⟦203.0.113.9⟧ DIRECT/⟦203.0.113.9⟧ stonith-ipmilan-⟦10.24.221.44⟧ _⟦2001:db8::1⟧ ⟦2001:db8::1⟧_",
    ),
    "USERNAME": (
        "user=⟦bob%20singh⟧ user=⟦(b.khan⟧) from x",
        "imap-login: Login: user=<⟦bob⟧>, method=PLAIN",
        "sasl_username=<⟦b.khan⟧> X-Login: ⟦Bob⟧",
        "unable to find user: ⟦bob⟧",
        "authentication failed for user: ⟦bob⟧ not allowed",
        "user: ⟦alice⟧ | action: login",
        "user=⟦1234567⟧ login=⟦x1⟧",
    ),
    "NAME": ("app_user_full_name='⟦Ayesha Khan⟧'", "full_name=⟦Ayesha Khan⟧"),
    "PASSWORD": (
        "password: ⟦<secret>9x⟧ password: ⟦!hunter.x2⟧ pass=⟦(abc⟧ next=1 password=⟦pa$$(word1⟧",
        "Error: password: ⟦hunter⟧",
        "password=⟦$ecret⟧ password=⟦@hunter⟧ password=⟦hunter2(⟧",
        '{"password": "⟦<hunter2>⟧"}',
        "failed to set password: ⟦hunter2⟧",
        "user[password]=⟦hunter⟧",
        "password=⟦hunter⟧ | grep x",
        "<login><password>⟦hunter2⟧</password></login>",
        "<login><password>⟦hunter2⟧",
        '<a:password>⟦"x y"⟧</a:password>',
        "password == '⟦hunter2⟧'",
        "cl_apipw=⟦hunter2⟧ cloudantpwd=⟦hunter2⟧ dbpass: ⟦hunter2⟧",
        "password=⟦{hun}ter2⟧ password=⟦50%d_x⟧",
        "db-password: ⟦Summer⟧",
        "password='⟦$Secret!⟧' pwd='⟦@dmin-2024⟧' passwd=⟦/etc/x.conf⟧",
    ),
    "SECRET": (
        'token=⟦sesame⟧ for user x, {"api_key": "⟦letmein!⟧", "token": "⟦Hello⟧"}',
        "params=%7B%22token%22%3A+%22⟦cli-hahayouwish⟧%22%7D",
        "|1|⟦8sKqXh29LmPzW4vT7yRb⟧",
        '{"signature": "⟦30 45 02 21 00 ab⟧", "token": "⟦ZZtop9⟧"}',
        "session=<⟦q2R1f5hXxKoKAAAB⟧>, lip=x",
        "failed to decode token: ⟦abc123def⟧",
        "request with token ⟦8sKqXh29LmPzW4vT7yRb⟧ and ⟦key_8sKqXh29LmPzW4vT7yRb⟧",
        "job token=⟦8sKqXh29LmPzW4vT7yRb⟧",
        "Authorization: Bearer ⟦%24abc⟧",
        "Authorization: Token ⟦abc⟧",
        'secret_key = "⟦abc123⟧" api_key="⟦my-key⟧"',
    ),
    "CARD": (
        "paid with ⟦4539578763621486⟧",
        "4539578763621486⟦⟧".replace("4539578763621486⟦⟧", "⟦4539578763621486⟧"),
        '{"n": "⟦4539578763621486⟧", "card": ⟦4222222222222⟧}',
        "GET /?q=⟦4539578763621486⟧&page=2",
        "Maestro ⟦501800000009⟧, the card is ⟦6205500000000000004⟧",
        "order ⟦4539 5787 6362 1486⟧",
        "charge(⟦4539578763621486⟧)",
        "⟦4539578763621486⟧ was declined",
    ),
    "PHONE": (
        "call ⟦1958-2020⟧",
        "⟦00 49 30 12 34 56⟧",
        "call ⟦+44 020 7946 0958⟧ or ⟦+44 (020) 7946 0958⟧ or ⟦+44 (0)20 7946 0958⟧ 1",
        "⟦+33 02.12.34.56.78⟧ and ⟦+298211234⟧, ⟦+44.2079460958⟧",
        "⟦00442079460958⟧",
        "⟦00298 20 12 34⟧",
        "⟦00 92 300 1234567⟧",
        "⟦512 345 678⟧",
        "⟦98765 43210⟧",
        "number:\n⟦22 12 34 56⟧\nthanks",
        "⟦321-2345⟧",
        "call ⟦3212345⟧ now, contact: ⟦22123456⟧",
        "reach me at ⟦3212345⟧ or ring ⟦03012345678⟧",
        "+⟦13319010004⟧".replace("+⟦", "⟦+"),
    ),
    "IBAN": (
        "konto ⟦de89 3704 0044 0532 0130 00⟧, ⟦DE89-3704 0044 0532 0130 00⟧",
        "⟦GB 82 WEST 1234 5698 7654 32⟧",
        "⟦DE89.3704.0044.0532.0130.00⟧ and ⟦DE89 370 400 44 0532 013 000⟧",
        "konto ⟦NO93 8601 1117 947⟧, ⟦NO 93 8601 1117947⟧, ⟦NO93 86 01 11 17947⟧",
    ),
    "NTN": ("taxpayer ⟦2757392-9⟧ (NTN)", "⟦2757392-9⟧ (NTN)", "tax payer no. ⟦2757392-9⟧"),
    "CNIC": (
        "B-Form No. ⟦3520212345671⟧",
        "form b: ⟦35202 1234567 1⟧",
        "شناختی کارڈ نمبر ⟦3520212345671⟧",
        "shanakhti card ⟦3520212345671⟧",
    ),
}


@pytest.mark.parametrize("text", [text for group in LEFT.values() for text in group])
def test_what_is_nobodys_stays(text: str) -> None:
    assert REDACTOR.redact(text) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [(kind, text) for kind, texts in FOUND.items() for text in texts if "⟦" in text],
)
def test_what_people_write_is_found(kind: str, text: str) -> None:
    plain = re.sub("[⟦⟧]", "", text)
    found = [plain[span.start : span.end] for span in REDACTOR.findall(plain) if span.kind == kind]
    assert found == _MARKED.findall(text)


@pytest.mark.parametrize("group", [*LEFT.values(), *FOUND.values()], ids=[*LEFT, *FOUND])
def test_the_same_is_found_without_re2(group: tuple[str, ...]) -> None:
    for text in group:
        plain = re.sub("[⟦⟧]", "", text)
        assert SCANNERS[1].spans(plain) == SCANNERS[0].spans(plain), plain


@pytest.mark.parametrize("text", FOUND["EMAIL"])
def test_addresses_that_look_like_annotations_are_found(text: str) -> None:
    assert "@" not in REDACTOR.redact(text)


def test_what_follows_a_place_for_a_value_is_read() -> None:
    text = '<Rule \'/user/<username>\' (GET)> password=hunter2 {"email": "a@b.example"}'
    clean = '<Rule \'/user/<username>\' (GET)> password=[PASSWORD] {"email": "[EMAIL]"}'
    assert REDACTOR.redact(text) == clean


@pytest.mark.parametrize(
    "frame",
    ["capacity={}", "id: {}", "blk_-{}", '{{"offset": {}}}', "order {} shipped", "{} 17 {}"],
)
@pytest.mark.parametrize("length", [12, 13, 15, 16, 17, 18, 19])
def test_numbers_that_something_else_names_are_no_cards(frame: str, length: int) -> None:
    choose = random.Random(length)  # noqa: S311 - any numbers do
    numbers = [str(choose.randrange(10 ** (length - 1), 10**length)) for _ in range(2_000)]
    if frame.count("{}") > 1:
        numbers = [number for number in numbers if length not in {15, 16}]
    assert not [n for n in numbers if "CARD" in REDACTOR.redact(frame.format(n, n))]


@pytest.mark.parametrize("country", ["NO", "DE", "GB", "PK", "FR", "NL"])
def test_an_account_is_found_however_it_is_grouped(country: str) -> None:
    account = {
        "NO": "NO9386011117947",
        "DE": "DE89370400440532013000",
        "GB": "GB82WEST12345698765432",
        "PK": "PK36SCBL0000001123456702",
        "FR": "FR1420041010050500013M02606",
        "NL": "NL91ABNA0417164300",
    }[country]
    choose = random.Random(country)  # noqa: S311
    for separator in " -.":
        for _ in range(50):
            cuts = sorted(
                {2, 4, *choose.sample(range(5, len(account)), 4)} - {choose.choice([2, 4])}
            )
            parts = [account[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
            assert REDACTOR.redact(f"to {separator.join(parts)}, now") == "to [IBAN], now"


# What looks like a reason, source or another number, and is personal data all the same.
PERSONAL = [
    "    password: sunshine", "    token: abc123defghij", "    username: alicesmith",
    "auth failed for bob, password: sunshine is not accepted", "INFO testing password: letmein with admin",
    "trying password: letmein against root", "login error, secret: monkey business",
    "let me in password: sunshine now", "return user with password: sunshine now", "var log password=sunshine",
    "primary_account_number=4111111111111111", "account_number: 4111111111111111",
]  # fmt: skip


@pytest.mark.parametrize("line", PERSONAL)
def test_what_only_looks_like_something_else_goes(line: str) -> None:
    redacted = Redactor().redact(line)
    values = ("sunshine", "abc123defghij", "alicesmith", "letmein", "monkey", "4111111111111111")
    assert [value for value in values if value in redacted] == []
