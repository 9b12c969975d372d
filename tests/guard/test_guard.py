"""A compiled policy: modes, exemptions, a promise's own pages, and the responses it is asked about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from alpines_privacy import PolicyError, PrivacyPolicy, asgi, current
from alpines_privacy.guard.guard import MODE_VARIABLE
from alpines_privacy.http.heads import Field, ResponseHead
from alpines_privacy.http.outcomes import MORE, Answer, Examine, Pass, Replace, Rewrite, Wait
from alpines_privacy.http.promise import Promise
from tests.support.visits import (
    ANSWERED,
    BARE,
    FORM,
    LENGTH,
    OURS,
    TYPE,
    Driver,
    Request,
    Response,
    at_the_end,
    both,
    guard,
    run_wsgi,
    through_asgi,
    through_wsgi,
    upper,
    waiting,
)
from tests.support.wire import Message, promise, scope_of


def everything(part: str = "fake") -> list[Promise]:
    """Promises that would change all there is."""
    return [
        promise(part, request=lambda p: OURS, response=lambda p, h: h.append("x-changed", "1")),
        promise(part, request=lambda p: Examine(100, at_the_end(OURS))),
        promise(part, response=lambda p, h: Wait(lambda data, last: Replace(OURS))),
        promise(part, response=lambda p, h: Rewrite(upper)),
        promise(part, response=lambda p, h: Replace(OURS)),
    ]


@both
@pytest.mark.parametrize("mode", ["report", "off"])
@pytest.mark.parametrize("by", ["policy", "environment"])
def test_where_nothing_is_enforced_nothing_changes(
    mode: str, by: str, through: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by == "environment":
        monkeypatch.setenv(MODE_VARIABLE, f" {mode.upper()} ")
    policy = {"mode": mode} if by == "policy" else {}
    assert through(guard(*everything(), **policy), FORM, Response()).outcome == BARE._replace(
        got=b"one=1&two=2"
    )


def test_the_environment_can_enforce_what_the_policy_switches_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(MODE_VARIABLE, "enforce")
    assert through_asgi(guard(*everything(), mode="off"), FORM, Response()).outcome == ANSWERED


def test_a_mode_nobody_knows_in_the_environment_is_an_error_at_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(MODE_VARIABLE, "enforced")
    with pytest.raises(PolicyError, match=f'{MODE_VARIABLE}.*"enforced".*enforce, report, off'):
        guard()


@both
def test_what_would_have_been_answered_is_reported_once(
    through: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    reporting = guard(promise(request=lambda p: OURS), mode="report")
    for _ in range(2):
        through(reporting, Request(), Response())
    (record,) = [r for r in caplog.records if r.name == "alpines_privacy"]
    assert record.getMessage().startswith("Only reported")
    assert "451" in record.getMessage()


@pytest.mark.parametrize("mode", ["off", "enforce"])
def test_a_signal_is_not_read_where_the_layer_is_off(mode: Any) -> None:
    seen: list[bool] = []
    request = Request(fields=(("dnt", "1"),))
    through_wsgi(
        PrivacyPolicy(mode=mode),
        request,
        Response(before=lambda: seen.append(current().opted_out)),
    )
    assert seen == [mode == "enforce"]


PATHS = [
    ("/healthz", "", True),
    ("/healthz", "/shop", True),
    ("/healthz/", "", False),
    ("/static/a/b.css", "", True),
    ("/static/a/b.css", "/shop", True),
    ("/static/", "/shop", True),
    ("/static", "", False),
    ("/statics/a", "/shop", False),
    ("/", "/static/", True),
    ("/other", "", False),
]


@both
@pytest.mark.parametrize(("path", "mount", "passes"), PATHS)
def test_exempt_paths_pass_untouched_with_and_without_the_mount(
    path: str, mount: str, through: Driver, *, passes: bool
) -> None:
    called: list[str] = []
    noting = promise(
        request=lambda p: called.append("request"),
        response=lambda p, h: called.append("response"),
        end=lambda p: called.append("end"),
    )
    exempting = guard(noting, exempt=["/healthz", "/static/*"])
    mount = mount.rstrip("/")
    assert through(exempting, Request(path=path, mount=mount), Response()).outcome == BARE
    assert called == ([] if passes else ["request", "response", "end"])


@both
def test_an_app_exempts_one_response_from_one_part(through: Driver) -> None:
    one = promise("one", response=lambda p, h: h.append("x-one", "1"))
    two = promise("two", response=lambda p, h: h.append("x-two", "1"))
    parts = guard(one, two)
    exempting = Response(before=lambda: current().exempt("one"))
    assert through(parts, Request(), exempting).outcome.fields == [*TYPE, ("x-two", "1")]
    assert through(parts, Request(), Response()).outcome.fields == [
        *TYPE, ("x-one", "1"), ("x-two", "1"),
    ]  # fmt: skip


@both
def test_a_part_that_has_no_name_cannot_be_exempted(through: Driver) -> None:
    always = promise("", response=lambda p, h: h.append("x-always", "1"))
    exempting = Response(before=lambda: current().exempt("", "no such part"))
    assert through(guard(always), Request(), exempting).outcome.fields == [*TYPE, ("x-always", "1")]


def test_an_app_can_exempt_while_its_head_is_held() -> None:
    def app(environ: Message, start: Any) -> Iterator[bytes]:
        start("200 OK", list(TYPE))
        current().exempt("fake")
        yield b"a"

    assert run_wsgi(guard(waiting(lambda *_: Replace(OURS))), app).body == b"a"


class Paged(Promise):
    """Answers two pages, and writes down which paths it was asked about."""

    pages = frozenset({"/own/a", "/own/b"})

    def __init__(self, outcome: Answer | Examine | Exception | None = OURS) -> None:
        self.asked: list[str] = []
        self._outcome = outcome

    def page(self, context: Any) -> Answer | Examine | None:
        self.asked.append(context.request.path)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


@both
@pytest.mark.parametrize("mount", ["", "/shop"])
@pytest.mark.parametrize(
    ("path", "is_own"),
    [("/own/a", True), ("/own/b", True), ("/own/", False), ("/own/ab", False), ("/x/own/a", False)],
)
def test_a_promise_answers_its_pages_below_the_mount_and_no_other_path(
    through: Any, mount: str, path: str, is_own: bool
) -> None:
    paged = Paged()
    made = guard(promise(), paged)
    outcome = through(made, Request(path=path, mount=mount), Response()).outcome
    assert outcome.status == (451 if is_own else 200)
    assert paged.asked == ([mount + path] if is_own else [])


@both
@pytest.mark.parametrize("outcome", [None, ValueError("x")], ids=["passes", "fails"])
def test_a_page_that_answers_nothing_is_the_apps(through: Any, outcome: Any) -> None:
    made = guard(Paged(outcome))
    assert through(made, Request(path="/own/a"), Response()).outcome.body == b"the body"


@both
def test_a_page_may_ask_for_the_body(through: Any) -> None:
    taken = Examine(9, lambda data, more: MORE if more else OURS)
    made = guard(Paged(taken))
    outcome = through(made, Request("POST", "/own/b", LENGTH, (b"ab",)), Response()).outcome
    assert (outcome.status, outcome.got) == (451, None)


def test_a_websocket_is_no_page() -> None:
    paged = Paged()
    made = guard(paged)
    visit = made.visit(asgi.ASGIRequest(scope_of("/own/a", kind="websocket")))
    assert isinstance(visit.request(), Pass)
    assert paged.asked == []


class Heeding(Promise):
    """Wants to see plain responses with `x-a` only."""

    fields_read = frozenset({"x-a"})

    def response(self, context: Any, head: ResponseHead) -> None:
        head.append("x-seen", "1")


JSON: Field = ("content-type", "application/json")
OFFERED: dict[str, tuple[Request, Response, bool]] = {
    "plain": (Request(), Response(fields=(JSON,)), False),
    "no type": (Request(), Response(fields=()), False),
    "another field": (Request(), Response(fields=(JSON, ("x-b", "1"))), False),
    "its field": (Request(), Response(fields=(JSON, ("X-A", "1"))), True),
    "a page": (Request(), Response(), True),
    "an XHTML page": (
        Request(), Response(fields=(("Content-Type", "application/xhtml+xml; x"),)), True
    ),
    "not modified": (Request(), Response((), 304, ()), True),
    "not found": (Request(), Response(status=404, fields=(JSON,)), True),
    "a signal": (Request(fields=(("dnt", "1"),)), Response(fields=(JSON,)), True),
    "an app that asked": (
        Request(), Response(fields=(JSON,), before=lambda: current().opted_out), True
    ),
}  # fmt: skip


@both
@pytest.mark.parametrize(("request_", "response", "is_offered"), OFFERED.values(), ids=OFFERED)
def test_a_plain_response_is_offered_for_the_fields_a_promise_heeds(
    through: Any, request_: Request, response: Response, is_offered: bool
) -> None:
    made = guard(Heeding())
    assert (("x-seen", "1") in through(made, request_, response).outcome.fields) is is_offered


def test_one_promise_that_wants_every_response_gets_them() -> None:
    seen: list[int] = []
    watching = promise(response=lambda context, head: seen.append(head.status))
    made = guard(Heeding(), watching)
    through_asgi(made, Request(), Response(fields=(JSON,)))
    assert seen == [200]
