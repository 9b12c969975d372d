"""The public notice file: written in one step, read without waiting, refused with what is wrong in it."""

from __future__ import annotations

import os
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alpines_privacy.policy import PolicyError
from alpines_privacy.policy.announcement import (
    LARGEST,
    Announcements,
    Passage,
    Wording,
    read_announcements,
)
from tests.onsite_notice.support import ENGLISH, URDU, announce, notice


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "notice.json"
    written = notice()
    announce(file, written)
    assert read_announcements(str(file)).notices == (written,)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644  # the app may be another user's
    assert list(tmp_path.iterdir()) == [file]
    assert "ڈیٹا" in file.read_text("utf-8")


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "notice.json"
    announce(file)
    found: list[int] = []
    writing = threading.Event()

    def read() -> None:
        while not writing.is_set():
            found.append(len(read_announcements(str(file)).notices))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(50):
            announce(file, notice(), notice(incident="other"))
            announce(file)
    finally:
        writing.set()
        reader.join()
    assert set(found) <= {1, 2}


def test_a_link_to_a_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    link = tmp_path / "notice.json"
    link.symlink_to(tmp_path / "volume" / "kept.json")
    announce(link)
    assert link.is_symlink()
    assert (tmp_path / "volume" / "kept.json").is_file()


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "notice.json").mkdir()
    with pytest.raises(IsADirectoryError):
        announce(tmp_path / "notice.json")
    assert [path.name for path in tmp_path.iterdir()] == ["notice.json"]
    with pytest.raises(FileNotFoundError):
        announce(tmp_path / "none" / "notice.json")


def test_a_notice_takes_the_place_of_its_own_incident_s_and_of_those_that_ended() -> None:
    over = notice(incident="over", until=datetime.now(UTC) - timedelta(days=1))
    before = Announcements(notices=[notice(), over, notice(incident="other")])
    after = before.with_first(notice(language="ur"))
    assert [each.incident for each in after.notices] == ["lost-laptop", "other"]
    assert after.notices[0].language == "ur"
    assert [each.incident for each in after.without("lost-laptop").notices] == ["other"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [(["ur"], "ur"), (["UR-Arab-PK"], "ur"), (["fr", "ur"], "ur"), (["fr"], "en"), ([""], "en"), ([], "en"),
     (["u"], "en"), (["en-GB", "ur"], "en"), (["-"], "en"), (["ur-" * 50_000], "ur")],
)  # fmt: skip
def test_the_wording_for_a_reader(asked: list[str], expected: str) -> None:
    assert notice().wording(*asked)[0] == expected


def test_directions() -> None:
    assert (ENGLISH.direction, URDU.direction) == ("ltr", "rtl")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no offset": ({"until": "2026-12-01T00:00:00"}, "until: has no offset"),
    "a tag": ({"wordings": {"en": ENGLISH, "<b>": URDU}}, "is no language tag"),
    "another language": ({"language": "fr"}, "language: 'fr' has no wording; expected one of en, ur"),
    "no wording": ({"wordings": {}}, "wordings"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(case: str) -> None:
    change, problem = WRONG[case]
    with pytest.raises(PolicyError, match=problem):
        notice(**change)


def test_blank_words_are_refused() -> None:
    passages = [Passage(heading="h", text="t")]
    for blank in ({"title": " "}, {"summary": "\n"}, {"link": "\t"}):
        with pytest.raises(PolicyError, match="blank"):
            Wording(**{"title": "t", "summary": "s", "link": "l", "passages": passages} | blank)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b'{"notices": [{}]}', b'{"notes": []}', b"[" * 200_000]
)
def test_a_file_of_another_kind_is_named_with_what_writes_one(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "notice.json"
    file.write_bytes(content)
    with pytest.raises(PolicyError, match="breach announce") as caught:
        read_announcements(str(file))
    assert str(file) in str(caught.value)


def test_a_large_file_and_a_pipe_are_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "notice.json"
    file.write_bytes(b" " * (LARGEST + 1))
    with pytest.raises(PolicyError, match="larger"):
        read_announcements(str(file))
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(PolicyError, match="no regular file"):
        read_announcements(str(file))


def test_a_notice_of_many_languages_fits() -> None:
    long = Wording(
        title="t", summary="s", link="l", passages=[Passage(heading="h", text="x" * 5_000)] * 6
    )
    many = notice(wordings={"en": ENGLISH, **{f"x{chr(97 + i)}": long for i in range(20)}})
    assert len(msgspec.json.encode(Announcements(notices=[many]))) < LARGEST
