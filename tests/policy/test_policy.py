"""The policy as data: what is taken, and what each wrong key, type or value is told."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import Cookie, PolicyError, PrivacyPolicy, PrivacyWarning, ThirdParty
from alpines_privacy.guard import Guard, guard_for
from alpines_privacy.policy import SecretKeys
from alpines_privacy.policy.errors import nearest
from alpines_privacy.policy.patterns import compile_patterns
from tests.support.secret_keys import KEY, OLDER_KEY

COOKIE_KEYS = "name, purpose, necessary, lifetime, readable_by_scripts, path"
POLICY_KEYS = ", ".join(PrivacyPolicy.__struct_fields__)

# A mapping, and the whole text of its error.
WRONG: dict[str, tuple[Any, str]] = {
    "unknown key": (
        {"cookie": []},
        f'cookie: unknown key (did you mean "cookies"?); expected one of {POLICY_KEYS}',
    ),
    "unknown key, nothing like it": (
        {"xyz": 1},
        f"xyz: unknown key; expected one of {POLICY_KEYS}",
    ),
    "unknown key of a part": (
        {"cookies": [{"name": "a", "purpose": "b", "neccessary": True}]},
        (
            'cookies[0].neccessary: unknown key (did you mean "necessary"?); '
            f"expected one of {COOKIE_KEYS}"
        ),
    ),
    "missing key": ({"cookies": [{"name": "a"}]}, "cookies[0].purpose: is missing"),
    "a key that is no text": ({1: 2}, "holds a key that is no text"),
    "a part's key that is no text": (
        {"cookies": [{"name": "a", "purpose": "b"}, {None: 2}]},
        "cookies[1]: holds a key that is no text",
    ),
    "a table for a list": (
        {"cookies": {"name": "a"}},
        "cookies: found {'name': 'a'} (table); expected a list of Cookie tables",
    ),
    "text for a list": ({"exempt": "/x"}, "exempt: found '/x' (text); expected a list of texts"),
    "nothing for a list": (
        {"third_parties": None},
        "third_parties: found nothing; expected a list of ThirdParty tables",
    ),
    "text for a table": (
        {"cookies": ["a"]},
        f"cookies[0]: found 'a' (text); expected a Cookie: a table of {COOKIE_KEYS}",
    ),
    "another part": (
        {"cookies": [ThirdParty("a.example", purpose="b")]},
        (
            "cookies[0]: found ThirdParty(host='a.example', purpose='b') (ThirdParty); "
            f"expected a Cookie: a table of {COOKIE_KEYS}"
        ),
    ),
    "a number for text": (
        {"cookies": [{"name": "a", "purpose": 5}]},
        "cookies[0].purpose: found 5 (whole number); expected text of at least 1 character",
    ),
    "a number in a list of texts": (
        {"exempt": ["/a", 5]},
        "exempt[1]: found 5 (whole number); expected text",
    ),
    "bytes for text": ({"endpoint": b"/x/"}, "endpoint: found b'/x/' (bytes); expected text"),
    "text for true or false": (
        {"site_preference": "yes"},
        "site_preference: found 'yes' (text); expected true or false",
    ),
    "a number for true or false": (
        {"cookies": [{"name": "a", "purpose": "b", "necessary": 1}]},
        "cookies[0].necessary: found 1 (whole number); expected true or false",
    ),
    "a choice mistyped": (
        {"mode": "enforced"},
        (
            "mode: found 'enforced' (text) (did you mean \"enforce\"?); "
            'expected one of "enforce", "report", "off"'
        ),
    ),
    "a choice of another type": (
        {"keep_logins": True},
        'keep_logins: found true; expected one of "gpc", "always", "never"',
    ),
    "a lifetime mistyped": (
        {"cookies": [{"name": "a", "purpose": "b", "lifetime": "sesion"}]},
        (
            "cookies[0].lifetime: found 'sesion' (text) (did you mean \"session\"?); "
            'expected a whole number of at least 0 or "session"'
        ),
    ),
    "a lifetime below nought": (
        {"cookies": [{"name": "a", "purpose": "b", "lifetime": -1}]},
        (
            "cookies[0].lifetime: found -1 (whole number); "
            'expected a whole number of at least 0 or "session"'
        ),
    ),
    "a lifetime in parts of seconds": (
        {"cookies": [{"name": "a", "purpose": "b", "lifetime": 1.5}]},
        'cookies[0].lifetime: found 1.5 (number); expected a whole number of at least 0 or "session"',
    ),
    "no date": (
        {"effective": "3 April"},
        "effective: found '3 April' (text); expected a date such as 2026-04-03",
    ),
    "a date with a time": (
        {"effective": datetime(2026, 4, 3)},  # noqa: DTZ001 - as TOML's local date-time
        (
            "effective: found datetime.datetime(2026, 4, 3, 0, 0) (date with a time); "
            "expected a date such as 2026-04-03"
        ),
    ),
    "an empty name": (
        {"cookies": [{"name": "", "purpose": "b"}]},
        "cookies[0].name: found '' (text); expected text of 1 to 256 characters",
    ),
    "no cookie name": (
        {"cookies": [{"name": "a=b", "purpose": "b"}]},
        "cookies[0].name: 'a=b' is no cookie name; expected letters, digits and !#$%&'*+-.^_`|~",
    ),
    "every cookie": (
        {"cookies": [{"name": "**", "purpose": "b"}]},
        "cookies[0].name: a pattern that matches every cookie declares none",
    ),
    "a blank purpose": (
        {"third_parties": [{"host": "a.example", "purpose": " \t"}]},
        "third_parties[0].purpose: is blank; expected what is loaded from there, in words",
    ),
    "a path that is none": (
        {"cookies": [{"name": "a", "purpose": "b", "path": "lists"}]},
        "cookies[0].path: 'lists' is no cookie path; expected one that starts with /",
    ),
    "a path that would end the line": (
        {"cookies": [{"name": "a", "purpose": "b", "path": "/; Domain=x"}]},
        "cookies[0].path: '/; Domain=x' is no cookie path; expected one that starts with /",
    ),
    "a URL for a host": (
        {"third_parties": [{"host": "https://a.example/", "purpose": "b"}]},
        (
            "third_parties[0].host: 'https://a.example/' is no host; expected a lower-case name such "
            "as cdn.example.com, without scheme, port or path"
        ),
    ),
    "declared twice": (
        {"cookies": [{"name": "a", "purpose": "b"}, {"name": "a", "purpose": "c"}]},
        'cookies[1].name: "a" is declared twice, first as cookies[0]',
    ),
    "an exempt path that is none": (
        {"exempt": ["/a", "static"]},
        "exempt[1]: 'static' is no path; expected one that starts with /",
    ),
    "an endpoint at the root": (
        {"endpoint": "/"},
        (
            "endpoint: '/' is no path of its own; expected one such as /_privacy/ that starts and "
            "ends with /"
        ),
    ),
    "a proxy that is none": (
        {"trusted_proxies": ["::1", "proxy"]},
        (
            "trusted_proxies[1]: 'proxy' does not appear to be an IPv4 or IPv6 network; expected an "
            'address, a network such as 10.0.0.0/8, or "unix"'
        ),
    ),
    "loads by what a page names": (
        {"loads": "page"},
        'loads: found \'page\' (text); expected one of "listed", "declared", "report"',
    ),
    "long values are cut": (
        {"endpoint": ["x" * 100]},
        f"endpoint: found ['{'x' * 55}... (list); expected text",
    ),
    "no time zone": (
        {"age_zone": "Asia/Karach"},
        (
            "age_zone: 'Asia/Karach' is no time zone (did you mean \"Asia/Karachi\"?); "
            "expected an IANA name such as Asia/Karachi"
        ),
    ),
    "a time zone of many folders": (
        {"age_zone": "a/" * 5000 + "b"},
        f"age_zone: '{'a/' * 30}' is no time zone; expected an IANA name such as Asia/Karachi",
    ),
    "half a character": (
        {"\ud800": 1},
        "a text holds U+D800, half a character that no file can hold; expected whole characters",
    ),
    "a list for a mapping": ([], "found list; expected a mapping of the policy"),
    "nothing for a mapping": (None, "found NoneType; expected a mapping of the policy"),
}


@pytest.mark.parametrize(("mapping", "text"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_mapping_is_said_in_one_line(mapping: Any, text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        PrivacyPolicy.from_mapping(mapping)
    assert str(caught.value) == text
    with pytest.raises(PolicyError) as caught:
        PrivacyPolicy.from_mapping(mapping, source="settings.ALPINES_PRIVACY")
    assert str(caught.value) == f"settings.ALPINES_PRIVACY: {text}"


CALLS: dict[str, tuple[Callable[[], object], str]] = {
    "nothing": (Cookie, f"name: is missing; Cookie takes {COOKIE_KEYS}"),  # type: ignore[dict-item]
    "too little": (lambda: ThirdParty("a.example"), "purpose: is missing; ThirdParty takes host, purpose"),  # type: ignore[call-arg]
    "too much": (lambda: ThirdParty("a", "b", "c"), "ThirdParty takes host, purpose; give them by name"),  # type: ignore[call-arg]
    "by position": (lambda: PrivacyPolicy([]), f"PrivacyPolicy takes {POLICY_KEYS}; give them by name"),  # type: ignore[call-arg]
    "twice": (lambda: ThirdParty("a", host="b"), "host: is given twice, by its place and by its name"),  # type: ignore[misc, call-arg]
    "mistyped": (
        lambda: Cookie("a", porpose="b"),  # type: ignore[call-arg]
        f'porpose: unknown name (did you mean "purpose"?); Cookie takes {COOKIE_KEYS}',
    ),
    "wrong type": (lambda: Cookie("a", purpose=None), "purpose: found nothing; expected text of at least 1 character"),  # type: ignore[arg-type]
    "wrong value": (
        lambda: PrivacyPolicy(mode="of"),  # type: ignore[arg-type]
        "mode: found 'of' (text) (did you mean \"off\"?); expected one of \"enforce\", \"report\", \"off\"",
    ),
    "one for many": (
        lambda: PrivacyPolicy(third_parties=ThirdParty("a", "b")),  # type: ignore[arg-type]
        "third_parties: found ThirdParty(host='a', purpose='b') (ThirdParty); expected a list of ThirdParty tables",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "text"), CALLS.values(), ids=CALLS)
def test_what_is_wrong_with_arguments_is_said_the_same_way(
    call: Callable[[], object], text: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        call()
    assert str(caught.value) == text


# The text of a file, and its error: the line, then the words.
FILES: dict[str, tuple[str, str]] = {
    "no TOML": ("mode 'off'\n", "1: is not valid TOML: "),
    "no TOML, to the end": ("\n\nx = [1,\n", "3: is not valid TOML: "),
    "a key twice": ("mode='off'\nmode='off'", "2: is not valid TOML: "),
    "value": ("# ours\n\nmode = 'of'\n", "3: mode: found 'of' (text) (did you mean \"off\"?); "),
    "indented, quoted key": ("\n  'mode' = 5", "2: mode: found 5 (whole number); "),
    "unknown table": ("[widgets]\nname = 'x'", "1: widgets: unknown key; "),
    "missing": ("mode = 'off'\n\n[[cookies]]\nname = 'a'\n", "3: cookies[0].purpose: is missing"),
    "second of a list": (
        "[[cookies]]\nname='a'\npurpose='b'\n\n[[cookies]]\nname='c'\npurpose=''\n",
        "7: cookies[1].purpose: found ''",
    ),
    "second, missing": (
        "[[cookies]]\nname='a'\npurpose='b'\n[[third_parties]]\n[[cookies]]\nname='c'\n",
        "5: cookies[1].purpose: is missing",
    ),
    "unknown in a table": (
        "[[cookies]]\nname='a'\npurpose='b'\nnecesary=true\n",
        '4: cookies[0].necesary: unknown key (did you mean "necessary"?); ',
    ),
    "inline": ("mode='off'\ncookies = [{name='a', purpose=3}]", "2: cookies[0].purpose: found 3 "),
    "inline on lines of their own": (
        "cookies = [\n  {name='a', purpose='b'},\n  {name='', purpose='b'},\n]",
        "1: cookies[1].name: found ''",
    ),
    "in a list": ("exempt = [\n'/a',\n'b',\n]", "1: exempt[1]: 'b' is no path; "),
    "a table that should be a list": ("\n[cookies]\nname='a'", "2: cookies: found {'name': 'a'} (table); "),
    "a dotted key": ("third_parties.host = 'x'", "1: third_parties: found {'host': 'x'} (table); "),
    "a date with a time": ("effective = 2026-04-03T00:00:00", "1: effective: found datetime.datetime("),
    "between two": (
        "[[cookies]]\nname='a'\npurpose='b'\n[[cookies]]\nname='a'\npurpose='c'",
        '5: cookies[1].name: "a" is declared twice, first as cookies[0]',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "error"), FILES.values(), ids=FILES)
def test_what_is_wrong_with_a_file_is_said_with_its_line(
    text: str, error: str, tmp_path: Path
) -> None:
    file = tmp_path / PrivacyPolicy.FILE
    file.write_text(text, "utf-8")
    with pytest.raises(PolicyError) as caught:
        PrivacyPolicy.load(file)
    assert str(caught.value).startswith(f"{file}:{error}")
    assert caught.value.source == str(file)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "missing.toml"
    with pytest.raises(PolicyError, match=r"missing\.toml: cannot be read: No such file"):
        PrivacyPolicy.load(file)
    with pytest.raises(PolicyError, match=r"cannot be read: Is a directory"):
        PrivacyPolicy.load(str(tmp_path))
    file.write_bytes(b"mode = 'off' # caf\xe9")
    with pytest.raises(PolicyError, match=r"missing\.toml: is not UTF-8 \(byte 18\)"):
        PrivacyPolicy.load(file)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("exempt = " + "[" * 20_000, ": is nested too deep to be read"),
        ("x = {" * 20_000, ": is nested too deep to be read"),
        ("minimum_age = " + "9" * 20_000, ": holds a value that cannot be read: Exceeds the limit"),
        ("#\n" + "a." * 20_000 + "a = 1", ":2: a name has more than 100 parts"),
        ("\n[" + "a . 'b'.\t" * 20_000 + "a]", ":2: a name has more than 100 parts"),
        ("a = {" + '"a".' * 20_000 + "a = 1}", ":1: a name has more than 100 parts"),
        ("#" * (1 << 20) + "#", "is larger than 1,048,576 bytes"),
    ],
    ids=["lists", "tables", "digits", "dotted key", "dotted table", "inline", "huge"],
)
def test_a_huge_or_deep_file_is_refused(text: str, error: str, tmp_path: Path) -> None:
    file = tmp_path / PrivacyPolicy.FILE
    file.write_text(text, "utf-8")
    with pytest.raises(PolicyError) as caught:
        PrivacyPolicy.load(file)
    assert str(caught.value).startswith(str(file))
    assert error in str(caught.value)


# The same policy, three times.

TOML = """\ufeffmode = "report"
exempt = ["/healthz", "/static/*"]
endpoint = "/own/"
trusted_proxies = ["10.0.0.0/8", "unix"]
keep_logins = "never"
site_preference = true
without_signal = "opt-out"
effective = 2026-04-03

[[cookies]]
name = "cart_*"
purpose = "Holds the basket, até amanhã"
necessary = true
lifetime = 3600
readable_by_scripts = true
path = "/shop"

[[cookies]]
name = "tab"
purpose = "Remembers the tab"
lifetime = "session"

[[third_parties]]
host = "*.cdn.example"
purpose = "Style sheets"
"""
MAPPING = {
    "mode": "report",
    "exempt": ["/healthz", "/static/*"],
    "endpoint": "/own/",
    "trusted_proxies": ("10.0.0.0/8", "unix"),
    "keep_logins": "never",
    "site_preference": True,
    "without_signal": "opt-out",
    "effective": "2026-04-03",
    "cookies": [
        {
            "name": "cart_*",
            "purpose": "Holds the basket, até amanhã",
            "necessary": True,
            "lifetime": 3600,
            "readable_by_scripts": True,
            "path": "/shop",
        },
        Cookie("tab", purpose="Remembers the tab", lifetime="session"),
    ],
    "third_parties": [{"host": "*.cdn.example", "purpose": "Style sheets"}],
}
POLICY = PrivacyPolicy(
    mode="report",
    exempt=["/healthz", "/static/*"],
    endpoint="/own/",
    trusted_proxies=["10.0.0.0/8", "unix"],
    keep_logins="never",
    site_preference=True,
    without_signal="opt-out",
    effective=date(2026, 4, 3),
    cookies=[
        Cookie(
            "cart_*",
            "Holds the basket, até amanhã",
            necessary=True,
            lifetime=3600,
            readable_by_scripts=True,
            path="/shop",
        ),
        Cookie("tab", "Remembers the tab", lifetime="session"),
    ],
    third_parties=[ThirdParty("*.cdn.example", "Style sheets")],
)


def test_a_file_a_mapping_and_arguments_make_the_same_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, KEY)
    file = tmp_path / PrivacyPolicy.FILE
    file.write_text(TOML, "utf-8")
    assert PrivacyPolicy.load(file) == PrivacyPolicy.from_mapping(MAPPING) == POLICY
    assert {hash(PrivacyPolicy.load(str(file))), hash(POLICY)} == {hash(POLICY)}
    assert guard_for(MAPPING).policy == POLICY  # type: ignore[union-attr]  # of one host


def test_an_empty_file_is_the_literal_policy(tmp_path: Path) -> None:
    file = tmp_path / PrivacyPolicy.FILE
    file.touch()
    assert PrivacyPolicy.load(file) == PrivacyPolicy.from_mapping({}) == PrivacyPolicy()


def test_a_policy_is_frozen_all_through() -> None:
    cookies = [Cookie("a", "b")]
    policy = PrivacyPolicy(cookies=cookies)
    before = hash(policy)
    cookies.append(Cookie("c", "d"))
    assert policy.cookies == (Cookie("a", "b"),)
    for part, name in ((policy, "mode"), (policy.cookies[0], "necessary")):
        with pytest.raises(AttributeError):
            setattr(part, name, True)
    assert hash(policy) == before
    assert copy.deepcopy(POLICY) == pickle.loads(pickle.dumps(POLICY)) == POLICY  # noqa: S301 - our own


def test_a_name_is_covered_by_its_own_declaration_before_any_pattern() -> None:
    wide, narrow, own = Cookie("a*", "b"), Cookie("a_*", "b"), Cookie("a_b", "b")
    policy = PrivacyPolicy(cookies=[wide, narrow, own])
    assert policy.cookie("a_b") == own
    assert policy.cookie("a_c") == wide
    assert policy.cookie("A_b") is None
    assert policy.cookie("") is None


@pytest.mark.parametrize("path", ["dnt-policy.txt", "legal/dnt-policy.txt"])
def test_a_path_in_a_file_is_relative_to_the_file(path: str, tmp_path: Path) -> None:
    file = tmp_path / PrivacyPolicy.FILE
    file.write_text(f"dnt_policy = '{path}'", "utf-8")
    assert PrivacyPolicy.load(file).dnt_policy == str(tmp_path / path)
    file.write_text("dnt_policy = '/srv/dnt-policy.txt'", "utf-8")
    assert PrivacyPolicy.load(file).dnt_policy == "/srv/dnt-policy.txt"


# Garbage.

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.dates(),
    st.sampled_from(["enforce", "session", "/", "/a/", "unix", "a.example", "*"]),
)  # fmt: skip
keys = st.sampled_from([*PrivacyPolicy.__struct_fields__, *Cookie.__struct_fields__, "host"])
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(keys | st.text() | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def outcome(make: Callable[[], PrivacyPolicy]) -> PrivacyPolicy | PolicyError:
    try:
        return make()
    except PolicyError as error:
        return error


@given(st.dictionaries(keys, anything, max_size=4) | anything)
def test_garbage_is_a_policy_error_or_a_policy(mapping: Any) -> None:
    found = outcome(lambda: PrivacyPolicy.from_mapping(mapping))
    if isinstance(found, PrivacyPolicy):
        assert hash(found) == hash(PrivacyPolicy.from_mapping(mapping))
    else:
        assert found.problem


@given(st.text())
def test_any_file_is_a_policy_error_or_a_policy(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_text(text, "utf-8", errors="surrogatepass")
    found = outcome(lambda: PrivacyPolicy.load(file))
    assert isinstance(found, PrivacyPolicy) or found.source == str(file)


# Names and patterns.


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("cookie", ' (did you mean "cookies"?)'),
        ("exmept", ' (did you mean "exempt"?)'),
        ("zzz", ""),
    ],
)
def test_the_nearest_name_is_suggested(name: str, hint: str) -> None:
    assert nearest(name, PrivacyPolicy.__struct_fields__) == hint


glob_texts = st.text("ab*.", min_size=1, max_size=8)


def fits(pattern: str, text: str) -> bool:
    """Match as a pattern's definition says, trying every way: an oracle for short ones."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(fits(pattern[1:], text[n:]) for n in range(len(text) + 1))
    return text[:1] == pattern[0] and fits(pattern[1:], text[1:])


@given(glob_texts, st.text("ab.", max_size=8))
def test_a_star_stands_for_any_run_of_characters(pattern: str, text: str) -> None:
    assert (compile_patterns([pattern]).fullmatch(text) is not None) == fits(pattern, text)


# Secrets.

NAME = "ALPINES_PRIVACY_SECRET_KEY"
KEYS: dict[str, tuple[str, ...]] = {
    KEY: (KEY,),
    f"{KEY},{OLDER_KEY}": (KEY, OLDER_KEY),
    f" {KEY} , ,{OLDER_KEY},": (KEY, OLDER_KEY),
}


@pytest.mark.parametrize(("value", "expected"), KEYS.items())
def test_keys_come_from_the_environment_newest_first(value: str, expected: tuple[str, ...]) -> None:
    assert SecretKeys.from_environment({NAME: value}) == expected


def test_a_short_key_is_refused_and_not_shown() -> None:
    with pytest.raises(PolicyError) as caught:
        SecretKeys.from_environment({NAME: f"{KEY},hunter2"})
    assert "key 2 of 2 has 7 characters, of at least 16" in str(caught.value)
    assert str(caught.value).startswith(f"environment: {NAME}: ")
    assert "hunter2" not in str(caught.value)


def test_without_a_key_one_is_made_with_one_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alpines_privacy.policy.secrets._made", [])
    with pytest.warns(PrivacyWarning, match=f"{NAME} is not set.* share: on another machine"):
        made = SecretKeys.from_environment({})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert SecretKeys.from_environment({NAME: " , "}) == made
    assert len(made[0]) >= 40


def test_a_policy_that_needs_no_key_asks_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    monkeypatch.setattr("alpines_privacy.policy.secrets._made", [])
    Guard(PrivacyPolicy())  # warnings are errors here
    with pytest.warns(PrivacyWarning):
        Guard(PrivacyPolicy(site_preference=True))
