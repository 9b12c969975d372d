"""An incident on the site's pages: its texts in all languages, how long, and what its history says of it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from alpines_privacy.breach.announcement import announce, end_announcement
from alpines_privacy.breach.database import Database
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.incident import Incident
from alpines_privacy.breach.incidents import Incidents
from alpines_privacy.policy.announcement import Announcements, read_announcements
from alpines_privacy.policy.breach import Breach
from tests.breach.support import fast_folder, opened_ledger
from tests.onsite_notice.support import CALIFORNIA

URDU = {
    "what_happened": "ایک لیپ ٹاپ چوری ہو گیا",
    "what_we_do": "اس کی چابیاں منسوخ ہیں",
    "what_you_can_do": "اپنا پاس ورڈ بدلیں",
    "contact": "ڈیٹا پروٹیکشن",
}
FRENCH = {
    "kinds": ["EMAIL", "noms d'écoles"],
    "what_happened": "Un ordinateur a été volé.",
    "what_we_do": "Ses clés sont révoquées.",
    "what_you_can_do": "Changez votre mot de passe.",
    "contact": "Protection des données",
}


SAID = (
    "in the night",
    "27 November 2026",
    "E-mail address",
    "names of schools",
    "Its keys are revoked.",
    "Change your password.",
    "021 111 222 333",
    "Privacy@Example.com",
)


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as found:
        yield found


def settings(folder: Path, **changes: Any) -> Breach:
    return Breach(**({"zone": "UTC", "announcement": str(folder / "notice.json")} | changes))


def shown(folder: Path) -> Announcements:
    return read_announcements(str(folder / "notice.json"))


def history(database: Database, incident: Incident) -> list[str]:
    return [entry.what for entry in Incidents(database).history(incident.name)]


def test_the_notice_has_the_incident_s_texts_under_california_s_headings(folder: Path) -> None:
    with opened_ledger(f"sqlite:///{folder}/b.db", occurred="in the night") as (database, incident):
        announce(database, incident, settings(folder))
        [notice] = shown(folder).notices
        assert notice.incident == incident.name
        wording = notice.wordings["en"]
        assert wording.title == "Notice of Data Breach"
        assert wording.summary == "A laptop was stolen."
        day = notice.since
        assert wording.dated == f"Date of this notice: {day.day} {day:%B} {day.year}"
        assert tuple(passage.heading for passage in wording.passages) == CALIFORNIA
        texts = "\n".join(passage.text for passage in wording.passages)
        for said in SAID:
            assert said in texts
        assert history(database, incident) == ["opened", "announced"]


def test_it_speaks_each_language_that_the_incident_is_told_in(folder: Path) -> None:
    texts = {
        "kinds": ["EMAIL"],
        "translations": {"ur": URDU, "fr": FRENCH | {"kinds": []}, "de": {"contact": "Büro"}},
    }
    with opened_ledger(f"sqlite:///{folder}/b.db", **texts) as (database, incident):
        notice = announce(database, incident, settings(folder), text="What the banner says.")
        assert set(notice.wordings) == {"en", "ur", "fr"}  # German lacks texts
        assert notice.wordings["en"].summary == "What the banner says."
        assert notice.wordings["ur"].summary == URDU["what_happened"]
        assert notice.wordings["ur"].direction == "rtl"
        assert notice.wordings["fr"].title != notice.wordings["en"].title
        assert notice.wording("fr-CA")[0] == "fr"
        assert notice.wording("de")[0] == "en"


def test_more_is_said_where_more_is_known(folder: Path) -> None:
    more = {"kinds": ["PASSWORD"], "consequences": "Somebody may sign in as you."}
    with opened_ledger(f"sqlite:///{folder}/b.db", **more) as (database, incident):
        wording = announce(database, incident, settings(folder)).wordings["en"]
        texts = {passage.heading: passage.text for passage in wording.passages}
        assert texts["Likely Consequences"] == "Somebody may sign in as you."
        assert texts["What You Can Do"].startswith("Change your password now.")


def test_it_is_shown_for_thirty_whole_days_unless_a_day_is_said(folder: Path) -> None:
    with opened_ledger(f"sqlite:///{folder}/b.db") as (database, incident):
        now = datetime.now(UTC)
        notice = announce(database, incident, settings(folder))
        assert timedelta(days=30) <= notice.until - now < timedelta(days=31)
        assert notice.until.astimezone(incident.zone).time().isoformat() == "23:59:59"
        day = (now + timedelta(days=90)).date()
        notice = announce(database, incident, settings(folder), until=day)
        assert notice.until.astimezone(incident.zone).date() == day
        today = now.astimezone(incident.zone).date()
        with pytest.raises(BreachError, match="is over; expected a day to come"):
            announce(database, incident, settings(folder), until=today - timedelta(days=1))
        assert shown(folder).notices == (notice,)
        assert history(database, incident) == ["opened", "announced", "announced"]


def test_said_again_it_keeps_its_date_and_says_what_is_said_now(folder: Path) -> None:
    with opened_ledger(f"sqlite:///{folder}/b.db") as (database, incident):
        first = announce(database, incident, settings(folder))
        amended = Incidents(database).amend(incident.name, {"what_happened": "Two laptops."})
        again = announce(database, amended, settings(folder))
        assert again.since == first.since
        assert again.wordings["en"].summary == "Two laptops."
        bodies = [entry.body for entry in Incidents(database).history(incident.name)]
        assert bodies[1]["digest"] != bodies[3]["digest"]
        assert bodies[1]["until"] == first.until.isoformat()


def test_incidents_are_shown_beside_each_other_and_end_on_their_own(folder: Path) -> None:
    with (
        opened_ledger(f"sqlite:///{folder}/a.db") as (one, first),
        opened_ledger(f"sqlite:///{folder}/b.db") as (other, second),
    ):
        announce(one, first, settings(folder))
        announce(other, second, settings(folder))
        assert [each.incident for each in shown(folder).notices] == [second.name, first.name]
        end_announcement(one, first, settings(folder))
        assert [each.incident for each in shown(folder).notices] == [second.name]
        assert history(one, first) == ["opened", "announced", "announcement ended"]
        with pytest.raises(BreachError, match="is not announced"):
            end_announcement(one, first, settings(folder))


def test_a_long_text_is_cut_after_a_word(folder: Path) -> None:
    long = "word " * 200
    with opened_ledger(f"sqlite:///{folder}/b.db", what_happened=f"{long}\n\nMore.") as (
        database,
        incident,
    ):
        wording = announce(database, incident, settings(folder)).wordings["en"]
        assert len(wording.summary) <= 402
        assert wording.summary.endswith("word …")


def test_a_file_that_is_broken_is_written_anew(folder: Path) -> None:
    (folder / "notice.json").write_text("<html>")
    with opened_ledger(f"sqlite:///{folder}/b.db") as (database, incident):
        announce(database, incident, settings(folder))
        assert len(shown(folder).notices) == 1


@pytest.mark.parametrize("kept", [None, Breach(zone="UTC")])
def test_a_policy_without_a_file_is_told_what_to_write(folder: Path, kept: Breach | None) -> None:
    with (
        opened_ledger(f"sqlite:///{folder}/b.db") as (database, incident),
        pytest.raises(BreachError, match=r"announcement under \[breach\]"),
    ):
        announce(database, incident, kept)


def test_a_file_that_cannot_be_written_leaves_no_word_in_the_history(folder: Path) -> None:
    nowhere = settings(folder, announcement=str(folder / "none" / "notice.json"))
    with opened_ledger(f"sqlite:///{folder}/b.db") as (database, incident):
        with pytest.raises(BreachError, match="cannot be written: No such file or directory"):
            announce(database, incident, nowhere)
        assert history(database, incident) == ["opened"]


def test_no_wording_is_made_of_blank_words(folder: Path) -> None:
    with opened_ledger(f"sqlite:///{folder}/b.db") as (database, incident):
        with pytest.raises(BreachError, match="blank"):
            announce(database, incident, settings(folder), text=" ")
        assert history(database, incident) == ["opened"]


def test_operators_who_announce_at_once_lose_no_notice(url: str, folder: Path) -> None:
    """Each reads the file, and writes it with one incident more or less."""
    with ExitStack() as stack:
        opened = [stack.enter_context(opened_ledger(url)) for _ in range(4)]
        threads = stack.enter_context(ThreadPoolExecutor(4))
        together = Barrier(4)

        def work(database: Database, incident: Incident) -> None:
            for _ in range(5):
                together.wait(60)
                announce(database, incident, settings(folder))
                together.wait(60)
                assert shown(folder).named(incident.name) is not None
                together.wait(60)
                end_announcement(database, incident, settings(folder))

        for done in [threads.submit(work, *each) for each in opened]:
            done.result()
        assert shown(folder).notices == ()
