"""`alpines-privacy breach bounces`, `report` and `drill`: what they print, and what a mistake says."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alpines_privacy.breach import open_incident
from alpines_privacy.breach.bounced.imap import VARIABLE
from alpines_privacy.breach.drill.drill import Check, DrillResult
from alpines_privacy.breach.ledger import Ledger, Outcome
from alpines_privacy.breach.opening import ledger_and_incident
from alpines_privacy.cli import main
from tests.breach.bounce_samples import SAMPLES, dsn
from tests.breach.support import DRAFT, bring, people

LEDGER = "sqlite:///breach.db"


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A folder with a ledger of three people who were told; their keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALPINES_PRIVACY_BREACH_LEDGER", raising=False)
    monkeypatch.delenv(VARIABLE, raising=False)
    open_incident(DRAFT, ledger=LEDGER)
    with ledger_and_incident(None, LEDGER, None) as (database, incident):
        bring(database, incident, people(tmp_path / "people.csv", 3))
        ledger = Ledger(database, incident.id)
        claims = ledger.begin(ledger.claim("worker", 10))
        ledger.finish([Outcome(claim, "accepted", 250, "OK") for claim in claims])
    return [claim.key for claim in claims]


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["breach", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_bounces_are_counted(keys: list[str]) -> None:
    bounce = SAMPLES["postfix"].write(keys[0], "jane@mail.example", "<x@example.com>")
    Path("one.eml").write_text(bounce, "utf-8")
    for number in ("1 came back", "0 came back"):
        result = run("bounces", "one.eml")
        assert result.exit_code == 0
        assert number in result.stdout
        assert "1 messages read" in result.stdout
        assert all(len(line) <= 80 for line in result.stdout.splitlines())
    assert "1 were read before" in result.stdout
    Path("forged.eml").write_text(dsn("failed", "5.1.1"), "utf-8")
    assert "1 unknown" in run("bounces", "lost-laptop", "forged.eml").stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "expected a mailbox"),
        (["a", "b", "c"], "expected a mailbox"),
        (["absent.mbox"], "absent.mbox: cannot be read: No such file"),
        (["."], "is no mailbox"),
        (["imaps://a@mail.example/INBOX"], f"expected it in {VARIABLE}"),
        (["imaps://a:b@mail.example/INBOX"], "holds a password"),
        (["another", "people.csv"], 'there is no incident "another"'),
        (["people.csv", "--after", "seen"], "messages in files stay as they are"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], problem: str) -> None:
    result = run("bounces", *arguments)
    assert result.exit_code == 2
    assert problem in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_report_is_written_and_its_digest_told() -> None:
    result = run("report")
    path = Path("lost-laptop-evidence.html")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert result.stdout.splitlines() == [
        "Deadline met.",
        f"Evidence: {path}",
        f"SHA-256:  {digest}",
    ]
    again = run("report")
    assert again.exit_code == 2
    assert "is there already" in again.stderr


def test_a_report_can_be_given_away() -> None:
    result = run("report", "--format", "json", "--without-addresses", "--output", "given.json")
    assert result.exit_code == 0
    data = json.loads(Path("given.json").read_text("utf-8"))
    assert data["with_addresses"] is False
    assert "person1@" not in json.dumps(data)


def test_what_does_not_add_up_is_warned_of() -> None:
    with ledger_and_incident(None, LEDGER, None) as (database, _), database.write() as connection:
        connection.exec_driver_sql("UPDATE breach_import SET rows = rows + 1")
    assert "WARNING: does not add up: rows read" in run("report").stdout


class TestDrill:
    @pytest.fixture(autouse=True)
    def folders(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def drilled(self, monkeypatch: pytest.MonkeyPatch, *, holds: bool) -> Result:
        def fake(folder: Path, **_: object) -> DrillResult:
            for name in ("evidence.html", "evidence.json", "breach.db", "people.csv"):
                (folder / name).write_text(name, "utf-8")
            return DrillResult(
                [Check("everybody is told", "5 of 5", holds)],
                folder / "evidence.html",
                folder / "evidence.json",
            )

        monkeypatch.setattr("alpines_privacy.cli.breach.drill.run_drill", fake)
        return run("drill")

    def test_of_a_drill_that_is_not_kept_the_reports_stay(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        result = self.drilled(monkeypatch, holds=True)
        assert result.exit_code == 0
        assert "Everything holds." in result.stdout
        found = re.search(r"Evidence: (.*)", result.stdout)
        assert found is not None
        page = Path(found[1])
        assert sorted(path.name for path in page.parent.iterdir()) == [
            "evidence.html",
            "evidence.json",
        ]

    def test_a_drill_that_fails_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = self.drilled(monkeypatch, holds=False)
        assert result.exit_code == 1
        assert "The drill FAILED." in result.stdout
        assert re.search(r"everybody is told +5 of 5 +NO", result.stdout)

    def test_a_whole_one(self, tmp_path: Path) -> None:
        result = run("drill", "--people", "40", "--seed", "3", "--keep", str(tmp_path / "kept"))
        assert result.exit_code == 0, result.output
        assert all(len(line) <= 80 for line in result.stdout.splitlines()[:-1]), result.stdout
        assert "kill -9" in result.stdout
        assert "NO" not in result.stdout.split()
        kept = {path.name for path in (tmp_path / "kept").iterdir()}
        assert {"breach.db", "people.csv", "notice.eml", "returned.mbox", "evidence.html"} <= kept

    def test_a_folder_that_is_full_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "mine").write_text("mine", "utf-8")
        result = run("drill", "--keep", str(tmp_path / "full"))
        assert result.exit_code == 2
        assert "is not empty" in result.stderr
