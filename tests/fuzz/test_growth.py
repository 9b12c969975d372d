"""What a visitor sends costs no more than it weighs: what was found once, and a search for more.

The first table is run every time. The search takes `GROWTH_SECONDS`: a minute in CI, 20 seconds
elsewhere; `make fuzz` looks for a quarter of an hour.
"""

from __future__ import annotations

import time

import pytest

from tests.fuzz.entries import Entry
from tests.fuzz.growth import (
    Case,
    Find,
    Fuzzer,
    entry_named,
    judge,
    peak,
    seconds_from_environment,
    seed_from_environment,
)
from tests.fuzz.sources import patterns
from tests.fuzz.tokens import tokens_of

# Every find: an entry, what stands before, what is repeated.
FINDS = [
    ("log: redact", "GET /?", "pin="),
    ("log: redact", "GET /?", "ip="),
    ("log: redact", "", "ip=["),
    ("log: redact", "", "card>]:"),
    ("log: redact", "", "password:[1,"),
    ("log: redact", "", "user:"),
    ("log: redact", "", "mac="),
    ("log: redact", "", "login:"),
    ("log: redact", "", "eyJ--"),
    ("log: redact", "", "@user:p"),
    ("log: record, uvicorn's access line", "/?", "pin="),
    ("page: link's ping (ASGI)", "", "\\\n"),
    ("page: image (ASGI)", "//a.example/", "a/"),
    ("page: srcset (ASGI)", "a", ","),
    ("page: preconnect (ASGI)", "//a.example/", "a/"),
    ("page: svg (ASGI)", "", "<svg>"),
    ("page: style (ASGI)", "", "//a.example/a/"),
    ("page: inline script (ASGI)", "", "//a.example/a/"),
    ("request: X-Forwarded-For (ASGI)", "", "a,"),
    ("request: Forwarded (ASGI)", "for=192.0.2.1, ", '\\"'),
    ("request: Forwarded (ASGI)", "for=", " "),
    ("request: Host (ASGI)", "", "\xe9"),
    ("log: redact", "authorization…!", " "),
    ("log: redact", '{\\"password\\": \\"', "\\"),
    ("log: redact", "address=", "+"),
    ("log: redact", "", "://" + ":" * 250),
    ("log: redact_mapping key", "", "pin="),
    ("log: record, argument", "", "\x18"),
    ("log: record, exception", "", "\\a"),
    ("log: hide, long value", "", "\x00"),
    ("log: hide, long line", "", "\x1b"),
    ("archive: lines", "%7B%22", 'lat" ='),
    ("archive: lines", '{"a":"…"}', "[\\n010) 00 0 0 00"),
    ("log: record, argument", "", "\x18a"),
    ("log: record, argument", "", "\x1b"),
    ("log: record, argument", "", "\u2028"),
    ("log: record, argument", "", "\x80A"),
    ("log: record, argument", "", "\u200ba"),
    ("log: record, argument", "password=", "\x80"),
    ("log: record, uvicorn's access line", "", "\xad\xc0"),
    ("log: record, uvicorn's access line", "/?password=", "\x00aa\x80\x00"),
    ("log: record, uvicorn's access line", "/?password=", "2E="),
    ("log: record, uvicorn's access line", "/?password=", "{0}"),
    ("log: record, exception", "", "=3Da"),
    ("log: record, exception", "", "\\u0441"),
    ("log: record, exception", "user: ", "]{4"),
    ("log: hide, long line", "", "_*M\x18"),
    ("log: hide, long value", "", "\u4e2d"),
    ("log: redact", "password=", "[1,"),
    ("log: redact", "%252541 ", "-0Bv"),
    ("log: redact", "%252541 ", "key_0Bv9Aa7zG "),
    ("log: redact", "%252541 ", '[("pin","1234")]'),
    ("log: redact", "%252541 ", 'token=["{'),
    ("log: redact", "%252541 ", '"user":{"name":"Al"},'),
    ("log: redact", "%252541 ", "4111-1111-1111-1111 "),
    ("log: redact", "%252541 ", "--password x "),
    ("log: redact", "\u200b", 'pin=["a"]'),
    ("log: redact", "\u200b", "user: Bob "),
    ("log: redact", "", "dob=[1,2,[0][0]"),
    ("log: redact", "", "phone=[1,2,[0][0]"),
    ("log: redact", "", "?code=e"),
    ("log: redact", "%252541 ", "?code=e"),
    ("log: redact_value name", "", "A00000:AAaaaaaaaaaaaaaaa"),
    ("log: redact", "\u200b", "0010-0000-000 "),
    ("log: redact_value name", '{"password": "', "a\x80"),
    ("log: redact_value name", '{"password": "…", "b": 1}', "{4}\\b"),
    ("log: redact", "", "=e[str,user"),
    ("log: redact", '{"password": "…", "b": 1}', "]Keys"),
    ("log: redact", "user: ", "[0-9]"),
    ("log: redact", "", "user=(a.b "),
    ("log: redact", "", "user=(a.b login=(c.d token=(e.f password=(g.h "),
    ("log: redact", "", "user: f(a) "),
    ("log: redact", "", "[secret= {a}}"),
    ("log: redact", "    ", "[token='\\n}"),
    ("log: redact_value", '{"password": "…", "b": 1}', "[0-9A-Z]{4}\\b"),
    ("log: record, argument", "Authorization: Bearer ", "\x1b\x00"),
    ("log: record, argument", "password=", "\x1b"),
    ("log: record, exception", "Authorization: Bearer ", "[ ().\\/-]{0,2}[0-9]{1,16}0"),
    ("log: findall", "Authorization: Bearer ", "[ ().\\/-]{0,2}[0-9]{1,16}"),
    ("log: hide, long line", "", "over timedGhlIHNhbXBsZSBub25jZQ==cvar"),
    ("log: record, message", "Authorization: Bearer ", "\x1b\x00"),
    ("url: parse", "//", "\u4e2d"),
    ("url: explain", "//a.example/", "/a"),
    ("url: match", "https://a.example/?", "-se"),
    ("url: match, host of the page", "", "."),
    ("page: stylesheet (WSGI)", "//a.example/", "-a"),
    ("page: entities (ASGI)", "", "/a"),
    ("page: long tag (ASGI)", "a=b ", "\t "),
    ("page: meta charset (ASGI)", "", " "),
    ("response: Link (ASGI)", "<//a.example/…>; rel=preload", "a/"),
    ("response: Refresh (ASGI)", "0;url=//a.example/", "a/"),
    ("response: Report-To (ASGI)", '{"group":"a","endpoints":[{"url":"//a.example/…"}]}', "a/"),
    ("response: Reporting-Endpoints (WSGI)", 'a="//a.example/…"', "0."),
    ("response: Permissions-Policy (ASGI)", "", '\\"'),
    ("body: multipart, declared (ASGI)", "--b\r\na:…\x01", " "),
    ("body: JSON, undeclared (ASGI)", "", '\\"'),
    ("policy: file", "", "a."),
    ("policy: unknown key", "", "` - at `$"),
    ("list: match its own text", "", "=a"),
    ("list: read", "/…a/", "["),
    ("list: match an address", "https://a.example/", "A"),
    ("target: own path (ASGI)", "", "\ufffd"),
    ("target: own path (ASGI)", "", "%\xad"),
    ("target: path with a parameter (ASGI)", "", "\ufffd"),
    ("target: path like a starred (WSGI)", "", "%"),
    ("target: word at the end (WSGI)", "", "%"),
    ("target: path like a starred (WSGI)", "", "\ufffd\u3002"),
    ("page: style (ASGI)", "", "@import/* ;"),
    ("page: style (WSGI)", "", "@import/*;*"),
    ("page: inline module (WSGI)", "", "/a"),
    ("page: svg (ASGI)", "", "<font>"),
    ("page: svg (ASGI)", "", "<font></b>"),
    ("page: inline module (WSGI)", "", "/a/"),
    ("page: data frame (ASGI)", "", "%"),
    ("body: form, undeclared (ASGI)", "dob=", ";,"),
]  # fmt: skip

# What is another each time, as addresses that no cache knows: what stands before and behind a number.
NUMBERED = [
    ("page: link's ping (ASGI)", "//a", ".b "),
    ("page: style (ASGI)", ")}a{background:url(//a", ".b"),
    ("page: svg style (WSGI)", ")}a{fill:url(//a", ".b"),
    ("page: text (ASGI)", "<img src=//a", ".b>"),
    ("page: text (WSGI)", "<a ping=//a", ".example/>"),
    ("page: text (ASGI)", "<link rel=stylesheet href=//a", ".b>"),
    ("page: text (ASGI)", "<form action=//a", ".b>"),
    ("page: text (ASGI)", "<script src=//a", ".b></script>"),
    ("page: text (WSGI)", "<svg><set href=//a", ".b /></svg>"),
    ("page: text (WSGI)", "<svg><style>a{fill:url(//a", ".b)}</style></svg>"),
    ("page: srcset (ASGI)", "//a", ".b 1x,"),
    ("list: read", "/", "/"),
    ("log: redact", "rk_live_", ""),
    ("log: redact", "a_live_key_", "x"),
]  # fmt: skip

# What once took by the square of its length in a line of a log.
LINES = {
    "pairs": "a=", "keys": "password=", "keys in quotes": '"password":"', "colons": "password: ",
    "percent": "%25", "backslashes": "\\", "quotes": "'\"", "escaped quotes": '\\"', "brackets": "password=[",
    "ampersands": "&#6", "zero width": "\u200b", "escapes": "\x1b[", "hyphens": "1-2-3-", "signs": "a@",
    "commas": "password=,", "words": "Ayesha ", "options": "--password ", "elements": "<password>", "blanks": " ",
    "cookies": "cookie: a=b; ", "agents": "user_agent=(", "digits": "phone=1 ", "names": "full_name=A B ",
    "masked": "password=*** ", "addresses": "address=a, b", "stops": "password=.", "schemes": "authorization: Bearer ",
    "people": '"user":{"name":"Ann"},', "unclosed": '"user":{"a', "open": '"user":[{', "latitudes": "lat=1.11 ",
    "backslashes, quotes": '"user":{\\"', "mail": "é@é.é", "pluses": "1+", "dots": "a.", "one long key": "password_",
}  # fmt: skip


# The limits hold on a quiet machine, where `make fuzz` asks for them to the millisecond. What servers and browsers
# take from a core they share, the reference does not tell: a text measured sixty times while thirty processes shared
# two cores took 1.21 times as long at worst as at best, and another machine's memory is slower beside its processor.
_TOLERANCE = 1.75


def is_wrong(find: Find | None) -> bool:
    """Tell what grows, and what is slow beyond the tolerance."""
    return find is not None and (
        find.what == "grows" or find.at_large > _TOLERANCE * find.case.limit
    )


@pytest.mark.parametrize(("entry", "opening", "token"), FINDS)
def test_what_was_found_once_costs_no_more_than_it_weighs(
    entry: str, opening: str, token: str
) -> None:
    found = judge(Case(entry_named(entry), opening, (token,)))
    assert not is_wrong(found), found


@pytest.mark.parametrize(("entry", "before", "behind"), NUMBERED)
def test_what_is_another_each_time_costs_the_same(entry: str, before: str, behind: str) -> None:
    case = Case(entry_named(entry), "", (before, behind), is_numbered=True)
    found = judge(case)
    assert not is_wrong(found), found


@pytest.mark.parametrize("piece", LINES.values(), ids=LINES)
def test_a_line_of_a_log_costs_no_more_than_it_weighs(piece: str) -> None:
    found = judge(Case(entry_named("log: redact"), "", (piece,)))
    assert not is_wrong(found), found


def test_no_token_costs_more_than_it_weighs() -> None:
    """What grows is wrong at once; what is slow and linear, beyond 20 ms for 20 KB and the tolerance.

    `make fuzz` finds from the limit on; docs/security.md has what it found last. Beyond the limit stay, as measured on
    a loaded machine, log texts encoded three times and full of keys and brackets (28 ms), and JSON full of values and
    escapes (33 ms).
    """
    seed = seed_from_environment()
    print(f"GROWTH_SEED={seed}")
    fuzzer = Fuzzer(seed)
    finds = fuzzer.run(seconds_from_environment())
    assert fuzzer.tried > 0
    print("\n".join(map(str, finds)))
    wrong = list(filter(is_wrong, finds))
    assert not wrong, "\n".join(map(str, wrong))


# Bodies of what makes the most of each byte: a field, a member, a part.
BODIES = [
    ("form", "", "a&"),
    ("form", "", "&"),
    ("form", "dob=2000-01-01&", "a=b&"),
    ("form", "dob=2000-01-01&", "%41"),
    ("JSON", '{"dob":"2000-01-01","a":[', "0,"),
    ("JSON", '{"dob":"2000-01-01","a":[', "{},"),
    ("JSON", "", "["),
    ("JSON", "[", '"a",'),
    ("JSON", '{"dob":"2000-01-01","a":"', "\\u0041"),
    ("JSON", '{"dob":"2000-01-01","a":"', "\u4e2d"),
    ("multipart", "", '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'),
    ("multipart", "", "--b\r\n"),
    ("multipart", '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n', "a"),
    ("text", "", "a&"),
    ("untyped", "", "a&"),
]  # fmt: skip


@pytest.mark.parametrize("place", ["declared", "undeclared", "in parts", "preference", "any"])
@pytest.mark.parametrize(("kind", "opening", "token"), BODIES)
def test_a_body_takes_six_times_its_size_at_most(
    kind: str, opening: str, token: str, place: str
) -> None:
    for protocol in ("ASGI", "WSGI"):
        name = f"body: {kind}, {place} ({protocol})"
        assert peak(Case(entry_named(name), opening, (token,))) <= 6


def test_the_fuzzer_finds_what_grows_by_the_square_and_what_is_slow() -> None:
    def square(text: str) -> None:
        for start in range(0, len(text), 10):
            hash(text[start:])

    def slow(text: str) -> None:
        end = time.thread_time() + len(text) * 2e-6
        while time.thread_time() < end:
            pass

    found = judge(Case(Entry("log: square", square), "", ("a",)))
    assert found is not None
    assert found.what == "grows"
    found = judge(Case(Entry("log: slow", slow), "", ("a",)))
    assert found is not None
    assert found.what == "slow"
    assert judge(Case(Entry("log: lower", str.lower), "", ("a",))) is None


def test_tokens_are_what_a_pattern_asks_for() -> None:
    places = {found.place: found for found in patterns()}
    assert len(places) > 300
    assert {"&", "#", "a", ";", "="} <= set(tokens_of(places["http.html.references._REFERENCE"]))
    assert "set-cookie" in tokens_of(places["cookies.cookies._SMUGGLED_LINE"])
