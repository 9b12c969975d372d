"""What ordinary clients send at a declared signup passes: the types and bodies as they write them.

Each row is a request as the client puts it on the wire. The age in it is a child's or not: what
passes is read, and not merely let through.
"""

from __future__ import annotations

import httpx
import pytest

from alpines_privacy import PrivacyPolicy, Signup
from alpines_privacy.guard import Guard
from alpines_privacy.http.heads import Field
from alpines_privacy.http.outcomes import Answer, NeedBody, Pass
from tests.support.sent import Sent

ADULT, CHILD = "1990-02-03", "2020-02-03"
FORM = "application/x-www-form-urlencoded"
CHUNKED: Field = ("transfer-encoding", "chunked")


def parts(boundary: str, *written: str, before: str = "") -> bytes:
    lines = "".join(f"--{boundary}\r\n{part}\r\n" for part in written)
    return f"{before}{lines}--{boundary}--\r\n".encode()


def field(name: str, value: str, *more: str) -> str:
    lines = "\r\n".join([f'Content-Disposition: form-data; name="{name}"', *more])
    return f"{lines}\r\n\r\n{value}"


PHOTO = (
    'Content-Disposition: form-data; name="photo"; filename="Foto vom 3. Mai; neu.png"\r\n'
    "Content-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n"
)
DOB = field("dob", ADULT)
WEBKIT, GECKO = "----WebKitFormBoundary7MA4YWxkTrZu0gW", "----geckoformboundary9c3a1e5b7d2f4068"
NODE, OKHTTP = (
    "--------------------------832755478962115872934517",
    "3f2a8f5e-2c1b-4b0e-9c55-0d6e7a4a1f10",
)
PYTHON_EMAIL = "===============7330845974216740156=="

# The client, its Content-Type, its body, and what else its head says.
CLIENTS: dict[str, tuple[str, bytes, list[Field]]] = {
    "browser, form": (FORM, f"name=Ay%C3%A9sha+Khan&dob={ADULT}&ok=on&empty=".encode(), []),
    "browser, form with an apostrophe and signs": (FORM, f"a=O%27Neil%3B+100%25*-._&dob={ADULT}".encode(), []),
    "Chromium, parts": (f"multipart/form-data; boundary={WEBKIT}", parts(WEBKIT, field("name", "Ayésha"), DOB), []),
    "Chromium, parts and a file": (f"multipart/form-data; boundary={WEBKIT}", parts(WEBKIT, DOB, PHOTO), []),
    "Chromium, no file chosen": (
        f"multipart/form-data; boundary={WEBKIT}",
        parts(
            WEBKIT, DOB,
            'Content-Disposition: form-data; name="photo"; filename=""\r\n'
            "Content-Type: application/octet-stream\r\n\r\n",
        ),
        [],
    ),
    "Chromium, a quote in a name": (
        f"multipart/form-data; boundary={WEBKIT}", parts(WEBKIT, field("a%22b", "x"), DOB), [],
    ),
    "Firefox, parts": (f"multipart/form-data; boundary={GECKO}", parts(GECKO, DOB, PHOTO), []),
    "older Firefox": (
        "multipart/form-data; boundary=---------------------------29326481634212",
        parts("---------------------------29326481634212", DOB), [],
    ),
    "fetch, URLSearchParams": (f"{FORM};charset=UTF-8", f"dob={ADULT}&a=b".encode(), []),
    "fetch, JSON": ("application/json", f'{{"dob":"{ADULT}","name":"Ayésha","tags":[1,null]}}'.encode(), []),
    "axios, JSON": ("application/json", f'{{"dob":"{ADULT}"}}'.encode(), [("accept",
    "application/json, text/plain, */*")]),
    "axios, form": ("application/x-www-form-urlencoded;charset=utf-8", f"dob={ADULT}".encode(), []),
    "axios on Node, parts": (f"multipart/form-data; boundary={NODE}", parts(NODE, DOB), []),
    "undici, parts": (
        "multipart/form-data; boundary=----formdata-undici-021834672943",
        parts("----formdata-undici-021834672943", DOB), [CHUNKED],
    ),
    "jQuery": (f"{FORM}; charset=UTF-8", f"dob={ADULT}&name=x".encode(), [("x-requested-with", "XMLHttpRequest")]),
    "Angular": ("application/json", f'{{\n  "dob": "{ADULT}"\n}}'.encode(), []),
    "curl -d": (FORM, f"dob={ADULT}&name=Ayesha Khan".encode(), []),
    "curl -F": (
        "multipart/form-data; boundary=------------------------d74496d66958873e",
        parts("------------------------d74496d66958873e", DOB), [],
    ),
    "curl --json": ("application/json", f'{{"dob": "{ADULT}"}}'.encode(), [("accept", "application/json")]),
    "wget": (FORM, f"dob={ADULT}".encode(), []),
    "HTTPie": ("application/json", f'{{"dob": "{ADULT}"}}'.encode(), [("accept", "application/json, */*;q=0.5")]),
    "HTTPie --form": ("application/x-www-form-urlencoded; charset=utf-8", f"dob={ADULT}".encode(), []),
    "Postman, JSON": ("application/json", f'{{\r\n    "dob": "{ADULT}"\r\n}}'.encode(), []),
    "Postman, parts": (f"multipart/form-data; boundary={NODE}", parts(NODE, DOB, PHOTO), []),
    "requests, parts": (f"multipart/form-data; boundary={'9f' * 16}", parts("9f" * 16, DOB, PHOTO), []),
    "aiohttp, parts": (
        "multipart/form-data; boundary=7f3c1f0a5b7a4a0e8e3f0f5a3c1d2b4e",
        parts(
            "7f3c1f0a5b7a4a0e8e3f0f5a3c1d2b4e",
            f'Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="dob"\r\n\r\n{ADULT}',
        ),
        [CHUNKED],
    ),
    "Python's email, parts": (f'multipart/form-data; boundary="{PYTHON_EMAIL}"', parts(PYTHON_EMAIL, DOB), []),
    "OkHttp, form": (FORM, f"dob={ADULT}".encode(), []),
    "OkHttp, JSON": ("application/json; charset=utf-8", f'{{"dob":"{ADULT}"}}'.encode(), []),
    "OkHttp, parts": (
        f"multipart/form-data; boundary={OKHTTP}", parts(OKHTTP, field("dob", ADULT, "Content-Length: 10")), [],
    ),
    "Alamofire, parts": (
        "multipart/form-data; boundary=alamofire.boundary.9d1c3f5b7a2e4068",
        parts("alamofire.boundary.9d1c3f5b7a2e4068", DOB), [],
    ),
    "Alamofire, form": (f"{FORM}; charset=utf-8", f"dob={ADULT}".encode(), []),
    "Dart, JSON": ("application/json; charset=utf-8", f'{{"dob":"{ADULT}"}}'.encode(), []),
    "Dart, parts": (
        "multipart/form-data; boundary=dart-http-boundary-Xy.z_0+1-abcdefgh",
        parts("dart-http-boundary-Xy.z_0+1-abcdefgh", DOB), [],
    ),
    "React Native, parts": (
        f"multipart/form-data; boundary={OKHTTP}",
        parts(OKHTTP, f'content-disposition: form-data; name="dob"\r\nContent-Length: 10\r\n\r\n{ADULT}'), [],
    ),
    ".NET, parts": (
        'multipart/form-data; boundary="0f8fad5b-d9cb-469f-a165-70867728950e"',
        parts(
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            f"Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=dob\r\n\r\n{ADULT}",
            "Content-Disposition: form-data; name=f; filename=a.txt; filename*=utf-8''a.txt\r\n\r\nhi",
        ),
        [],
    ),
    ".NET, JSON": ("application/json; charset=utf-8", f'{{"dob":"{ADULT}"}}'.encode(), [CHUNKED]),
    "Apache's client, form": (f"{FORM}; charset=ISO-8859-1", f"dob={ADULT}".encode(), []),
    "Apache's client, parts": (
        "multipart/form-data; boundary=Ab_-09azZ; charset=ISO-8859-1",
        parts(
            "Ab_-09azZ",
            f'Content-Disposition: form-data; name="dob"\r\nContent-Type: text/plain; charset=ISO-8859-1\r\n'
            f"Content-Transfer-Encoding: 8bit\r\n\r\n{ADULT}",
        ),
        [],
    ),
    "Spring, parts": (
        f"multipart/form-data;charset=UTF-8;boundary={OKHTTP}",
        parts(OKHTTP, field("dob", ADULT, "Content-Type: text/plain;charset=UTF-8", "Content-Length: 10")), [],
    ),
    "Go, parts": (f"multipart/form-data; boundary={'0a' * 30}", parts("0a" * 30, DOB), []),
    "Go, form": (FORM, f"dob={ADULT}".encode(), [("accept-encoding", "gzip")]),
    "Guzzle, parts": (
        f"multipart/form-data; boundary={'9f' * 20}", parts("9f" * 20, field("dob", ADULT, "Content-Length: 10")), [],
    ),
    "Ruby, parts": (
        "multipart/form-data; boundary=-----------RubyMultipartPost-8d1c3f",
        parts("-----------RubyMultipartPost-8d1c3f", DOB), [],
    ),
    "Swagger UI, a part of JSON": (
        f"multipart/form-data; boundary={WEBKIT}",
        parts(WEBKIT, DOB, field("more", "{}", "Content-Type: application/json")), [],
    ),
    "JSON:API": ("application/vnd.api+json", f'{{"dob":"{ADULT}"}}'.encode(), []),
    "an empty Content-Encoding of identity": (FORM, f"dob={ADULT}".encode(), [("content-encoding", "identity")]),
    "a client that waits": (FORM, f"dob={ADULT}".encode(), [("expect", "100-continue")]),
    "prose with signs": ("application/json", f'{{"dob":"{ADULT}","about":"R&D; a=b & c=d &amp; x"}}'.encode(), []),
    "a link with a query": ("application/json",
    f'{{"dob":"{ADULT}","site":"https://x.example/?a=1&b=2"}}'.encode(), []),
}  # fmt: skip


def status(content_type: str, body: bytes, more: list[Field]) -> int:
    """Return what the layer answers, 0 if it lets the request pass."""
    policy = PrivacyPolicy(signups=[Signup("/register", birth_date="dob")])
    length = [] if CHUNKED in more else [("content-length", str(len(body)))]
    request = Sent(("content-type", content_type), *length, *more, method="POST", path="/register")
    visit = Guard(policy).visit(request)
    assert isinstance(visit.request(), NeedBody)
    outcome = visit.body(body, False)
    visit.end()
    assert isinstance(outcome, Pass | Answer)
    return outcome.status if isinstance(outcome, Answer) else 0


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_client_sends_is_read(client: str) -> None:
    content_type, body, more = CLIENTS[client]
    assert status(content_type, body, more) == 0
    assert status(content_type, body.replace(ADULT.encode(), CHILD.encode()), more) == 403


FIELDS = {"name": "Ayésha & Co; 100%", "dob": ADULT, "about": "line\r\nline\u2028 \U0001f600"}
FILES = {"photo": ("mé.png", b"\x89PNG\r\n--x", "image/png")}


@pytest.mark.parametrize(
    "options",
    [{"data": FIELDS}, {"json": FIELDS}, {"data": FIELDS, "files": FILES}],
    ids=["form", "JSON", "parts"],
)
def test_what_httpx_sends_by_itself_is_read(options: dict[str, object]) -> None:
    sent = httpx.Request("POST", "https://shop.example/register", **options)  # type: ignore[arg-type]
    assert status(sent.headers["content-type"], sent.read(), []) == 0
