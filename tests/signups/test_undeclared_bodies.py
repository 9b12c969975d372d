"""Bodies sent to a path with a signup word: which shapes of a child's signup are found, and what passes.

A body that can be read in one way is judged by its fields, wherever in it they are. One that cannot
is refused if it names both a birth date and a password, and passes otherwise.
"""

from __future__ import annotations

import base64
import codecs
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alpines_privacy import PrivacyPolicy
from alpines_privacy.guard import Guard
from alpines_privacy.http.heads import Field
from alpines_privacy.http.outcomes import Answer, NeedBody, Pass
from alpines_privacy.signups.names import NameKind, kind_of
from alpines_privacy.signups.occurrence import may_be_signup
from tests.http.test_body import FORM, JSON
from tests.support.sent import Sent

ADULT, CHILD = "1990-05-17", "2019-03-01"
BOUNDED = "multipart/form-data; boundary=zzz"
GUARD = Guard(PrivacyPolicy())


def packed(**fields: str) -> bytes:
    """Write short fields as MessagePack."""
    texts = [text.encode() for pair in fields.items() for text in pair]
    return bytes([0x80 + len(fields)]) + b"".join(bytes([0xA0 + len(t)]) + t for t in texts)


def answered(content_type: str, body: bytes, query: str = "", more: tuple[Field, ...] = ()) -> int:
    """Return the status the layer answers with, 0 if it lets the request pass."""
    fields: list[Field] = [("content-length", str(len(body))), *more]
    if content_type:
        fields.append(("content-type", content_type))
    visit = GUARD.visit(Sent(*fields, method="POST", path="/join", query=query))
    asked = visit.request()
    outcome = visit.body(body, False) if isinstance(asked, NeedBody) else asked
    visit.end()
    assert isinstance(outcome, Pass | Answer)
    return outcome.status if isinstance(outcome, Answer) else 0


def part(name: str, value: str, *more: str) -> str:
    lines = "\r\n".join([f'Content-Disposition: form-data; name="{name}"', *more])
    return f"--zzz\r\n{lines}\r\n\r\n{value}\r\n"


def parts(*written: str, boundary: str = "zzz") -> bytes:
    return ("".join(written) + "--zzz--\r\n").replace("zzz", boundary).encode()


# ------------------------------------------------------------------- bodies that are read in one way

NESTED: tuple[dict[str, Any], ...] = (
    {"dob": {"year": 2019, "month": 3, "day": 1}, "password": "x"},
    {"birth": {"date": CHILD}, "password": "x"},
    {"birth": {"year": 2019, "month": 3, "day": 1}, "password": "x"},
    {"birth": {"date": {"year": 2019, "month": "March", "day": 1}}, "password": "x"},
    {"dob": {"y": 2019, "m": 3, "d": 1}, "password": "x"},
    {"dob": {"date": CHILD, "place": "Quetta", "country": "PK"}, "password": "x"},
    {"dob": {"value": CHILD}, "password": {"value": "x"}},
    {"dob": {"$date": f"{CHILD}T00:00:00Z"}, "password": "x"},
    {"dob": [CHILD], "password": ["x"]},
    {"dob": [2019, 3, 1], "password": "x"},
    {"dob": [1, 3, 2019], "password": "x"},
    {"dob": [[CHILD]], "password": "x"},
    {"birth_year": 2019.0, "birth_month": 3.0, "birth_day": 1.0, "password": "x"},
    {
        "dob": {"iso": CHILD, "local": "01.03.2019", "year": 2019, "text": "1 March"},
        "password": "x",
    },
    {"birth_year": "2_019", "birth_month": 3, "birth_day": 1, "password": "x"},
    {"userBirthDate": CHILD, "userPassword": "x"},
    {".".join("a" * 90): {"dob": CHILD, "password": "x"}},
    {"user": [{"dob": CHILD, "credentials": [{"password": {"plain": "x"}}]}]},
    {"data": {"attributes": {"birth-date": CHILD, "password": {"first": "x", "second": "x"}}}},
    {"plainPassword": {"first": "x", "second": "x"}, "birth_date": CHILD},
    {"input": {"birthDate": CHILD, "password": {"new": "x", "confirm": "x"}}},
    {"data": json.dumps({"dob": CHILD, "password": "x"})},
    {"data": json.dumps({"user": json.dumps({"dob": {"year": 2019}, "password": ["x"]})})},
    {"dob": CHILD, "password": "x", "child": {"dob": "2020-01-01"}},
    {
        "birth_year": 2019,
        "birth_month": 3,
        "birth_day": 1,
        "birth": {"place": "x"},
        "password": "x",
    },
)
NAMES = (
    ("dob", "f[plainPassword][first]"), ("user[dob]", "user[password][]"), ("dob[]", "password[]"),
    ("signup.dob", "signup.password.first"), ("form:dob", "form:password"), ("user__dob", "user__password"),
    ("dob_0", "password_0"), ("dob[0]", "password[confirm]"), ("birth[date]", "pass[0]"), ("date[of][birth]", "pwd[]"),
    ("signup-dob", "signup-password"), ("user_birth_date", "user_pwd"), ("memberBirthDate", "memberPass"),
    ("form-0-dob", "form-0-password1"), ("userDOB", "userPassword"), ("user_birth_day", "user_password"),
    ("dob[value]", "new-password"), ("d_o_b", "credentials[password][plain]"), ("birthday[date]", "PASSWORD1"),
)  # fmt: skip


def in_digits(zero: str) -> str:
    """Write the child's date in the digits of another script."""
    return "".join(chr(ord(zero) + int(sign)) if sign.isdigit() else sign for sign in CHILD)


# What an app's reader of dates takes for the same day, or for that year.
SAME_DAY = (
    CHILD, f" {CHILD} ", f"\n{CHILD}", "2019-3-1", "2019/03/01", "2019.3.1", "20190301", "01032019", "Mar 1, 2019",
    "1 March 2019", "01-Mar-2019", "Friday, 1 March 2019 10:30", "2019-W09-5", "2019年3月1日", in_digits("\u0660"),
    in_digits("\uff10"), "03/01/19", "1.3.19", "1551398400", "1551398400000", "1551398400.0",
    "Fri Mar 01 2019 00:00:00 GMT+0500 (Pakistan Standard Time)", "2019", "03/2019", "2019-03", " " * 9000 + CHILD,
    "20190301T000000", "201903010000", "2_019-03-01", "2.019e3", f'"{CHILD}"', '"\\u0032019-03-01"',
    "1.5513984e9", f"{CHILD}T10:00:00+05:00[Asia/Karachi]",
)  # fmt: skip


@pytest.mark.parametrize("document", NESTED, ids=json.dumps)
def test_a_childs_date_and_password_are_found_in_any_container(document: dict[str, Any]) -> None:
    assert answered(JSON, json.dumps(document).encode()) == 403
    adults = json.dumps(document).replace("2019", "1990").replace("2_019", "1_990")
    assert answered(JSON, adults.encode()) == 0


@pytest.mark.parametrize(("date", "password"), NAMES)
def test_a_childs_date_and_password_are_found_under_any_name(date: str, password: str) -> None:
    for born, status in ((CHILD, 403), (ADULT, 0)):
        form = f"a=b&{quote(date)}={born}&{quote(password)}=x".encode()
        assert answered(FORM, form) == status
        assert answered(BOUNDED, parts(part(date, born), part(password, "x"))) == status


@pytest.mark.parametrize("written", SAME_DAY)
def test_a_date_is_read_in_all_ways_an_app_may_read_it(written: str) -> None:
    for name in ("dob", "birth[date]"):
        form = f"{name}={quote(written)}&password=x".encode()
        assert answered(FORM, form) == 403
    for name in ("dob", "user.dob.value"):
        assert answered(JSON, json.dumps({name: written, "password": "x"}).encode()) == 403


@pytest.mark.parametrize(
    "written",
    [
        "",
        "x",
        "last spring",
        "26",
        "2026-13-77",
        "2031-01-01",
        "12/11/2013",
        "17 May 1990",
        "17.5.90",
    ],
)
def test_a_date_that_may_be_anything_passes(written: str) -> None:
    assert answered(FORM, f"dob={quote(written)}&password=x".encode()) == 0


@given(
    st.dates(date(1900, 1, 1), date(2000, 1, 1)).filter(
        lambda day: (day.year, day.month) != (1970, 1)
    ),
    st.integers(-12 * 4, 14 * 4),
    st.sampled_from([1, 1000]),
)
@example(date(1963, 8, 16), 0, 1000)
@example(date(1976, 5, 27), 0, 1000)
@example(date(1930, 3, 1), 20, 1)
def test_a_grown_ups_midnight_in_seconds_or_milliseconds_is_no_childs_date(
    born: date, quarters: int, unit: int
) -> None:
    """Before 1970 they have a sign, of the seventies twelve digits, which may be a compact date too."""
    midnight = datetime(born.year, born.month, born.day, tzinfo=UTC).timestamp() - quarters * 900
    for written in (str(int(midnight) * unit), f"{int(midnight) * unit}.0"):
        assert answered(FORM, f"dob={written}&password=x".encode()) == 0


def test_a_childs_date_counts_whatever_parts_of_another_stand_before_it() -> None:
    """Of an object and a list under one name JSON's parsers take the last."""
    parts_first = b'{"dob": {"year": 1990, "month": 5, "day": 17}, "dob[]": {}, "dob": ["%s"], "password": "x"}'
    assert answered(JSON, parts_first % CHILD.encode()) == 403
    assert answered(JSON, parts_first % ADULT.encode()) == 0


def test_one_name_with_two_dates_is_read_in_two_ways() -> None:
    """One framework takes the first, another the last."""
    for first, second in ((ADULT, CHILD), (CHILD, ADULT), (CHILD, "")):
        assert answered(FORM, f"dob={first}&dob={second}&password=x".encode()) == 422
        assert (
            answered(JSON, f'{{"dob":"{first}","dob":"{second}","password":"x"}}'.encode()) == 422
        )
        assert (
            answered(BOUNDED, parts(part("dob", first), part("dob", second), part("password", "x")))
            == 422
        )
        assert answered(FORM, f"dob={second}&password=x".encode(), query=f"dob={first}") == 422
    assert (
        answered(FORM, f"dob[]={ADULT}&dob[]={CHILD}&password=x".encode()) == 0
    )  # a list, as a parent's


def test_very_many_dates_are_not_read_to_the_end() -> None:
    many = "&".join(f"a{number}.dob=x" for number in range(100))
    assert answered(FORM, f"{many}&dob={CHILD}&password=x".encode()) == 422
    lists = "&".join("dob[]=x" for _ in range(100))
    assert answered(FORM, f"{lists}&dob={CHILD}&password=x".encode()) == 422


def test_the_query_counts_with_the_body() -> None:
    assert answered(FORM, b"password=x", query=f"dob={CHILD}") == 403
    assert answered(FORM, f"dob={CHILD}".encode(), query="password=x") == 403
    assert answered(JSON, b'{"password": "x"}', query=f"user%5Bdob%5D={CHILD}&a=b") == 403
    assert answered(FORM, b"password=x", query=f"dob={'+' * 9000}{CHILD}") == 403
    assert answered(FORM, b"password=x", query=f"dob={ADULT}") == 0
    assert answered(FORM, b"password=x", query="utm_source=x&a;b") == 0
    assert answered(FORM, b"password=x", query=f"a;dob={CHILD}") == 422


def test_the_query_counts_with_a_body_that_is_a_form_too() -> None:
    """Bottle's `params` are the query and any body that is not multipart, read as a form."""
    assert answered(JSON, b'{"a": "&password=x&"}', query=f"dob={CHILD}") == 422
    assert answered(JSON, b'{"a": "&password=x&"}', query="a=b") == 0
    assert (
        answered(JSON, f'{{"dob": "{ADULT}", "password": "x", "a": "&password=x&"}}'.encode()) == 0
    )


def test_a_file_counts_as_a_value() -> None:
    """Falcon and others give an app a part's content whether it has a file name or not."""
    file = part("dob", CHILD, "Content-Type: text/plain").replace('"dob"', '"dob"; filename="a"')
    assert answered(BOUNDED, parts(file, part("password", "x"))) == 403
    blob = part(
        "user", json.dumps({"dob": CHILD, "password": "x"}), "Content-Type: application/json"
    )
    assert answered(BOUNDED, parts(blob)) == 403
    assert answered(BOUNDED, parts(blob.replace('"user"', '"user"; filename="blob"'))) == 403


def test_a_head_that_gives_two_lengths_is_read_in_two_ways() -> None:
    body = f"dob={CHILD}&birthday={ADULT}&password=x".encode()
    assert answered(FORM, body) == 0
    assert answered(FORM, body, more=(("transfer-encoding", "chunked"),)) == 422


# ---------------------------------------------------------------------- bodies that cannot be read so

DOB, WORD = part("dob", CHILD), part("password", "x")
TABLE = json.dumps({"dob": {"year": 2019, "month": 3, "day": 1}, "password": "x"})
EBCDIC = f'--zzz\r\nContent-Disposition: form-data; name="dob"\r\n\r\n{CHILD}'.encode("cp037")
ODD: dict[str, tuple[str, bytes]] = {
    "JSON as text": ("text/plain", TABLE.encode()),
    "JSON in latin-1": (f"{JSON}; charset=latin-1", TABLE.encode()),
    "JSON after a mark": (JSON, TABLE.encode("utf-8-sig")),
    "JSON after NaN": (JSON, b'{"x":NaN,' + TABLE[1:].encode()),
    "JSON with a comment": (JSON, b"/* x */" + TABLE.encode()),
    "JSON twice": (JSON, TABLE.encode() + b"{}"),
    "JSON with quotes of one stroke": ("", TABLE.replace('"', "'").encode()),
    "JSON with escapes": ("text/plain", TABLE.replace("dob", "\\u0064ob").replace("ss", "\\u0073s").encode()),
    "JSON in a form in JSON": ("text/plain", json.dumps({"a": quote(json.dumps(TABLE))}).encode()),
    **{f"JSON in {code}": (JSON, TABLE.encode(code)) for code in ("utf-16", "utf-16-le", "utf-32", "utf-32-be")},
    "a head that ends early": (BOUNDED, b'--zzz\r\nX: y\n\nContent-Disposition: form-data; name="dob"\r\n\r\n'
                               + CHILD.encode() + b"\r\n" + parts(WORD)),
    "a head that ends at CR": (BOUNDED, b'--zzz\r\nX: y\r\rContent-Disposition: form-data; name="dob"\r\n\r\n'
                               + CHILD.encode() + b"\r\n" + parts(WORD)),
    "lines of LF": (BOUNDED, parts(DOB, WORD).replace(b"\r\n", b"\n")),
    "lines of CR": (BOUNDED, parts(DOB, WORD).replace(b"\r\n", b"\r")),
    "a boundary in mid-line": (BOUNDED, b"--yyy\r\n\r\nx" + parts(DOB, WORD)),
    "a boundary never declared": (BOUNDED, parts(DOB, WORD, boundary="yyy")),
    "a preamble": (BOUNDED, b"x\r\n" + parts(DOB, WORD)),
    "no end": (BOUNDED, parts(DOB, WORD)[:-9]),
    "names in UTF-7": (f"{BOUNDED}; charset=utf-7", parts(part("d+AG8-b", CHILD), part("p+AGE-ssword", "x"))),
    "names in UTF-7, told in pieces": (f"{BOUNDED}; charset*0=utf; charset*1=-7", parts(part("+AGQAbwBi-", CHILD))),
    "names in UTF-7, told with a stroke": (f'{BOUNDED}; charset="ut\\f-7"', parts(part("+AGQAbwBi-", CHILD))),
    "names in EBCDIC": ("multipart/form-data; boundary=zzz; charset=cp037", EBCDIC),
    "a form in UTF-7": (f"{FORM}; charset=utf-7", f"d%2BAG8-b={CHILD}&p%2BAGE-ssword=x".encode()),
    "a charset of a part": (BOUNDED, parts("x", part("user", "+AGQAbwBi-", "Content-Type: a/b; charset=utf-7"))),
    "a charset as a field": (BOUNDED, parts("x", part("_charset_", "utf-7"), part("+AGQAbwBi-", CHILD))),
    "names with escapes": (BOUNDED, parts("x", part("d\\ob", CHILD), WORD)),
    "names in pieces": (BOUNDED, parts(DOB, WORD).replace(b'name="dob"', b'name*0="do"; name*1="b"')),
    "names of RFC 2231": (BOUNDED, parts(DOB, WORD).replace(b'name="dob"', b"name*=utf-8''%64ob")),
    "names of RFC 2231 in UTF-16": (
        BOUNDED, parts(DOB, WORD).replace(b'name="dob"', b"name*=utf-16''d%00o%00b%00"),
    ),
    "names of RFC 2231 in EBCDIC": (BOUNDED, parts(DOB, WORD).replace(b'name="dob"', b"name*=cp037''%84%96%82")),
    "names of RFC 2047": (BOUNDED, parts("x", part("=?utf-8?b?ZG9i?=", CHILD), WORD)),
    "bytes that are dropped": (BOUNDED, parts(WORD).replace(b"--zzz\r", b"-", 1) + b'name="d\xffob"\r\n\r\n'),
    "a field between semicolons": (FORM, f"dob={CHILD};password=x".encode()),
    "a form as text": ("text/plain", f"d%6fb={CHILD}&user%5Bpassword%5D%5B%5D=x".encode()),
    "words of a name": ("text/plain", f"user_dob={CHILD}&userPwd=x".encode()),
    "letters of a name": ("text/plain", f"d_o_b={CHILD}&password=x".encode()),
    "no type at all": ("", f"birth%5Byear%5D=2019&{quote('f[plainPassword][first]')}=x".encode()),
    "MessagePack": ("application/x-msgpack", packed(dob=CHILD, password="x")),
    "XML": ("application/xml", f"<user><dob>{CHILD}</dob><password>x</password></user>".encode()),
    "XML with references": ("text/xml", f"<a d&#111;b='{CHILD}' p&#x61;ssword='x'/>".encode()),
    "XML in EBCDIC": ("text/xml", b"<?xml version='1.0' encoding='cp037'?>"),
    "YAML": ("application/yaml", f"dob: {CHILD}\npassword: x\n".encode()),
    "nested JSON after NaN": (FORM, b"data=" + quote('{"a":NaN,' + TABLE[1:]).encode()),
    "nested JSON in a file, in UTF-16": (
        BOUNDED, b'--zzz\r\nContent-Disposition: form-data; name="u"; filename="b"\r\n\r\n' + TABLE.encode("utf-16")
        + b"\r\n--zzz--\r\n",
    ),
    "JSON that goes deep": (JSON, b'{"a":' * 70 + TABLE.encode() + b"}" * 70),
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_a_signup_that_cannot_be_read_in_one_way_is_refused_whatever_its_date(odd: str) -> None:
    content_type, body = ODD[odd]
    assert answered(content_type, body) in {415, 422}
    adults = body.replace(CHILD.encode(), ADULT.encode())
    assert answered(content_type, adults) in {415, 422}


# ------------------------------------------------------------------------------------ what is harmless

PHOTO = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
    + bytes(range(256)) * 40
    + b"Adobe Photoshop, %64%6F\\u0064 +AG8- --zzz"
)
SOAP = (
    b"<?xml version='1.0' encoding='utf-8'?><soap:Envelope xmlns:soap='http://schemas.xmlsoap.org/soap/envelope/'>"
    b"<soap:Body><Join><email>a@b.example</email><password>x</password></Join></soap:Body></soap:Envelope>"
)
MUTATION = "mutation Join($email: String!, $password: String!) { join(email: $email, password: $password) { id } }"
LONG = "password=x&about=" + quote(
    "I was born in Adobe Town, reborn; my dobby passes the birthrate."
)
UPLOAD = (
    b'--zzz\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    + PHOTO.replace(b"--zzz", b"") + b"\r\n--zzz--\r\n"
)  # fmt: skip
HARMLESS: dict[str, tuple[str, bytes, tuple[Field, ...]]] = {
    "curl -d": (FORM, b"email=a@b.example&password=x", ()),
    "curl -d of an adult": (FORM, f"dob={ADULT}&password=x".encode(), ()),
    "curl -F": (BOUNDED, parts(part("email", "x"), part("password", "x")), ()),
    "curl --data-binary @photo.png": ("application/octet-stream", PHOTO, ()),
    "curl of an adult, chunked": (FORM, f"dob={ADULT}&password=x".encode(), (("transfer-encoding", "chunked"),)),
    "a search form": (FORM, b"q=date+of+birth+records&page=2", ()),
    "a search in words": ("text/plain", b"what is my birthday, and when was I born?", ()),
    "fetch, text": ("text/plain;charset=UTF-8", json.dumps({"email": "x", "password": "y"}).encode(), ()),
    "fetch, FormData with a photo": (BOUNDED, UPLOAD, ()),
    "iOS, a charset beside the boundary": (
        "multipart/form-data; charset=utf-8; boundary=zzz", parts(part("dob", ADULT), part("password", "x")), (),
    ),
    "Android, parts of an adult": (
        BOUNDED, parts(part("dob", ADULT, "Content-Transfer-Encoding: binary", "Content-Length: 10"), WORD), (),
    ),
    "Android, an old client": (
        f"{BOUNDED}; charset=windows-1252",
        parts(part("email", "x", "Content-Type: text/plain; charset=US-ASCII", "Content-Transfer-Encoding: 8bit")), (),
    ),
    "JavaMail, a file name in encoded words": (
        f"{BOUNDED}; type=x", UPLOAD.replace(b'"a.png"', b'"=?UTF-8?B?Zm90by5wbmc=?="'), (),
    ),
    "urllib3, a file name of RFC 2231": (f"{BOUNDED}; a=b", UPLOAD.replace(b'name="a.png"', b"name*=utf-8''a.png"), ()),
    "requests, a file alone": (f"multipart/form-data; boundary={'0a' * 16}", UPLOAD.replace(b"zzz", b"0a" * 16), ()),
    "httpx, JSON of an adult": (JSON, json.dumps({"dob": ADULT, "password": "x"}).encode(), ()),
    "axios, JSON": (JSON, b'{"email":"x","password":"y","marketing":null}', ()),
    "GraphQL": (JSON, json.dumps({"query": MUTATION, "variables": {"email": "x", "password": "y"}}).encode(), ()),
    "GraphQL, a document alone": ("application/graphql", MUTATION.encode(), ()),
    "GraphQL, a multipart request": (
        BOUNDED, parts(part("operations", json.dumps({"query": MUTATION})), part("map", '{"0":["variables.a"]}')), (),
    ),
    "tus": ("application/offset+octet-stream", PHOTO, (("tus-resumable", "1.0.0"), ("upload-offset", "0"))),
    "SOAP": ("text/xml; charset=utf-8", SOAP, (("soapaction", "Join"),)),
    "SOAP 1.2": ('application/soap+xml; charset=utf-8; action="Join"', SOAP, ()),
    "XML without a password": ("application/xml", f"<a><dob>{CHILD}</dob></a>".encode(), ()),
    "JSON lines": ("application/x-ndjson", b'{"event":"join"}\n{"event":"view"}\n', ()),
    "a beacon": ("text/plain;charset=UTF-8", b"event=join&path=/join", ()),
    "a CSP report": ("application/csp-report", b'{"csp-report":{"document-uri":"https://shop.example/join"}}', ()),
    ".NET, JSON in UTF-16": ("application/json; charset=utf-16", '{"email":"x","password":"y"}'.encode("utf-16"), ()),
    "MessagePack": ("application/msgpack", packed(email="x", password="y"), ()),
    "protocol buffers": ("application/x-protobuf", b"\n\x05a@b.c\x12\x04word\x1a\x0a1990-05-17", ()),
    "gzip": (JSON, base64.b64decode("H4sIAAAAAAACA6vmUlBQSs7PLShKLS5OTVGyUkpMSlGqBQCmZkXCFgAAAA=="),
             (("content-encoding", "gzip"),)),
    "an empty body": ("", b"", ()),
    "prose": (FORM, LONG.encode(), ()),
    "prose, not to be read": ("text/plain", LONG.replace("born", "there").encode(), ()),
    "a certificate": (BOUNDED, UPLOAD.replace(b'name="photo"', b'name="birth_certificate"'), ()),
    "an adult's photo": (BOUNDED, parts(part("dob", ADULT), WORD)[:-9] + UPLOAD, ()),
    "an adult's letter": (
        BOUNDED, parts(part("dob", ADULT), WORD, part("letter", "{\\rtf1 I was born; date of birth: 1990}")), (),
    ),
    "an adult's settings": (BOUNDED, parts(part("dob", ADULT), WORD, part("ini", "[login]\npassword=x\ndob=1")), ()),
    "a parent's JSON": (JSON, json.dumps({"children": [{"dob": CHILD}], "password": "x"}).encode(), ()),
    "a parent's JSON in a form": (
        FORM, f"children={quote(json.dumps({'children': [{'dob': CHILD}]}))}&password=x".encode(), (),
    ),
    "a parent's JSON, and the parent's date": (
        JSON, json.dumps({"dob": ADULT, "children": {"first": {"dob": [2019, 3, 1]}}, "password": "x"}).encode(), (),
    ),
    "a parent's form, not to be read": ("text/plain", f"child_dob={CHILD}&password=x".encode(), ()),
    "two players": (JSON, json.dumps({"players": [{"dob": CHILD}, {"dob": ADULT}], "password": "x"}).encode(), ()),
}  # fmt: skip


@pytest.mark.parametrize("client", HARMLESS)
def test_what_is_no_childs_signup_passes(client: str) -> None:
    content_type, body, more = HARMLESS[client]
    length = (
        ()
        if any(name == "transfer-encoding" for name, _ in more)
        else (("content-length", str(len(body))),)
    )
    fields: list[Field] = [
        *length,
        *more,
        *([("content-type", content_type)] if content_type else []),
    ]
    visit = GUARD.visit(Sent(*fields, method="POST", path="/join"))
    assert isinstance(visit.request(), NeedBody | Pass)
    assert isinstance(visit.body(body, False), Pass)
    visit.end()


# Adults' requests that are refused, because nothing tells them from a child's: what the rule costs.
COSTS: dict[str, tuple[str, bytes]] = {
    "XML": ("application/xml", f"<user><dob>{ADULT}</dob><password>x</password></user>".encode()),
    "JSON that is called text": ("text/plain", json.dumps({"dob": ADULT, "password": "x"}).encode()),
    "MessagePack": ("application/msgpack", packed(dob=ADULT, password="x")),
    "prose that names both, in no form": ("text/plain", b"password: x. I was born in Quetta."),
    "a charset few know": (f"{FORM}; charset=cp037", b"email=x"),
    "children of one name without []": (FORM, f"dob={ADULT}&dob={CHILD}&password=x".encode()),
    "a parent's form in no form": ("text/plain", f"children[0][dob]={CHILD}&password=x".encode()),
}  # fmt: skip


@pytest.mark.parametrize("cost", COSTS)
def test_what_the_rule_costs(cost: str) -> None:
    assert answered(*COSTS[cost]) in {415, 422}


# -------------------------------------------------------------------------------------- names anywhere

steps = st.sampled_from(
    ["dob", "birth", "date", "birthDate", "birth_year", "year", "of", "yearOfBirth", "password", "new-password",
     "plainPassword", "pwd", "passphrase", "first", "0", "user", "childcare", "b", "Bday", "x_y", "pass1"]
)  # fmt: skip
joints = st.sampled_from([".", "[", "][", "]", "__", ":", "/", " ", "-", "_"])
field_names = st.lists(st.tuples(steps, joints), min_size=1, max_size=5).map(
    lambda pairs: "".join(step + joint for step, joint in pairs)
)
WRITTEN: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda name: name.encode(),
    "percent": lambda name: quote(name, safe="").encode(),
    "all percent": lambda name: "".join(f"%{ord(sign):02X}" for sign in name).encode(),
    "percent twice": lambda name: quote("".join(f"%{ord(sign):02x}" for sign in name)).encode(),
    "code points": lambda name: "".join(f"\\u{ord(sign):04x}" for sign in name).encode(),
    "code points in percent": lambda name: quote(
        "".join(f"\\u{ord(sign):04X}" for sign in name)
    ).encode(),
    "references": lambda name: "".join(f"&#{ord(sign)};" for sign in name).encode(),
    "UTF-16": lambda name: name.encode("utf-16-be"),
    "UTF-32": lambda name: name.encode("utf-32-le"),
    "strokes": lambda name: name.replace("o", "\\o").replace("a", "\\a").encode(),
    "UTF-16 in percent": lambda name: quote(name.encode("utf-16-le")).encode(),
    "between bytes in percent": lambda name: "%FF".join(name).encode(),
    "between bytes": lambda name: b"\xff".join(bytes([byte]) for byte in name.encode()),
}


@settings(max_examples=400)
@given(
    field_names,
    field_names,
    st.sampled_from(sorted(WRITTEN)),
    st.binary(max_size=3),
    st.sampled_from('"=<\n'),
)
def test_what_is_found_in_fields_occurs_in_the_bytes(
    first: str, second: str, how: str, piece: bytes, end: str
) -> None:
    """However a name is written, and whatever stands beyond the signs around it."""
    kinds = {kind_of(first), kind_of(second)}
    if NameKind.PASSWORD not in kinds or not kinds - {
        NameKind.PASSWORD,
        NameKind.OTHER,
        NameKind.SOMEBODY_ELSE,
    }:
        return
    write = WRITTEN[how]
    raw = piece + b'"'.join([b"", write(first), b":", write(second), end.encode()]) + piece
    assert may_be_signup("text/plain", raw), raw


@pytest.mark.parametrize(
    "charset", sorted({"utf-8", "us-ascii", "iso-8859-1", "windows-1252", "shift_jis", "gbk"})
)
def test_a_charset_of_plain_letters_hides_nothing(charset: str) -> None:
    plain = bytes(range(0x20, 0x7F)).replace(b"\\", b"").replace(b"~", b"")
    assert plain.decode(charset) == plain.decode("ascii")
    assert not may_be_signup(f"text/plain; charset={charset}", b"x")


@pytest.mark.parametrize(
    "charset",
    ["utf-7", "UTF7", "u7", "unicode-1-1-utf-7", "cp037", "ibm500", "cp1140", "hz", "iso-2022-jp", "iso2022_kr", "idna",
     "punycode", "unicode_escape", "raw-unicode-escape", "rot13", "utf 7"],
)  # fmt: skip
def test_a_charset_that_hides_letters_may_hide_any_name(charset: str) -> None:
    assert codecs.lookup(charset)
    for head in (
        f"text/plain; charset={charset}",
        f'text/plain; CHARSET = "{charset}"',
        f"a/b;charset='{charset}'",
    ):
        assert may_be_signup(head, b"x")
    assert may_be_signup(
        "a/b", f'--b\r\nContent-Type: text/plain; charset="{charset}"\r\n\r\nx'.encode()
    )
