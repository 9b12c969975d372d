"""Documents in a text: where they stand, what is in their strings, and that they stay documents."""

from __future__ import annotations

import json
import random
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine.quoted import read

REDACTOR = Redactor()

# A text in which each document stands between guillemets, and what its strings hold.
READ: dict[str, tuple[str, str]] = {
    "JSON": ('«{"a": ["b", 1, null], "c": {"d": ""}}»', "a b c d "),
    "behind a word": ('INFO «{"a": "}"}» and «["x"]»', "a } x"),
    "on two lines": ('«{"a": 1}»\n«{"b": 2}»', "a b"),
    "over lines": ('x «{\n  "a": [\n    1\n  ]\n}»', "a"),
    "behind a quote that nothing closes": ('5" disk «{"a": "b"}»', "a b"),
    "behind an apostrophe": ("don't «{'a': 'b'}» won't", "a b"),
    "behind one that is none": ('["«["a"]»"]', "a"),
    "inside one that is none": ('{"x": oops! «{"a": 1}»', "a"),
    "cut off": ('{"a": "b", "c', ""),
    "Python": ("«{'a': b'x', u'b': r\"y'\", 'c': (1, None), 'd': Decimal('1.5')}»", "a x b y' c d 1.5"),
    "a date of Python": ("«{'a': datetime.date(1990, 1, 2)}»", "a"),
    "PHP and Ruby": ("«['a' => 'b']» «{'c' => 1}»", "a b c"),
    "escapes": (r'«{"a": "b\\", "c": "\"d\""}»', r"a b\\ c \"d\""),
    "both quotes": ("""«["it's", '"x"']»""", """it's "x\""""),
    "an index": ("form['password'] rows[5] x[\"a\"]", ""),
    "no documents": ("[25/Nov/2026] [INFO] (x) {} [] [worker-1] {a b} [::1]", ""),
    "numbers": ("«[4111111111111111, -1.5e3]»", ""),
    "bare words": ("[abc, def] {b, c} [s3cr, 5] «[None, true, 5]» «{a: 1}»", ""),
    "one string": (r'«"a \"b\" {"»', r"a \"b\" {"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "strings"), READ.values(), ids=READ)
def test_documents_and_their_strings(text: str, strings: str) -> None:
    expected = re.findall("«(.*?)»", text, re.DOTALL)
    plain = text.replace("«", "").replace("»", "")
    quoted = read(plain)
    documents = [plain[d.start : d.end] for d in quoted.documents] if quoted else []
    assert documents == expected
    contents = zip(quoted.starts, quoted.ends, strict=True) if quoted else ()
    assert " ".join(plain[start:end] for start, end in contents) == strings


CLEAN: dict[str, tuple[str, str]] = {
    "a key at the end of a string": (
        'INFO {"n": "x@y.compassword=", "email": ""}', 'INFO {"n": "[EMAIL]=", "email": ""}',
    ),
    "a negative number": ('x {"card": -4111111111111111}', 'x {"card": "[CARD]"}'),
    "numbers of a list": ("x [4111111111111111, 2]", 'x ["[CARD]", 2]'),
    "a place": ('at {"geo": [31.5204, 74.3587]}', 'at {"geo": ["[COORDINATES]", "[COORDINATES]"]}'),
    "a value before a document": ('password=abc{"a": "b"}', 'password=[PASSWORD]{"a": "b"}'),
    "a quote before a document": ('password="abc {"a": "b"}', 'password="[PASSWORD]{"a": "b"}'),
    "a document in a quoted value": ("password='p{a: 1}[2, 3]q' n=3", "password='[PASSWORD]' n=3"),
    "a document that is a quoted value": (
        """token='{"a": "b1", "n": 5}' n=3""", """token='{"a": "[SECRET]", "n": "[SECRET]"}' n=3""",
    ),
    "brackets in a bare value": ("password=[s3cr,et]x password=a{b,c}d", "password=[PASSWORD] password=[PASSWORD]"),
    "a document in a bare value": ("password=x9![2,3]y n=3", "password=[PASSWORD] n=3"),
    "escaped JSON": (
        r'x {\"token\": \"it[1]\nis\", \"pin\": null, \"n\": \"y\"}',
        r'x {\"token\": \"[SECRET]\", \"pin\": null, \"n\": \"y\"}',
    ),
    "nothing under a key": (
        """{"authorization": null, "n": 'x'} {'pin': None, 'n': 'y'}""",
        """{"authorization": null, "n": 'x'} {'pin': None, 'n': 'y'}""",
    ),
    "nothing under a key of JSON that is cut off": (
        '{"authorization": true, "n": "hunter22', '{"authorization": true, "n": "hunter22',
    ),
    "two on a line": ('{"a": "token="} {"b": "x"}', '{"a": "token="} {"b": "x"}'),
    "JSON in JSON": (
        r'{"b": "{\"n\": \"compassword=\", \"pin\": 1234, \"email\": \"\"}"}',
        r'{"b": "{\"n\": \"compassword=\", \"pin\": \"[PASSWORD]\", \"email\": \"\"}"}',
    ),
    "JSON in logfmt": (
        r'body="{\"password\": \"a \\\" b\", \"x\": \"c\"}"', r'body="{\"password\": \"[PASSWORD]\", \"x\": \"c\"}"',
    ),
    "JSON in a query": ("GET /?x=%7B%22pin%22%3A1234%7D", "GET /?x=%7B%22pin%22%3A%22[PASSWORD]%22%7D"),
    "Python in JSON": (
        """{"m": "got {'pin': 1234, 'a': 'token='}"}""", """{"m": "got {'pin': '[PASSWORD]', 'a': 'token='}"}""",
    ),
    "a key of Python at the end": ("{'n': 'password=', 'email': ''}", "{'n': 'password=', 'email': ''}"),
    "a list before a document": (
        """user=('bob1', {"it's": {"a": 1}, "b": "c"}""", """user=('[USERNAME]', {"it's": {"a": 1}, "b": "c"}""",
    ),
    "a quote of a list before a document": ('password=["{"cookie": "abcd1234"}', 'password=["{"cookie": "[SECRET]"}'),
    "words in a document in a bare value": ("password='p[s3cr,\"x\"]q' n=3", "password='[PASSWORD]' n=3"),
    "documents in a private key": (
        'x -----BEGIN PRIVATE KEY-----a{"b": "c", "d": [5]}e{f: 1}g-----END PRIVATE KEY-----',
        'x [SECRET]{"b": "[SECRET]", "d": ["[SECRET]"]}[SECRET]',
    ),
    "a number among escapes": (r'{"m": "password=[\u001b[31mpassword=]"}', r'{"m": "password=[\u001b[31mpassword=]"}'),
    "numbers of a list in a query": ("GET /?x=%5B4111111111111111%2C2%5D", "GET /?x=%5B[CARD]%2C2%5D"),
    "a web browser's quotes": (
        r'{"m": "x Mozilla/5.0 (X11", "k": "a)", "z": "b"}', r'{"m": "x Firefox", "k": "a)", "z": "b"}',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "clean"), CLEAN.values(), ids=CLEAN)
def test_no_value_leaves_its_string(text: str, clean: str) -> None:
    agent = "other program on other system, other device"
    redacted = REDACTOR.redact(text).replace(agent, "Firefox").replace("Firefox (X11", "Firefox")
    assert redacted == clean


_WORDS = (
    "x@y.com", "password=", "token: ", "'", '"', "\\", ", ", ": ", "{", "}", "[", "]", "4111111111111111",
    "+92 300 1234567", "\n", "é", "name", "203.0.113.7", "cookie: ", "Mozilla/5.0 (X11", "%40", "\\u0040",
    "&quot;", "dob", "1990-01-02", "lat=31.5204, 74.3587", "-----BEGIN PRIVATE KEY-----", "(", ")", "<", " ",
    "'a': 'b'", '{"a": 1}', "authorization: Basic ", "eyJhbGciOiJI.eyJzdWIi.abc",
)  # fmt: skip
_KEYS = ("n", "email", "password", "user", "name", "pin", "card", "it's", 'a"b', "geo", "x y")
texts = st.lists(st.sampled_from(_WORDS), max_size=5).map("".join)
values = st.recursive(
    st.one_of(texts, st.sampled_from([None, True, 1234, -4111111111111111, 31.5204, 3001234567])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(_KEYS), inner, max_size=3),
        inner.map(json.dumps),
    ),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from(_KEYS), values, min_size=1, max_size=4)
_LAYOUTS = ((None, None, True), (2, None, False), (None, (",", ":"), False))
layouts = st.sampled_from(_LAYOUTS)


def _alike(value: Any, redacted: Any) -> bool:
    """Whether all keys stayed, and what is no text or number stayed as it was."""
    if isinstance(redacted, str):
        return not isinstance(value, dict | list | bool) and value is not None
    if type(value) is not type(redacted):
        return False
    if isinstance(value, dict):
        return [*value] == [*redacted] and all(_alike(value[key], redacted[key]) for key in value)
    if isinstance(value, list):
        return len(value) == len(redacted) and all(map(_alike, value, redacted))
    return bool(value == redacted)


def _first(text: str, value: Any) -> bool:
    """Whether a text still holds a document that is like the value."""
    for match in re.finditer("{", text):
        try:
            found, _ = json.JSONDecoder().raw_decode(text, match.start())
        except ValueError:
            continue
        if _alike(value, found):
            return True
    return False


@example([{"n": None}, {"n": []}], (None, None, True), ("", "", ""))
@example([{"n": ""}, {"n": []}, {"n": 1}], (None, None, True), ("", "'a': 'b'Mozilla/5.0 (X11", ""))
@given(st.lists(documents, min_size=1, max_size=3), layouts, st.tuples(texts, texts, texts))
def test_documents_stay_documents_whatever_stands_around_them(
    values: list[Any], layout: tuple[Any, Any, bool], around: tuple[str, str, str]
) -> None:
    indent, separators, plain = layout
    written = [
        json.dumps(value, indent=indent, separators=separators, ensure_ascii=plain)
        for value in values
    ]
    before, between, after = around
    text = before + between.join(written) + after
    quoted = read(text)
    assume(
        quoted is not None
    )  # by chance what stands around makes one of several, of another reading
    assert quoted is not None
    shown = [text[d.start : d.end] for d in quoted.documents]
    assume(all(each in shown for each in written))
    redacted = REDACTOR.redact(text)
    assert all(_first(redacted, value) for value in values)


_AROUND = {
    "alone": ("", "", ""), "behind a word": ("INFO ", "", ""), "behind a key": ("payload=", "", ""),
    "behind a key of data": ("password=", "", ""), "behind quotes": ("it's 5\" ", "", ""),
    "before words": ("", "", " took 5 ms"), "two lines": ("", "\n", ""), "two on a line": ("a ", " ", ""),
}  # fmt: skip
_HARD = (
    *_WORDS, "user=(", "password=[", "secret=", "address=1 Main St, ", "dob:", "-----END PRIVATE KEY-----", "://u:p@h",
    "--password ", "<password>", "=3D", "=\n", "%22", "%5B", "%7B", "&#34;", "\\x22", '\\"', "\x1b[31m", "\u200b",
    "\ufe0f", "\u2019",
    "\x00", "\t", "[EMAIL]", "PASSWORD", "sk_live_9aB3dE7gH1jK5mN8pQ", "phone ", "@", ";", "--", "0", "12",
)  # fmt: skip
_ATOMS = (None, True, False, 0, 1234, -4111111111111111, 31.5204, 3001234567, 1.5e10)


def _hard_text(rng: random.Random) -> str:
    return "".join(rng.choices(_HARD, k=rng.randrange(6)))


def _hard_value(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.random()
    if kind < 0.5 or depth > 3:
        return _hard_text(rng)
    if kind < 0.65:
        return rng.choice(_ATOMS)
    if kind < 0.8:
        return [_hard_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind < 0.93:
        return {rng.choice(_KEYS): _hard_value(rng, depth + 1) for _ in range(rng.randrange(4))}
    return json.dumps(_hard_value(rng, depth + 1))


def _read_in_order(text: str, values: list[Any]) -> bool:
    """Whether a text holds one document after another, each like its value."""
    for value in values:
        for match in re.finditer("{", text):
            with suppress(ValueError):
                found, end = json.JSONDecoder().raw_decode(text, match.start())
                if _alike(value, found):
                    break
        else:
            return False
        text = text[end:]
    return True


@pytest.mark.parametrize("around", [*_AROUND.values(), None], ids=[*_AROUND, "anything"])
def test_no_document_of_many_breaks(around: tuple[str, str, str] | None) -> None:
    """No reading is assumed here: JSON's own reader tells what is left."""
    rng = random.Random(7)  # noqa: S311 - the same documents each time, no secret
    for _ in range(250):
        values = [
            {key: _hard_value(rng) for key in rng.sample(_KEYS, rng.randrange(1, 5))}
            for _ in range(2)
        ]
        indent, separators, plain = rng.choice(_LAYOUTS)
        written = [
            json.dumps(value, indent=indent, separators=separators, ensure_ascii=plain)
            for value in values
        ]
        before, between, after = around or [_hard_text(rng) for _ in range(3)]
        count = 1 if around and not between else 2
        text = before + between.join(written[:count]) + after
        assert _read_in_order(REDACTOR.redact(text), values[:count]), text


@given(
    documents, st.sampled_from(["INFO ", "", "2026-11-25 ERROR app: ", "password= ", "it's 5\" "])
)
def test_a_document_behind_a_prefix_stays_one(value: Any, prefix: str) -> None:
    redacted = REDACTOR.redact(prefix + json.dumps(value))
    assert redacted.startswith(prefix.rstrip("="))
    assert _alike(value, json.loads(redacted[len(prefix) :]))


@given(st.text("\"'\\{}[](),:=ab1 \n", max_size=60))
def test_documents_are_disjoint_and_their_strings_inside_them(text: str) -> None:
    quoted = read(text)
    if quoted is None:
        return
    places = [place for d in quoted.documents for place in (d.start, d.end)]
    assert places == sorted(places)
    assert [*quoted.bounds()] == sorted(quoted.bounds())
    for start, end in zip(quoted.starts, quoted.ends, strict=True):
        assert text[start - 1] == text[end]
        assert quoted.document_at(start - 1) is not None
