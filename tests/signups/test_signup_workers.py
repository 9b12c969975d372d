"""Four workers that share nothing but a key, or not even that: a refusal holds on every one of them."""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from examples import databases

from alpines_privacy.policy.secrets import VARIABLE
from tests.support.processes import free_port, program
from tests.support.secret_keys import KEY
from tests.support.workers import WORKER

ROOT = Path(__file__).parents[2]
WORKERS = 4
AT_ONCE = 8
PATIENCE = 60.0  # seconds; only a worker that hangs needs them

COMMANDS = {
    "gunicorn": "gunicorn tests.support.workers.shop:app --bind 127.0.0.1:{port} --workers 4",
    "uvicorn": "uvicorn tests.support.workers.board:app --port {port} --workers 4",
    "granian": "granian tests.support.workers.board:app --interface asgi --port {port} --workers 4",
}
SHARED_KEY = {VARIABLE: KEY}
ADULT, CHILD = "1990-05-17", "2019-03-01"
PASSWORD = "four-words-in-a-row"


class Answer(NamedTuple):
    """What came back; the cookies as a browser would send them from now on."""

    status: int
    worker: str
    cookies: str
    page: str


@dataclass
class Served:
    """An example on a port, and where its database is."""

    port: int
    folder: Path
    numbers: Iterator[int] = field(default_factory=count)

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        """Make one request on a connection of its own."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            set_cookies = response.headers.get_all("Set-Cookie", [])
            page = response.read().decode()
        held = "; ".join(line.partition(";")[0] for line in set_cookies)
        return Answer(response.status, response.headers[WORKER], held, page)

    def open_signup(self, cookies: str = "") -> Answer:
        return self.ask("GET", "/signup", Cookie=cookies)

    def tell_screen(self, born: str, cookies: str = "") -> Answer:
        """Answer the shop's age screen."""
        year, month, day = born.split("-")
        body = urlencode({"to": "/signup", "year": year, "month": month, "day": day})
        origin = f"http://127.0.0.1:{self.port}"
        return self.ask("POST", "/_privacy/age", body, Cookie=cookies, Origin=origin, **FORM)

    def send_form(self, cookies: str = "") -> Answer:
        """Sign up in the shop, each time as somebody else."""
        person = {"name": "Mira", "username": f"mira-{next(self.numbers)}", "password": PASSWORD}
        return self.ask("POST", "/signup", urlencode(person), Cookie=cookies, **FORM)

    def send_json(self, born: str, cookies: str = "") -> Answer:
        """Sign up at the hut board, each time as somebody else."""
        person = {"name": "Mira", "username": f"mira-{next(self.numbers)}", "password": PASSWORD}
        body = json.dumps({"user": person | {"birth_date": born}})
        return self.ask("POST", "/api/guests", body, Cookie=cookies, **JSON)

    def accounts(self, table: str) -> int:
        """Count the app's own rows."""
        (file,) = self.folder.glob("*.sqlite3")
        with closing(sqlite3.connect(file)) as database:
            (number,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
        return int(number)


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


def everywhere(ask: Callable[[], Answer]) -> set[int]:
    """Ask, several at once, until all four workers have answered; return the statuses."""
    seen: set[str] = set()
    statuses: set[int] = set()
    deadline = time.monotonic() + PATIENCE
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while len(seen) < WORKERS:
            assert time.monotonic() < deadline, f"of {WORKERS} workers only {len(seen)} answer"
            for answer in pool.map(lambda _: ask(), range(AT_ONCE)):
                seen.add(answer.worker)
                statuses.add(answer.status)
    return statuses


@contextmanager
def served(server: str, folder: Path, environment: dict[str, str]) -> Iterator[Served]:
    """Serve an example by four workers, with a database of its own."""
    port = free_port()
    command = [sys.executable, "-m", *COMMANDS[server].format(port=port).split()]
    bare = {name: value for name, value in os.environ.items() if name != VARIABLE}
    environment = bare | {"PYTHONPATH": str(ROOT), databases.VARIABLE: str(folder)} | environment
    with program(command, port, folder, env=environment):
        yield Served(port, folder)


keys = pytest.mark.parametrize("key", [SHARED_KEY, {}], ids=["one key", "a key each"])


@keys
def test_the_shops_lock_and_pass_hold_on_every_worker(key: dict[str, str], tmp_path: Path) -> None:
    with served("gunicorn", tmp_path, key) as shop:
        refused = shop.tell_screen(CHILD)
        assert refused.status == 403
        locked = refused.cookies
        assert everywhere(lambda: shop.open_signup(locked)) == {403}
        assert everywhere(lambda: shop.tell_screen(ADULT, locked)) == {403}
        assert everywhere(lambda: shop.send_form(locked)) == {403}
        passed = shop.tell_screen(ADULT).cookies
        assert everywhere(lambda: shop.send_form(f"{passed}; {locked}")) == {403}
        assert shop.accounts("customers") == 1
        if key:
            assert everywhere(lambda: shop.send_form(passed)) == {303}
            assert shop.accounts("customers") > WORKERS


@pytest.mark.parametrize(
    ("server", "key"),
    [("uvicorn", SHARED_KEY), ("granian", {})],
    ids=["uvicorn, one key", "granian, a key each"],
)
def test_the_boards_lock_holds_on_every_worker(
    server: str, key: dict[str, str], tmp_path: Path
) -> None:
    with served(server, tmp_path, key) as board:
        assert everywhere(lambda: board.send_json(CHILD)) == {403}
        locked = board.send_json(CHILD).cookies
        assert everywhere(lambda: board.send_json(ADULT, locked)) == {403}
        assert board.accounts("guests") == 1
        assert everywhere(lambda: board.send_json(ADULT)) == {201}
        assert board.accounts("guests") > WORKERS
