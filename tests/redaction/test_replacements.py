"""The ways to redact: what is written for a value, and that no mark is ever read as one."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import PolicyError, PrivacyPolicy
from alpines_privacy.policy import LogKey, Logs, SecretKeys
from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine.replacements import Replacements
from alpines_privacy.redaction.engine.user_agents import GENERALISED, generalised
from alpines_privacy.testing import strategies
from tests.support.secret_keys import KEY, OLDER_KEY

NOON = 1_900_000_000 // 86400 * 86400 + 43200.0


@pytest.fixture(autouse=True)
def _one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no midnight fall between two pseudonyms."""
    monkeypatch.setattr(time, "time", lambda: NOON)


KEYS = SecretKeys([KEY])

# Kind, way, value, and what is written for it.
WRITTEN: tuple[tuple[str, str, str, str], ...] = (
    ("EMAIL", "mark", "a.khan@example.com", "[EMAIL]"),
    ("EMAIL", "partial", "a.khan@example.com", "a…@e….com"),
    ("EMAIL", "partial", "ayesha@mail.example.co.uk", "a…@m….uk"),
    ("EMAIL", "partial", "no mail", "[EMAIL]"),
    ("EMAIL", "partial", '"jane"@example.com', "[EMAIL]"),
    ("CARD", "partial", "4111 1111 1111 1234", "…1234"),
    ("PHONE", "partial", "+92 300 1234567", "…4567"),
    ("PHONE", "partial", "1234567", "[PHONE]"),
    ("IBAN", "partial", "DE89 3704 0044 0532 0130 ab", "…30AB"),
    ("IP", "truncate", "203.0.113.7", "203.0.113.0/24"),
    ("IP", "truncate", "203-0-113-7", "203.0.113.0/24"),
    ("IP", "truncate", "::ffff:203.0.113.7", "203.0.113.0/24"),
    ("IP", "truncate", "::FFFF:CB00:7107", "203.0.113.0/24"),
    ("IP", "truncate", "2001:db8:7:1::5", "2001:db8:7::/48"),
    ("IP", "truncate", "[fe80::1%eth0]", "fe80::/48"),
    ("IP", "truncate", "1:2:3:4:5:6:7:8", "1:2:3::/48"),
    ("IP", "truncate", "3405803783", "[IP]"),
    ("IP", "mark", "203.0.113.7", "[IP]"),
    ("NAME", "mark", "Ayesha Khan", "[NAME]"),
    ("OTHER", "mark", "a value an app hid", "[OTHER]"),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "way", "value", "written"), WRITTEN)
def test_what_is_written_for_a_value(kind: str, way: str, value: str, written: str) -> None:
    options: dict[str, Any] = {kind.lower(): way} if kind != "OTHER" else {}
    ways = Replacements(Logs(**options))
    assert ways.replacement(kind, value) == written
    if kind != "OTHER":
        assert ways.marks.fullmatch(written)


WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0": "Firefox on Windows, desktop",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/17 Safari/605.1.15": "Safari on macOS, desktop",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {WEBKIT} Version/17.5 Mobile/15E148 Safari/604.1": (
        "Safari on iOS, handheld"
    ),
    "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile "
    "Safari/537.36": "Chrome on Android, handheld",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "Googlebot on other system, bot",
    "curl/8.1.2": "curl on other system, other device",
    "AyeshaKhan/1.0 CFNetwork/1 Darwin/20": "other program on iOS, handheld",
    "": "other program on other system, other device",
}  # fmt: skip


@pytest.mark.parametrize(("agent", "written"), AGENTS.items())
def test_a_user_agent_is_generalised_in_words_of_a_closed_set(agent: str, written: str) -> None:
    assert generalised(agent) == written


@given(st.text(max_size=60))
def test_whatever_a_user_agent_says_none_of_it_is_written(agent: str) -> None:
    assert re.fullmatch(GENERALISED, generalised(agent))


SAME = (
    ("EMAIL", "A.Khan@Example.com", "a.khan@example.COM"),
    ("PHONE", "+92 300-1234567", "0092 (300) 1234567"),
    ("CARD", "4111 1111 1111 1111", "4111-1111-1111-1111"),
    ("IP", "::ffff:203.0.113.7", "203.0.113.7"),
    ("IBAN", "DE89 3704 0044", "de8937040044"),
    ("NAME", "Ayesha  Khan", "ayesha khan"),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "one", "other"), SAME)
def test_a_pseudonym_is_one_for_all_spellings_of_a_value(kind: str, one: str, other: str) -> None:
    ways = Replacements(Logs(**{kind.lower(): "pseudonym"}), KEYS)  # type: ignore[arg-type]
    assert ways.replacement(kind, one) == ways.replacement(kind, other)
    assert re.fullmatch(rf"{kind}:[a-f][0-9a-f]{{11}}", ways.replacement(kind, one))
    assert ways.replacement(kind, one) != ways.replacement(kind, one + "x9")


def test_a_pseudonym_is_of_the_key_the_kind_and_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    logs = Logs(email="pseudonym", name="pseudonym")
    other = SecretKeys([OLDER_KEY, *KEYS])
    first = Replacements(logs, KEYS)
    one = first.replacement("EMAIL", "a@b.example")
    assert Replacements(logs, KEYS).replacement("EMAIL", "a@b.example") == one
    assert Replacements(logs, other).replacement("EMAIL", "a@b.example") != one
    assert first.replacement("NAME", "a@b.example")[5:] != one[6:]
    monkeypatch.setattr(time, "time", lambda: NOON + 86400)
    assert first.replacement("EMAIL", "a@b.example") != one


def test_a_key_that_is_too_short_is_said_before_any_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", "short")
    with pytest.raises(PolicyError, match="has 5 characters"):
        Redactor(PrivacyPolicy(logs=Logs(email="pseudonym")))
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEYS[0])
    given_here = Redactor(PrivacyPolicy(logs=Logs(email="pseudonym"))).redact("a@b.com")
    assert given_here == REDACTORS[2].redact("a@b.com")
    Redactor()  # needs none


mails, phones, names = strategies.emails(), strategies.phone_numbers(), strategies.people()
lines = st.one_of(
    mails, phones, strategies.ip_addresses(), strategies.card_numbers(),
    st.sampled_from([*AGENTS][:5]),
    st.sampled_from(["4111111111111111", "5555-5555-5555-4444", "DE89370400440532013000", "35202-1234567-1"]),
    st.builds("password={}".format, st.text("abc123!,&=", min_size=4)),
    st.builds('"full_name": "{}"'.format, names),
    st.builds("Authorization: Bearer {}".format, st.text("abcdef123", min_size=8)),
    st.builds("email={}&x=1".format, mails.map(lambda mail: mail.replace("@", "%40"))),
    st.builds("user={} dob=1990-01-{}".format, names, st.integers(10, 28)),
    st.builds("lat=31.{} mac=aa:bb:cc:dd:ee:ff cvv=123".format, st.integers(1000, 9999)),
    st.builds("address={} Road 5, Lahore; x".format, names),
    st.builds("user_agent={}".format, st.sampled_from([*AGENTS][:5])),
    st.just(" and "), st.just('{"a": 1}'), st.text(max_size=12),
)  # fmt: skip
POLICIES = (
    Logs(),
    Logs(email="partial", phone="partial", card="partial", iban="partial"),
    Logs(name="pseudonym", email="pseudonym", address="pseudonym", phone="pseudonym", cnic="pseudonym",
         username="pseudonym", ip="pseudonym", user_agent="pseudonym", card="pseudonym", iban="pseudonym",
         birth_date="pseudonym", mac="pseudonym", coordinates="pseudonym"),
    Logs(ip="mark", user_agent="mark", email="keep"),
)  # fmt: skip
REDACTORS = [Redactor(PrivacyPolicy(logs=logs), keys=KEYS) for logs in POLICIES]


@given(
    st.sampled_from(REDACTORS),
    st.lists(lines, min_size=1, max_size=5),
    st.sampled_from([" ", "; ", "\n", ", "]),
)
def test_redacting_twice_changes_nothing(
    redactor: Redactor, parts: list[str], between: str
) -> None:
    once = redactor.redact(between.join(parts))
    assert redactor.redact(once) == once


@pytest.mark.parametrize("text", [
    'f(token=["abc"])', "cookies=[wide, narrow]", 'password=["abc', "phone 203.0.113.9 x", "password=[abc] x",
    "[EMAIL] = ab", "cvv=123 000", "coords=[31.5204, 74.3587]", '{"token": ["abc", 1234, null]}',
])  # fmt: skip
def test_texts_that_were_once_redacted_further(text: str) -> None:
    for redactor in REDACTORS:
        once = redactor.redact(text)
        assert redactor.redact(once) == once


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("[EMAIL] a@b.com [EMAIL]", "[EMAIL] EMAIL:e [EMAIL]"),
        ("[EMAIL]a@b.com", "[EMAIL]EMAIL:e"),
        ("EMAIL:abcdefabcdef EMAIL:923001234567 x", "EMAIL:abcdefabcdef"),
        ("password=[PASSWORD]hunter2", "password=[PASSWORD]"),
    ],
)
def test_nothing_hides_behind_what_looks_like_a_mark(text: str, clean: str) -> None:
    redacted = REDACTORS[2].redact(text)
    redacted = re.sub(r"EMAIL:(?!abcdefabcdef)[a-f][0-9a-f]{11}", "EMAIL:e", redacted)
    assert redacted.startswith(clean)
    assert not re.search(r"a@b|hunter2|923001234567", redacted)


def test_a_kind_that_is_switched_off_stays() -> None:
    redactor = Redactor(PrivacyPolicy(logs=Logs(email="keep", ip="keep")))
    text = "a@b.com 203.0.113.7 a%40b.com"
    assert redactor.redact(text) is text
    assert redactor.redact("email=a@b.com password=x") == "email=a@b.com password=[PASSWORD]"


LOGS = ", ".join(Logs.__struct_fields__)

WRONG: dict[str, tuple[Any, str]] = {
    "a word": (
        {"logs": "of"},
        'logs: found \'of\' (text) (did you mean "off"?); expected one of "on", "off" or a Logs: a table of ' + LOGS,
    ),
    "a kind": (
        {"logs": {"emial": "mark"}},
        f'logs.emial: unknown key (did you mean "email"?); expected one of {LOGS}',
    ),
    "a way": (
        {"logs": {"email": "partail"}},
        (
            'logs.email: found \'partail\' (text) (did you mean "partial"?); '
            'expected one of "mark", "partial", "pseudonym", "keep"'
        ),
    ),
    "a way that shows too much": (
        {"logs": {"password": "partial"}},
        'logs.password: found \'partial\' (text); expected one of "mark", "keep"',
    ),
    "a key's kind": (
        {"logs": {"keys": [{"name": "a", "kind": "EMIAL"}]}},
        "logs.keys[0].kind: found 'EMIAL' (text) (did you mean \"EMAIL\"?); expected one of ",
    ),
    "a key's name": (
        {"logs": {"keys": [{"name": "a b", "kind": "NAME"}]}},
        "logs.keys[0].name: 'a b' is no key; expected letters, digits, _, - and .",
    ),
    "a key twice": (
        {"logs": {"keys": [{"name": "a", "kind": "NAME"}, {"name": "a", "kind": "EMAIL"}]}},
        'logs.keys[1].name: "a" is declared twice, first as keys[0]',
    ),
    "a safe key that is none": (
        {"logs": {"safe_keys": ["1"]}},
        "logs.safe_keys[0]: '1' is no key; expected letters, digits, _, - and .",
    ),
    "both personal and safe": (
        {"logs": {"keys": [{"name": "rollNo", "kind": "CNIC"}], "safe_keys": ["x", "roll_no"]}},
        'logs.safe_keys[1]: "roll_no" stands in keys too; expected one of them',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("mapping", "text"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_the_logs_part_is_said(mapping: Any, text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        PrivacyPolicy.from_mapping(mapping)
    assert str(caught.value).startswith(text)


def test_the_logs_part_has_its_line(tmp_path: Any) -> None:
    file = tmp_path / PrivacyPolicy.FILE
    file.write_text("mode = 'off'\n\n[logs]\nemail = 'partial'\nip = 'drop'\n", "utf-8")
    with pytest.raises(PolicyError, match=r":5: logs\.ip: found 'drop'"):
        PrivacyPolicy.load(file)
    file.write_text(
        "[logs]\nemail = 'partial'\n[[logs.keys]]\nname = 'a'\nkind = 'NAME'\n", "utf-8"
    )
    expected = PrivacyPolicy(logs=Logs(email="partial", keys=[LogKey("a", kind="NAME")]))
    assert PrivacyPolicy.load(file) == expected
    file.write_text("logs = 'off'", "utf-8")
    assert PrivacyPolicy.load(file).logs == "off"
    assert hash(expected) == hash(
        PrivacyPolicy(logs=Logs(email="partial", keys=[LogKey("a", kind="NAME")]))
    )
