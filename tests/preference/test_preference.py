"""What a visitor asks: by signal, or on this site; and what the site says of it at well-known places."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from alpines_privacy import Cookie, PolicyError, PrivacyPolicy, ThirdParty, protect
from alpines_privacy.guard import Guard
from alpines_privacy.http.heads import Field, ResponseHead
from alpines_privacy.http.outcomes import Answer, NeedBody, Pass, Replace, Send
from alpines_privacy.http.setcookie import parse
from alpines_privacy.policy import SecretKeys
from alpines_privacy.preference import PreferenceReader, StoredChoice
from alpines_privacy.testing import visitor
from tests.support.chromium import chromium, cookie_jar, visit
from tests.support.processes import wsgi_origin
from tests.support.secret_keys import KEY, OLDER_KEY, STRANGERS_KEY
from tests.support.sent import Sent, leaving

CHOOSING = PrivacyPolicy(site_preference=True)
HOME = "/_privacy/preference"
SAME_ORIGIN: Field = ("sec-fetch-site", "same-origin")


@pytest.fixture(autouse=True)
def secret_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)


def cookie_of(choice: str, *, key: str = KEY, name: str = "alpines-privacy") -> Field:
    return ("cookie", f"{name}={StoredChoice(SecretKeys([key])).signed[choice]}")


OPT_OUT, ALLOW = cookie_of("opt-out"), cookie_of("allow")

# The fields of a request, the signal they state, and DNT as `Tk` and well-known resources see it.
SIGNALS: dict[str, tuple[list[Field], str | None, str]] = {
    "nothing": ([], None, ""),
    "DNT: 1": ([("dnt", "1")], "DNT", "1"),
    "DNT: 0": ([("dnt", "0")], None, "0"),
    "DNT with an extension": ([("dnt", "1xyz")], "DNT", "1"),
    "DNT: 0 with an extension": ([("dnt", "0;1")], None, "0"),
    "DNT with blanks": ([("dnt", " \t1 ")], "DNT", "1"),
    "DNT empty": ([("dnt", "")], None, ""),
    "DNT: null": ([("dnt", "null")], None, ""),
    "DNT: unspecified": ([("dnt", "unspecified")], None, ""),
    "DNT: yes": ([("dnt", "yes")], None, ""),
    "DNT quoted": ([("dnt", '"1"')], None, ""),
    "DNT: 2": ([("dnt", "2")], None, ""),
    "DNT: -1": ([("dnt", "-1")], None, ""),
    "DNT, another digit one": ([("dnt", "\xb9")], None, ""),
    "DNT twice": ([("dnt", "1"), ("dnt", "1")], "DNT", "1"),
    "DNT lines that differ": ([("dnt", "0"), ("dnt", "1")], "DNT", "1"),
    "DNT lines joined": ([("dnt", "0, 1")], "DNT", "1"),
    "DNT lines joined without blanks": ([("dnt", "null,1abc")], "DNT", "1"),
    "DNT empty, then 1": ([("dnt", ", 1")], "DNT", "1"),
    "GPC: 1": ([("sec-gpc", "1")], "Sec-GPC", ""),
    "GPC with blanks": ([("sec-gpc", " 1\t")], "Sec-GPC", ""),
    "GPC: 0": ([("sec-gpc", "0")], None, ""),
    "GPC: 1xyz": ([("sec-gpc", "1xyz")], None, ""),
    "GPC: true": ([("sec-gpc", "true")], None, ""),
    "GPC: ?1": ([("sec-gpc", "?1")], None, ""),
    "GPC: 11": ([("sec-gpc", "11")], None, ""),
    "GPC empty": ([("sec-gpc", "")], None, ""),
    "GPC lines that differ": ([("sec-gpc", "0"), ("sec-gpc", "1")], "Sec-GPC", ""),
    "GPC lines joined": ([("sec-gpc", "0, 1")], "Sec-GPC", ""),
    "GPC beats DNT: 0": ([("dnt", "0"), ("sec-gpc", "1")], "Sec-GPC", "0"),
    "both": ([("sec-gpc", "1"), ("dnt", "1")], "DNT, Sec-GPC", "1"),
    "GPC: 0 and DNT: 1": ([("sec-gpc", "0"), ("dnt", "1")], "DNT", "1"),
    "stored opt-out": ([OPT_OUT], "site preference", ""),
    "stored opt-out beats DNT: 0": ([("dnt", "0"), OPT_OUT], "site preference", "0"),
    "stored opt-in": ([ALLOW], None, ""),
    "DNT beats a stored opt-in": ([("dnt", "1"), ALLOW], "DNT", "1"),
    "GPC beats a stored opt-in": ([("sec-gpc", "1"), ALLOW], "Sec-GPC", ""),
    "DNT names itself beside a stored opt-out": ([("dnt", "1"), OPT_OUT], "DNT", "1"),
    "both stored: the opt-out counts": ([ALLOW, OPT_OUT], "site preference", ""),
    "under https": ([cookie_of("opt-out", name="__Host-alpines-privacy")], "site preference", ""),
    "among others": ([("cookie", f"a=1;{OPT_OUT[1]} ; b=2")], "site preference", ""),
    "among others a server joined": ([("cookie", f"a=1,{OPT_OUT[1]},b=2")], "site preference", ""),
}
BY_DEFAULT = {"nothing", "DNT empty", "DNT: null", "DNT: unspecified", "DNT: yes", "DNT quoted", "DNT: 2"} | {
    "DNT: -1", "DNT, another digit one", "GPC: 0", "GPC: 1xyz", "GPC: true", "GPC: ?1", "GPC: 11", "GPC empty",
}  # fmt: skip


def reader(policy: PrivacyPolicy) -> PreferenceReader:
    return PreferenceReader(policy, StoredChoice(SecretKeys([KEY])))


@pytest.mark.parametrize(("fields", "signal", "dnt"), SIGNALS.values(), ids=SIGNALS)
def test_signals_are_read_as_their_standards_say(
    fields: list[Field], signal: str | None, dnt: str
) -> None:
    preference = reader(CHOOSING).read(Sent(*fields))
    assert (preference.signal, preference.dnt) == (signal, dnt)
    assert preference.opted_out == (signal is not None)


@pytest.mark.parametrize("case", SIGNALS)
def test_who_says_nothing_is_opted_out_where_the_policy_decides_so(case: str) -> None:
    fields, signal, _ = SIGNALS[case]
    preference = reader(PrivacyPolicy(without_signal="opt-out")).read(Sent(*fields))
    assert preference.signal == ("default" if case in BY_DEFAULT else signal)


def test_without_the_site_preference_stored_choices_are_not_read() -> None:
    assert PreferenceReader(PrivacyPolicy()).read(Sent(OPT_OUT)).signal is None


def wsgi_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [repr(environ["alpines_privacy"].signal).encode()]


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    fields = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    body = repr(scope["alpines_privacy"].signal).encode()
    await send({"type": "http.response.body", "body": body})


both_protocols = pytest.mark.parametrize("app", [wsgi_app, asgi_app], ids=["WSGI", "ASGI"])


@both_protocols
def test_both_protocols_tell_the_app_the_same(app: Any) -> None:
    protected = protect(app, CHOOSING)
    for case, (fields, signal, _) in SIGNALS.items():
        with visitor(protected, headers=fields) as client:
            assert client.get("/").text == repr(signal), case


TAMPERED = {
    "no signature": "opt-out",
    "another key's": StoredChoice(SecretKeys([STRANGERS_KEY])).signed["opt-out"],
    "signature of the other choice": "opt-out." + ALLOW[1].partition(".")[2],
    "cut": OPT_OUT[1].partition("=")[2][:-1],
    "longer": OPT_OUT[1].partition("=")[2] + "x",
    "upper case": OPT_OUT[1].partition("=")[2].upper(),
    "quoted": f'"{OPT_OUT[1].partition("=")[2]}"',
    "empty": "",
}  # fmt: skip


@pytest.mark.parametrize("value", TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_choice_is_none(value: str) -> None:
    assert reader(CHOOSING).read(Sent(("cookie", f"alpines-privacy={value}"))).signal is None


def test_a_choice_under_another_name_is_none() -> None:
    cookie = cookie_of("opt-out", name="x-alpines-privacy")
    assert reader(CHOOSING).read(Sent(cookie)).signal is None


def test_keys_rotate(monkeypatch: pytest.MonkeyPatch) -> None:
    old = cookie_of("opt-out", key=OLDER_KEY)
    assert Guard(CHOOSING).read_preference(Sent(old)).signal is None
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", f"{KEY}, {OLDER_KEY}")
    guard = Guard(CHOOSING)
    assert guard.read_preference(Sent(old)).signal == "site preference"
    assert guard.read_preference(Sent(OPT_OUT)).signal == "site preference"
    assert cookie_set(posted(guard, "opt-out")) == OPT_OUT[1]  # the newest signs


@given(st.lists(st.tuples(st.sampled_from(["dnt", "sec-gpc", "cookie", "x"]), st.text())))
def test_no_field_makes_the_reader_raise(fields: list[Field]) -> None:
    preference = reader(CHOOSING).read(Sent(*fields))
    said = [value.strip(" \t") for name, value in fields if name == "sec-gpc"]
    if "1" in said:
        assert preference.opted_out


# The page.


def outcome_of(guard: Guard, request: Sent, body: bytes = b"") -> Answer | Pass:
    visit_ = guard.visit(request)
    try:
        outcome: Any = visit_.request()
        if isinstance(outcome, NeedBody):
            outcome = visit_.body(body, more=False)
    finally:
        visit_.end()
    assert isinstance(outcome, Answer | Pass)
    return outcome


def answer_of(guard: Guard, request: Sent, body: bytes = b"") -> Answer:
    outcome = outcome_of(guard, request, body)
    assert isinstance(outcome, Answer)
    return outcome


def posted(guard: Guard, choice: str, *fields: Field, **options: Any) -> Answer:
    request = Sent(*(fields or (SAME_ORIGIN,)), method="POST", **{"path": HOME, **options})
    return answer_of(guard, request, f"choice={choice}".encode())


def cookie_set(answer: Answer) -> str | None:
    lines = ResponseHead(answer.status, answer.fields).values("set-cookie")
    assert len(lines) <= 1
    return lines[0].partition(";")[0] if lines else None


def test_the_page_asks_and_stores_nothing() -> None:
    answer = answer_of(Guard(CHOOSING), Sent(path=HOME))
    head = ResponseHead(answer.status, answer.fields)
    assert answer.status == 200
    assert head.is_html
    assert head.values("cache-control") == ["no-store"]
    assert head.values("vary") == ["DNT, Sec-GPC, Cookie"]
    assert head.values("set-cookie") == []
    assert answer.body.count(b"<button") == 2
    assert b"<script" not in answer.body


SHOWN: dict[str, tuple[list[Field], str, tuple[bool, bool]]] = {
    "no choice": ([], "You have not opted out", (False, False)),
    "opt-out": ([OPT_OUT], "You asked not to be tracked here", (True, False)),
    "opt-in": ([ALLOW], "You allowed what the policy says", (False, True)),
}


@pytest.mark.parametrize(("fields", "summary", "pressed"), SHOWN.values(), ids=SHOWN)
def test_the_page_shows_what_counts_now(
    fields: list[Field], summary: str, pressed: tuple[bool, bool]
) -> None:
    body = answer_of(Guard(CHOOSING), Sent(*fields, path=HOME)).body.decode()
    assert f"<h2>{summary}</h2>" in body
    buttons = re.findall(r'value="(.*?)" aria-pressed="(.*?)"', body)
    shown = [str(is_pressed).lower() for is_pressed in pressed]
    assert buttons == list(zip(("opt-out", "allow"), shown, strict=True))


@pytest.mark.parametrize(
    "fields", [[("dnt", "1")], [("sec-gpc", "1")], [("dnt", "1"), ("sec-gpc", "1"), ALLOW]], ids=str
)
def test_under_a_signal_there_is_nothing_to_choose_and_nothing_is_stored(
    fields: list[Field],
) -> None:
    guard = Guard(CHOOSING)
    assert b"<form" not in answer_of(guard, Sent(*fields, path=HOME)).body
    answer = posted(guard, "allow", SAME_ORIGIN, *fields)
    assert (answer.status, cookie_set(answer)) == (303, None)


@pytest.mark.parametrize("silence", ["allow", "opt-out"])
@pytest.mark.parametrize("fields", [[], [("dnt", "0")], [OPT_OUT], [ALLOW]], ids=str)
@pytest.mark.parametrize("choice", ["opt-out", "allow"])
def test_a_choice_is_stored_in_one_constant_cookie(
    silence: Any, fields: list[Field], choice: str
) -> None:
    policy = PrivacyPolicy(site_preference=True, without_signal=silence)
    answer = posted(Guard(policy), choice, SAME_ORIGIN, *fields)
    assert answer.status == 303
    assert cookie_set(answer) == cookie_of(choice)[1]


def test_the_cookie_of_a_choice_is_first_party_and_hidden_from_scripts() -> None:
    (line,) = ResponseHead(303, posted(Guard(CHOOSING), "opt-out").fields).values("set-cookie")
    cookie = parse(line)
    assert cookie is not None
    attributes = {"path": "/", "max-age": "31536000", "httponly": "", "samesite": "Lax"}
    assert (cookie.name, cookie.attributes) == ("alpines-privacy", attributes)
    answer = posted(Guard(CHOOSING), "opt-out", scheme="https")
    (line,) = ResponseHead(303, answer.fields).values("set-cookie")
    cookie = parse(line)
    assert cookie is not None
    assert cookie.name == "__Host-alpines-privacy"
    assert cookie.attributes == attributes | {"secure": ""}


FROM: dict[str, tuple[list[Field], int]] = {
    "same origin": ([SAME_ORIGIN], 303),
    "same origin, Origin of a proxy's": ([SAME_ORIGIN, ("origin", "http://inner")], 303),
    "same site": ([("sec-fetch-site", "same-site")], 403),
    "cross site": ([("sec-fetch-site", "cross-site")], 403),
    "cross site, Origin forged": (
        [("sec-fetch-site", "cross-site"), ("origin", "http://shop.example:8000")],
        403,
    ),
    "typed": ([("sec-fetch-site", "none")], 403),
    "two opinions": ([SAME_ORIGIN, ("sec-fetch-site", "cross-site")], 403),
    "Origin": ([("origin", "http://shop.example:8000")], 303),
    "another port": ([("origin", "http://shop.example:9000")], 403),
    "another scheme": ([("origin", "https://shop.example:8000")], 403),
    "another host": ([("origin", "http://evil.example:8000")], 403),
    "a longer host": ([("origin", "http://shop.example:8000.evil.example")], 403),
    "opaque": ([("origin", "null")], 403),
    "two origins": ([("origin", "http://shop.example:8000"), ("origin", "http://x")], 403),
    "neither": ([], 403),
    "only a Referer": ([("referer", "http://shop.example:8000/_privacy/preference")], 403),
}


@pytest.mark.parametrize(("fields", "status"), FROM.values(), ids=FROM)
def test_only_a_form_of_this_origin_is_taken(fields: list[Field], status: int) -> None:
    host = ("host", "shop.example:8000")
    answer = posted(Guard(CHOOSING), "opt-out", host, *fields)
    assert answer.status == status
    assert (cookie_set(answer) is None) == (status == 403)


WRONG_FORMS = {
    "empty": b"",
    "another field": b"choose=opt-out",
    "another choice": b"choice=everything",
    "blank": b"choice=",
    "twice": b"choice=opt-out&choice=allow",
    "JSON": b'{"choice": "opt-out"}',
    "no text": b"choice=\xff\xfe",
    "percent garbage": b"choice=%ZZ",
}


@pytest.mark.parametrize("form", WRONG_FORMS.values(), ids=WRONG_FORMS)
def test_a_form_without_one_choice_changes_nothing(form: bytes) -> None:
    request = Sent(SAME_ORIGIN, method="POST", path=HOME)
    answer = answer_of(Guard(CHOOSING), request, form)
    assert (answer.status, cookie_set(answer)) == (422, None)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"])
def test_other_methods_are_told_which_ones_there_are(method: str) -> None:
    answer = answer_of(Guard(CHOOSING), Sent(SAME_ORIGIN, method=method, path=HOME))
    assert answer.status == 405
    assert ("allow", "GET, HEAD, POST") in answer.fields


@pytest.mark.parametrize(
    ("policy", "path"),
    [
        (PrivacyPolicy(), HOME),
        (CHOOSING, HOME + "/"),
        (CHOOSING, "/preference"),
        (PrivacyPolicy(site_preference=True, endpoint="/own/"), HOME),
        (PrivacyPolicy(site_preference=True, exempt=["/_privacy/*"]), HOME),
        (PrivacyPolicy(site_preference=True, mode="off"), HOME),
        (PrivacyPolicy(site_preference=True, mode="report"), HOME),
    ],
    ids=["not switched on", "below", "above", "elsewhere", "exempt", "off", "report"],
)
def test_every_other_request_is_the_apps(policy: PrivacyPolicy, path: str) -> None:
    assert isinstance(outcome_of(Guard(policy), Sent(path=path)), Pass)


@both_protocols
def test_a_form_that_is_too_large_is_refused(app: Any) -> None:
    with visitor(protect(app, CHOOSING), headers=[SAME_ORIGIN]) as client:
        form = b"choice=opt-out&padding=" + b"x" * 2000
        response = client.request("POST", HOME, content=form)
    assert response.status_code == 413
    assert response.headers.get_list("set-cookie") == []


@both_protocols
def test_a_choice_holds_until_the_next(app: Any) -> None:
    with visitor(protect(app, CHOOSING), headers=[SAME_ORIGIN], follow_redirects=True) as client:
        assert client.get("/").text == "None"
        for choice, signal in (("opt-out", "'site preference'"), ("allow", "None")):
            response = client.request("POST", HOME, data={"choice": choice})
            assert response.status_code == 200
            assert str(response.url) == "http://testserver" + HOME
            assert client.get("/").text == signal


@both_protocols
def test_head_gets_the_pages_head_alone(app: Any) -> None:
    with visitor(protect(app, CHOOSING)) as client:
        response = client.head(HOME)
        assert response.headers["content-length"] == str(len(client.get(HOME).content))
    assert (response.status_code, response.content) == (200, b"")


def test_below_a_mount_point_the_page_leads_back_to_itself() -> None:
    options = {"path": "/shop/deep" + HOME, "mount": "/shop/deep"}
    answer = posted(Guard(CHOOSING), "opt-out", **options)
    assert ("location", "preference") in answer.fields  # relative: /shop/deep/_privacy/preference
    assert answer_of(Guard(CHOOSING), Sent(**options)).status == 200


# Well-known resources.

NOT_FOUND: list[Field] = [("content-type", "text/html"), ("set-cookie", "cart=1")]
TRACKING = PrivacyPolicy(third_parties=[ThirdParty("cdn.example", purpose="Style sheets")])
COUNTING = PrivacyPolicy(cookies=[Cookie("_ga", purpose="Counts visits")])
KEEPING = PrivacyPolicy(cookies=[Cookie("cart", purpose="Holds the basket", necessary=True)])


def well_known(
    policy: PrivacyPolicy,
    path: str,
    *signal: Field,
    status: int = 404,
    fields: list[Field] = NOT_FOUND,
    **options: Any,
) -> Replace | ResponseHead:
    visit_ = Guard(policy).visit(Sent(*signal, path=path, **options))
    try:
        head = ResponseHead(status, fields)
        outcome = leaving(visit_, head) if visit_.applies else Send(head)
    finally:
        visit_.end()
    return outcome if isinstance(outcome, Replace) else outcome.head


def document(outcome: Replace | ResponseHead) -> Any:
    assert isinstance(outcome, Replace)
    answer = outcome.answer
    head = ResponseHead(answer.status, answer.fields)
    assert answer.status == 200
    assert "set-cookie" not in head.names
    assert head.values("content-length") == [str(len(answer.body))]
    return json.loads(answer.body)


GPC: Field = ("sec-gpc", "1")


@pytest.mark.parametrize(
    ("policy", "status", "under_a_signal"),
    [
        (PrivacyPolicy(), {"tracking": "N"}, {"tracking": "N"}),
        (KEEPING, {"tracking": "N"}, {"tracking": "N"}),
        (TRACKING, {"tracking": "T"}, {"tracking": "N"}),
        (COUNTING, {"tracking": "T"}, {"tracking": "N"}),
        (
            CHOOSING,
            {"tracking": "N", "config": "/_privacy/preference"},
            {"tracking": "N", "config": "/_privacy/preference"},
        ),
    ],
    ids=["literal", "necessary cookies", "third party", "counting", "site preference"],
)
def test_the_tracking_status_is_true_for_who_asks(
    policy: PrivacyPolicy, status: dict[str, str], under_a_signal: dict[str, str]
) -> None:
    assert document(well_known(policy, "/.well-known/dnt/")) == status
    assert document(well_known(policy, "/.well-known/dnt/", GPC)) == under_a_signal


def test_the_tracking_status_varies_by_what_it_depends_on() -> None:
    for policy, vary in ((TRACKING, "DNT, Sec-GPC"), (CHOOSING, "DNT, Sec-GPC, Cookie")):
        outcome = well_known(policy, "/.well-known/dnt/")
        assert isinstance(outcome, Replace)
        assert ("vary", vary) in outcome.answer.fields
        assert ("content-type", "application/tracking-status+json") in outcome.answer.fields


def test_gpc_json_says_since_when() -> None:
    assert document(well_known(PrivacyPolicy(), "/.well-known/gpc.json")) == {"gpc": True}
    since = PrivacyPolicy(effective=date(2026, 4, 3))
    expected = {"gpc": True, "lastUpdate": "2026-04-03"}
    assert document(well_known(since, "/.well-known/gpc.json", GPC)) == expected


def published(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> PrivacyPolicy:
    """Return a policy with a file that stands for EFF's, whose text is not ours to hold."""
    text = b"Do Not Track Compliance Policy\n"
    file = tmp_path / "dnt-policy.txt"
    file.write_bytes(text)
    digest = hashlib.sha1(text, usedforsecurity=False).hexdigest()
    known = "alpines_privacy.preference.wellknown.DNT_POLICY_SHA1"
    monkeypatch.setattr(known, frozenset({digest}))
    return PrivacyPolicy(dnt_policy=str(file))


def test_dnt_policy_txt_is_served_byte_for_byte(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    outcome = well_known(published(monkeypatch, tmp_path), "/.well-known/dnt-policy.txt")
    assert isinstance(outcome, Replace)
    assert outcome.answer.body == b"Do Not Track Compliance Policy\n"
    assert ("content-type", "text/plain; charset=utf-8") in outcome.answer.fields


@pytest.mark.parametrize("text", [b"", b"Do Not Track Compliance Policy\r\n", b"our.example's own"])
def test_a_paraphrase_of_the_dnt_policy_is_refused_at_start(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "dnt-policy.txt"
    file.write_bytes(text)
    with pytest.raises(PolicyError, match=r"dnt_policy: .*SHA-1 [0-9a-f]{40}.*byte for byte"):
        Guard(PrivacyPolicy(dnt_policy=str(file)))


def test_a_dnt_policy_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"dnt_policy: .*missing\.txt cannot be read: No such"):
        Guard(PrivacyPolicy(dnt_policy=str(tmp_path / "missing.txt")))


PATHS = ["/.well-known/dnt/", "/.well-known/gpc.json", "/.well-known/dnt-policy.txt"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("signal", [[], [GPC], [("dnt", "1")]], ids=["no signal", "GPC", "DNT"])
def test_what_the_app_answers_itself_stands_but_sets_no_cookie(
    path: str, signal: list[Field]
) -> None:
    policy = PrivacyPolicy(cookies=[Cookie("cart", purpose="Holds the basket", necessary=True)])
    stale = ("cookie", "_fbp=1")
    for method, status in (("GET", 200), ("GET", 403), ("POST", 404), ("GET", 301)):
        head = well_known(policy, path, *signal, stale, status=status, method=method)
        assert isinstance(head, ResponseHead)
        assert head.status == status
        assert head.values("set-cookie") == []  # no deletion of ours either


OTHER_PATHS = ["/.well-known/dnt", "/.well-known/dnt/xyz", "/well-known/dnt/", "/x/.well-known/dnt/"]  # fmt: skip


@pytest.mark.parametrize("path", [*OTHER_PATHS, "/.well-known/dnt-policy.txt"])
def test_other_404s_are_the_apps(path: str) -> None:
    assert isinstance(well_known(PrivacyPolicy(), path), ResponseHead)


@pytest.mark.parametrize("mode", ["report", "off"])
def test_without_enforcement_nothing_is_promised(mode: Any) -> None:
    outcome = well_known(PrivacyPolicy(mode=mode), "/.well-known/gpc.json")
    assert isinstance(outcome, ResponseHead)
    assert outcome.fields == NOT_FOUND


def not_found(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("404 Not Found", NOT_FOUND)
    return [b"nothing here"]


async def not_found_async(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    fields = [(name.encode(), value.encode()) for name, value in NOT_FOUND]
    await send({"type": "http.response.start", "status": 404, "headers": fields})
    await send({"type": "http.response.body", "body": b"nothing here"})


@pytest.mark.parametrize("app", [not_found, not_found_async], ids=["WSGI", "ASGI"])
@pytest.mark.parametrize("path", PATHS[:2])
def test_both_protocols_answer_get_and_head(app: Any, path: str) -> None:
    with visitor(protect(app), dnt=True) as client:
        got, headed = client.get(path), client.head(path)
    assert (got.status_code, headed.status_code, headed.content) == (200, 200, b"")
    assert got.headers["content-length"] == headed.headers["content-length"]
    assert got.json()
    assert got.headers.get_list("set-cookie") == []


# In a browser.


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def press(page: Page, button: str) -> None:
    """Press a button, and wait for the page that it leads to."""
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()


def pressed(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("button[aria-pressed=true]").all_inner_texts()]


# A browser sends Sec-Fetch-Site to places it trusts, as localhost, and only Origin to others over http.
@pytest.mark.parametrize("host", ["localhost", "shop.example"])
def test_a_visitor_clicks(browser: Browser, host: str) -> None:
    with wsgi_origin(protect(wsgi_app, CHOOSING)) as port:
        home = f"http://{host}:{port}"
        page = visit(browser, home + HOME)
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text))
        assert pressed(page) == []
        press(page, "Do not track me here")
        assert page.url == home + HOME
        assert pressed(page) == ["Do not track me here"]
        (cookie,) = cookie_jar(page)
        assert f"{cookie['name']}={cookie['value']}" == OPT_OUT[1]
        page.goto(home)
        assert page.locator("body").inner_text() == "'site preference'"
        page.goto(home + HOME)
        press(page, "Allow what the policy says")
        assert pressed(page) == ["Allow what the policy says"]
        page.goto(home)
        assert page.locator("body").inner_text() == "None"
        assert errors == []  # its own Content-Security-Policy stops nothing of it


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_its_window_and_can_be_read(
    browser: Browser, width: int, scheme: str
) -> None:
    with wsgi_origin(protect(wsgi_app, CHOOSING)) as port:
        view = {"viewport": {"width": width, "height": 700}, "color_scheme": scheme}
        page = visit(browser, f"http://localhost:{port}{HOME}", **view)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for element in ("h1", "h2", "[role=status] p", "button", ".note"):
            assert contrast(page, element) >= 4.5, element  # WCAG 2.2 §1.4.3
        assert page.locator("button").first.bounding_box()["height"] >= 44  # type: ignore[index]  # it is shown


CONTRAST = """element => {
    const luminance = color => color.match(/[\\d.]+/g).slice(0, 3).map(Number)
        .map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    let ground = element;
    while (getComputedStyle(ground).backgroundColor.endsWith(', 0)')) ground = ground.parentElement;
    const pair = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor];
    const [dark, light] = pair.map(luminance).sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
}"""


def contrast(page: Page, selector: str) -> float:
    return float(page.locator(selector).first.evaluate(CONTRAST))


def test_a_form_on_another_site_changes_nothing(browser: Browser) -> None:
    form = f'<form method=post action="{{}}{HOME}"><button name=choice value=allow>go</button></form>'  # fmt: skip

    def evil(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [form.format(environ["QUERY_STRING"]).encode()]

    with (
        wsgi_origin(protect(wsgi_app, CHOOSING)) as port,
        wsgi_origin(evil) as evil_port,
    ):
        for host in ("localhost", "shop.example"):
            page = visit(browser, f"http://evil.example:{evil_port}/?http://{host}:{port}")
            press(page, "go")
            assert "came from another site" in page.locator("body").inner_text()
            assert cookie_jar(page) == []


def test_a_missing_key_is_warned_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALPINES_PRIVACY_SECRET_KEY")
    monkeypatch.setattr("alpines_privacy.policy.secrets._made", [])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        guards = [Guard(CHOOSING), Guard(CHOOSING), Guard(PrivacyPolicy())]
    assert len(caught) == 1
    stored = cookie_set(posted(guards[0], "opt-out"))
    assert guards[1].read_preference(Sent(("cookie", str(stored)))).signal == "site preference"


def test_a_form_may_come_with_other_fields() -> None:
    body = urlencode({"choice": "allow", "note": "ä=&;"}).encode()
    request = Sent(SAME_ORIGIN, method="POST", path=HOME)
    assert answer_of(Guard(CHOOSING), request, body).status == 303
