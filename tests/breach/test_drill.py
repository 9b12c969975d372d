"""The drill: a whole incident with a killed sender; and that it fails when something does not hold."""

from __future__ import annotations

import json
import smtplib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from alpines_privacy.breach.bounced.collected import Tally
from alpines_privacy.breach.drill import drill as drill_module
from alpines_privacy.breach.drill.drill import DrillResult, drill
from alpines_privacy.breach.drill.invented import write_people
from alpines_privacy.breach.drill.sink import Sink
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.evidence.report_file import report

PEOPLE = 120


class Run(NamedTuple):
    folder: Path
    done: DrillResult
    steps: dict[str, str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A drill in a folder of the current one, whose environment names a real ledger, which it has to leave alone."""
    folder = tmp_path_factory.mktemp("drill") / "kept"
    steps: dict[str, str] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALPINES_PRIVACY_BREACH_LEDGER", f"sqlite:///{folder.parent / 'real.db'}")
        patch.chdir(folder.parent)
        done = drill(Path(folder.name), people=PEOPLE, seed=1, progress=steps.__setitem__)
        yield Run(folder, done, steps)


def test_everything_holds(run: Run) -> None:
    assert [check.what for check in run.done.checks if not check.holds] == []
    assert run.done.holds
    assert list(run.steps) == [
        "open", "import", "preview", "send", "kill -9", "send again", "done", "bounces", "report",
    ]  # fmt: skip
    assert not (run.folder.parent / "real.db").exists()


def test_two_processes_sent_and_one_was_killed_with_messages_unanswered(run: Run) -> None:
    data = json.loads(run.done.data.read_text("utf-8"))
    workers = {
        event["worker"]
        for person in data["people"]
        for event in person["evidence"]
        if event["what"] == "began"
    }
    assert len(workers) == 2
    assert data["messages"]["unanswered"] > 0
    assert data["deadline"]["verdict"] == "met"
    assert [entry["what"] for entry in data["history"]] == [
        "opened", "imported", "tested", "sending", "sending", "finished", "bounces read",
    ]  # fmt: skip


def test_the_server_misbehaves(run: Run) -> None:
    data = json.loads(run.done.data.read_text("utf-8"))
    what = {event["what"] for person in data["people"] for event in person["evidence"]}
    assert {"accepted", "deferred", "failed", "bounced"} <= what
    assert {"no-address", "invalid-address", "mailbox-leaked", "bounced"} <= set(
        data["another_way"]
    )


def test_what_is_kept_is_its_owner_s_alone(run: Run) -> None:
    assert stat.S_IMODE(run.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(run.done.page.stat().st_mode) == 0o600


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine", "utf-8")
    with pytest.raises(BreachError, match="is not empty"):
        drill(tmp_path, progress=lambda *_: None)


def test_the_same_seed_invents_the_same_people(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        write_people(path, 60, seed)
    first, same, other = (path.read_text("utf-8") for path in paths)
    assert first == same != other


class TestWhatDoesNotHold:
    """What the server was given is changed behind the drill's back, before it compares."""

    def failing(self, run: Run, change: Any) -> list[str]:
        held = drill_module._Drill.__new__(drill_module._Drill)
        held._folder, held._ledger = run.folder, f"sqlite:///{run.folder / 'breach.db'}"
        held._policy = run.folder / "alpines-privacy.toml"
        held._sink = Sink(1, 1)
        data = json.loads(run.done.data.read_text("utf-8"))
        for person in data["people"]:
            if person["state"] in {"accepted", "bounced"}:
                held._sink.received[person["address"]].append(person["message_id"])
            if person["state"] == "bounced":
                held._sink.returned[person["address"]] = ("", person["message_id"])
        change(held._sink)
        bounced = data["states"]["bounced"]
        tally = Tally(read=bounced, bounced=bounced)
        again = run.folder / "again.html"
        again.unlink(missing_ok=True)
        written = report(again, ledger=held._ledger, policy=held._policy)
        return [check.what for check in held._checks(PEOPLE, tally, written) if not check.holds]

    def test_nothing_is_changed(self, run: Run) -> None:
        assert self.failing(run, lambda _: None) == []

    def test_a_message_never_came(self, run: Run) -> None:
        def change(sink: Sink) -> None:
            sink.received.popitem()

        assert self.failing(run, change) == ["the server has the message of each who is told"]

    def test_a_double_has_another_message_id(self, run: Run) -> None:
        def change(sink: Sink) -> None:
            next(iter(sink.received.values())).append("<another@example.com>")

        assert "what came twice has the same Message-ID" in self.failing(run, change)

    def test_somebody_else_got_one(self, run: Run) -> None:
        def change(sink: Sink) -> None:
            sink.received["stranger@post.example.net"].append("<x@example.com>")

        assert self.failing(run, change) == ["nobody else got one, but the operator's test"]

    def test_a_bounce_was_not_counted(self, run: Run) -> None:
        def change(sink: Sink) -> None:
            sink.returned["more@post.example.net"] = ("", "")

        assert self.failing(run, change) == ["each bounce counts once"]


def test_a_sender_that_cannot_send_fails_the_drill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its mail server is gone before it begins."""
    monkeypatch.setattr(drill_module, "_PATIENCE", 1.0)
    monkeypatch.setattr(Sink, "port", property(lambda _: 9, lambda *_: None), raising=False)
    with pytest.raises(BreachError, match="the first sender got stuck"):
        drill(tmp_path / "new", people=20, progress=lambda *_: None)


def test_the_sink_holds_until_it_is_released() -> None:
    with Sink(seed=1, hold_after=1) as sink:
        with smtplib.SMTP("127.0.0.1", sink.port, timeout=60) as client:
            client.docmd("EHLO", "test.example")
            client.docmd("MAIL", "FROM:<a@example.com>")
            client.docmd("RCPT", "TO:<b@example.com>")
            client.docmd("DATA")
            client.send(b"Message-ID: <one@example.com>\r\n\r\n.\r\n")
            assert sink.is_held.wait(60)
            sink.release()
            assert client.getreply()[0] == 250
        assert sink.received == {"b@example.com": ["<one@example.com>"]}
