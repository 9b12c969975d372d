"""The hut board's signup under requests made from its own OpenAPI document, and under worse ones.

Whatever is sent, the app is given a body only when an independent reading of those very bytes finds
one date of birth, written as it should be, of somebody old enough. What is refused leaves no row.
"""

from __future__ import annotations

import json
import re
import sqlite3
from calendar import monthrange
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from examples import databases
from examples.api import storage
from examples.api.app import create_app
from hypothesis import example, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from starlette.testclient import TestClient

from alpines_privacy import PrivacyPolicy, protect
from alpines_privacy.policy.secrets import VARIABLE
from alpines_privacy.testing import strategies
from tests.support.clock import stop_clock
from tests.support.secret_keys import KEY

POLICY = Path(storage.__file__).with_name("alpines-privacy.toml")
PATH = "/api/guests"
DATABASE = "fuzzed.sqlite3"
TODAY = date(2028, 2, 29)  # at UTC-12, where the day begins last
ADULT, CHILD = "1990-05-17", "2019-03-01"
PERSON = {"name": "Mira Rossi", "username": "mira", "password": "four-words-in-a-row"}

DATE = re.compile(r"[ \t]*([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?[ \t]*")

NO_DATES: list[Any] = [
    None, True, 0, 12, 20_000, 641_000_000, -1, 1e400, "", " ", "0", "000000000000", "641000000", "199",
    "1990-00", "1990-5-17", "19900517", "1990-W20-4", "90-05-17", "1990-02-30", "1990-13-01", "0000-01-01",
    "1990-05-17 .", "\n1990-05-17", "1990-05-17T00:00:00", "1990-05-17\x00", "17.05.1990", "05/17/1990",
    "\u0661990-05-17", "1990\u201005\u201017", "9999-12-31", "1790-05-17", [], [ADULT], {}, {"": ADULT},
]  # fmt: skip

# Two dates in one body, and names that only look like the one that counts.
DOUBTFUL = [
    f'{{"user": {{"birth_date": "{ADULT}", "birth_date": "{CHILD}"}}}}',
    f'{{"user": {{"birth_date": "{CHILD}", "birth_date": "{ADULT}"}}}}',
    f'{{"user": {{"birth_date": "{ADULT}"}}, "user": {{"birth_date": "{CHILD}"}}}}',
    f'{{"user": {{"birth_date": "{ADULT}", "birth\\u005fdate": "{CHILD}"}}}}',
    f'{{"user": {{"Birth_Date": "{ADULT}"}}}}',
    f'{{"user.birth_date": "{ADULT}", "user": {{"birth_date": "{CHILD}"}}}}',
    f'{{"birth_date": "{ADULT}"}}',
    f'[{{"user": {{"birth_date": "{ADULT}"}}}}]',
    f'{{"user": [{{"birth_date": "{ADULT}"}}]}}',
    f'{{"user": {{"birth_date": "{ADULT}"}}}} {{"user": {{"birth_date": "{CHILD}"}}}}',
    "[" * 5000,
    f'{{"user": {{"birth_date": "{CHILD}", "x": "&user.birth_date={ADULT}&"}}}}',
    f'{{"user": {{"birth_date": "{CHILD}"}}}}&user.birth_date={ADULT}',
    f"user.birth_date={CHILD}",
    "",
]

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"]
KINDS = [
    None,
    "application/json",
    "APPLICATION/JSON; charset=utf-16",
    "application/problem+json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "nonsense",
]


@dataclass
class Board:
    """The protected service, and the bodies of the signups that its app was given."""

    app: Any
    rows: Path
    given: list[bytes] = field(default_factory=list)

    def post(self, body: bytes, kind: str | None) -> int:
        """Send a body as a visitor who was never here; return the status."""
        headers = {} if kind is None else {"Content-Type": kind}
        return TestClient(self.app).post(PATH, content=body, headers=headers).status_code

    def guests(self) -> list[str]:
        """Return the dates of birth of all who have an account, and forget the new ones."""
        with closing(sqlite3.connect(self.rows)) as database, database:
            born = [birth for (birth,) in database.execute("SELECT birth_date FROM guests")]
            database.execute("DELETE FROM guests WHERE username != 'ayesha'")
        return born


class Between:
    """Stands between the layer and the app, and writes down what the app is given."""

    def __init__(self, app: Any, given: list[bytes]) -> None:
        self._app, self._given = app, given

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        parts: list[bytes] = []

        async def noted() -> Any:
            message = await receive()
            parts.append(message.get("body", b""))
            return message

        await self._app(scope, noted, send)
        self._given.append(b"".join(parts))


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    folder = tmp_path_factory.mktemp("board")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(databases.VARIABLE, str(folder))
        patch.setenv(VARIABLE, KEY)
        stop_clock(patch, TODAY)
        patch.setattr(storage, "_hashed", lambda _, salt: salt)  # the real one takes its time
        app = create_app(DATABASE)
        board = Board(app, folder / DATABASE)
        app.add_middleware(Between, given=board.given)
        protect(app, PrivacyPolicy.load(POLICY))
        yield board


def born_in(body: bytes) -> date | None:
    """Read the one date of birth in a body with the standard library; None if there is none."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        if any(names.count(name) > 1 for name in ("user", "birth_date")):
            raise ValueError("said twice")
        return dict(pairs)

    try:
        found = DATE.fullmatch(json.loads(body, object_pairs_hook=once)["user"]["birth_date"])
        return None if found is None else latest(*(int(part) for part in found.groups() if part))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def latest(year: int, month: int = 12, day: int | None = None) -> date:
    """Return the last day somebody may have been born on who leaves out the day, or the month."""
    return date(year, month, monthrange(year, month)[1] if day is None else day)


def check(board: Board, status: int) -> None:
    """Hold the app's part against the independent reading."""
    given, board.given[:] = list(board.given), []
    for body in given:
        birth = born_in(body)
        assert birth is not None, (status, body)
        assert strategies.is_old_enough(birth, TODAY), (status, body)
    assert status < 500
    assert given or status in {403, 413, 415, 422}
    assert all(
        strategies.is_old_enough(date.fromisoformat(birth), TODAY) for birth in board.guests()
    )


@pytest.mark.parametrize("mode", GenerationMode, ids=lambda mode: str(mode.value))
def test_no_request_made_from_the_document_brings_a_child_to_the_app(
    board: Board, mode: GenerationMode
) -> None:
    operation = schemathesis.openapi.from_asgi("/openapi.json", board.app)[PATH]["POST"]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=150)
    def send(case: schemathesis.Case[Any]) -> None:
        check(board, case.call().status_code)

    send()


bodies = st.one_of(
    st.sampled_from(DOUBTFUL),
    st.one_of(st.sampled_from(NO_DATES), st.dates().map(str), st.text(max_size=12)).map(
        lambda value: json.dumps({"user": {**PERSON, "birth_date": value}})
    ),
)


@given(body=bodies, encoding=st.sampled_from(ENCODINGS), kind=st.sampled_from(KINDS))
@settings(max_examples=300)
@example(json.dumps({"user": {**PERSON, "birth_date": CHILD}}), "utf-16", "application/json")
@example(json.dumps({"user": {**PERSON, "birth_date": CHILD}}), "utf-8", None)
@example(
    json.dumps({"user": {**PERSON, "birth_date": "000000000000"}}), "utf-8", "application/json"
)
def test_no_body_the_document_knows_nothing_of_brings_a_child_to_the_app(
    board: Board, body: str, encoding: str, kind: str | None
) -> None:
    check(board, board.post(body.encode(encoding), kind))


@given(
    birth=st.one_of(strategies.birth_dates(TODAY), st.dates(min_value=date(1905, 1, 1))),
)
@settings(max_examples=150)
def test_exactly_those_who_are_old_enough_come_to_the_app(board: Board, birth: date) -> None:
    body = json.dumps({"user": {**PERSON, "birth_date": birth.isoformat()}}).encode()
    status = board.post(body, "application/json")
    assert (board.given == [body]) == strategies.is_old_enough(birth, TODAY)
    check(board, status)


@pytest.mark.parametrize(
    "path",
    [
        PATH + "/",
        PATH + "//",
        "/" + PATH,
        "/api/%67uests",
        "/API/guests",
        PATH + "%0A",
        PATH + "?x=1",
    ],
)
def test_another_way_to_write_the_path_is_no_way_round(board: Board, path: str) -> None:
    user = {**PERSON, "birth_date": CHILD}
    status = TestClient(board.app).post(path, json={"user": user}).status_code
    board.given.clear()
    assert status in {403, 404}
    assert board.guests() == [ADULT]
