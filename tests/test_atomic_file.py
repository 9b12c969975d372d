"""Files are replaced, or made, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from alpines_privacy.atomic_file import USUAL, Replacement, new_private_file


@pytest.fixture(params=["unnamed until whole", "named from the start"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if request.param == "named from the start":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    return tmp_path


def test_a_replacement_keeps_owner_mode_and_times(folder: Path) -> None:
    file = folder / "app.log"
    file.write_bytes(b"old")
    file.chmod(0o640)
    os.utime(file, ns=(1, 2_000_000_001))
    before = file.stat()
    with Replacement(file) as new:
        new.write(b"new")
        assert file.read_bytes() == b"old"
        new.commit(file)
    after = file.stat()
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert (after.st_uid, after.st_gid, after.st_mtime_ns) == (
        before.st_uid,
        before.st_gid,
        before.st_mtime_ns,
    )
    assert list(folder.iterdir()) == [file]


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, OSError])
def test_a_replacement_without_a_commit_leaves_everything(
    folder: Path, error: type[BaseException] | None
) -> None:
    file = folder / "app.log"
    file.write_bytes(b"old")
    expected = contextlib.nullcontext() if error is None else pytest.raises(error)
    with expected, Replacement(file) as new:
        new.write(b"half")
        if error is not None:
            raise error
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"app.log": b"old"}


def test_a_backup_is_the_original_and_never_overwritten(folder: Path) -> None:
    file, backup = folder / "app.log", folder / "app.log.orig"
    file.write_bytes(b"old")
    with Replacement(file) as new:
        new.write(b"new")
        new.commit(file, backup=backup)
    assert (file.read_bytes(), backup.read_bytes()) == (b"new", b"old")
    with Replacement(file) as new:
        new.write(b"newer")
        with pytest.raises(FileExistsError):
            new.commit(file, backup=backup)
    assert (file.read_bytes(), backup.read_bytes()) == (b"new", b"old")
    assert sorted(path.name for path in folder.iterdir()) == ["app.log", "app.log.orig"]


def test_a_file_system_without_second_names_gets_a_copy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", unsupported)
    file, backup = folder / "app.log", folder / "app.log.orig"
    file.write_bytes(b"old")
    file.chmod(0o600)
    with Replacement(file) as new:
        new.commit(file, backup=backup)
    assert (backup.read_bytes(), stat.S_IMODE(backup.stat().st_mode)) == (b"old", 0o600)


def test_a_replacement_has_the_mode_it_is_given(folder: Path) -> None:
    file = folder / "notice.json"
    with Replacement(file) as new:
        new.write(b"for all")
        new.commit(mode=0o644)
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"for all", 0o644)


def test_a_file_without_secrets_is_as_readable_as_the_umask_says(folder: Path) -> None:
    before = os.umask(0o027)
    try:
        for name, mode in (("report", USUAL), ("key", 0o600)):
            with Replacement(folder / name, mode=mode) as new:
                new.commit()
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"report": 0o640, "key": 0o600}


def test_a_link_is_replaced_and_what_it_leads_to_stays(folder: Path) -> None:
    other, file = folder / "other", folder / "report.json"
    other.write_bytes(b"somebody's")
    file.symlink_to(other)
    with Replacement(file) as new:
        new.write(b"{}")
        new.commit()
    assert (file.read_bytes(), file.is_symlink()) == (b"{}", False)
    assert other.read_bytes() == b"somebody's"


def test_no_file_takes_the_place_of_a_folder(folder: Path) -> None:
    (folder / "reports").mkdir()
    with pytest.raises(OSError, match="reports"), Replacement(folder / "reports") as new:
        new.commit()
    assert [path.name for path in folder.iterdir()] == ["reports"]


def test_a_new_file_is_its_owners_alone_and_never_written_over(folder: Path) -> None:
    file = folder / "letters.csv"
    with new_private_file(file) as new:
        new.write(b"Jane")
        assert file.read_bytes() == b""
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"Jane", 0o600)
    with pytest.raises(FileExistsError), new_private_file(file):
        pass
    assert [path.read_bytes() for path in folder.iterdir()] == [b"Jane"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_new_file_that_is_given_up_is_not_there(folder: Path, error: type[BaseException]) -> None:
    expected = pytest.raises(error)
    with expected, new_private_file(folder / "letters.csv") as new:
        new.write(b"half")
        raise error
    assert list(folder.iterdir()) == []


HALF = """
import os, signal, sys
from pathlib import Path
from alpines_privacy.atomic_file import new_private_file
with new_private_file(Path("letters.csv")) as new:
    new.write(b"half" * 10_000)
    new.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_program_leaves_no_half_of_a_new_file(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", HALF], cwd=tmp_path, check=False)  # noqa: S603 - our own
    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "letters.csv").read_bytes() == b""
