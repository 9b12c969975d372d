"""Lists of the site's own that change while the app runs: in force soon, in every process; bad ones never."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from alpines_privacy import PrivacyPolicy, protect
from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.parts import Trackers
from alpines_privacy.testing import visitor
from alpines_privacy.trackers import Rules, Subscription, subscription
from alpines_privacy.trackers.lists import compile_lists, read_list

PAGE = (
    b'<!doctype html><script src="https://older.example/a.js"></script>'
    b'<script src="https://newer.example/a.js"></script>'
)
THREAD = "alpines-privacy lists"
DEADLINE = 60.0  # seconds


def wsgi_app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    del environ
    start_response("200 OK", [("Content-Type", "text/html"), ("ETag", '"1"')])
    return [PAGE]


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    del scope, receive
    fields = [(b"content-type", b"text/html"), (b"etag", b'"1"')]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": PAGE})


APPS: dict[str, Any] = {"WSGI": wsgi_app, "ASGI": asgi_app}


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(subscription, "INTERVAL", 0.01)
    yield
    _until(
        lambda: not gc.collect() and not _threads()
    )  # the guards are gone, and so is their thread


def _until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == THREAD]


def _write(file: Path, content: str | bytes) -> None:
    """Put a file in the place of another, as a download that is complete."""
    fresh = file.with_name("fresh")
    fresh.write_bytes(content.encode() if isinstance(content, str) else content)
    fresh.replace(file)


class Site:
    """An app behind the layer, whose policy names one list."""

    def __init__(self, protocol: str, file: Path) -> None:
        app = protect(
            APPS[protocol], PrivacyPolicy(trackers=Trackers(lists=[str(file)]), logs="off")
        )
        self.visitor = visitor(app)

    def left(self) -> set[str]:
        """Return which of the two scripts the page still asks for."""
        text = self.visitor.get("/").text
        return {name for name in ("older", "newer") if f'<script src="https://{name}.' in text}


@pytest.mark.parametrize("protocol", APPS)
def test_a_changed_list_takes_effect_in_the_running_app_and_a_bad_one_never(
    protocol: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "list.txt"
    _write(file, "||older.example^")
    site = Site(protocol, file)
    assert site.left() == {"newer"}
    first = site.visitor.get("/")
    _write(file, "||newer.example^")
    _until(lambda: site.left() == {"older"})
    second = site.visitor.get("/")
    assert second.headers["etag"] != first.headers["etag"]  # no cache shows the former page
    with caplog.at_level(logging.ERROR, logger="alpines_privacy"):
        _write(file, "||older.example^\n<html> <p>Service unavailable")
        _until(lambda: "list.txt:2" in caplog.text)
        assert site.left() == {"older"}
        file.unlink()
        _until(lambda: "cannot be read" in caplog.text)
        assert site.left() == {"older"}
    compiled = compile_lists([read_list("||older.example^\n||newer.example^", source="own")])
    _write(file, compiled)
    _until(lambda: not site.left())


def _shield_of(page: str) -> str:
    return page.partition("/_privacy/shield.")[2].partition(".js")[0]


@pytest.mark.parametrize("protocol", APPS)
def test_the_shield_knows_the_changed_list_under_a_name_of_its_own(
    protocol: str, tmp_path: Path
) -> None:
    file = tmp_path / "list.txt"
    _write(file, "||older.example^")
    site = Site(protocol, file)
    former = _shield_of(site.visitor.get("/").text)
    assert former
    _write(file, "||www.youtube.com^")
    _until(lambda: _shield_of(site.visitor.get("/").text) != former)
    current = _shield_of(site.visitor.get("/").text)
    served = site.visitor.get(f"/_privacy/shield.{current}.js")
    assert "immutable" in served.headers["cache-control"]
    old = site.visitor.get(f"/_privacy/shield.{former}.js")
    assert (old.text, old.headers["cache-control"]) == (served.text, "no-store")


NO_FILES: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a device": lambda place: place.symlink_to("/dev/zero"),
}


def _instead(file: Path, make: Callable[[Path], object]) -> None:
    """Put what is no regular file in the place of a list."""
    file.unlink(missing_ok=True)
    make(file)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes and devices in folders")
@pytest.mark.parametrize("make", NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_regular_file_leaves_the_list_in_force_and_a_file_later_is_read(
    make: Callable[[Path], object], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "list.txt"
    _write(file, "||older.example^")
    site = Site("WSGI", file)
    assert site.left() == {"newer"}
    with caplog.at_level(logging.ERROR, logger="alpines_privacy"):
        _instead(file, make)
        _until(lambda: "is no regular file" in caplog.text)
    assert site.left() == {"newer"}
    file.rmdir() if file.is_dir() else file.unlink()
    _write(file, "||newer.example^")
    _until(lambda: site.left() == {"older"})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes and devices in folders")
@pytest.mark.parametrize("make", NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_regular_file_is_an_error_at_the_start(
    make: Callable[[Path], object], tmp_path: Path
) -> None:
    file = tmp_path / "list.txt"
    _instead(file, make)
    with pytest.raises(PolicyError, match="is no regular file") as raised:
        Site("WSGI", file)
    assert raised.value.key == "trackers.lists[0]"


class _Full(logging.Handler):
    """A handler of the app that raises in the thread of the checks, as on a full disk, and notes what it is given."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
        if threading.current_thread().name == THREAD:
            raise OSError(28, "No space left on device")


def test_a_logging_handler_that_raises_ends_no_check(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    _write(file, "||older.example^")
    site = Site("WSGI", file)
    assert site.left() == {"newer"}
    handler, logger = _Full(), logging.getLogger("alpines_privacy")
    logger.addHandler(handler)
    try:
        _write(file, "||older.example^\n<html> <p>Service unavailable")
        _until(lambda: any("list.txt:2" in message for message in handler.messages))
        _write(file, "||newer.example^")
        _until(lambda: site.left() == {"older"})
    finally:
        logger.removeHandler(handler)


def test_a_file_that_is_still_written_is_left_until_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("||older.example^")
    lists = Subscription(Trackers(lists=[str(file)]))
    before = lists.rules
    for end in range(1, 20):  # grows from look to look, each time a list that could be read
        file.write_text("||newer.example^\n" * end)
        lists.look()
        assert lists.rules is before
    lists.look()
    assert lists.rules.match("https://newer.example/", "shop.example")


def _failing(rules: Rules) -> None:
    raise KeyError(rules)


def test_a_use_that_fails_leaves_the_rules_in_force(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "list.txt"
    file.write_text("||older.example^")
    lists = Subscription(Trackers(lists=[str(file)]))
    before = lists.rules
    lists.use(_failing)
    file.write_text("||newer.example^||")
    with caplog.at_level(logging.ERROR, logger="alpines_privacy"):
        assert not lists.reload()
    assert lists.rules is before
    assert "could not be used (KeyError)" in caplog.text


def test_there_is_no_thread_without_a_list_and_none_before_a_request(tmp_path: Path) -> None:
    without = visitor(protect(wsgi_app, PrivacyPolicy(trackers=Trackers(add=["||a.example^"]))))
    without.get("/")
    assert not _threads()
    file = tmp_path / "list.txt"
    file.write_text("||older.example^")
    several = [Site("WSGI", file), Site("ASGI", file)]
    assert not _threads()  # a server may fork its workers now
    assert [site.left() for site in several] == [{"newer"}] * 2
    assert len(_threads()) == 1


def test_a_request_looks_at_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "list.txt"
    file.write_text("||older.example^")
    site = Site("WSGI", file)
    looks: list[str] = []
    stamps = subscription._stamps

    def noted(trackers: Trackers) -> Any:
        looks.append(threading.current_thread().name)
        return stamps(trackers)

    monkeypatch.setattr(subscription, "_stamps", noted)
    for _ in range(20):
        site.left()
    _until(lambda: bool(looks))
    assert set(looks) == {THREAD}


FORKED = """
import os, sys, time
from pathlib import Path
from alpines_privacy.trackers import subscription
from tests.trackers.test_subscription import Site, _until, _write
subscription.INTERVAL = 0.01
file = Path(sys.argv[1])
site = Site("WSGI", file)
if sys.argv[2] == "asked before":
    assert site.left() == {"newer"}
children = []
for _ in range(2):
    if not (child := os.fork()):
        try:
            assert site.left() == {"newer"}
            os.write(1, b"ready\\n")
            _until(lambda: site.left() == {"older"})
            os._exit(0)
        except BaseException:
            os._exit(1)
    children.append(child)
sys.stdin.readline()
_write(file, "||newer.example^")
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("when", ["asked before", "not asked before"])
def test_every_forked_worker_takes_it_up(when: str, tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("||older.example^")
    with subprocess.Popen(  # noqa: S603 - this interpreter, a script of ours
        [sys.executable, "-W", "ignore", "-c", FORKED, str(file), when],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert [running.stdout.readline() for _ in range(2)] == ["ready\n"] * 2
        running.communicate("go\n", timeout=DEADLINE)
        assert running.returncode == 0
