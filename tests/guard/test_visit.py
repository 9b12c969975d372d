"""A visit: what a promise asks of it happens, the same through both adapters; one table, two drivers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from alpines_privacy import PrivacyPolicy, asgi, current
from alpines_privacy.guard import Guard
from alpines_privacy.http.heads import Field, ResponseHead
from alpines_privacy.http.outcomes import MORE, Answer, Examine, Replace, Rewrite, Wait
from alpines_privacy.http.privacy import request_context
from alpines_privacy.http.promise import Promise
from alpines_privacy.wsgi import WSGIRequest
from tests.support.visits import (
    ANSWERED,
    BARE,
    BESIDE,
    FORM,
    LAST,
    LEFT,
    LENGTH,
    OURS,
    REPLACED,
    REWRITTEN,
    SECRET,
    START,
    TYPE,
    Driver,
    Outcome,
    Request,
    Response,
    at_the_end,
    both,
    examine,
    guard,
    raise_secret,
    rewriting,
    run_asgi,
    run_wsgi,
    through_asgi,
    through_wsgi,
    upper,
    waiting,
)
from tests.support.wire import ASGIServer, Message, promise, scope_of


def marked(head: Any, data: bytes, last: object) -> None:
    head.append("x-first", data.decode())


class Scenario(NamedTuple):
    promises: list[Promise]
    outcome: Outcome
    request: Request = Request()
    response: Response = Response()


SCENARIOS = {
    "nothing asked": Scenario([promise()], BARE),
    "answered at once": Scenario([promise(request=lambda p: OURS)], ANSWERED),
    "answered at once, HEAD": Scenario(
        [promise(request=lambda p: OURS)], ANSWERED._replace(body=b""), Request("HEAD")
    ),
    "answered with a status nobody has named": Scenario(
        [promise(request=lambda p: Answer(299, []))],
        Outcome(None, 299, [("content-length", "0")], b""),
    ),
    "the first answer counts": Scenario(
        [promise(), promise(request=lambda p: OURS), promise(request=lambda p: Answer(500, []))],
        ANSWERED,
    ),
    "an answer goes before an examination": Scenario(
        [examine(at_the_end(None)), promise(request=lambda p: OURS)], ANSWERED, FORM
    ),
    "the body passes": Scenario(
        [examine(at_the_end(None))], BARE._replace(got=b"one=1&two=2"), FORM
    ),
    "the body passes early": Scenario(
        [examine(lambda data, more: None)], BARE._replace(got=b"one=1&two=2"), FORM
    ),
    "the body is answered": Scenario([examine(at_the_end(OURS))], ANSWERED, FORM),
    "the body is answered early": Scenario([examine(lambda data, more: OURS)], ANSWERED, FORM),
    "no body passes": Scenario([examine(at_the_end(None))], BARE),
    "no body is answered": Scenario([examine(at_the_end(OURS))], ANSWERED),
    "a body at its limit is judged": Scenario(
        [examine(at_the_end(OURS), limit=11)], ANSWERED, FORM
    ),
    "a body beyond its limit passes": Scenario(
        [examine(at_the_end(OURS), limit=10)], BARE._replace(got=b"one=1&two=2"), FORM
    ),
    "a body beyond its limit is answered": Scenario(
        [examine(at_the_end(None), limit=10, beyond=OURS)], ANSWERED, FORM
    ),
    "a body long beyond its limit passes whole": Scenario(
        [examine(at_the_end(OURS), limit=10)],
        BARE._replace(got=b"x" * 200_000),
        Request("POST", body=(b"x" * 100_000,) * 2),
    ),
    "each judge has its own limit": Scenario(
        [examine(at_the_end(OURS), limit=3), examine(at_the_end(OURS), limit=11)], ANSWERED, FORM
    ),
    "all judges must pass it": Scenario(
        [examine(at_the_end(None)), examine(at_the_end(OURS))], ANSWERED, FORM
    ),
    "a judge that never decides lets it pass": Scenario(
        [examine(lambda data, more: MORE)], BARE._replace(got=b"one=1&two=2"), FORM
    ),
    "settled with an edited head": Scenario(
        [waiting(marked)], BARE._replace(fields=[*TYPE, ("x-first", "the ")])
    ),
    "settled to rewrite": Scenario([waiting(lambda *_: Rewrite(upper))], REWRITTEN),
    "settled to replace": Scenario([waiting(lambda *_: Replace(OURS))], REPLACED),
    "settled to nothing": Scenario([waiting(lambda *_: None)], BARE),
    "settled on a body that is there at once": Scenario(
        [waiting(lambda head, data, last: head.append("x-all", f"{data.decode()}|{last}"))],
        BARE._replace(fields=[*TYPE, ("x-all", "the body|True")]),
        response=Response(shape="list"),
    ),
    "settled on the first of several": Scenario(
        [waiting(lambda head, data, last: head.append("x-all", f"{data.decode()}|{last}"))],
        BARE._replace(fields=[*TYPE, ("x-all", "the |False")]),
    ),
    "settled to rewrite what is there at once": Scenario(
        [waiting(lambda *_: Rewrite(upper))], REWRITTEN, response=Response(shape="list")
    ),
    "settled to replace what is there at once": Scenario(
        [waiting(lambda *_: Replace(OURS))], REPLACED, response=Response(shape="list")
    ),
    "settled on nothing: HEAD": Scenario(
        [waiting(lambda head, data, last: head.append("x-all", f"{data.decode()}|{last}"))],
        Outcome(b"", 200, [*LENGTH[:1], ("content-length", "8"), ("x-all", "|True")], b""),
        Request("HEAD"),
        Response((), fields=LENGTH),
    ),
    "settled on nothing: 304": Scenario(
        [waiting(lambda head, data, last: head.append("x-all", f"{data.decode()}|{last}"))],
        Outcome(b"", 304, [*TYPE, ("x-all", "|True")], b""),
        response=Response((), 304),
    ),
    "settled to replace: HEAD": Scenario(
        [waiting(lambda *_: Replace(OURS))],
        REPLACED._replace(body=b""),
        Request("HEAD"),
        Response(()),
    ),
    "two that wait, one that rewrites": Scenario(
        [waiting(marked), rewriting, waiting(marked)],
        REWRITTEN._replace(fields=[*TYPE, ("x-first", "the "), ("x-first", "the ")]),
    ),
    "replaced": Scenario([promise(response=lambda p, h: Replace(OURS))], REPLACED),
    "replaced, HEAD": Scenario(
        [promise(response=lambda p, h: Replace(OURS))], REPLACED._replace(body=b""), Request("HEAD")
    ),
    "rewritten": Scenario([rewriting], REWRITTEN),
    "rewritten twice, in order": Scenario(
        [rewriting, promise(response=lambda p, h: Rewrite(lambda data, last: data + b"!"))],
        REWRITTEN._replace(body=b"THE !BODY!.!"),
    ),
    "rewritten, without the length that is no longer true": Scenario(
        [rewriting], REWRITTEN, response=Response(fields=LENGTH)
    ),
    "a HEAD of what would be rewritten": Scenario(
        [rewriting], REWRITTEN._replace(body=b""), Request("HEAD"), Response((), fields=LENGTH)
    ),
    "204 is not rewritten": Scenario(
        [rewriting], Outcome(b"", 204, TYPE, b""), response=Response((), 204)
    ),
    "an empty body is rewritten": Scenario(
        [rewriting], REWRITTEN._replace(body=b"."), response=Response(())
    ),
    "a filter that holds bytes back": Scenario(
        [promise(response=lambda p, h: Rewrite(_hoarding()))],
        REWRITTEN._replace(body=b"the body!"),
    ),
}  # fmt: skip
SHAPES = ("stream", "list", "write", "file", "part of a file")


def _hoarding() -> Callable[..., bytes]:
    held: list[bytes] = []

    def filter_(data: bytes, *, last: bool) -> bytes:
        held.append(data)
        return b"".join(held) + b"!" if last else b""

    return filter_


@both
@pytest.mark.parametrize("name", SCENARIOS)
def test_an_outcome_happens(name: str, through: Driver) -> None:
    scenario = SCENARIOS[name]
    assert (
        through(guard(*scenario.promises), scenario.request, scenario.response).outcome
        == scenario.outcome
    )


@both
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("held", [False, True])
def test_every_shape_of_body_is_rewritten(
    shape: str, through: Driver, tmp_path: Path, *, held: bool
) -> None:
    one = waiting(lambda *_: Rewrite(upper)) if held else rewriting
    assert through(guard(one), Request(), Response(shape=shape), tmp_path).outcome == REWRITTEN


@both
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("outcome", [None, Replace(OURS)], ids=["passes", "replaced"])
def test_every_shape_of_body_can_be_held(
    shape: str, through: Driver, tmp_path: Path, outcome: Replace | None
) -> None:
    seen: list[bytes] = []

    def settle(head: Any, data: bytes, last: object) -> Replace | None:
        seen.append(data)
        return outcome

    got = through(guard(waiting(settle)), Request(), Response(shape=shape), tmp_path).outcome
    assert len(seen) == 1
    assert b"the body".startswith(seen[0][:3])
    if outcome is not None:
        assert got == REPLACED
    elif through is through_wsgi or "file" not in shape:
        assert got == BARE  # over ASGI the server itself sends the file


@both
@pytest.mark.parametrize("beyond", [None, OURS], ids=["passes beyond", "answers beyond"])
def test_half_a_body_never_reaches_the_app(through: Driver, beyond: Answer | None) -> None:
    request = FORM._replace(breaks_off=True)
    for promise_ in (examine(at_the_end(None), beyond=beyond), examine(at_the_end(OURS))):
        outcome = through(guard(promise_), request, Response()).outcome
        assert outcome.got is None
        # Over ASGI the server has said that nobody is there to be answered.
        assert outcome.status == (None if through is through_asgi else 400)


@both
def test_half_a_body_reaches_the_app_where_the_policy_only_reports(through: Driver) -> None:
    request = FORM._replace(breaks_off=True)
    outcome = through(guard(examine(at_the_end(OURS)), mode="report"), request, Response()).outcome
    assert outcome.got == b"one=1&two=2"


@both
def test_a_rewritten_chunk_leaves_before_the_next_is_made(through: Driver) -> None:
    made: list[bytes] = []
    left: list[bytes] = []

    def noted(data: bytes, *, last: bool) -> bytes:
        left.append(data)
        return data

    def chunks() -> Iterator[bytes]:
        for chunk in (b"a", b"b", b"c"):
            assert left == made  # all that was made has left
            made.append(chunk)
            yield chunk

    if through is through_wsgi:
        run_wsgi(
            guard(promise(response=lambda p, h: Rewrite(noted))),
            lambda environ, start: (start("200 OK", list(TYPE)), chunks())[1],
        )
    else:

        async def app(scope: Message, receive: Any, send: Any) -> None:
            await send(START)
            for chunk in chunks():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body"})

        layered: Any = asgi.PrivacyMiddleware(
            app,  # type: ignore[arg-type]
            guard(promise(response=lambda p, h: Rewrite(noted))),
        )
        ASGIServer().run(layered, scope_of())
    assert made == [b"a", b"b", b"c"]
    assert left == [b"a", b"b", b"c", b""]


ENDINGS = {
    "a response": (promise(), Request()),
    "an answer": (promise(request=lambda p: OURS), Request()),
    "a body answered": (examine(at_the_end(OURS)), FORM),
    "half a body": (examine(at_the_end(None)), FORM._replace(breaks_off=True)),
    "a response replaced": (promise(response=lambda p, h: Replace(OURS)), Request()),
    "a response rewritten": (rewriting, Request()),
}


@both
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("shape", ["stream", "list", "write"])
def test_a_visit_ends_once_and_inside_itself(ending: str, shape: str, through: Driver) -> None:
    ends: list[bool] = []
    ending_promise = promise(
        "ending", end=lambda context: ends.append(request_context() is context)
    )
    one, request = ENDINGS[ending]
    through(guard(one, ending_promise), request, Response(shape=shape))
    assert ends == [True]


@both
def test_a_visit_ends_once_when_the_app_fails(through: Driver) -> None:
    ends: list[bool] = []

    def fail() -> None:
        raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        through(
            guard(promise(end=lambda context: ends.append(True))), Request(), Response(before=fail)
        )
    assert ends == [True]
    assert not current()


def failing_settle(context: object, head: object) -> Wait:
    return Wait(raise_secret)


DEFECTS: dict[str, dict[str, Any]] = {
    "request": {"request": raise_secret},
    "judge": {"request": lambda context: Examine(10, raise_secret)},
    "response": {"response": raise_secret},
    "settle": {"response": failing_settle},
    "filter": {"response": lambda context, head: Rewrite(raise_secret)},
    "end": {"end": raise_secret},
    "failed": {"request": raise_secret, "failed": raise_secret},
}


@both
@pytest.mark.parametrize("hook", DEFECTS)
@pytest.mark.parametrize("shape", ["stream", "list", "write"])
def test_a_promise_that_raises_costs_nobody_their_request(
    hook: str, shape: str, through: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    defective = guard(promise(**DEFECTS[hook]))
    response = Response(shape=shape)
    for _ in range(2):
        assert through(defective, FORM, response).outcome == BARE._replace(got=b"one=1&two=2")
    failures = [r for r in caplog.records if r.name == "alpines_privacy"]
    assert len(failures) == (2 if hook == "failed" else 1)  # the hook, and `failed` itself
    for record in failures:
        assert record.levelno == logging.ERROR
        assert "ValueError" in record.getMessage()
        assert SECRET not in caplog.text
        assert record.exc_info is None


FAILS_CLOSED = {
    "request": (
        promise(request=raise_secret, failed=lambda p, h: OURS if h is None else None),
        ANSWERED,
    ),
    "judge": (
        promise(
            request=lambda p: Examine(10, raise_secret),
            failed=lambda p, h: OURS if h is None else None,
        ),
        ANSWERED,
    ),
    "response": (
        promise(response=raise_secret, failed=lambda p, head: head.replace([])),
        Outcome(b"one=1&two=2", 200, [], b"the body"),
    ),
    "settle": (
        promise(response=failing_settle, failed=lambda p, head: head.replace([])),
        Outcome(b"one=1&two=2", 200, [], b"the body"),
    ),
}


@both
@pytest.mark.parametrize("hook", FAILS_CLOSED)
def test_a_promise_fails_the_way_it_says(hook: str, through: Driver) -> None:
    defective, outcome = FAILS_CLOSED[hook]
    assert through(guard(defective), FORM, Response()).outcome == outcome


@pytest.mark.parametrize("kind", BESIDE)
def test_fields_beside_the_head_fail_the_way_the_head_does(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    closed = promise(
        fields=raise_secret, failed=lambda context, head: head.replace(head.fields[1:])
    )
    *_, sent = run_asgi(guard(closed), START, LAST, BESIDE[kind])
    assert sent == {"type": BESIDE[kind]["type"], **LEFT[kind]}
    *_, untouched = run_asgi(guard(promise(fields=raise_secret)), START, LAST, BESIDE[kind])
    assert untouched is BESIDE[kind]
    assert SECRET not in caplog.text


@both
def test_a_filter_that_failed_is_not_asked_again_and_the_others_go_on(through: Driver) -> None:
    def breaks_at_the_second(data: bytes, *, last: bool) -> bytes:
        calls.append(data)
        if len(calls) == 2:
            raise ValueError(SECRET)
        return data[::-1]

    calls: list[bytes] = []
    broken = promise(response=lambda p, h: Rewrite(breaks_at_the_second))
    response = Response((b"ab", b"cd", b"ef"))
    assert through(guard(broken, rewriting), Request(), response).outcome.body == b"BACDEF."
    assert calls == [b"ab", b"cd"]


def _visit_of(response: Callable[..., Any], fields: list[Field]) -> tuple[Any, ResponseHead]:
    visit = Guard(PrivacyPolicy(), promises=[promise(response=response)]).visit(WSGIRequest({}))
    head = ResponseHead(200, fields)
    visit.response(head)
    return visit, head


@pytest.mark.parametrize(
    ("length", "last", "whole"),
    [("4", False, True), ("5", False, False), (None, False, False), (None, True, True)],
)
def test_a_first_chunk_as_long_as_content_length_is_the_whole_body(
    length: str | None, last: bool, whole: bool
) -> None:
    seen: list[bool] = []
    fields = TYPE if length is None else [*TYPE, ("Content-Length", length)]
    visit, _ = _visit_of(lambda context, head: Wait(lambda _, last: seen.append(last)), fields)
    visit.settle(b"page", last)
    visit.end()
    assert seen == [whole]


@pytest.mark.parametrize(
    ("lengths", "expected"), [((9,), ["9"]), ((None,), []), ((9, None), []), ((9, 9), [])]
)
def test_a_rewritten_body_says_its_length_only_where_it_is_known(
    lengths: tuple[int | None, ...], expected: list[str]
) -> None:
    promises = [
        promise(response=lambda context, head, n=n: Rewrite(lambda data, *, last: data, length=n))
        for n in lengths
    ]
    visit = Guard(PrivacyPolicy(), promises=promises).visit(WSGIRequest({}))
    head = ResponseHead(200, [*TYPE, ("content-length", "4")])
    visit.response(head)
    visit.end()
    assert head.values("content-length") == expected
