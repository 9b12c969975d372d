"""§6, intruders: four workers share one Redis; down or slow, the app goes on; a command unlocks them all."""

from __future__ import annotations

import http.client
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner, Result

from alpines_privacy import Intrusion, LoginRoute, PrivacyPolicy, protect
from alpines_privacy.cli import main
from alpines_privacy.intrusion import shared
from alpines_privacy.intrusion.failures import Failures
from alpines_privacy.intrusion.memory import BoundedMemory
from alpines_privacy.intrusion.shared import Counting, redis_storage
from alpines_privacy.testing import visitor
from tests.intrusion.logins import RIGHT, login_site
from tests.support.processes import free_port, program
from tests.support.redis_server import redis_on, redis_server
from tests.support.secret_keys import KEY
from tests.support.workers import FAILURES, WORKER

ROOT = Path(__file__).parents[2]
WORKERS, AT_ONCE, PATIENCE = 4, 8, 120.0
SERVERS = {
    "gunicorn": "gunicorn tests.support.workers.gate:app --bind 127.0.0.1:{port} --workers 4",
    "uvicorn": "uvicorn tests.support.workers.async_gate:app --port {port} --workers 4",
}
ROUTE = LoginRoute(path="/login", account="username")
POLICY_FILE = """
[intrusion]
storage = "redis"
[[intrusion.logins]]
path = "/login"
account = "username"
"""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)


@pytest.fixture
def redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with redis_server(tmp_path) as address:
        monkeypatch.setenv("ALPINES_PRIVACY_REDIS_URL", address)
        yield address


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["intrusion", *arguments], prog_name="alpines-privacy")


# ---------------------------------------------------------------------------------- four workers


@contextmanager
def served(server: str, folder: Path) -> Iterator[Callable[[str], tuple[int, str]]]:
    """Serve a login by four workers; yields what makes an attempt and returns status and worker."""
    port = free_port()
    command = [sys.executable, "-m", *SERVERS[server].format(port=port).split()]

    def attempt(name: str) -> tuple[int, str]:
        fields = {"Content-Type": "application/x-www-form-urlencoded"}
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
            connection.request("POST", "/login", urlencode({"username": name}), fields)
            response = connection.getresponse()
            response.read()
        return response.status, response.headers[WORKER]

    with program(command, port, folder, env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}):
        yield attempt


def everywhere(attempt: Callable[[], tuple[int, str]]) -> set[int]:
    """Make attempts, several at once, until all four workers have answered; return the statuses."""
    workers: set[str] = set()
    statuses: set[int] = set()
    deadline = time.monotonic() + PATIENCE
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while len(workers) < WORKERS:
            assert time.monotonic() < deadline, f"of {WORKERS} workers only {len(workers)} answer"
            for status, worker in pool.map(lambda _: attempt(), range(AT_ONCE)):
                statuses.add(status)
                workers.add(worker)
    return statuses


@pytest.mark.parametrize("server", SERVERS)
def test_a_lock_out_and_a_reset_hold_on_every_worker(
    server: str, redis: str, tmp_path: Path
) -> None:
    """The complaints: lock-outs that do not stick (axes#528), resets of one process (axes#246)."""
    (tmp_path / "policy.toml").write_text(POLICY_FILE)
    file = ["--policy", str(tmp_path / "policy.toml")]
    with served(server, tmp_path) as attempt:
        assert [attempt("Mira")[0] for _ in range(FAILURES)] == [401] * FAILURES
        assert everywhere(lambda: attempt("MIRA")) == {429}
        assert attempt("omar")[0] == 401
        told = run("status", *file)
        lines = dict(line.rsplit(None, 1) for line in told.output.splitlines())
        assert lines == {
            "clients locked out": "0",
            "accounts locked out": "1",
            "clients with failures": "1",
            "accounts with failures": "2",
        }
        done = run("reset", "mira ", *file)
        assert (done.exit_code, done.output) == (0, "Unlocked for all workers.\n")
        assert [attempt("mira")[0] for _ in range(FAILURES)] == [401] * FAILURES
        assert everywhere(lambda: attempt("mira")) == {429}


def test_redis_holds_no_name_and_no_address(redis: str) -> None:
    policy = PrivacyPolicy(intrusion=Intrusion(logins=[ROUTE], storage="redis", timeout=5000))
    with login_site("flask", policy) as site:
        client = visitor(site.app, address="198.51.100.7")
        client.post("/login", data={"username": "mira", "password": RIGHT})
        for _ in range(12):
            client.post("/login", data={"username": "mira", "password": "guess"})
    storage: Any = redis_storage(Intrusion(logins=[ROUTE], storage=redis, timeout=5000))
    keys = [key.decode() for key in storage.storage.scan_iter("*")]
    assert len(keys) >= 5
    assert [key for key in keys if "mira" in key or "198.51" in key] == []
    assert {storage.storage.ttl(key) > 0 for key in keys} == {True}


# ---------------------------------------------------------------------------------- the command


@pytest.mark.parametrize(
    ("arguments", "text", "expected"),
    [
        (["reset", "nobody"], POLICY_FILE, "nothing is counted for it"),
        (["reset", "198.51.100.7"], POLICY_FILE, "nothing is counted for it"),
        (["status"], POLICY_FILE.replace('"redis"', '"memory"'), 'intrusion.storage is "memory"'),
        (["status"], "", "declares no [intrusion]"),
        (["status"], POLICY_FILE.replace("account", "acount"), 'did you mean "account"'),
    ],
)
def test_what_a_command_cannot_do_is_one_line(
    arguments: list[str], text: str, expected: str, redis: str, tmp_path: Path
) -> None:
    (tmp_path / "policy.toml").write_text(text)
    result = run(*arguments, "--policy", str(tmp_path / "policy.toml"))
    assert result.exit_code == 2
    assert expected in result.output
    assert result.output.count("\n") == 1
    assert "198.51" not in result.output


def test_a_command_says_when_redis_is_down_or_the_key_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "policy.toml").write_text(POLICY_FILE)
    monkeypatch.setenv("ALPINES_PRIVACY_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    for arguments in (["status"], ["reset", "mira"]):
        result = run(*arguments, "--policy", str(tmp_path / "policy.toml"))
        assert (result.exit_code, "Redis does not answer" in result.output) == (2, True)
    monkeypatch.delenv("ALPINES_PRIVACY_SECRET_KEY")
    result = run("reset", "mira", "--policy", str(tmp_path / "policy.toml"))
    assert (result.exit_code, "SECRET_KEY is not set" in result.output) == (2, True)


def test_a_network_is_reset_by_any_of_its_addresses(redis: str, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(POLICY_FILE)
    table = Intrusion(logins=[ROUTE], storage="redis", timeout=5000, client_failures=1)
    app = protect(_wrong, PrivacyPolicy(intrusion=table))
    assert visitor(app, address="2001:db8::1").post("/login").status_code == 401
    assert visitor(app, address="2001:db8::2").post("/login").status_code == 429
    assert run("reset", "2001:db8:0:99::", "--policy", str(tmp_path / "policy.toml")).exit_code == 0
    assert visitor(app, address="2001:db8::1").post("/login").status_code == 401


def _wrong(environ: Any, start_response: Any) -> list[bytes]:
    start_response("401 No", [])
    return [b""]


@pytest.mark.parametrize("arguments", [["--help"], ["reset", "--help"], ["status", "--help"]])
def test_help_fits_eighty_columns(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80


# ------------------------------------------------------------------------------- out of reach


def attempts(app: Any, count: int, name: str = "mira") -> list[int]:
    client = visitor(app, address="198.51.100.7")
    return [
        client.post("/login", json={"username": name, "password": "x"}).status_code
        for _ in range(count)
    ]


def test_while_redis_is_down_logins_go_on_and_both_turns_are_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    table = Intrusion(
        logins=[ROUTE], account_failures=4, timeout=5000, storage=f"redis://127.0.0.1:{port}/0"
    )
    monkeypatch.setattr(shared, "_PAUSE", 0.0)  # each attempt tries it again
    with login_site("fastapi", PrivacyPolicy(intrusion=table)) as site:
        assert attempts(site.app, 5) == [401] * 4 + [429]  # by the worker's own count
        assert caplog.text.count("does not answer (ConnectionError)") == 1
        assert "back" not in caplog.messages[-1]
        with redis_on(port, tmp_path):
            assert attempts(site.app, 5) == [401] * 4 + [429]  # by the shared one
        assert caplog.text.count("counts failed logins for all workers again") == 1
        assert attempts(site.app, 2) == [429, 429]
        assert caplog.text.count("does not answer") == 2
    assert "127.0.0.1" not in caplog.text


@contextmanager
def silent_server() -> Iterator[int]:
    """Listen on a port, accept every connection, and never say anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


def test_a_redis_that_never_answers_is_left_alone_after_one_timeout(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with silent_server() as port:
        table = Intrusion(
            logins=[ROUTE], account_failures=3, storage=f"redis://127.0.0.1:{port}/0", timeout=50
        )
        asked = 0

        class Counted(Failures):
            def seconds_left(self, *given: Any) -> int:
                nonlocal asked
                asked += 1
                return super().seconds_left(*given)

        counting = Counting(table, redis_storage(table))
        assert counting._shared is not None
        counting._shared.__class__ = Counted
        for _ in range(5):
            assert counting.run(lambda failures: failures.seconds_left("client", "a")) == 0
        assert asked == 1
    assert "does not answer (TimeoutError)" in caplog.text


def test_a_redis_that_answers_late_is_left_alone_too(caplog: pytest.LogCaptureFixture) -> None:
    table = Intrusion(logins=[ROUTE], timeout=1)
    counting = Counting(table, BoundedMemory())
    counting.run(lambda _: time.sleep(0.05))
    assert caplog.text.count("is slow (over 0.008 s for a login)") == 1
    used: list[Failures] = []
    counting.run(used.append)
    assert used == [counting._own]


def test_a_slow_redis_does_not_hold_up_the_event_loop() -> None:
    """While one login waits for Redis, the loop serves everything else."""
    with silent_server() as port:
        table = Intrusion(logins=[ROUTE], storage=f"redis://127.0.0.1:{port}/0", timeout=5000)
        waiting, served = threading.Event(), threading.Event()
        in_time: list[bool] = []

        class Slow(Failures):
            def seconds_left(self, *_: Any) -> int:
                waiting.set()
                in_time.append(served.wait(PATIENCE / 4))  # until the loop has served somebody else
                return 0

        with (
            login_site("fastapi", PrivacyPolicy(intrusion=table)) as site,
            visitor(site.app, address="198.51.100.7") as client,
            ThreadPoolExecutor(1) as pool,
        ):
            assert client.get("/elsewhere").status_code == 404  # now the middleware is there
            _promise_of(site.app)._counting._shared = Slow(table, BoundedMemory())
            login = pool.submit(client.post, "/login", json={"username": "a", "password": "b"})
            assert waiting.wait(PATIENCE)
            assert client.get("/elsewhere").status_code == 404
            served.set()
            assert login.result().status_code == 401
        assert in_time
        assert all(in_time)


def _promise_of(app: Any) -> Any:
    hooks = app.middleware_stack.guard.on_request
    return next(promise for promise, _ in hooks if promise.part == "intrusion")


def test_no_password_of_an_address_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    table = Intrusion(logins=[ROUTE], storage=f"redis://:s3cret@127.0.0.1:{free_port()}/0")
    with caplog.at_level(logging.DEBUG):
        counting = Counting(table, redis_storage(table))
        counting.run(lambda failures: failures.seconds_left("client", "a"))
    assert "does not answer" in caplog.text
    assert "s3cret" not in caplog.text
