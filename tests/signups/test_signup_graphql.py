"""GraphQL: a signup is known by its operation's name, whatever else an API's one path is used for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

import graphql
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpines_privacy import PolicyError, PrivacyPolicy, Signup
from alpines_privacy.guard import Guard
from alpines_privacy.http.content_type import ContentType, Unreadable
from alpines_privacy.http.outcomes import Answer, Pass
from alpines_privacy.signups.graphql import operation_of
from tests.http.test_body import FORM, JSON, MULTIPART, parts, text
from tests.signups.test_signups import decided
from tests.support.clock import stop_clock
from tests.support.secret_keys import KEY
from tests.support.sent import Sent
from tests.support.signup_sites import PROTOCOLS, Site, site_of

ADULT, CHILD = "1990-02-03", "2019-03-01"
LOCK = "alpines-privacy-age-lock"
POLICY = PrivacyPolicy(
    signups=[
        Signup("/graphql", operation="SignUp", birth_date="input.dob"),
        Signup("/graphql", operation="joinClub", age="age"),
    ]
)
SIGN_UP = "mutation SignUp($input: SignUpInput!) { signUp(input: $input) { id } }"
JOIN = "mutation ($age: Int!) { joinClub(age: $age) { id } }"
ME = "query Me { me { id signUpDate } }"


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)
    stop_clock(monkeypatch, date(2026, 11, 25))


@pytest.fixture(params=PROTOCOLS)
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with site_of(request.param, POLICY) as made:
        yield made


def born(day: str) -> dict[str, Any]:
    return {"input": {"dob": day, "name": "x"}}


def asking(query: str | None = None, name: str | None = None, **variables: Any) -> dict[str, Any]:
    sent = {"query": query, "operationName": name, "variables": variables}
    return {key: value for key, value in sent.items() if value is not None}


# What is sent, and what it is answered.
REQUESTS: dict[str, tuple[Any, int]] = {
    "an adult": (asking(SIGN_UP, "SignUp", **born(ADULT)), 200),
    "an adult, unnamed": (asking(SIGN_UP, **born(ADULT)), 200),
    "an adult, as JavaScript writes it": (asking(SIGN_UP, **born(f"{ADULT}T00:00:00.000Z")), 200),
    "a child": (asking(SIGN_UP, "SignUp", **born(CHILD)), 403),
    "a child, unnamed": (asking(SIGN_UP, **born(CHILD)), 403),
    "a child, stored by name": (asking(None, "SignUp", **born(CHILD)), 403),
    "a child, by the field's name": (asking(JOIN, age=9), 403),
    "an adult, by the field's name": (asking(JOIN, age=39), 200),
    "by an alias": (asking("mutation X($age: Int!) { a: joinClub(age: $age) { id } }", "X", age=9), 403),
    "by a fragment": (
        asking("mutation X($age: Int!) { ...F } fragment F on Mutation { joinClub(age: $age) { id } }", "X", age=9),
        403,
    ),
    "no date": (asking(SIGN_UP, "SignUp"), 422),
    "a date elsewhere": (asking(SIGN_UP, "SignUp", dob=ADULT), 422),
    "another operation": (asking(ME, "Me"), 200),
    "another operation, unnamed": (asking("{ me { id } }"), 200),
    "another, with a child's date": (asking(ME, "Me", **born(CHILD)), 200),
    "another, stored by name": (asking(None, "Me"), 200),
    "the name in a string": (asking('query T { type(name: "SignUp") { id } }', "T"), 200),
    "the name in a block string": (asking('query T { type(name: """a "SignUp" \\""" b""") { id } }', "T"), 200),
    "the name in a comment": (asking("# SignUp\nquery T { me { id } } # SignUp", "T"), 200),
    "a part of a name": (asking("query SignUps { SignUpCount }", "SignUps"), 200),
    "in another case": (asking("query signup { signup }", "signup"), 200),
    "several operations, this one named": (asking(f"{ME} {SIGN_UP}", "SignUp", **born(ADULT)), 200),
    "several operations, a child": (asking(f"{ME} {SIGN_UP}", "SignUp", **born(CHILD)), 403),
    "several operations, none named": (asking(f"{ME} {SIGN_UP}", **born(ADULT)), 422),
    "several operations, another named": (asking(f"{ME} {SIGN_UP}", "Me", **born(ADULT)), 422),
    "several others": (asking(f"{ME} query You {{ you }}", "You"), 200),
    "both signups": (asking("mutation SignUp { joinClub }", "SignUp", **born(ADULT)), 422),
    "a name, and another document": (asking(ME, "SignUp", **born(CHILD)), 403),
    "neither a document nor a name": (asking(**born(ADULT)), 422),
    "a batch of others": ([asking(ME, "Me"), asking("{ you }")], 200),
    "a batch with a signup": ([asking(ME, "Me"), asking(SIGN_UP, "SignUp", **born(ADULT))], 422),
    "a batch with a stored signup": ([asking(None, "SignUp", **born(ADULT))], 422),
    "a batch with an untold one": ([asking(ME), {"variables": {"a": 1}}], 422),
    "a batch of a batch": ([[asking(SIGN_UP, "SignUp", **born(ADULT))]], 422),
    "a batch of texts": ([SIGN_UP], 422),
    "a document that breaks off": (asking('mutation SignUp { signUp(a: "b) }', "X"), 422),
    "brackets that do not fit": (asking("mutation SignUp { signUp", "X"), 422),
    "more that close than open": (asking("}} mutation SignUp { signUp }", "X"), 422),
}  # fmt: skip


@pytest.mark.parametrize(("document", "status"), REQUESTS.values(), ids=REQUESTS)
def test_a_signup_is_judged_and_other_operations_pass(
    site: Site, document: Any, status: int
) -> None:
    response = site.visitor().post("/graphql", json=document)
    assert response.status_code == status
    assert len(site.seen) == (status == 200)
    assert [c.name for c in response.set_cookies] == ([LOCK] if status == 403 else [])


# Bodies of other types, and those that some server may read otherwise.
BODIES: dict[str, tuple[str, str, bytes, int]] = {
    "a form, another operation": ("", FORM, urlencode({"query": ME}).encode(), 200),
    "a form, a signup": ("", FORM, urlencode({"query": SIGN_UP, "variables": "{}"}).encode(), 415),
    "a form, twice": ("", FORM, urlencode([("query", ME), ("query", SIGN_UP)]).encode(), 422),
    "files": (
        "", MULTIPART, parts(text("operations", json.dumps(asking(ME))), text("map", "{}"), text("0", "x")), 200,
    ),
    "files of a signup": ("", MULTIPART, parts(text("operations", json.dumps(asking(SIGN_UP)))), 415),
    "files of a signup, escaped": (
        "", MULTIPART, parts(text("operations", json.dumps(asking(SIGN_UP)).replace("SignUp", "Sign\\u0055p"))), 415,
    ),
    "files of a batch": ("", MULTIPART, parts(text("operations", json.dumps([asking(SIGN_UP)]))), 422),
    "files without operations": ("", MULTIPART, parts(text("map", "{}")), 422),
    "a document alone": ("", "application/graphql", ME.encode(), 415),
    "no type": ("", "", json.dumps(asking(ME)).encode(), 415),
    "no JSON": ("", JSON, b"{", 422),
    "a document twice": ("", JSON, b'{"query": "{ me }", "query": "{ SignUp }"}', 422),
    "an escaped document twice": ("", JSON, b'{"query": "{ me }", "qu\\u0065ry": "{ SignUp }"}', 422),
    "a name twice": ("", JSON, b'{"operationName": "Me", "operationName": "SignUp"}', 422),
    "an escaped name": ("", JSON, b'{"query": "mutation Sign\\u0055p { signUp }", "variables": {}}', 422),
    "an address within JSON": ("", JSON, b'{"query": "{ me }", "x": "https://a.example/?a=1&query=shoes"}', 200),
    "an escaped form within JSON": ("", JSON, b'{"query": "{ me }", "x": "&query=mutation{Sign%55p}"}', 422),
    "a form within JSON": ("", JSON, b'{"query": "{ me }", "x": "&query=mutation SignUp{x}"}', 422),
    "a document in the query": ("?query=x", JSON, json.dumps(asking(ME)).encode(), 422),
    "a name in the query": ("?operationName=Me", JSON, json.dumps(asking(ME)).encode(), 200),
    "a name in a signup's query": ("?operationName=a", JSON, json.dumps(asking(SIGN_UP, **born(ADULT))).encode(), 422),
    "variables in a signup's query": ("?variables=a", JSON, json.dumps(asking(SIGN_UP, **born(ADULT))).encode(), 422),
}  # fmt: skip


@pytest.mark.parametrize(("query", "kind", "content", "status"), BODIES.values(), ids=BODIES)
def test_what_may_be_a_signup_to_some_server_is_refused(
    site: Site, query: str, kind: str, content: bytes, status: int
) -> None:
    fields = {"content-type": kind} if kind else {}
    response = site.visitor().post(f"/graphql{query}", content=content, headers=fields)
    assert (response.status_code, response.set_cookies) == (status, [])
    assert len(site.seen) == (status == 200)


def test_the_lock_keeps_signups_out_and_nothing_else(site: Site) -> None:
    v = site.visitor()
    assert v.post("/graphql", json=asking(SIGN_UP, **born(CHILD))).status_code == 403
    assert v.post("/graphql", json=asking(SIGN_UP, **born(ADULT))).status_code == 403
    assert v.post("/graphql", json=asking(JOIN, age=39)).status_code == 403
    assert v.post("/graphql", json=asking(ME)).status_code == 200


def test_looking_at_the_api_and_paths_astray(site: Site) -> None:
    v = site.visitor()
    assert v.get("/graphql").status_code == 200
    assert v.options("/graphql").status_code == 200
    assert v.post("/graphql;a", json=asking(SIGN_UP, **born(ADULT))).status_code == 422


def test_a_longer_body_than_can_be_judged_is_answered() -> None:
    policy = PrivacyPolicy(
        signups=[Signup("/graphql", operation="SignUp", birth_date="dob", max_body=64)]
    )
    for fields in ([], [("content-length", "65")]):
        request = Sent(("content-type", JSON), *fields, method="POST", path="/graphql")
        answer = decided(Guard(policy), request, b" " * 65)
        assert isinstance(answer, Answer)
        assert answer.status == 413


WRONG: list[tuple[list[dict[str, Any]], str]] = [
    ([{"operation": "sign up", "birth_date": "dob"}], "signups[0].operation: 'sign up' is no name"),
    ([{"operation": "", "birth_date": "dob"}], "signups[0].operation: '' is no name"),
    ([{"operation": "SignUp"}], "signups[0].birth_date: nothing tells"),
    ([{"operation": "SignUp", "birth_date": "dob", "screen": True}], "signups[0].screen: an operation has no page"),
    ([{"operation": "A", "birth_date": "dob"}] * 2, "is declared twice"),
    ([{"operation": "A", "birth_date": "dob"}, {"birth_date": "dob"}], "different rules"),
]  # fmt: skip


@pytest.mark.parametrize(("signups", "says"), WRONG, ids=str)
def test_a_wrong_declaration_is_one_error(signups: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(says)):
        PrivacyPolicy.from_mapping({"signups": [{"path": "/graphql", **s} for s in signups]})


# ---------------------------------------------------------------- against an independent reader

_WORDS = st.sampled_from(
    ["query", "mutation", "fragment", "on", "SignUp", "Me", "a", "{", "}", "(", ")", "$", ":", "...", '"', '"""', "\\",
     "#", "\n", " ", ",", '"SignUp"', '"""SignUp"""', "{ me }", "mutation SignUp { a }", "@a(b: {c: 1})", "[1]"],
)  # fmt: skip


def executed(document: str, name: str) -> set[str]:
    """Return the names in the operation that graphql-core would execute, and in all fragments."""
    try:
        parsed = graphql.parse(document)
    except graphql.GraphQLSyntaxError:
        return set()
    operation = graphql.get_operation_ast(parsed, name or None)
    if operation is None:
        return set()
    names: set[str] = set()

    class Collector(graphql.Visitor):
        def enter_name(self, node: graphql.NameNode, *_: Any) -> None:
            names.add(node.value)

    graphql.visit(operation, Collector())
    for definition in parsed.definitions:
        if isinstance(definition, graphql.FragmentDefinitionNode):
            graphql.visit(definition, Collector())
    return names


@settings(max_examples=500)
@given(st.lists(_WORDS, max_size=12), st.sampled_from(["", "SignUp", "Me"]))
def test_no_document_that_a_server_runs_a_signup_of_passes(words: list[str], name: str) -> None:
    for between in ("", " "):
        document = between.join(words)
        if not document:
            continue
        body = json.dumps({"query": document, "operationName": name or None}).encode()
        try:
            told = operation_of(ContentType("JSON"), body, {"SignUp"})
        except Unreadable:
            continue
        if told is None:
            assert "SignUp" not in executed(document, name)


def test_a_large_document_is_read_once(site: Site) -> None:
    document = "query Me { " + "a " * 100_000 + "} # SignUp"
    assert site.visitor().post("/graphql", json=asking(document)).status_code == 200


def test_a_problem_names_the_variable(site: Site) -> None:
    response = site.visitor().post("/graphql", json=asking(SIGN_UP))
    (error,) = json.loads(response.text)["errors"]
    assert error["pointer"] == "#/variables/input/dob"


def test_the_bytes_are_the_apps() -> None:
    content = json.dumps(asking(SIGN_UP, **born(ADULT))).encode()
    request = Sent(("content-type", JSON), method="POST", path="/graphql")
    assert isinstance(decided(Guard(POLICY), request, content), Pass)
