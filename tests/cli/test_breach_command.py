"""`alpines-privacy breach`: open, amend, import, status; what is asked, and what a mistake says."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alpines_privacy.breach.database import Database
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.breach.ledger import Counts, Ledger, Outcome
from alpines_privacy.cli import main
from alpines_privacy.cli.breach import settings

INCIDENT = """\
name = "lost-laptop"
discovered = 2026-11-27T18:40:00
kinds = ["EMAIL", "PHONE"]
what_happened = "A laptop was stolen."
what_we_do = "Its keys are revoked."
what_you_can_do = "Change your password."
"""
POLICY = """\
[breach]
zone = "Asia/Karachi"
contact = "Data protection, 021 111 222 333"
email = "privacy@example.com"
ledger = "sqlite:///kept.db"
[[breach.calendars]]
country = "PK"
"""
LIST = "id;Mail;Name\n1;jane@example.com;Jane\n2;JANE@example.com;Jane\n3;nonsense;Sana\n4;x;y;z\n"


KEPT: list[Database] = []  # what a test has opened and uses to its end


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while KEPT:
        KEPT.pop().close()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a policy and a list, in which commands run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALPINES_PRIVACY_BREACH_LEDGER", raising=False)
    Path("alpines-privacy.toml").write_text(POLICY, "utf-8")
    Path("incident.toml").write_text(INCIDENT, "utf-8")
    Path("people.csv").write_text(LIST, "utf-8")


def run(*arguments: str, given: str = "") -> Result:
    result = CliRunner().invoke(main, ["breach", *arguments], input=given)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert all(len(line) <= 80 for line in result.stdout.splitlines()), result.stdout
    return result


def opened() -> None:
    assert run("open", "--file", "incident.toml").exit_code == 0


def test_help_tells_of_each_command() -> None:
    shown = run("--help").stdout
    assert all(name in shown for name in ("open", "amend", "import", "status"))


def test_an_incident_is_opened_from_a_file_and_the_policy() -> None:
    result = run("open", "--file", "incident.toml")
    assert result.exit_code == 0
    assert "deadline    Mon 2026-11-30 23:59 PKT" in result.stdout
    assert "calendar    PK" in result.stdout
    assert "GDPR, the authority: Mon 2026-11-30 18:40 PKT" in result.stdout
    assert "California, residents: Sun 2026-12-27 23:59 PKT" in result.stdout
    assert Path("kept.db").exists()


def test_an_option_comes_before_the_file_and_the_file_before_the_policy() -> None:
    Path("incident.toml").write_text(f'{INCIDENT}zone = "UTC"\ncontact = "The file\'s"\n', "utf-8")
    run("open", "other-name", "--file", "incident.toml", "--contact", "The option's")
    database = Database("sqlite:///kept.db")
    incident = Incidents(database).get("other-name")
    database.close()
    assert (str(incident.zone), incident.texts["contact"]) == ("UTC", "The option's")


def options() -> list[str]:
    said = tomllib.loads(INCIDENT)
    texts = [f"--{key.replace('_', '-')}={said[key]}" for key in said if key.startswith("what")]
    return [
        "lost-laptop",
        "--discovered",
        "2026-11-27 18:40",
        "--kind",
        "EMAIL",
        "--kind",
        "PHONE",
        *texts,
    ]


def test_an_incident_is_opened_by_options_alone() -> None:
    Path("alpines-privacy.toml").unlink()
    more = ["--zone", "Asia/Karachi", "--contact", "We", "--email", "privacy@example.com"]
    result = run("open", *options(), *more, "--ledger", "sqlite:///other.db")
    assert result.exit_code == 0
    assert "calendar    Monday to Friday" in result.stdout
    assert Path("other.db").exists()


def test_what_is_not_said_is_named_where_nobody_can_be_asked() -> None:
    result = run("open", "lost-laptop", "--kind", "EMAIL")
    assert result.exit_code == 2
    assert "--discovered, --what-happened, --what-we-do, --what-you-can-do" in result.stderr
    assert not Path("kept.db").exists()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who can be asked."""
    monkeypatch.setattr(settings, "has_terminal", lambda: True)
    monkeypatch.setattr("alpines_privacy.cli.breach.open_incident.has_terminal", lambda: True)


@pytest.mark.usefixtures("terminal")
def test_what_is_not_said_is_asked_step_by_step() -> None:
    answers = [
        "lost-laptop",
        "soon",
        "2026-11-27 18:40",
        "EMAIL, PHONE",
        "It happened.",
        "We act.",
        "You act.",
        "y",
    ]
    result = run("open", given="\n".join(answers) + "\n")
    assert result.exit_code == 0
    assert "'soon' is no date and time" in result.stderr
    assert "Times are final. Open it?" in result.output
    assert "deadline    Mon 2026-11-30 23:59 PKT" in result.output


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("answer", "shown"), [("y", "01:30 PDT"), ("n", "01:30 PST")])
def test_a_time_that_came_twice_is_asked_about(answer: str, shown: str) -> None:
    policy = POLICY.replace("Asia/Karachi", "America/Los_Angeles")
    Path("alpines-privacy.toml").write_text(policy, "utf-8")
    given = [option for option in options() if option not in {"--discovered", "2026-11-27 18:40"}]
    result = run("open", *given, given=f"2026-11-01 01:30\n{answer}\ny\n")
    assert result.exit_code == 0
    assert f"discovered  Sun 2026-11-01 {shown}" in result.output


@pytest.mark.usefixtures("terminal")
def test_who_says_no_opens_nothing() -> None:
    given = [option for option in options() if option not in {"--discovered", "2026-11-27 18:40"}]
    assert run("open", *given, given="2026-11-27 18:40\nn\n").exit_code == 2
    assert not Path("kept.db").exists()


# The incident's file, and what is told of it.
WRONG = {
    "an unknown key": (f'{INCIDENT}zoned = "UTC"\n', 'incident.toml:7: zoned: unknown key (did you mean "zone"?)'),
    "a wrong zone": (f'{INCIDENT}zone = "Asia/Karachy"\n', '(did you mean "Asia/Karachi"?)'),
    "no TOML": ("name = lost", "incident.toml:1: is not valid TOML"),
    "the future": (INCIDENT.replace("2026-11-27", "2999-11-27"), "is in the future"),
    "a gap": (f'{INCIDENT}zone = "America/Los_Angeles"\n'.replace("2026-11-27T18", "2026-03-08T02"), "never was"),
    "a time twice": (f'{INCIDENT}zone = "America/Los_Angeles"\n'.replace("11-27T18", "11-01T01"), "happened twice"),
    "a date alone": (INCIDENT.replace("T18:40:00", ""), "discovered: found"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_one_line(case: str) -> None:
    content, problem = WRONG[case]
    Path("incident.toml").write_text(content, "utf-8")
    result = run("open", "--file", "incident.toml")
    assert result.exit_code == 2
    assert problem in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_list_is_shown_and_stored_only_once_agreed() -> None:
    opened()
    result = run("import", "people.csv")
    assert result.exit_code == 2
    for shown in (
        "encoding    utf-8",
        "delimiter   semicolon",
        "email       Mail",
        "name        Name",
    ):
        assert shown in result.stdout
    assert "--yes" in result.stderr
    assert "0 people" in run("status").stdout


def test_counts_of_an_import_reconcile() -> None:
    opened()
    result = run("import", "people.csv", "--yes")
    assert result.exit_code == 0
    for line in (
        "4 rows read",
        "2 new in the ledger",
        "1 known already (the same mailbox or person)",
        "1 rejected, in people.csv.rejects.csv",
    ):
        assert f" {line}\n" in result.stdout
    assert "The ledger has 2 people. To be mailed: 1." in result.stdout
    assert "1 an address that no mail can be sent to" in result.stdout
    assert "line,reason" in Path("people.csv.rejects.csv").read_text("utf-8")
    again = run("import", "people.csv", "--yes")
    assert "0 new in the ledger" in again.stdout
    assert "3 known already" in again.stdout


@pytest.mark.usefixtures("terminal")
def test_who_agrees_on_a_terminal_stores() -> None:
    opened()
    assert "nothing is stored" in run("import", "people.csv", given="n\n").stderr
    assert "2 new in the ledger" in run("import", "people.csv", given="y\n").stdout


def test_rows_of_a_query_are_imported() -> None:
    opened()
    run("import", "people.csv", "--yes")
    query = "SELECT address, name FROM breach_recipient"
    result = run("import", "--query", query, "--database", "sqlite:///kept.db", "--yes")
    assert "2 rows read" in result.stdout
    assert "1 known already" in result.stdout


MISTAKES = {
    "no list": ["import", "--yes"],
    "both": ["import", "people.csv", "--query", "SELECT 1", "--yes"],
    "a query of nothing": ["import", "--query", "SELECT 1", "--yes"],
    "an unknown incident": ["import", "people.csv", "--incident", "lost-labtop", "--yes"],
    "an unknown column": ["import", "people.csv", "--map", "email=E-mail", "--yes"],
    "the list as rejects": ["import", "people.csv", "--rejects", "people.csv", "--yes"],
    "nothing amended": ["amend"],
    "final": ["amend", "--confirmed", "2026-11-27 18:00"],
    "another ledger": ["status", "--ledger", "sqlite:///absent.db"],
    "no ledger's URL": ["status", "--ledger", "absent.db"],
    "open already": ["open", "--file", "incident.toml"],
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line_and_changes_nothing(case: str) -> None:
    opened()
    before = run("status").stdout
    result = run(*MISTAKES[case])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert not any(word in result.stderr for word in ("jane", "Jane", "Sana", "Traceback"))
    assert run("status").stdout == before
    assert Path("people.csv").read_text("utf-8") == LIST


def test_a_mistake_names_columns_without_forging_lines_or_filling_the_screen() -> None:
    opened()
    names = ["\x1b[2Jmail", "##[error]x", *(f"c{n}" for n in range(5_000))]
    Path("wide.csv").write_text(",".join(names) + "\n" + "," * 5_001 + "\n", "utf-8")
    result = run("import", "wide.csv", "--map", "email=Mail")
    assert result.exit_code == 2
    assert result.stderr.rstrip("\n").isprintable()
    assert "##" not in result.stderr
    assert "and 4,982 more" in result.stderr


def test_what_is_amended_shows() -> None:
    opened()
    assert "confirmed   not yet" in run("status").stdout
    result = run("amend", "--confirmed", "2026-11-27 20:00", "--contact", "Somebody else")
    assert "confirmed, contact written down" in result.stdout
    assert "confirmed   Fri 2026-11-27 20:00 PKT" in run("status").stdout


def open_hours_ago(hours: int, deadline_passed: bool) -> Ledger:
    """Open an incident so that its deadline has passed or is a day away, and bring a hundred people."""
    zone = "UTC"
    found = datetime.now(UTC) - timedelta(days=30 if deadline_passed else 0, hours=hours)
    text = INCIDENT.replace("2026-11-27T18:40:00", found.strftime("%Y-%m-%dT%H:%M:%S"))
    Path("incident.toml").write_text(f'{text}zone = "{zone}"\n', "utf-8")
    opened()
    rows = "\n".join(f"p{number}@example.com" for number in range(100))
    Path("people.csv").write_text(f"email\n{rows}\n", "utf-8")
    run("import", "people.csv", "--yes")
    database = Database("sqlite:///kept.db")
    KEPT.append(database)
    return Ledger(database, Incidents(database).get("lost-laptop").id)


def test_status_says_what_the_deadline_needs() -> None:
    open_hours_ago(1, deadline_passed=False)
    result = run("status")
    assert result.exit_code == 0
    assert "Still to be mailed: 100 people." in result.stdout
    assert "Nobody was mailed in the last 10 minutes." in result.stdout
    assert "WARNING" not in result.stdout


def test_status_warns_of_a_deadline_that_has_passed() -> None:
    open_hours_ago(1, deadline_passed=True)
    result = run("status")
    assert result.exit_code == 1
    assert "WARNING: the deadline has passed." in result.stdout


def test_status_warns_of_a_rate_that_is_too_low(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = open_hours_ago(1, deadline_passed=False)
    claims = ledger.begin(ledger.claim("a", 100))
    ledger.finish([Outcome(claim, "accepted", 250) for claim in claims[:2]])
    monkeypatch.setattr(Ledger, "settled_since", lambda *_: (2, 590_000.0))
    result = run("status")
    assert result.exit_code == 1
    assert "WARNING: this rate misses the deadline." in result.stdout
    ledger.finish([Outcome(claim, "accepted", 250) for claim in claims[2:]])
    done = run("status")
    assert done.exit_code == 0
    assert "Nobody is left to be mailed." in done.stdout


def test_status_is_told_to_machines_too() -> None:
    open_hours_ago(1, deadline_passed=False)
    found = json.loads(run("status", "--format", "json").stdout)
    assert found["states"] == {"pending": 100} | dict.fromkeys(
        ("sending", "accepted", "deferred", "failed", "bounced"), 0
    )
    assert found["misses_deadline"] is False
    assert found["remaining"] == found["people"] == 100
    assert 0 < found["needed_per_hour"] < 100
    assert {law["law"] for law in found["other_laws"]} == {"GDPR", "California"}


def test_whom_mail_does_not_reach_is_written_for_letters() -> None:
    opened()
    Path("people.csv").write_text(
        'Mail;Name;Phone\na@x.com;A;1\nnone;=HYPERLINK("x");+92 21\n', "utf-8"
    )
    run("import", "people.csv", "--yes")
    result = run("status", "--another-way", "letters.csv")
    assert "1 person written to letters.csv" in result.stderr
    assert Path("letters.csv").stat().st_mode & 0o777 == 0o600
    (_, row) = Path("letters.csv").read_text("utf-8").splitlines()
    assert row == """invalid-address,"'=HYPERLINK(""x"")",,'+92 21,,none,,"""
    assert run("status", "--another-way", "letters.csv").exit_code == 2


def refused() -> Ledger:
    """Four people who are refused, one of them for another reason, and one without an address."""
    opened()
    Path("people.csv").write_text(
        "email\n" + "".join(f"p{n}@example.com\n" for n in range(5)) + "nonsense\n", "utf-8"
    )
    run("import", "people.csv", "--yes")
    database = Database("sqlite:///kept.db")
    KEPT.append(database)
    ledger = Ledger(database, Incidents(database).get("lost-laptop").id)
    claims = ledger.begin(ledger.claim("worker", 5))
    codes = [550, 550, 550, 553]
    ledger.finish(
        [Outcome(claim, "failed", code) for claim, code in zip(claims, codes, strict=False)]
    )
    ledger.finish([Outcome(claims[4], "accepted", 250)])
    return ledger


def test_who_would_be_put_back_is_shown_first_and_nobody_is() -> None:
    ledger = refused()
    result = run("retry", "--all")
    assert result.exit_code == 0
    assert "4 people can be mailed again:" in result.stdout
    assert "3 refused 550" in result.stdout
    assert "1 an address that no mail can be sent to" in result.stdout
    assert "Nothing is changed; --yes puts them back." in result.stdout
    assert "@" not in result.stdout
    assert ledger.counts().pending == 0


def test_people_are_put_back_and_sent_to_again() -> None:
    ledger = refused()
    result = run("retry", "--reason", "refused 550", "--yes")
    assert "3 people are to be mailed again." in result.stdout
    assert "breach send lost-laptop --send" in result.stdout
    assert ledger.counts() == Counts(pending=3, accepted=1, failed=2)
    assert "nobody who is failed or bounced fits" in run("retry", "--code", "550").stdout
    assert "refused 553" in run("retry", "lost-laptop", "--domain", "example.com").stdout


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("answer", "pending"), [("y\n", 4), ("n\n", 0)])
def test_who_is_asked_may_say_no(
    answer: str, pending: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alpines_privacy.cli.breach.retry.has_terminal", lambda: True)
    ledger = refused()
    assert "Put them back?" in run("retry", "--all", given=answer).stdout
    assert ledger.counts().pending == pending


@pytest.mark.parametrize("arguments", [(), ("--all", "--code", "550"), ("--reason", "none")])
def test_a_retry_of_nobody_in_particular_is_one_line(arguments: tuple[str, ...]) -> None:
    refused()
    result = run("retry", *arguments)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.startswith("alpines_privacy.cli.breach.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "alpines_privacy.breach.database", None)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.delitem(sys.modules, "alpines_privacy.breach.database")
    result = run("status")
    assert result.exit_code == 2
    assert "pip install 'alpines-privacy[breach]'" in result.stderr


# -- On the site


def test_an_incident_is_announced_on_the_site_and_ended() -> None:
    opened()
    assert "expected announcement under [breach]" in run("announce").stderr
    Path("alpines-privacy.toml").write_text(
        POLICY.replace("[breach]\n", '[breach]\nannouncement = "notice.json"\n'), "utf-8"
    )
    result = run("announce")
    assert result.exit_code == 0, result.stderr
    assert "Incident lost-laptop is announced on the site." in result.stdout
    assert "languages  en" in result.stdout
    assert "California" not in result.stdout
    assert "A laptop was stolen." in Path("notice.json").read_text("utf-8")
    ended = run("announce", "--end")
    assert ended.stdout == "Incident lost-laptop is no longer announced on the site.\n"
    assert json.loads(Path("notice.json").read_text("utf-8")) == {"notices": []}
    assert "is not announced" in run("announce", "--end").stderr
    assert "takes no --until" in run("announce", "--end", "--text", "x").stderr


def test_a_short_announcement_is_told_what_california_asks_for() -> None:
    opened()
    Path("alpines-privacy.toml").write_text(
        POLICY.replace("[breach]\n", '[breach]\nannouncement = "notice.json"\n'), "utf-8"
    )
    day = (datetime.now(UTC) + timedelta(days=9)).date()
    result = run("announce", "--until", day.isoformat(), "--text", "We lost a laptop.")
    assert f"until      {day:%a} {day} 23:59 PKT" in result.stdout
    assert "California asks for 30 days" in result.stdout
    assert "We lost a laptop." in Path("notice.json").read_text("utf-8")
    assert run("announce", "--until", "tomorrow").exit_code == 2
