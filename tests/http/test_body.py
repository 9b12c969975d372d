"""Bodies read into fields: what clients write, what is refused, and how other parsers read the same."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alpines_privacy.http.body import read_fields
from alpines_privacy.http.content_type import Unreadable, read_content_type
from alpines_privacy.http.loose_body import find_fields
from alpines_privacy.testing import strategies
from tests.support.form_parsers import FORM_PARSERS, JSON_PARSERS

Fields = list[tuple[str, str]]

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=xyz"
JSON = "application/json"


def fields_of(content_type: str, body: bytes) -> Iterator[tuple[str, str]]:
    return read_fields(read_content_type(content_type), body)


parts, text = strategies.multipart, strategies.part
DOB = text("dob", "2001-02-03")

READ: dict[str, tuple[str, bytes, Fields]] = {
    "form": (FORM, b"name=Ayesha+Khan&dob=2001-02-03", [("name", "Ayesha Khan"), ("dob", "2001-02-03")]),
    "form, escapes": (FORM, b"d%6Fb=2001%2d02-03&e=%C3%A9", [("dob", "2001-02-03"), ("e", "é")]),
    "form, raw UTF-8": (FORM, "e=é".encode(), [("e", "é")]),
    "form, bytes that are no UTF-8": (FORM, b"e=%FF", [("e", "\ufffd")]),
    "form, repeated": (FORM, b"a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
    "form, no value": (FORM, b"a&b=&&c=1", [("a", ""), ("b", ""), ("c", "1")]),
    "form, equals in a value": (FORM, b"a=b=c", [("a", "b=c")]),
    "form, type in capitals, with parameters": (
        "Application/X-WWW-Form-URLencoded ; Charset=UTF-8", b"a=1", [("a", "1")],
    ),
    "form, empty": (FORM, b"", []),
    "multipart": (MULTIPART, parts(DOB, text("e", "é")), [("dob", "2001-02-03"), ("e", "é")]),
    "multipart, boundary in quotes": (
        'Multipart/Form-Data; charset=utf-8; boundary="xyz"', parts(DOB), [("dob", "2001-02-03")],
    ),
    "multipart, no line after the end": (MULTIPART, parts(DOB, after=""), [("dob", "2001-02-03")]),
    "multipart, a line before the start": (MULTIPART, parts(DOB, before="\r\n"), [("dob", "2001-02-03")]),
    "multipart, a file": (
        MULTIPART,
        parts(text("photo", "\x00\r\n\r\n--xy", '; filename="C:\\me; x.png"\r\nContent-Type: image/png'), DOB),
        [("photo", ""), ("dob", "2001-02-03")],
    ),
    "multipart, no file chosen": (
        MULTIPART, parts(text("photo", "", '; filename=""'), DOB), [("photo", ""), ("dob", "2001-02-03")],
    ),
    "multipart, as .NET writes it": (
        MULTIPART,
        parts(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=dob\r\n\r\n2001-02-03",
            "Content-Disposition: form-data; name=f; filename=a.txt; filename*=utf-8''a.txt\r\n\r\nhi",
        ),
        [("dob", "2001-02-03"), ("f", "")],
    ),
    "multipart, as OkHttp writes it": (
        MULTIPART,
        parts('Content-Disposition: form-data; name="dob"\r\nContent-Length: 10\r\n\r\n2001-02-03'),
        [("dob", "2001-02-03")],
    ),
    "multipart, as Apache's client writes it": (
        MULTIPART,
        parts(
            'Content-Disposition: form-data; name="dob"\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n'
            "Content-Transfer-Encoding: 8bit\r\n\r\n2001-02-03"
        ),
        [("dob", "2001-02-03")],
    ),
    "multipart, lines in a value": (MULTIPART, parts(text("a", "1\r\n\r\n2\n")), [("a", "1\r\n\r\n2\n")]),
    "JSON": (JSON, b'{"dob": "2001-02-03", "age": 12}', [("dob", "2001-02-03"), ("age", "12")]),
    "JSON, nested": (
        JSON,
        b'{"user": {"birth_date": "2001-02-03", "tags": ["a", {"b": null}]}}',
        [("user.birth_date", "2001-02-03"), ("user.tags.0", "a"), ("user.tags.1.b", "")],
    ),
    "JSON of a kind": (
        "application/vnd.api+json; charset=utf-8", b'{"a": [true, false]}', [("a.0", "true"), ("a.1", "false")],
    ),
    "JSON, a name twice": (JSON, b'{"a": {"b": 1}, "a": {"b": 2}}', [("a.b", "1"), ("a.b", "2")]),
    "JSON, numbers as written": (
        JSON, b'{"a": 2012.0, "b": -2e3, "c": 0}', [("a", "2012.0"), ("b", "-2e3"), ("c", "0")],
    ),
    "JSON, escapes in a name": (JSON, b'{"do\\u0062": "1"}', [("dob", "1")]),
    "JSON, half a surrogate pair": (JSON, b'{"a": "\\ud800"}', [("a", "\ud800")]),
    "JSON, an empty table": (JSON, b"{}", []),
    "JSON, blanks everywhere": (JSON, b' {\r\n\t"a" : [ ] , "b" : [ { } , 1 ] }\n', [("b.1", "1")]),
    "JSON, an array": (JSON, b'[{"a": "1"}, [2]]', [("0.a", "1"), ("1.0", "2")]),
    "JSON, a name that is a path": (JSON, b'{"a.b": 1, "a": {"b": 2}}', [("a.b", "1"), ("a.b", "2")]),
    "form, another charset that is ASCII's": (FORM + "; charset=ISO-8859-1", b"a=1", [("a", "1")]),
}  # fmt: skip


@pytest.mark.parametrize(("content_type", "body", "fields"), READ.values(), ids=READ)
def test_what_clients_write_is_read(content_type: str, body: bytes, fields: Fields) -> None:
    assert list(fields_of(content_type, body)) == fields
    assert list(find_fields(content_type, body)) == fields


REFUSED: dict[str, tuple[str, bytes]] = {
    "no type": ("", b"dob=2001-02-03"),
    "no form": ("text/plain", b"dob=2001-02-03"),
    "two types": (f"{FORM}, {JSON}", b"dob=2001-02-03"),
    "a type with a broken parameter": (f'{FORM}; a="b', b"dob=2001-02-03"),
    "a parameter twice": (MULTIPART + "; boundary=abc", parts(DOB)),
    "an encoding that hides ASCII": (FORM + "; charset=utf-7", b"dob=2001-02-03"),
    "an encoding that hides ASCII, multipart": (MULTIPART + "; charset=cp037", parts(DOB)),
    "a form with semicolons": (FORM, b"a=1;dob=2001-02-03"),
    "a form that is JSON": (FORM, b' {"dob": "2015-02-03", "x": "&dob=2001-02-03&"}'),
    "a form with a zero byte": (FORM, b"dob=2001-02-03\0"),
    "a form in another encoding": (FORM, b"a=\xe9"),
    "no boundary": ("multipart/form-data", parts(DOB)),
    "an empty boundary": ('multipart/form-data; boundary=""', parts(DOB)),
    "a boundary with a blank at its end": ('multipart/form-data; boundary="xyz "', parts(DOB)),
    "a boundary with a backslash": ('multipart/form-data; boundary="x\\yz"', parts(DOB)),
    "multipart, a preamble": (MULTIPART, parts(DOB, before="hello\r\n")),
    "multipart, an epilogue": (MULTIPART, parts(DOB, after="\r\n" + parts(DOB).decode())),
    "multipart, no end": (MULTIPART, parts(DOB).removesuffix(b"--xyz--\r\n")),
    "multipart, line feeds only": (MULTIPART, parts(DOB).replace(b"\r\n", b"\n")),
    "multipart, a delimiter after a line feed": (
        MULTIPART, parts(text("a", "1\n--xyz\r\n" + text("dob", "2015-02-03"))),
    ),
    "multipart, a blank after a delimiter": (MULTIPART, parts(DOB).replace(b"--xyz\r\n", b"--xyz \r\n")),
    "multipart, a delimiter that goes on": (MULTIPART, parts(text("a", "--xyzw"))),
    "multipart, no head": (MULTIPART, parts("\r\n2001-02-03")),
    "multipart, no disposition": (MULTIPART, parts("Content-Type: text/plain\r\n\r\n1")),
    "multipart, no name": (MULTIPART, parts("Content-Disposition: form-data\r\n\r\n1")),
    "multipart, not form-data": (MULTIPART, parts('Content-Disposition: attachment; name="dob"\r\n\r\n1')),
    "multipart, two dispositions": (
        MULTIPART, parts('Content-Disposition: form-data; name="a"\r\n' + text("dob", "2001-02-03")),
    ),
    "multipart, two names": (MULTIPART, parts(text("a", "1", '; name="dob"'))),
    "multipart, an extended name": (MULTIPART, parts(text("a", "1", "; name*=utf-8''dob"))),
    "multipart, an escaped name": (MULTIPART, parts(text('d\\"ob', "1"))),
    "multipart, a folded line": (
        MULTIPART, parts('Content-Disposition: form-data;\r\n name="dob"\r\n\r\n2001-02-03'),
    ),
    "multipart, a quote that stays open": (MULTIPART, parts('Content-Disposition: form-data; name="dob\r\n\r\n1')),
    "multipart, a file name that hides a name": (
        MULTIPART, parts('Content-Disposition: form-data; filename="a\\"; name="dob"\r\n\r\n1'),
    ),
    "multipart, a blank in a name": (MULTIPART, parts(text(" dob", "1"))),
    "multipart, a zero byte in a name": (MULTIPART, parts(text("dob\0", "1"))),
    "multipart, a semicolon in a name": (MULTIPART, parts(text("a; name=dob", "1"))),
    "multipart, base64": (
        MULTIPART,
        parts('Content-Disposition: form-data; name="dob"\r\nContent-Transfer-Encoding: base64\r\n\r\nMjAwMQ=='),
    ),
    "multipart, a part in UTF-16": (
        MULTIPART, parts("Content-Type: text/plain; charset=utf-16\r\n" + DOB),
    ),
    "multipart, a head in another encoding": (MULTIPART, parts(DOB).replace(b"dob", b"d\xe9b")),
    "JSON that breaks off": (JSON, b'{"dob": "2001'),
    "JSON with more after it": (JSON, b'{"dob": "2001-02-03"}{}'),
    "JSON, bytes that are no UTF-8": (JSON, b'{"a": "\xff"}'),
    "JSON, deep": (JSON, b"[" * 100 + b"]" * 100),
    "JSON, deeper than Python reads": (JSON, b"[" * 100_000),
    "JSON, a name longer than any form's": (JSON, b'{"' + b"a" * 300 + b'": {"dob": "2001-02-03"}}'),
    "JSON, no body": (JSON, b""),
    "JSON with a byte order mark": (JSON, b'\xef\xbb\xbf{"a": "1"}'),
    "JSON, UTF-16": (JSON, '{"a": "2001"}'.encode("utf-16")),
    "JSON, UTF-32 without a mark": (JSON, '{"a": "2001"}'.encode("utf-32-be")),
    "JSON, another charset": (JSON + "; charset=utf-16", b'{"a": "2001"}'),
    "JSON, no number": (JSON, b'{"a": NaN}'),
    "JSON, a number with a zero before it": (JSON, b'{"a": 02001}'),
    "JSON, a comma at the end": (JSON, b'{"a": "2001",}'),
    "JSON, no comma": (JSON, b'{"a": "2001" "b": 1}'),
    "JSON, other brackets": (JSON, b'{"a": ["2001"}]'),
    "JSON, brackets that stay open": (JSON, b'{"a": ["2001"]'),
    "JSON, a control in a string": (JSON, b'{"a": "2001\n"}'),
    "JSON, no such escape": (JSON, b'{"a": "\\x32001"}'),
    "JSON, a string alone": (JSON, b'"2001"'),
    "JSON, a comment": (JSON, b'{"a": "2001"} // me'),
    "JSON, single quotes": (JSON, b"{'a': '2001'}"),
    "form, a line break": (FORM, b"10\r\ndob=2015-02-03&x=\r\n0\r\n\r\n&dob=2001-02-03"),
    "an extended boundary": (MULTIPART + "; boundary*=utf-8''abc", parts(DOB)),
    "a boundary in pieces": (MULTIPART + "; boundary*0=abc", parts(DOB)),
    "an extended charset": (FORM + "; charset*=''utf-7", b"d+AG8-b=2001-02-03"),
    "a parameter nobody knows": (JSON + "; profile=x", b'{"a": "2001"}'),
    "a boundary for a form": (FORM + "; boundary=xyz", b"a=2001"),
    "multipart, a part of parts": (
        MULTIPART, parts("Content-Type: multipart/mixed; boundary=abc\r\n" + DOB),
    ),
    "multipart, a part of another length": (MULTIPART, parts("Content-Length: 4\r\n" + DOB)),
    "multipart, a head longer than any client's": (MULTIPART, parts("X: " + "x" * 9000 + "\r\n" + DOB)),
}  # fmt: skip


@pytest.mark.parametrize(("content_type", "body"), REFUSED.values(), ids=REFUSED)
def test_what_parsers_may_differ_on_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        list(fields_of(content_type, body))
    assert "2001" not in str(refused.value)
    assert "2015" not in str(refused.value)
    list(find_fields(content_type, body))


WHOLE = (
    b"a=1&dob=2001-02-03&b=2",
    parts(text("a", "1"), DOB, text("f", "hi", '; filename="f.txt"')),
    b'{"a": 1, "dob": "2001-02-03", "user": {"dob": "2001-02-03"}}',
)


@settings(max_examples=400)
@given(strategies.odd_signup_bodies())
@example((MULTIPART, parts('Content-Disposition: form-data; name=" dob"\r\n\r\n2015-01-01')))
@example((FORM, b"a=1;dob=2015-01-01&dob=2001-02-03"))
def test_no_parser_finds_a_date_that_we_do_not(odd: tuple[str, bytes]) -> None:
    content_type, body = odd
    try:
        fields = list(fields_of(content_type, body))
    except Unreadable:
        return
    parsers = JSON_PARSERS if "json" in content_type.lower() else FORM_PARSERS
    for name in ("dob", "user.dob"):
        ours = [value for field, value in fields if field == name]
        for parser, found in parsers.items():
            with contextlib.suppress(Exception):  # it refuses: the app sees no signup
                theirs = found(content_type, body, name)
                assert set(theirs) <= set(ours), parser


@given(
    st.lists(st.sampled_from(["a", "dob", "=", "&", "%64", "%C3%A9", "%F", "%zz", "+", "é", "%00"]))
)
def test_a_form_is_read_as_the_standard_library_reads_it(written: list[str]) -> None:
    form = "".join(written)
    assert list(fields_of(FORM, form.encode())) == parse_qsl(form, keep_blank_values=True)


plain_names = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters='";\\'),
    min_size=1,
    max_size=8,
)
values = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.lists(st.tuples(plain_names, values), max_size=5))
def test_a_multipart_form_comes_back_as_it_was_written(fields: Fields) -> None:
    written = parts(*(text(name, value.replace("--xyz", "")) for name, value in fields))
    expected = [(name, value.replace("--xyz", "")) for name, value in fields]
    if fields:
        assert list(fields_of(MULTIPART, written)) == expected


@given(st.dictionaries(plain_names.filter(lambda name: "." not in name), values, max_size=5))
def test_json_comes_back_as_it_was_written(fields: dict[str, str]) -> None:
    for is_ascii in (False, True):
        body = json.dumps(fields, ensure_ascii=is_ascii).encode()
        assert list(fields_of(JSON, body)) == list(fields.items())


@settings(max_examples=300)
@given(
    strategies.json_values(), st.binary(max_size=3), st.integers(0, 80), st.sampled_from([None, 1])
)
def test_json_is_read_exactly_when_the_standard_library_reads_it(
    value: object, piece: bytes, at: int, indent: int | None
) -> None:
    """What is read here is read there, and the other way round apart from what only Python takes."""
    body = json.dumps(value, indent=indent, ensure_ascii=False).encode("utf-8", "replace")
    body = body[:at] + piece + body[at:]
    try:
        list(fields_of(JSON, body))
    except Unreadable:
        with contextlib.suppress(ValueError):
            text = body.decode()
            loaded = json.loads(text, parse_constant=float)
            assert not isinstance(loaded, dict | list) or "NaN" in text or "Infinity" in text
    else:
        json.loads(body.decode())


@given(strategies.odd_signup_bodies(["", "text/plain"]), st.none() | st.binary(max_size=60))
def test_tolerant_reading_takes_anything(odd: tuple[str, bytes], other: bytes | None) -> None:
    content_type, body = odd
    list(find_fields(content_type, body if other is None else other))


@pytest.mark.parametrize("content_type", ["", FORM, MULTIPART, JSON])
@pytest.mark.parametrize("body", WHOLE)
def test_tolerant_reading_finds_what_a_body_that_breaks_off_still_holds(
    content_type: str, body: bytes
) -> None:
    cut = body[: body.index(b"2001-02-03") + 10]
    assert ("dob", "2001-02-03") in find_fields(content_type, cut)


def test_tolerant_reading_never_raises_where_the_strict_one_would() -> None:
    for content_type, body in [*REFUSED.values(), *((k, b) for k, b, _ in READ.values())]:
        for end in range(len(body[:300])):
            list(find_fields(content_type, body[:end]))
