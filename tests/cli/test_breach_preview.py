"""`alpines-privacy breach preview`: what a person gets and what is missing; `amend` from a file."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alpines_privacy.breach.database import Database
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.cli import main

INCIDENT = """\
name = "lost-laptop"
discovered = 2026-11-27T18:40:00
occurred = 2026-11-26
kinds = ["EMAIL", "PASSWORD"]
what_happened = "A laptop was stolen."
consequences = "Mail in our name."
what_we_do = "Its keys are revoked."
what_you_can_do = "Do not answer."

[translations.ur]
what_happened = "ایک لیپ ٹاپ چوری ہوا"
consequences = "ہمارے نام سے خط"
what_we_do = "کلیدیں منسوخ ہیں"
what_you_can_do = "جواب نہ دیں"
contact = "ڈیٹا پروٹیکشن، 021 111 222 333"
"""
POLICY = """\
[operator]
name = "Alpines"
contact = "privacy@example.com"
[breach]
zone = "Asia/Karachi"
contact = "Data protection, 021 111 222 333"
email = "privacy@example.com"
ledger = "sqlite:///kept.db"
"""
PEOPLE = "email,language\na@example.com,ur\nb@example.com,de\nc@example.com,DE\nd@example.com,\n"


@pytest.fixture(autouse=True)
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a policy, and an incident with people."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALPINES_PRIVACY_BREACH_LEDGER", raising=False)
    Path("alpines-privacy.toml").write_text(POLICY, "utf-8")
    Path("incident.toml").write_text(INCIDENT, "utf-8")
    Path("people.csv").write_text(PEOPLE, "utf-8")
    assert run("open", "--file", "incident.toml", "-y").exit_code == 0
    assert run("import", "people.csv", "-y").exit_code == 0


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["breach", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def texts() -> dict[str, object]:
    database = Database("sqlite:///kept.db")
    try:
        return dict(Incidents(database).get("lost-laptop").texts)
    finally:
        database.close()


def test_the_text_is_shown_with_its_head() -> None:
    shown = run("preview").stdout
    assert shown.startswith(
        "From: Alpines <privacy@example.com>\nTo: Ayesha Khan <ayesha.khan@example.net>\n"
        "Subject: Notice of Data Breach\n\nNotice of Data Breach\n"
    )
    for said in (
        "Date of the breach: 2026-11-26",
        "Dear Ayesha Khan,",
        "- Password",
        "Change your",
    ):
        assert said in shown


def test_a_language_is_shown_in_all_forms() -> None:
    assert "ڈیٹا کی خلاف ورزی کی اطلاع" in run("preview", "--language", "ur").stdout
    html = run("preview", "lost-laptop", "--language", "UR", "--format", "html").stdout
    assert html.startswith('<!DOCTYPE html>\n<html lang="ur" dir="rtl">')
    result = run("preview", "--language", "ur", "--format", "eml", "--output", "notice.eml")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert "The notice is in notice.eml." in result.stderr
    message = message_from_bytes(Path("notice.eml").read_bytes(), policy=SMTP)
    assert message["To"] == "Ayesha Khan <ayesha.khan@example.net>"
    assert message["Content-Language"] == "ur"
    assert Path("notice.eml").read_bytes().count(b"\r\n") == Path("notice.eml").read_bytes().count(
        b"\n"
    )


def test_what_is_missing_is_told_on_the_other_stream_in_lines_of_a_terminal() -> None:
    told = run("preview").stderr
    assert all(len(line) <= 80 for line in told.splitlines())
    warnings = " ".join(told.split()).split("WARNING: ")[1:]
    assert [each.split(" ")[0] for each in warnings] == ["2", "No", "Refused"]
    assert warnings[0] == '2 people want "de", and get "en". '


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--language", "de"), 'there is no notice in "de"; expected one of en, ur'),
        (("--templates", "absent"), "breach.templates: absent cannot be read"),
        (("--output", "absent/notice.txt"), "absent/notice.txt cannot be written"),
        (("--format", "pdf"), "'pdf' is not one of"),
    ],
)
def test_a_mistake_is_one_line(arguments: tuple[str, ...], problem: str) -> None:
    result = run("preview", *arguments)
    assert result.exit_code != 0
    assert problem in result.stderr
    assert result.stdout == ""


def test_a_broken_template_is_told_with_its_line() -> None:
    Path("templates").mkdir()
    Path("templates/notice.txt").write_text("a\n{{ nmae }}\n", "utf-8")
    result = run("preview", "--templates", "templates")
    assert result.stderr.strip() == "Error: templates/notice.txt:2: 'nmae' is undefined"


def test_a_file_says_only_what_is_new() -> None:
    again = run("amend", "--file", "incident.toml")
    assert "nothing new is said" in again.stderr
    changed = INCIDENT.replace("Its keys", "All keys").replace("جواب", "خط کا جواب")
    Path("incident.toml").write_text(f"{changed}\n[translations.de]\ncontact = 'wir'\n", "utf-8")
    result = run("amend", "--file", "incident.toml")
    assert result.stdout == "Incident lost-laptop: translations, what we do written down.\n"
    told = " ".join(result.stderr.split())
    assert 'The texts in "de" are not used; missing: what_happened, consequences' in told
    assert 'The texts in "ur" are older than those they translate: what_we_do.' in told
    assert texts()["what_we_do"] == "All keys are revoked."


def test_what_a_language_lacks_is_told_when_an_incident_is_opened() -> None:
    text = INCIDENT.replace("lost-laptop", "other").replace('contact = "', 'kinds = ["')
    Path("incident.toml").write_text(text.replace('222 333"', '222 333"]'), "utf-8")
    result = run("open", "--file", "incident.toml", "-y")
    assert result.stderr == 'WARNING: The texts in "ur" are not used; missing: kinds, contact.\n'
    assert result.exit_code == 0


def test_a_language_is_taken_back() -> None:
    Path("less.toml").write_text("[translations.ur]\n", "utf-8")
    assert run("amend", "--file", "less.toml").exit_code == 0
    assert texts()["translations"] == {}


def test_an_option_comes_before_the_file() -> None:
    Path("more.toml").write_text('contact = "The file"\n', "utf-8")
    run("amend", "--file", "more.toml", "--contact", "The option", "--sender", "Alpines Ltd")
    assert (texts()["contact"], texts()["sender"]) == ("The option", "Alpines Ltd")


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ('name = "lost-laptop"\nzone = "UTC"\n', "zone: never changes"),
        ("discovered = 2026-11-27T18:41:00\n", "discovered: never changes"),
        ('name = "other"\n', 'there is no incident "other"'),
        ('contact = "x"\n\n[translations.ur]\ncontact = " "\n', "wrong.toml:4: translations.ur.contact: is blank"),
        ("contact = 1\n", "wrong.toml:1: contact: found 1"),
        ("contact", "wrong.toml:1: is not valid TOML"),
    ],
)  # fmt: skip
def test_a_wrong_file_changes_nothing(file: str, problem: str) -> None:
    before = texts()
    Path("wrong.toml").write_text(file, "utf-8")
    result = run("amend", "--file", "wrong.toml")
    assert result.exit_code != 0
    assert problem in result.stderr
    assert texts() == before


def test_the_language_of_the_policy_is_that_of_incidents() -> None:
    Path("alpines-privacy.toml").write_text(
        POLICY.replace("[breach]\n", '[breach]\nlanguage = "de"\n')
    )
    text = INCIDENT.replace("lost-laptop", "other").partition("[translations")[0]
    Path("incident.toml").write_text(text, "utf-8")
    assert run("open", "--file", "incident.toml", "-y").exit_code == 0
    assert "Was geschehen ist" in run("preview", "other").stdout
