"""`Set-Cookie` as browsers read it: RFC 6265bis §5.6 and §5.1.1, and Chromium itself."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alpines_privacy.http.setcookie import LONGEST_LIFETIME, SetCookie, parse, parse_date
from alpines_privacy.testing import strategies
from tests.support import rfc6265
from tests.support.chromium import chromium, cookie_jar, visit
from tests.support.origin import Request, origin

NOW = 1_800_000_000.0  # January 2027
PAST = "Thu, 01 Jan 1970 00:00:00 GMT"
FUTURE = "Fri, 01 Jan 2100 00:00:00 GMT"
DAY = 86400


def octets(text: str) -> bytes:
    return text.encode("latin-1")


def read(text: str) -> SetCookie:
    cookie = parse(text)
    assert cookie is not None
    return cookie


PAIRS = {
    "a=b": ("a", "b"),
    "a=": ("a", ""),
    "=b": ("", "b"),
    "b": ("", "b"),
    "a=b=c": ("a", "b=c"),
    "=a=b": ("", "a=b"),
    " \ta \t= \tb \t": ("a", "b"),
    "a b=c d": ("a b", "c d"),
    'a="b c"': ("a", '"b c"'),
    'a={"k":[1,2]}': ("a", '{"k":[1,2]}'),
    'a="b;c"': ("a", '"b'),
    "a=1, b=2": ("a", "1, b=2"),
    "a\tb=c\td": ("a\tb", "c\td"),
    "\xe9=\xff": ("\xe9", "\xff"),
    "\xa0a=\x85b": ("\xa0a", "\x85b"),  # blanks to Python, not to §5.6
    "__Host-id=1": ("__Host-id", "1"),
    "a=b;": ("a", "b"),
    "a=b;;;": ("a", "b"),
    "b;a=c": ("", "b"),
}


@pytest.mark.parametrize(("text", "pair"), PAIRS.items(), ids=map(repr, PAIRS))
def test_a_pair_is_split_at_the_first_equals_sign_and_stripped_of_blanks(
    text: str, pair: tuple[str, str]
) -> None:
    cookie = read(text)
    assert (cookie.name, cookie.value) == pair


IGNORED = {
    "nothing": "",
    "blanks": " \t ",
    "no pair": ";a=b",
    "only an equals sign": " = ; Path=/",
    "NUL in the name": "a\x00=b",
    "NUL in the value": "a=b\x00",
    "line feed": "a=b\nc=d",
    "carriage return": "a=b\r",
    "escape": "a=\x1b",
    "DEL": "a=b\x7f",
    "control in an attribute": "a=b; Path=/\x01",
    "control in an unknown attribute": "a=b; \x0c",
    "pair of 4097 octets": "a" * 97 + "=" + "b" * 4000,
    "value alone of 4097 octets": "b" * 4097,
    "4097 octets that are no ASCII": "a=" + "\xe9" * 4096,
}


@pytest.mark.parametrize("text", IGNORED.values(), ids=IGNORED)
def test_what_browsers_ignore_is_not_read(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("text", ["a" * 96 + "=" + "b" * 4000, "b" * 4096, "a=b;" + "c" * 9000])
def test_4096_octets_of_name_and_value_are_read(text: str) -> None:
    assert parse(text) is not None


ATTRIBUTES: dict[str, dict[str, str]] = {
    "a=b; Secure": {"secure": ""},
    "a=b;secure;HTTPONLY": {"secure": "", "httponly": ""},
    "a=b; \tPath \t= \t/x \t": {"path": "/x"},
    "a=b; Path=/one; path=/two": {"path": "/two"},
    "a=b; Partitioned; Secure": {"partitioned": "", "secure": ""},
    "a=b; SameSite=None; Secure=yes": {"samesite": "None", "secure": "yes"},
    "a=b; Domain=.example.com; Foo=bar": {"domain": ".example.com", "foo": "bar"},
    "a=b; =x; ;": {},
    "a=b; Max-Age=5": {"max-age": "5"},
    "a=b; Max-Age=5; Max-Age=x": {"max-age": "5"},
    "a=b; Max-Age=+5": {},
    "a=b; Max-Age=5.0": {},
    "a=b; Max-Age=": {},
    "a=b; Max-Age=-": {},
    "a=b; Max-Age=\u0665": {},  # a digit to Python
    "a=b; Expires=never": {},
    f"a=b; Expires={PAST}; Expires=never": {"expires": PAST},
    "a=b; Path=/" + "x" * 1023: {"path": "/" + "x" * 1023},
    "a=b; Path=/; Path=/" + "x" * 1024: {"path": "/"},
    "a=b; Max-Age=0; Max-Age=" + "9" * 1025: {"max-age": "0"},
}


@pytest.mark.parametrize(
    ("text", "attributes"), ATTRIBUTES.items(), ids=[repr(text[:40]) for text in ATTRIBUTES]
)
def test_of_the_attributes_the_last_readable_one_counts(
    text: str, attributes: dict[str, str]
) -> None:
    assert read(text).attributes == attributes


LIFETIMES = {
    "a=b": None,
    "a=b; Max-Age=60": 60,
    "a=b; Max-Age=0": 0,
    "a=b; Max-Age=-0": 0,
    "a=b; Max-Age=-60": -60,
    "a=b; Max-Age=0060": 60,
    f"a=b; Max-Age=60; Expires={PAST}": 60,
    f"a=b; Expires={FUTURE}; Max-Age=0": 0,
    "a=b; Max-Age=60; Max-Age=90": 90,
    f"a=b; Max-Age={401 * DAY}": LONGEST_LIFETIME,
    "a=b; Max-Age=" + "9" * 500: LONGEST_LIFETIME,
    f"a=b; Expires={FUTURE}": LONGEST_LIFETIME,
    f"a=b; Expires={PAST}": -NOW,
    f"a=b; Expires={FUTURE}; Expires={PAST}": -NOW,
    f"a=b; Expires={formatdate(NOW + 60, usegmt=True)}": 60,
    "a=b; Expires=never": None,
}


@pytest.mark.parametrize(("text", "seconds"), LIFETIMES.items(), ids=LIFETIMES)
def test_max_age_beats_expires_and_nothing_lasts_beyond_400_days(
    text: str, seconds: float | None
) -> None:
    assert read(text).lifetime(NOW) == seconds


# A browser reads the last three dates as everybody does; PRESERVED lists those it reads its own way.
DELETIONS = [
    "a=; Max-Age=0",
    "a=b; Max-Age=-1",
    "a=b; max-age=-99999999999999999999",
    f"a=b; Expires={FUTURE}; Max-Age=0",
    "a=b; Expires=whenever; Max-Age=0",
    "a=b; Max-Age=5; Max-Age=0",
    f"a=b; Max-Age=0; Expires={PAST}; Path=/; Secure; Partitioned",
    f"a=b; Expires={PAST}",
    "a=b; Expires=Thu, 01-Jan-1970 00:00:00 GMT",
    "a=b; Expires=Thursday, 01 Jan 1970 00:00:00 UTC",
    "a=b; Expires=Thu, 01 Jan 1970 00:00:00 -0000",
    "a=b; Expires=Thu Jan  1 00:00:00 1970",
    f"a=b; Expires={FUTURE}; Expires={PAST}",
]

PRESERVED = {
    "no lifetime": "a=",
    "a lifetime": "a=; Max-Age=100",
    "a date to come": f"a=b; Expires={FUTURE}",
    "Max-Age wins": f"a=b; Expires={PAST}; Max-Age=60",
    "a Max-Age that Chromium reads": f"a=b; Expires={PAST}; Max-Age=+60",
    "a Max-Age that overflows in Chromium": f"a=b; Expires={PAST}; Max-Age={'9' * 30}x",
    "an unreadable Max-Age undoes one in Chromium": "a=b; Max-Age=0; Max-Age=x",
    "an unreadable Expires undoes one in Chromium": f"a=b; Expires={PAST}; Expires=x",
    "an empty Expires undoes one in Chromium": f"a=b; Expires={PAST}; Expires=",
    "an impossible date undoes one": f"a=b; Expires={PAST}; Expires=Mon, 30 Feb 1970 00:00:00 GMT",
    "a day with a suffix": "a=b; Expires=Thu, 10th Jan 1970 00:00:00 GMT",
    "a date without weekday": "a=b; Expires=01 Jan 1970 00:00:00 GMT",
    "an early year of two digits": "a=b; Expires=Thu, 01-Jan-70 00:00:00 GMT",
    "a time zone": "a=b; Expires=Thu, 01 Jan 1970 00:00:00 +0500",
    "a long Max-Age ignored": f"a=b; Expires={PAST}; Max-Age={'0' * 1024}9",
}


@pytest.mark.parametrize("text", DELETIONS)
def test_a_deletion_is_one_to_every_browser(text: str) -> None:
    assert read(text).is_deletion(NOW)


@pytest.mark.parametrize("text", PRESERVED.values(), ids=PRESERVED)
def test_what_some_browser_may_keep_is_no_deletion(text: str) -> None:
    assert not read(text).is_deletion(NOW)


DATES = {
    "Thu, 01 Jan 1970 00:00:00 GMT": 0,
    "Wed, 09 Jun 2021 10:18:14 GMT": 1623233894,
    "Wednesday, 09-Jun-21 10:18:14 GMT": 1623233894,
    "Wed Jun  9 10:18:14 2021": 1623233894,
    "10:18:14 9 2021 june": 1623233894,
    "9th Junebug 10:18:14.5 2021ad": 1623233894,
    "1 Jan 70 0:0:0": 0,
    "1 Jan 69 0:0:0": 3124224000,
    "1 Jan 00 0:0:0": 946684800,
    "1 Jan 9999 23:59:59": 253370851199,
    "1 Jan 1601 00:00:00": -11644473600,
    "29 Feb 2024 00:00:00": 1709164800,
    "29 Feb 2000 00:00:00": 951782400,
    "29 Feb 2023 00:00:00": None,
    "29 Feb 1900 00:00:00": None,
    "31 Apr 2021 00:00:00": None,
    "0 Jan 2021 00:00:00": None,
    "1 Jan 1600 00:00:00": None,
    "1 Jan 2021 24:00:00": None,
    "1 Jan 2021 00:60:00": None,
    "1 Jan 2021 00:00:60": None,
    "1 Jan 2021 00:00": None,
    "1 Jan 20210 00:00:00": None,
    "1 Jan 2 00:00:00": None,
    "1 Foo 2021 00:00:00": None,
    "2021 Jan 00:00:00": None,
    "": None,
    "0": None,
}


@pytest.mark.parametrize(("text", "unix_time"), DATES.items())
def test_dates_are_read_token_by_token(text: str, unix_time: int | None) -> None:
    assert parse_date(text) == unix_time


@pytest.mark.parametrize(
    ("text", "remove", "add", "edited"),
    [
        ("a=b", "", (), "a=b"),
        ("a=b", "", ("Secure",), "a=b; Secure"),
        ("a=b; ", "", ("Secure", "HttpOnly"), "a=b; Secure; HttpOnly"),
        ("a=b;;", "", ("Secure",), "a=b; Secure"),
        ("a=b; Max-Age=5; Path=/", "max-age", (), "a=b; Path=/"),
        ("a=b;MAX-AGE =5;path=/", "max-age", ("Max-Age=1",), "a=b;path=/; Max-Age=1"),
        ("max-age=5; Path=/", "max-age", (), "max-age=5; Path=/"),
        ("a=b; Max-Age=x; Max-Age=5", "max-age", (), "a=b"),
    ],
)
def test_editing_keeps_the_rest_of_the_text(
    text: str, remove: str, add: tuple[str, ...], edited: str
) -> None:
    assert read(text).edited(frozenset(filter(None, [remove])), add) == edited


cookie_lines = strategies.odd_set_cookies()


@given(st.text())
@example("\ud800=\udfff; Max-Age=\ud800")
@example("a" * 1_000_000)
@example("a=b" + ";" * 100_000)
def test_no_text_makes_the_parser_raise(text: str) -> None:
    cookie = parse(text)
    if cookie is not None:
        cookie.is_deletion(NOW)
        cookie.edited(frozenset({"max-age"}), ("Secure",))


@given(cookie_lines)
def test_the_parser_reads_what_the_standards_own_steps_read(text: str) -> None:
    ours, theirs = parse(text), rfc6265.read(octets(text), NOW)
    if ours is None or theirs is None:
        assert (ours is None) == (theirs is None)
        return
    assert (octets(ours.name), octets(ours.value)) == (theirs.name, theirs.value)
    last = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in theirs.attributes}
    last.pop("", None)  # an attribute without a name says nothing
    assert ours.attributes == last
    lifetime, expiry = ours.lifetime(NOW), theirs.expiry
    if lifetime is None or expiry is None:
        assert lifetime is expiry
    else:
        assert lifetime <= 0 if expiry <= NOW else lifetime == expiry - NOW


@given(cookie_lines)
def test_a_deletion_expires_at_once_by_the_standards_own_steps(text: str) -> None:
    cookie = parse(text)
    if cookie is not None and cookie.is_deletion(NOW):
        kept = rfc6265.read(octets(text), NOW)
        assert kept is not None
        assert kept.expired(NOW)


@given(st.text(st.characters(max_codepoint=255)) | cookie_lines)
def test_dates_are_read_as_the_standards_own_steps_read_them(text: str) -> None:
    assert parse_date(text) == rfc6265.read_date(octets(text))


@given(
    cookie_lines,
    st.frozensets(st.sampled_from(["max-age", "expires", "path", "secure"])),
    st.sets(st.sampled_from(["Secure", "HttpOnly", "SameSite=Lax", "Max-Age=7"])),
)
def test_edited_text_reads_as_what_was_asked_for(
    text: str, remove: frozenset[str], add: set[str]
) -> None:
    cookie = parse(text)
    if cookie is None:
        return
    edited = read(cookie.edited(remove, tuple(add)))
    assert (edited.name, edited.value) == (cookie.name, cookie.value)
    kept = {key: value for key, value in cookie.attributes.items() if key not in remove}
    added = dict(part.lower().partition("=")[::2] for part in add)
    assert {k: v.lower() for k, v in edited.attributes.items()} == {
        k: v.lower() for k, v in kept.items()
    } | added


# What follows asks Chromium.


class Seen(NamedTuple):
    """What Chromium made of a line: its cookie in the DevTools protocol, if it has one, and what it sends back.

    The line came, and its jar was looked at, between two moments.
    """

    cookie: dict[str, Any] | None
    sent: bytes | None
    start: float
    end: float


Reason = Callable[[SetCookie], bool]


def prefix_is_violated(cookie: SetCookie) -> bool:
    name, has = cookie.name.lower(), cookie.attributes
    if name.startswith(("__host-", "__host-http-")) and (
        has.get("path") != "/" or has.get("domain")
    ):
        return True
    if name.startswith(("__http-", "__host-http-")) and "httponly" not in has:
        return True
    return name.startswith(("__host-", "__secure-", "__http-")) and "secure" not in has


# Lines we read and Chromium does not store: each way, and why it is on the safe side for us.
NOT_STORED: dict[str, Reason] = {
    "a tab within (§5.6 allows it, Chromium refuses)": lambda c: "\t" in c.name + c.value,
    "a name hidden in the value of a nameless cookie": lambda c: (
        not c.name
        and ("=" in c.value or c.value.lower().startswith(("__host-", "__secure-", "__http-")))
    ),
    "a prefix that demands other attributes (§5.7)": prefix_is_violated,
    "Partitioned without Secure (CHIPS)": lambda c: (
        "partitioned" in c.attributes and "secure" not in c.attributes
    ),
    "SameSite=None without Secure": lambda c: (
        c.attributes.get("samesite", "").lower() == "none" and "secure" not in c.attributes
    ),
    "a Domain that is not the host's (§5.7)": lambda c: bool(
        c.attributes.get("domain", "").strip(".")
    ),
    "a lifetime that browsers read differently": lambda c: bool(c.doubtful),
}

# Where Chromium reads a lifetime otherwise than §5.6: such a line is never a deletion to us.
EXPIRY_DIFFERS: Reason = lambda c: bool(c.doubtful)  # noqa: E731 - one of the reasons above

CHOSEN = [
    *(text for text in PAIRS if "\t" not in text.strip(" \t")),
    "a\tb=c",
    "=__Secure-a",
    *ATTRIBUTES,
    *LIFETIMES,
    *DELETIONS,
    *PRESERVED.values(),
    *(text for text in IGNORED.values() if not set(text) & set("\0\r\n")),
    "a" * 96 + "=" + "b" * 4000,
    *(f"a=b; Expires={date}" for date in DATES),
    *(
        f"{prefix}a=b{rest}"
        for prefix in ("__Host-", "__host-", "__Secure-", "__Http-", "__Host-Http-")
        for rest in ("", "; Secure", "; Secure; Path=/", "; Secure; HttpOnly; Path=/", "; Path=/")
    ),
    "a=b; Domain=elsewhere.example; Secure",
    "a=b; Domain=localhost",
    "a=b; SameSite=None",
    "a=b; Partitioned",
]


def sample(count: int, seed: int) -> list[str]:
    """Return lines of the kinds above, mixed by chance, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    names = ["a", "_ga", "a b", "", "\xe9", '"q"', "a,b", "__Secure-a", "__Host-a", "max-age"]
    values = ["b", "", "b c", "b=c", '"b"', "\xff\xfe", "x" * 4090, "{1}", "0", "a,b"]
    moments = [PAST, FUTURE, "x", "", "Thu, 10th Jan 1970 00:00:00", "0", *DATES]
    ages = ["0", "-1", "60", "+60", "", "x", "9" * 30, "9" * 30 + "x", "6 0", "-0", "007", "1e3"]
    attributes = [
        *["Secure"] * 4, "HttpOnly", "Path=/", "Path=/deep", "path", "Partitioned", "SameSite=None", "SameSite=lax",
        "Domain=", "Foo=bar", "=", "", "\x01", "Path=/" + "x" * 1030, "secure=no", "\xe9=\xe9",
    ]  # fmt: skip

    def part() -> str:
        match chance.randrange(4):
            case 0:
                text = f"{chance.choice(['Expires', 'expires'])}={chance.choice(moments)}"
            case 1:
                text = f"{chance.choice(['Max-Age', 'MAX-AGE', 'max-age '])}={chance.choice(ages)}"
            case _:
                text = chance.choice(attributes)
        return chance.choice(["", " ", " ", "\t"]) + text + chance.choice(["", "", " "])

    def line() -> str:
        equals = chance.choice(["=", "=", "=", " = ", ""])
        pair = chance.choice(names) + equals + chance.choice(values)
        return ";".join([pair, *(part() for _ in range(chance.randrange(6)))])

    return [line() for _ in range(count)]


FETCH_ALL = """urls => Promise.all(urls.map(
    url => fetch(url, {mode: 'no-cors', credentials: 'include'})))"""


def seen_by_chromium(lines: list[str]) -> list[Seen]:
    """Let Chromium visit a host of its own for each line; return what its jar then holds.

    Hosts come in sites of 100: a browser keeps 180 cookies for each.
    """
    answers: dict[str, bytes] = {}
    sent: dict[str, bytes] = {}

    def answer(request: Request) -> list[bytes]:
        if request.path == "/echo":
            sent[request.host] = b"; ".join(request.values("cookie"))
            return []
        return [b"Set-Cookie: " + answers[request.host]] if request.host in answers else []

    kept: dict[str, dict[str, Any]] = {}
    seen: list[Seen] = []
    hosts = [f"n{number}.b{number // 100}.localhost" for number in range(len(lines))]
    answers.update(zip(hosts, map(octets, lines), strict=True))
    with origin(answer) as port, chromium() as browser:
        for start in range(0, len(hosts), 100):
            batch = hosts[start : start + 100]
            page = visit(browser, f"http://b{start // 100}.localhost:{port}/")
            begun = time.time()
            for path in ("", "echo"):
                page.evaluate(FETCH_ALL, [f"http://{host}:{port}/{path}" for host in batch])
            kept |= {cookie["domain"].lstrip("."): cookie for cookie in cookie_jar(page)}
            window = (begun, time.time())
            seen += [Seen(kept.get(host), sent.get(host), *window) for host in batch]
            page.context.close()
    return seen


def same_expiry(cookie: SetCookie, theirs: dict[str, Any], seen: Seen) -> bool:
    lifetime = cookie.lifetime(seen.start)
    if lifetime is None:
        return bool(theirs["session"])
    return seen.start + lifetime - 1 <= float(theirs["expires"]) <= seen.end + lifetime + 1


def is_over(cookie: SetCookie, seen: Seen) -> bool:
    """Tell whether a cookie's lifetime may have ended before the jar was looked at."""
    lifetime = cookie.lifetime(seen.start)
    return lifetime is not None and seen.start + lifetime <= seen.end


def differences(text: str, seen: Seen) -> list[str]:
    """Name what Chromium and our parser read differently in a line."""
    cookie = parse(text)
    if seen.cookie is None:
        if cookie is None or is_over(cookie, seen):
            return []
        return [] if any(reason(cookie) for reason in NOT_STORED.values()) else ["not stored"]
    if cookie is None:
        return ["stored, though we cannot read it"]
    has, theirs = cookie.attributes, seen.cookie
    path = has.get("path", "")
    pair = cookie.value if not cookie.name else f"{cookie.name}={cookie.value}"
    checks = {
        "stored, though we call it a deletion": not cookie.is_deletion(seen.start),
        "what is sent back": seen.sent in {None, b"", octets(pair)},
        "name": not pair.isascii() or theirs["name"] == cookie.name,
        "value": not pair.isascii() or theirs["value"] == cookie.value,
        "secure": theirs["secure"] == ("secure" in has),
        "httpOnly": theirs["httpOnly"] == ("httponly" in has),
        "partition": ("partitionKey" in theirs) == ("partitioned" in has),
        "path": theirs["path"] == (path if path.startswith("/") else "/"),
        "expiry": EXPIRY_DIFFERS(cookie) or same_expiry(cookie, theirs, seen),
    }
    return [check for check, holds in checks.items() if not holds]


def test_chromium_reads_what_we_read() -> None:
    lines = list(dict.fromkeys([*CHOSEN, *sample(450, seed=6265)]))
    lines = [line for line in lines if max(map(ord, line), default=0) < 256]
    found = seen_by_chromium(lines)
    assert [
        (line[:200], differs)
        for line, seen in zip(lines, found, strict=True)
        if (differs := differences(line, seen))
    ] == []
    assert sum(seen.cookie is not None for seen in found) > 200  # or nothing was compared
    unstored = [
        (cookie, seen)
        for line, seen in zip(lines, found, strict=True)
        if seen.cookie is None and (cookie := parse(line))
    ]
    for why, reason in NOT_STORED.items():
        assert any(reason(cookie) and not is_over(cookie, seen) for cookie, seen in unstored), why


def test_chromium_refuses_a_response_with_a_nul_in_its_head() -> None:
    with origin(lambda _: [b"Set-Cookie: a=b\0"]) as port, chromium() as browser:
        page = browser.new_context().new_page()
        with pytest.raises(Exception, match="ERR_INVALID_HTTP_RESPONSE"):
            page.goto(f"http://localhost:{port}/")
        assert cookie_jar(page) == []
