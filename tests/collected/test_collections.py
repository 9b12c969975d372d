"""Policy §1-§5, collections: personal data is collected as declared; the data map, and a first policy file."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import logging
import multiprocessing
import os
import re
import threading
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import Collection, PolicyError, PrivacyPolicy, Signup, protect
from alpines_privacy.cli import main
from alpines_privacy.collected.fields import plain_name
from alpines_privacy.guard import Guard
from alpines_privacy.guard.kinds import kind_of_value
from alpines_privacy.http.seen import SEEN_VARIABLE, Seen
from alpines_privacy.policy import Cookie, Logs, ThirdParty
from alpines_privacy.testing import visitor
from tests.frameworks.django_site import OURS
from tests.support.exempting import exempting
from tests.support.shop import Shop

CONTACT = Collection("/contact", purpose="Answers you", fields=["email", "user.phone"])
POLICY = PrivacyPolicy(collections=[CONTACT])
STRICT = PrivacyPolicy(collections=[CONTACT], strict=True)
protocols = pytest.mark.parametrize("protocol", ["wsgi", "asgi"])


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "[[collections]]" in r.getMessage()]


# --- What is undeclared

PERSONAL: dict[str, tuple[dict[str, Any], str]] = {
    "by its key": ({"json": {"cnic": "unreadable"}}, "cnic (CNIC)"),
    "nested": ({"json": {"a": [{"b": {"phone": "12"}}]}}, "a.b.phone (PHONE)"),
    "by its shape": ({"json": {"x": "ayesha@mail.example"}}, "x (EMAIL)"),
    "a form's name": ({"data": {"name": "Ayesha Khan"}}, "name (NAME)"),
    "a form's shape": ({"data": {"f[0]": "+92 300 1234567"}}, "f (PHONE)"),
    "a password": ({"data": {"password": "hunter2hunter"}}, "password (PASSWORD)"),
}
each_personal = pytest.mark.parametrize(("sent", "shown"), PERSONAL.values(), ids=PERSONAL)


@protocols
@each_personal
def test_undeclared_data_is_reported_once_for_a_route_and_never_its_value(
    protocol: str, sent: dict[str, Any], shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = Shop()
    browser = visitor(protect(getattr(app, protocol), POLICY))
    for number in range(3):
        assert browser.post(f"/order/{number}", **sent).status_code == 200
    assert len(app.read) == 3
    (line,) = told(caplog)
    assert line.startswith("POST /order/*: ")
    assert shown in line
    assert not any(
        value in line for value in ("ayesha@", "300 123", "hunter2", "unreadable", "Khan")
    )
    (record,) = [r for r in caplog.records if "[[collections]]" in r.getMessage()]
    assert record.levelno == logging.WARNING


@protocols
@each_personal
def test_strict_refuses_it_before_the_app_sees_it(
    protocol: str, sent: dict[str, Any], shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = Shop()
    browser = visitor(protect(getattr(app, protocol), STRICT))
    assert (browser.post("/order", **sent).status_code, app.read) == (422, [])
    assert shown in told(caplog)[0]
    assert "refused" in told(caplog)[0]
    assert browser.get("/search?email=a@b.example").status_code == 422


DECLARED: list[dict[str, Any]] = [
    {"data": {"email": "a@b.example"}},
    {"data": {"EMAIL": "a@b.example", "user[phone]": "+92 300 1234567"}},
    {"json": {"email": "a@b.example", "user": {"phone": "+92 300 1234567"}}},
    {"json": {"comment": "thank you", "csrf_token": "x" * 30, "newsletter_email": "true"}},
    {"data": {"phone": ""}},
    {"json": [1, 2, {"n": 12}]},
]


@protocols
@pytest.mark.parametrize("policy", [POLICY, STRICT], ids=["report", "strict"])
@pytest.mark.parametrize("sent", DECLARED)
@pytest.mark.parametrize("place", ["/contact", "/Contact/", "/contact//"])
def test_declared_data_passes(
    protocol: str, policy: PrivacyPolicy, sent: dict[str, Any], place: str, caplog: Any
) -> None:
    app = Shop()
    assert visitor(protect(getattr(app, protocol), policy)).post(place, **sent).status_code == 200
    assert len(app.read) == 1
    assert told(caplog) == []


OTHERS: list[tuple[PrivacyPolicy, str, int]] = [
    (PrivacyPolicy(collections=[Collection("/a/{id}/b", purpose="x", kinds=["EMAIL"])], strict=True), "/a/7/b", 200),
    (PrivacyPolicy(collections=[Collection("/a/{id}/b", purpose="x", kinds=["EMAIL"])], strict=True), "/a/7/8/b", 422),
    (PrivacyPolicy(collections=[Collection("/", purpose="x", fields=["email"])], strict=True), "/", 200),
    (PrivacyPolicy(signups=[Signup("/s", birth_date="email")], strict=True, mode="report"), "/s", 200),
    (PrivacyPolicy(logs=Logs(safe_keys=["email"]), strict=True), "/any", 200),
    (PrivacyPolicy(strict=True), "/any", 422),
    (PrivacyPolicy(strict=True, mode="report"), "/any", 200),
    (PrivacyPolicy(strict=True, exempt=["/any"]), "/any", 200),
]  # fmt: skip


@protocols
@pytest.mark.parametrize(("policy", "place", "status"), OTHERS)
def test_by_path_by_kind_and_by_the_site_s_own_names(
    protocol: str, policy: PrivacyPolicy, place: str, status: int
) -> None:
    browser = visitor(protect(getattr(Shop(), protocol), policy))
    assert browser.post(place, data={"email": "x"}).status_code == status


@protocols
def test_an_app_can_leave_a_request_out(protocol: str, caplog: pytest.LogCaptureFixture) -> None:
    app = exempting(Shop(), protocol, "collections")
    visitor(protect(app, POLICY)).post("/x", data={"cnic": "1"})
    assert told(caplog) == []


@protocols
def test_paths_that_the_app_does_not_know_are_not_told_of(protocol: str, caplog: Any) -> None:
    browser = visitor(protect(getattr(Shop(status=404), protocol), POLICY))
    browser.post("/x", data={"cnic": "1"})
    assert told(caplog) == []


def test_invented_names_and_paths_fill_neither_log_nor_memory(caplog: Any) -> None:
    browser = visitor(protect(Shop().wsgi, POLICY))
    for number in range(120):
        word = chr(97 + number % 26) + chr(97 + number // 26)
        fields = {f"{'x' * 1000}{n}.4242424242424242.email": "a@b.example" for n in range(50)}
        browser.post(f"/{word}/{'y' * 3000}", data=fields)
    assert len(told(caplog)) == 50
    assert max(map(len, told(caplog))) < 900
    assert "4242" not in "".join(told(caplog))


def test_what_is_not_declared_is_not_in_the_guard() -> None:
    guard = Guard(PrivacyPolicy())
    assert not any("collected" in type(p).__module__ for p, _ in guard.on_request)


@given(st.text(max_size=60))
def test_a_plain_name_is_plain_already(name: str) -> None:
    assert plain_name(plain_name(name)) == plain_name(name)


def test_a_defect_of_ours_reports_nothing_and_refuses_where_it_is_strict(monkeypatch: Any) -> None:
    monkeypatch.setattr("alpines_privacy.collected.collected.find_fields", None)
    assert visitor(protect(Shop().wsgi, POLICY)).post("/p", data={"a": "b"}).status_code == 200
    assert visitor(protect(Shop().wsgi, STRICT)).post("/p", data={"a": "b"}).status_code == 422


SHAPES = {"a@b.example": "EMAIL", "+92 300 1234567": "PHONE", "35202-1234567-1": "CNIC", "hello": None, "": None,
          "write to a@b.example": None, "12": None}  # fmt: skip


@pytest.mark.parametrize(("value", "kind"), SHAPES.items())
def test_a_value_s_kind_by_its_shape(value: str, kind: str | None) -> None:
    assert kind_of_value(value) == kind


def _view(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.POST.get("cnic", "") or "none")


urlpatterns = [path("apply", _view)]


@pytest.mark.parametrize("kind", [Client, AsyncClient], ids=["sync", "async"])
@pytest.mark.parametrize("strict", [False, True])
def test_django_s_adapter(kind: type[Any], strict: bool, caplog: Any) -> None:
    table = {"path": "/contact", "purpose": "x", "fields": ["email"]}
    policy = {"collections": [table], "strict": strict}
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[OURS], ALPINES_PRIVACY=policy):
        answer = kind().post("/apply", {"cnic": "35202-1234567-1"})
        response = answer if kind is Client else asyncio.run(answer)
    assert response.status_code == (422 if strict else 200)
    assert len(told(caplog)) == 1


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"path": "contact", "purpose": "x", "fields": ["a"]}, "path"),
    ({"path": "/a b", "purpose": "x", "fields": ["a"]}, "path"),
    ({"path": "/a", "purpose": " ", "fields": ["a"]}, "purpose"),
    ({"path": "/a", "fields": ["a"]}, "purpose"),
    ({"path": "/a", "purpose": "x"}, "fields"),
    ({"path": "/a", "purpose": "x", "fields": [""]}, "fields[0]"),
    ({"path": "/a", "purpose": "x", "kinds": ["MAIL"]}, "kinds[0]"),
    ({"path": "/a", "purpose": "x", "fields": ["a"], "retain": "1 year"}, "retain"),
]


@pytest.mark.parametrize(("table", "key"), WRONG)
def test_a_wrong_table_is_one_error_that_names_its_key(table: dict[str, Any], key: str) -> None:
    with pytest.raises(PolicyError) as caught:
        PrivacyPolicy.from_mapping({"collections": [table]})
    assert caught.value.key == f"collections[0].{key}"


# --- The data map

FULL = """
site_preference = true
[[collections]]
path = "/contact"
fields = ["email", "message"]
kinds = ["PHONE"]
purpose = "Answers what you ask, by e-mail or telephone, as you like"
retention = "two years after the last letter"
[[collections]]
path = "/order"
fields = ["=HYPERLINK(1)"]
purpose = "Sends you what you bought"
[[signups]]
path = "/register"
birth_date = "dob"
[[cookies]]
name = "session"
purpose = "Keeps you signed in"
necessary = true
lifetime = 1209600
[[third_parties]]
host = "cdn.example.net"
purpose = "Style sheets"
[logs]
phone = "partial"
"""


def ran(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["policy", *words])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def full(tmp_path: Path) -> str:
    file = tmp_path / "alpines-privacy.toml"
    file.write_text(FULL, "utf-8")
    return str(file)


def test_the_table_fits_a_terminal_and_tells_what_where_why_how_long(full: str) -> None:
    table = ran("inventory", full)
    assert max(map(len, table.splitlines())) <= 80
    for text in ("email", "/contact", "two years", "session", "14 days", "cdn.example.net", "dob",
                 "alpines-privacy", "PHONE", "a few", "not declared"):  # fmt: skip
        assert text in table


@pytest.mark.parametrize(("columns", "most"), [("20", 40), ("60", 60), ("80", 80), ("200", 80)])
def test_the_table_is_no_wider_than_the_terminal(
    columns: str, most: int, full: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    widths = [len(line) for line in ran("inventory", full).splitlines()]
    assert most - 3 <= max(widths) <= most


def test_json_and_csv_hold_the_same(full: str) -> None:
    rows = json.loads(ran("inventory", full, "--format", "json"))
    assert {row["table"] for row in rows} == {
        "collection",
        "signup",
        "cookie",
        "logs",
        "third party",
    }
    assert all(set(row) == {"table", "what", "where", "why", "how_long"} for row in rows)
    read = list(csv.DictReader(io.StringIO(ran("inventory", full, "--format", "csv"))))
    assert [row["where"] for row in read] == [row["where"] for row in rows]
    assert "'=HYPERLINK(1)" in [row["what"] for row in read]  # no spreadsheet runs it


def test_errors_are_one_line(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text("colections = 1\n", "utf-8")
    error = ran("inventory", str(file), code=2)
    assert "p.toml:1: colections" in error
    assert "collections" in error


# --- What was seen


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "seen.jsonl"
    monkeypatch.setenv(SEEN_VARIABLE, str(file))
    return file


def shop(environ: Any, start_response: Any) -> list[bytes]:
    environ["wsgi.input"].read()
    cookies = [("set-cookie", f"{name}=1") for name in ("cart", "sessionid", "_ga_ABC123")]
    start_response("200 OK", [("content-type", "text/html"), *cookies])
    return [b"<p>page"]


def visit_everything() -> None:
    browser = visitor(protect(shop, PrivacyPolicy(mode="report", loads="report")))
    browser.post("/contact/17", data={"email": "a@b.example", "x": "+92 300 1234567"})
    form = {"email": "a@b.example", "password": "hunter2hunter", "dob": "1990-01-02"}
    browser.post("/register", data=form)
    report = {"csp-report": {"blocked-uri": "https://cdn.other.example/x.js?u=ayesha",
                             "effective-directive": "script-src", "document-uri": "http://testserver/p"}}  # fmt: skip
    browser.post(
        "/_privacy/loads",
        content=json.dumps(report).encode(),
        headers={"content-type": "application/csp-report"},
    )


def test_a_first_file_holds_what_was_seen_and_declares_nothing(seen: Path, tmp_path: Path) -> None:
    visit_everything()
    written = seen.read_text("utf-8")
    for value in ("a@b.example", "300", "hunter2", "1990", "ayesha", "17"):
        assert value not in written
    out = tmp_path / "first.toml"
    ran("init", "--seen", str(seen), "--out", str(out))
    policy = PrivacyPolicy.load(out)
    assert policy == PrivacyPolicy(mode="report")
    assert max(map(len, out.read_text("utf-8").splitlines())) <= 120


def accepted(text: str) -> dict[str, Any]:
    """Return the tables as a person accepts them: without the #, and with a purpose each."""
    lines = [re.sub(r"^# (?=\[\[|[a-z_]+ = )", "", line) for line in text.splitlines()]
    return tomllib.loads("\n".join(lines).replace('purpose = ""', 'purpose = "Why"'))


def test_what_a_person_accepts_is_a_policy(seen: Path, tmp_path: Path) -> None:
    visit_everything()
    text = ran("init", "--seen", str(seen), "--out", "-")
    policy = PrivacyPolicy.from_mapping(accepted(text))
    assert {cookie.name for cookie in policy.cookies} >= {"cart", "sessionid"}
    assert policy.third_parties == (ThirdParty("cdn.other.example", purpose="Why"),)
    assert policy.signups == (Signup("/register", birth_date="dob"),)
    by_path = {part.path: set(part.fields) for part in policy.collections}
    assert by_path["/contact/{part2}"] == {"email", "x"}
    assert {"email", "password"} <= by_path["/register"]


def test_what_is_blank_is_refused_until_somebody_writes_it(seen: Path, tmp_path: Path) -> None:
    Seen(str(seen)).note("cookie", "cart")
    text = ran("init", "--seen", str(seen), "--out", "-")
    out = tmp_path / "p.toml"
    out.write_text(re.sub(r"(?m)^# (?=\[\[|[a-z_]+ = )", "", text), "utf-8")
    with pytest.raises(PolicyError, match=r"cookies\[0\].purpose"):
        PrivacyPolicy.load(out)


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "p.toml"
    out.write_text("mine", "utf-8")
    assert "exists" in ran("init", "--out", str(out), code=2)
    assert out.read_text("utf-8") == "mine"


BROKEN = ["nothing", "[1]", '{"seen": "else", "name": "x"}', '{"seen": "cookie"}', '{"seen": "cookie", "name": 3}',
          '{"seen": "cookie", "name": "a\\nb"}', "[" * 100_000, '{"seen": "cookie", "name": "\\ud83d"}']  # fmt: skip


@pytest.mark.parametrize("line", BROKEN, ids=range(len(BROKEN)))
def test_a_file_of_something_else_is_one_error_with_its_line(line: str, tmp_path: Path) -> None:
    file = tmp_path / "seen.jsonl"
    file.write_text(f'{{"seen": "cookie", "name": "a"}}\n{line}\n', "utf-8")
    assert "seen.jsonl:2:" in "".join(
        ran("init", "--seen", str(file), "-o", "-", code=2).split("\n")
    )


def _note(file: str) -> None:
    kept = Seen(file)
    for number in range(300):
        kept.note("cookie", f"cookie_{'x' * 60}_{number}")


def test_many_workers_write_whole_lines_into_a_bounded_file(tmp_path: Path) -> None:
    file = tmp_path / "seen.jsonl"
    processes = [
        multiprocessing.get_context("spawn").Process(target=_note, args=(str(file),))
        for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    lines = file.read_text("utf-8").splitlines()
    assert len(lines) == 900
    assert {json.loads(line)["seen"] for line in lines} == {"cookie"}
    file.write_text("x" * 1_000_001, "utf-8")
    Seen(str(file)).note("cookie", "late")
    assert file.stat().st_size == 1_000_001


NAMES = ["a@b.example", "4242424242424242", "x" * 200, "", "a b", "é", "a\nb", "x2024y"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_may_hold_a_value_is_not_written(name: str, seen: Path) -> None:
    Seen.asked().note("cookie", name)
    Seen.asked().note("collection", "/a", field=name, kind="EMAIL")
    assert not seen.exists()


def test_a_file_that_cannot_be_written_is_said_once(tmp_path: Path, caplog: Any) -> None:
    kept = Seen(str(tmp_path / "none" / "seen.jsonl"))
    kept.note("cookie", "a")
    kept.note("cookie", "b")
    assert len([r for r in caplog.records if SEEN_VARIABLE in r.getMessage()]) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
@pytest.mark.parametrize("has_reader", [False, True])
def test_a_pipe_is_not_waited_for(*, has_reader: bool, tmp_path: Path, caplog: Any) -> None:
    pipe = tmp_path / "seen.jsonl"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK) if has_reader else None
    try:
        noting = threading.Thread(target=Seen(str(pipe)).note, args=("cookie", "a"), daemon=True)
        noting.start()
        noting.join(timeout=10)
        assert not noting.is_alive()
        assert reader is None or os.read(reader, 1) == b""
    finally:
        if reader is not None:
            os.close(reader)
    assert len([r for r in caplog.records if SEEN_VARIABLE in r.getMessage()]) == 1


def test_a_declared_cookie_is_not_seen(seen: Path) -> None:
    cookies = [
        Cookie("cart", purpose="x"),
        Cookie("sessionid", purpose="x"),
        Cookie("_ga*", purpose="x"),
    ]
    visitor(protect(shop, PrivacyPolicy(cookies=cookies))).get("/")
    assert not seen.exists()
