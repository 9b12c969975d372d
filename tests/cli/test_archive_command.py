"""`alpines-privacy redact`: where the text goes, what is refused, and what a pipe, a kill and a terminal see."""

from __future__ import annotations

import gzip
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alpines_privacy.cli import main
from alpines_privacy.redaction.archives.blocks import BLOCK, Block, BlockCleaner, Cleaned
from alpines_privacy.redaction.archives.compression import Compression
from alpines_privacy.redaction.archives.workers import Workers
from alpines_privacy.redaction.engine import redactor as redactor_module
from tests.support.processes import need_shared_locks

SCRIPT = str(Path(sys.executable).with_name("alpines-privacy"))
PLAIN = Compression("plain", 0)
PATIENCE = 30.0  # seconds; only a machine that hangs needs them

RAW = b"ayesha@shop.example signed in\nfrom 203.0.113.7\n\nnothing here\n"
CLEAN = b"[EMAIL] signed in\nfrom 203.0.113.0/24\n\nnothing here\n"
NOTHING = b"started in 12 ms\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder of archives the current directory."""
    monkeypatch.chdir(tmp_path)
    files = {"app.log": RAW, "old.log.gz": gzip.compress(RAW), "nothing.log": NOTHING}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder").mkdir()
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["redact", *arguments], prog_name="alpines-privacy")


def piped(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - our own
        [SCRIPT, "redact", *arguments],
        input=given,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_one_file_goes_to_standard_output(here: Path) -> None:
    before = contents(here)
    result = run("app.log")
    assert (result.stdout_bytes, result.exit_code) == (CLEAN, 0)
    assert gzip.decompress(run("old.log.gz").stdout_bytes) == CLEAN
    assert contents(here) == before


def test_files_are_rewritten_in_place(here: Path) -> None:
    before = (here / "nothing.log").stat()
    result = run("--in-place", "app.log", "old.log.gz", "nothing.log")
    assert (result.stdout, result.exit_code) == ("", 0)
    after = contents(here)
    assert gzip.decompress(after.pop("old.log.gz")) == CLEAN
    assert after == {"app.log": CLEAN, "nothing.log": NOTHING}
    assert (here / "nothing.log").stat().st_ino == before.st_ino


def test_a_backup_is_kept_when_asked_for(here: Path) -> None:
    assert run("--backup", ".orig", "app.log", "nothing.log").exit_code == 0
    after = contents(here)
    assert (after["app.log"], after["app.log.orig"]) == (CLEAN, RAW)
    assert "nothing.log.orig" not in after
    (here / "app.log").write_bytes(RAW)
    again = run("--backup", ".orig", "app.log")
    assert again.exit_code == 2
    assert "app.log: has a backup already" in again.stderr
    assert contents(here)["app.log"] == RAW


def test_output_goes_to_a_file_or_a_folder(here: Path) -> None:
    before = contents(here)
    assert run("app.log", "-o", "clean.log").exit_code == 0
    assert run("app.log", "old.log.gz", "nothing.log", "-o", "folder").exit_code == 0
    after = contents(here)
    assert gzip.decompress(after["folder/old.log.gz"]) == CLEAN
    assert {
        name: after[name] for name in ("clean.log", "folder/app.log", "folder/nothing.log")
    } == {
        "clean.log": CLEAN,
        "folder/app.log": CLEAN,
        "folder/nothing.log": NOTHING,
    }
    assert {name: after[name] for name in before} == before


def test_a_link_is_followed_and_stays(here: Path) -> None:
    link = here / "folder" / "current.log"
    link.symlink_to("../app.log")
    assert run("-i", "folder/current.log").exit_code == 0
    assert link.is_symlink()
    assert (here / "app.log").read_bytes() == CLEAN


def test_another_name_of_a_rewritten_file_is_told_of(here: Path) -> None:
    (here / "other.log").hardlink_to(here / "app.log")
    result = run("-i", "-q", "app.log")
    assert result.exit_code == 0
    assert "app.log has other names (hard links), which still hold the original" in result.stderr


def test_a_file_given_twice_is_read_once(here: Path) -> None:
    (here / "same.log").symlink_to("app.log")
    result = run("--check", "app.log", "./app.log", "same.log")
    assert result.stdout.splitlines() == ["app.log:1:1: EMAIL", "app.log:2:6: IP"]


CHECKS = [
    (["app.log"], 1, ["app.log:1:1: EMAIL", "app.log:2:6: IP"]),
    (["old.log.gz", "nothing.log"], 1, ["old.log.gz:1:1: EMAIL", "old.log.gz:2:6: IP"]),
    (["nothing.log"], 0, []),
    (["nothing.log", "absent.log"], 2, []),
    (["app.log", "absent.log"], 2, ["app.log:1:1: EMAIL", "app.log:2:6: IP"]),
    (["app.log", "--only", "IP"], 1, ["app.log:2:6: IP"]),
    (["app.log", "--skip", "ip", "--skip", "EMAIL"], 0, []),
    (["app.log", "--policy", "policy.toml"], 1, ["app.log:2:6: IP"]),
    (["app.log", "--policy", "policy.toml", "--skip", "IP"], 0, []),
]


@pytest.mark.parametrize(("arguments", "status", "lines"), CHECKS)
def test_a_check_tells_place_and_kind_and_changes_nothing(
    here: Path, arguments: list[str], status: int, lines: list[str]
) -> None:
    (here / "policy.toml").write_text('[logs]\nemail = "keep"\n')
    before = contents(here)
    result = run("--check", *arguments)
    assert (result.exit_code, result.stdout.splitlines()) == (status, lines)
    assert "ayesha" not in result.output
    assert "203.0" not in result.output
    assert contents(here) == before


REFUSED = [
    (["absent.log"], "absent.log: No such file or directory"),
    (["folder"], "folder: is a folder; name the files in it"),
    (["pipe"], "pipe: is no regular file; read it by a pipe: alpines-privacy redact - < "),
    (["app.log", "-o", "pipe"], "app.log: is no regular file"),
    (["app.log", "-o", "app.log"], "app.log: is what -o app.log names, too; use --in-place"),
    (["app.log", "-o", "absent/clean.log"], "app.log: No such file or directory"),
    (["app.log", "nothing.log"], "say where: --in-place, --output FOLDER or --check"),
    (["app.log", "nothing.log", "-o", "clean.log"], "clean.log is no folder"),
    (["app.log", "-i", "-o", "folder"], "contradict each other"),
    (["app.log", "--check", "--backup", ".orig"], "contradict each other"),
    (["-", "-i"], "standard input cannot be rewritten in place"),
    (["app.log", "--backup", "orig/"], "--backup takes a suffix"),
    (["app.log", "--backup", ""], "--backup takes a suffix"),
    (["app.log", "--only", "EMIAL"], '--only EMIAL: no such kind (did you mean "EMAIL"?)'),
    (["app.log", "--policy", "absent.toml"], "absent.toml: cannot be read"),
    (["cut.gz", "-i"], "cut.gz: is damaged or incomplete (gzip: "),
    (["app.zip", "-i"], "app.zip: is a zip archive; unpack it first"),
]


@pytest.mark.parametrize(("arguments", "reason"), REFUSED)
def test_what_cannot_be_done_is_refused(here: Path, arguments: list[str], reason: str) -> None:
    os.mkfifo(here / "pipe")
    (here / "cut.gz").write_bytes(gzip.compress(RAW)[:-4])
    (here / "app.zip").write_bytes(b"PK\x03\x04")
    before = contents(here)
    result = run(*arguments)
    assert result.exit_code == 2
    assert reason in " ".join(result.stderr.split())
    assert contents(here) == before


def test_one_bad_file_does_not_keep_the_others(here: Path) -> None:
    result = run("-i", "-q", "absent.log", "app.log")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: absent.log: No such file or directory\n",
    )
    assert (here / "app.log").read_bytes() == CLEAN


def test_a_file_written_to_meanwhile_is_left(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean = BlockCleaner.clean

    def clean_and_append(self: BlockCleaner, block: Block, compression: Compression) -> Cleaned:
        with (here / "app.log").open("ab") as file:
            file.write(b"one more\n")
        return clean(self, block, compression)

    monkeypatch.setattr(BlockCleaner, "clean", clean_and_append)
    result = run("-i", "app.log")
    assert result.exit_code == 2
    assert "app.log: was written to while it was read; left as it is" in result.stderr
    assert (here / "app.log").read_bytes() == RAW + b"one more\n"


def test_a_line_that_cannot_be_judged_keeps_its_file_and_not_its_pipe(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = redactor_module._find

    def fail_once(search: Any, text: str, *hits: Any) -> Any:
        if "203" in text:
            raise LookupError(text)
        return find(search, text, *hits)

    monkeypatch.setattr(redactor_module, "_find", fail_once)
    result = run("-i", "app.log")
    assert result.exit_code == 2
    assert "app.log: line 2: redacting it failed (LookupError); left as it is" in result.stderr
    assert (here / "app.log").read_bytes() == RAW
    result = run("app.log")
    assert result.exit_code == 2
    assert "app.log: line 2: withheld, redacting it failed (LookupError)" in result.stderr
    assert result.stdout_bytes.startswith(b"[EMAIL] signed in\n[withheld: ")


def test_the_summary_tells_kinds_files_and_speed(here: Path) -> None:
    (here / "more.log").write_bytes(b"ayesha@shop.example, bilal@shop.example\n")
    told = run("-i", "app.log", "more.log", "nothing.log").stderr.splitlines()
    assert told[:3] == [
        "kind                redacted    in files",
        "EMAIL                      3           2",
        "IP                         1           1",
    ]
    assert re.fullmatch(r"3 files, 0\.0 MB in \d+\.\d s \([\d,.]+ MB/s\)", told[3])
    assert run("-i", "app.log", "--quiet").stderr == ""
    assert run("-i", "nothing.log").stderr.rstrip().endswith("MB/s), no personal data")


def test_help_fits_eighty_columns() -> None:
    lines = run("--help").output.splitlines()
    assert max(map(len, lines)) <= 80
    assert "  tail -f app.log | alpines-privacy redact - | tee shared.log" in "\n".join(lines)


FOUND = 2 * BLOCK // 5000  # times, in somewhat more than two blocks


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of three blocks, with a private key in many places."""
    key = b"-----BEGIN PRIVATE KEY-----\n" + b"MIIEpAIB" * 8 + b"\n-----END PRIVATE KEY-----\n"
    dull = b"nothing to see here, as on every other day of the year\n" * 99
    text = b"".join(b"ayesha@shop.example asked\n" + dull + key for _ in range(FOUND))
    file = tmp_path_factory.mktemp("large") / "app.log.gz"
    file.write_bytes(gzip.compress(text, 1))
    return file


def test_all_cores_write_the_very_bytes_that_one_writes(large: Path, tmp_path: Path) -> None:
    """By one process and by two: the same file, and the same lines told."""
    outputs = []
    for jobs in ("1", "2"):
        target = tmp_path / f"by-{jobs}.gz"
        done = piped(str(large), "-o", str(target), "--jobs", jobs)
        assert done.returncode == 0
        outputs.append(target.read_bytes())
    assert outputs[0] == outputs[1]
    text = gzip.decompress(outputs[0])
    assert [b"ayesha" in text, b"MIIE" in text, text.count(b"[EMAIL]")] == [False, False, FOUND]
    check = (str(large), "--check", "-q", "--limit", "0", "--jobs")
    told = [piped(*check, jobs).stdout for jobs in ("1", "2")]
    assert told[0] == told[1]
    assert told[0].count(b"\n") == 2 * FOUND


NO_LOCKS = """
import multiprocessing.synchronize, sys
from alpines_privacy.cli import main

class SemLock:
    def __init__(self, *_, **__): raise OSError(30, "Read-only file system")

multiprocessing.synchronize.Lock.__init__ = SemLock.__init__
main(sys.argv[1:])
"""


def test_where_processes_share_no_lock_one_does_the_work(tmp_path: Path) -> None:
    """A container's /dev/shm may be read-only; what is written is the same."""
    file = tmp_path / "app.log"
    file.write_bytes(b"ayesha@shop.example asked\n" * 99)
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", NO_LOCKS, "redact", "--jobs", "2", str(file)],
        capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, b"[EMAIL] asked\n" * 99)
    assert b"Note: one process did the work" in done.stderr
    assert all(len(line) <= 80 for line in done.stderr.splitlines())


def test_blocks_come_back_in_order_and_are_not_all_read_first() -> None:
    read = []

    def numbered() -> Iterator[Block]:
        for n in range(60):
            read.append(n)
            yield Block(b"%d ayesha@shop.example\n" % n * (50 if n % 7 == 0 else 1), n)

    with Workers(None, 2) as workers:
        results = workers.clean(numbered(), Compression("plain", 0))
        first = next(results)
        assert len(read) < 10
        texts = [first.data, *(cleaned.data for cleaned in results)]
    assert [text.split()[0] for text in texts] == [b"%d" % n for n in range(60)]


def test_until_a_process_is_ready_the_first_one_does_the_work() -> None:
    with Workers(None, 2) as workers:
        workers._begun = [Future()]  # of an interpreter that takes for ever to start
        results = workers.clean((Block(b"a@b.example\n"), Block(b"203.0.113.7\n")), PLAIN)
        assert next(results).data == b"[EMAIL]\n"
        workers._begun[0].set_result(None)
        assert next(results).data == b"203.0.113.0/24\n"
        assert workers._is_begun()


@pytest.fixture
def stage() -> Iterator[subprocess.Popen[bytes]]:
    """Start the command as a stage of a pipe."""
    process = subprocess.Popen(  # noqa: S603 - our own
        [SCRIPT, "redact", "-q", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    yield process
    process.kill()
    process.communicate()


def _line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
    assert ready, "no line came"
    return process.stdout.readline()


def test_a_line_leaves_a_pipe_as_soon_as_it_is_there(stage: subprocess.Popen[bytes]) -> None:
    assert stage.stdin is not None
    for sent, expected in (
        (b"ayesha@shop.example\n", b"[EMAIL]\n"),
        (b"203.0.113.7\n", b"203.0.113.0/24\n"),
    ):
        stage.stdin.write(sent)
        assert _line(stage) == expected
    stage.stdin.write(b"no line end: ayesha@shop")
    stage.stdin.write(b".example")
    rest, errors = stage.communicate(timeout=PATIENCE)
    assert (rest, errors, stage.returncode) == (b"no line end: [EMAIL]", b"", 0)


def test_ctrl_c_ends_a_pipe_quietly(stage: subprocess.Popen[bytes]) -> None:
    assert stage.stdin is not None
    stage.stdin.write(b"ayesha@shop.example\n")
    assert _line(stage) == b"[EMAIL]\n"
    stage.send_signal(signal.SIGINT)
    assert stage.wait(PATIENCE) == 130
    assert stage.stderr is not None
    assert stage.stderr.read() == b""


def test_a_reader_that_leaves_ends_a_pipe_quietly(stage: subprocess.Popen[bytes]) -> None:
    assert stage.stdin is not None
    assert stage.stdout is not None
    stage.stdout.close()
    stage.stdin.write(b"ayesha@shop.example\n")
    assert stage.wait(PATIENCE) == 141
    assert stage.stderr is not None
    assert stage.stderr.read() == b""


def test_a_pipe_may_be_compressed_checked_or_empty() -> None:
    assert gzip.decompress(piped("-", "-q", given=gzip.compress(RAW)).stdout) == CLEAN
    assert piped("-", "-q").stdout == b""
    done = piped("-", "-q", "--check", given=RAW)
    assert (done.returncode, done.stdout) == (1, b"-:1:1: EMAIL\n-:2:6: IP\n")


def _children(process: int) -> list[int]:
    path = Path(f"/proc/{process}/task/{process}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_no_worker_outlives_a_killed_command() -> None:
    need_shared_locks()
    command = [SCRIPT, "redact", "-q", "--jobs", "2", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own
        assert process.stdin is not None
        process.stdin.write(b"ayesha@shop.example\n" * (3 * BLOCK // 20))
        deadline = time.monotonic() + PATIENCE
        while (
            len(children := _children(process.pid)) < 3
        ):  # two, and one that tracks what they share
            assert time.monotonic() < deadline, "no workers"
            time.sleep(0.01)
        process.kill()
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < deadline, "a worker is still there"
        time.sleep(0.01)


def test_a_terminal_sees_a_bar_of_one_line(here: Path) -> None:
    pty = pytest.importorskip("pty", reason="needs a pseudo-terminal")
    (here / "app.log").write_bytes(RAW + NOTHING * (3 * BLOCK // len(NOTHING)))
    ours, theirs = pty.openpty()
    command = [SCRIPT, "redact", "-i", "app.log", "--jobs", "1"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:  # noqa: S603 - our own
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b"")).decode()
    os.close(ours)
    assert process.returncode == 0
    drawn = [re.sub(r"\x1b\[[?0-9]*[a-zA-Z]", "", part) for part in re.split(r"[\r\n]+", shown)]
    assert max(map(len, drawn)) <= 80
    bars = [line.rstrip() for line in drawn if line.startswith("Redacting")]
    assert re.fullmatch(r"Redacting  \[#{30}\]  100% +[\d.]+ MB/s", bars[-1])
    # It moves before the first megabyte is done.
    moved = [int(done) for bar in bars for done in re.findall(r"(\d+)%", bar)]
    assert 0 < moved[1] < 10
    # The time that is left is shown once it can be told, after a second.
    assert re.search(r"  \d+%  (\d\d:\d\d:\d\d  )?[\d.]+ MB/s$", bars[-2])


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # what Linux says when the other side is closed
        return b""
