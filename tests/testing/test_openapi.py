"""The check for schemathesis: red where an API breaks the policy, green where the layer keeps it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI, Response
from hypothesis import Phase, given, settings
from pydantic import BaseModel
from schemathesis.core.transport import Response as Answer

from alpines_privacy import Cookie, PrivacyPolicy, Signup, protect
from alpines_privacy.testing.openapi import policy_kept

POLICY = PrivacyPolicy(
    cookies=[Cookie("theme", purpose="Keeps the page dark", necessary=True)],
    signups=[Signup("/clubs/{club}/guests", birth_date="born")],
)


class Guest(BaseModel):
    name: str
    born: date


def bare() -> FastAPI:
    app = FastAPI()

    @app.get("/stock")
    def stock(response: Response) -> dict[str, int]:
        response.set_cookie("_ga", "GA1.1.1")
        response.set_cookie("theme", "dark")
        return {"lamps": 3}

    @app.post("/clubs/{club}/guests", status_code=201)
    def register(club: str, guest: Guest) -> str:
        return f"{club}: {guest.name}"

    return app


CHECK = policy_kept(POLICY)


def run(app: FastAPI, path: str, method: str, **fields: str) -> None:
    """Send what schemathesis makes of the document, and check each answer."""
    operation = schemathesis.openapi.from_asgi("/openapi.json", app)[path][method]

    @given(case=operation.as_strategy())
    @settings(max_examples=60, phases=[Phase.generate], database=None, derandomize=True)
    def send(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=fields, checks=[CHECK])

    send()


REQUESTS = [
    ("/stock", "GET", "dnt"),
    ("/stock", "GET", "sec-gpc"),
    ("/clubs/{club}/guests", "POST", "x"),
]


@pytest.mark.parametrize(("path", "method", "field"), REQUESTS)
def test_a_protected_api_passes(path: str, method: str, field: str) -> None:
    run(protect(bare(), POLICY), path, method, **{field: "1"})


@pytest.mark.parametrize(
    ("path", "method", "field", "says"),
    [
        (*REQUESTS[0], "the cookie '_ga' is set under a signal"),
        (*REQUESTS[1], "the cookie '_ga' is set under a signal"),
        (*REQUESTS[2], "/clubs/{club}/guests took a child's account"),
        ("/stock", "GET", "x", "Vary does not name DNT and Sec-GPC"),
    ],
)
def test_a_bare_api_does_not(path: str, method: str, field: str, says: str) -> None:
    with pytest.raises(BaseException, match="policy") as raised:
        run(bare(), path, method, **{field: "1"})
    assert says in _texts(raised.value)


def _texts(error: BaseException) -> str:
    inner = getattr(error, "exceptions", ())
    return "\n".join([str(error), *map(_texts, inner)])


CHILD, ADULT = "2020-02-29", "1990-05-17"
FORM = "application/x-www-form-urlencoded"
# The content type, the body, the path, and whether the check knows a child's account in a 201.
SENT: list[tuple[str, Any, str, bool]] = [
    ("application/json", f'{{"born": "{CHILD}"}}'.encode(), "/clubs/a/guests", True),
    ("application/json", f'{{"born": "{CHILD}"}}', "/clubs/a/guests?x=1", True),
    (FORM, f"born={CHILD}".encode(), "/clubs/a/guests", True),
    (FORM, f"born={ADULT}".encode(), "/clubs/a/guests", False),
    (FORM, b"born=soon", "/clubs/a/guests", False),
    (FORM, b"name=Mira", "/clubs/a/guests", False),
    ("text/plain", CHILD.encode(), "/clubs/a/guests", False),
    (FORM, f"born={CHILD}".encode(), "/clubs/a/b/guests", False),
    (FORM, None, "/clubs/a/guests", False),
]


@pytest.mark.parametrize(("kind", "body", "path", "is_child"), SENT)
def test_a_childs_account_is_known_by_what_was_sent(
    kind: str, body: Any, path: str, is_child: bool
) -> None:
    import requests  # noqa: PLC0415 - what schemathesis sends

    sent = requests.Request(
        "POST", f"http://shop.example{path}", headers={"content-type": kind}, data=body
    ).prepare()
    for status in (201, 403):
        answer = Answer(status, {}, b"", sent, 0.1, verify=True)
        if is_child and status == 201:
            with pytest.raises(AssertionError, match="took a child's account"):
                CHECK(None, answer, None)
        else:
            CHECK(None, answer, None)


@pytest.mark.parametrize(("age", "is_child"), [("12", True), ("13", False), ("many", False)])
def test_an_age_in_years_is_known_too(age: str, is_child: bool) -> None:
    import requests  # noqa: PLC0415 - as above

    check = policy_kept(PrivacyPolicy(signups=[Signup("/join", age="age")]))
    sent = requests.Request("POST", "http://shop.example/join", data={"age": age}).prepare()
    answer = Answer(201, {}, b"", sent, 0.1, verify=True)
    if not is_child:
        check(None, answer, None)
        return
    with pytest.raises(AssertionError, match="took a child's account"):
        check(None, answer, None)
