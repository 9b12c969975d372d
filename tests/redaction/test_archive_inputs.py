"""Inputs of `alpines-privacy redact`: packed in packed, bombs, links to themselves, files that change meanwhile."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import os
import shutil
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from click.testing import CliRunner, Result

from alpines_privacy.cli import main, sources
from alpines_privacy.redaction.archives.compression import ArchiveError, unpacked
from tests.conftest import need


def _unzstd(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()


RAW = b"started\nayesha@shop.example signed in\n"
CLEAN = b"started\n[EMAIL] signed in\n"
CODINGS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "gzip": (gzip.compress, gzip.decompress),
    "bzip2": (bz2.compress, bz2.decompress),
    "xz": (lzma.compress, lzma.decompress),
    "zstd": (zstandard.compress, _unzstd),
}  # fmt: skip


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["redact", *arguments], prog_name="alpines-privacy")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder the current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("inner", "outer"), [*itertools.product(CODINGS, repeat=2)])
def test_packed_in_packed_is_read_through_and_written_alike(
    inner: str, outer: str, here: Path
) -> None:
    path = here / "app.log"
    path.write_bytes(CODINGS[outer][0](CODINGS[inner][0](RAW)))
    result = run("--check", "app.log")
    assert (result.stdout, result.exit_code) == ("app.log:2:1: EMAIL\n", 1)
    assert run("-i", "app.log").exit_code == 0
    assert CODINGS[inner][1](CODINGS[outer][1](path.read_bytes())) == CLEAN


def _packed(times: int) -> bytes:
    data = RAW
    for _ in range(times):
        data = gzip.compress(data)
    return data


# What a file holds, and what is said of it; none of it passes for clean.
TOLD = {
    "three times over": (_packed(3), "app.log:2:1: EMAIL"),
    "four times over": (_packed(4), "compressed more than 3 times over"),
    "a hundred times over": (_packed(100), "compressed more than 3 times over"),
    "tar in gzip in gzip": (gzip.compress(gzip.compress(bytes(257) + b"ustar\0")), "is a tar archive"),
    "zip in gzip": (gzip.compress(b"PK\x03\x04" + bytes(600)), "is a zip archive"),
    "a first piece of one byte": (
        gzip.compress(gzip.compress(RAW)[:1]) + gzip.compress(gzip.compress(RAW)[1:]),
        "app.log:2:1: EMAIL",
    ),
    "gzip behind text": (b"started\n" + gzip.compress(RAW), "line 2: withheld, it holds compressed data"),
    "xz behind text": (b"started\n" + lzma.compress(RAW), "line 2: withheld, it holds compressed data"),
    "bzip2 behind text": (b"started\n" + bz2.compress(RAW), "line 2: withheld, it holds compressed data"),
    "zstd behind text": (b"started\n" + zstandard.compress(RAW), "line 2: withheld, it holds compressed data"),
    "gzip behind text in gzip": (gzip.compress(b"started\n" + gzip.compress(RAW)), "line 2: withheld, it holds"),
    "xz that wants a dictionary of 1 GiB": (
        lzma.compress(RAW, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]),
        "is damaged or incomplete (xz: Memory usage limit",
    ),
    "xz that ends too early": (lzma.compress(RAW)[:-20], "is damaged or incomplete (xz"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "said"), TOLD.values(), ids=TOLD)
def test_what_is_packed_beyond_reading_does_not_pass_for_clean(
    data: bytes, said: str, here: Path
) -> None:
    (here / "app.log").write_bytes(data)
    result = run("--check", "app.log")
    assert said in result.output
    assert result.exit_code == (1 if "EMAIL" in said else 2)


def test_compressed_data_behind_text_leaves_a_file_as_it_is(here: Path) -> None:
    data = RAW + gzip.compress(RAW)
    (here / "app.log").write_bytes(data)
    assert run("-i", "app.log").exit_code == 2
    assert (here / "app.log").read_bytes() == data


@pytest.mark.parametrize("coding", ["bzip2", "xz", "zstd"])
def test_a_bomb_is_told_before_it_is_unpacked(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alpines_privacy.redaction.archives.compression._ANY_SIZE", 1 << 20)
    data = CODINGS[coding][0](b"a line\n" * 3_000_000)
    file = io.BytesIO(data)
    _, pieces = unpacked(io.BufferedReader(file), file.tell)
    with pytest.raises(ArchiveError, match="unpacks to more than 1,000 times its size"):
        deque(pieces)
    assert next(pieces, None) is None


def test_a_log_of_many_alike_lines_is_no_bomb(here: Path) -> None:
    (here / "app.log.gz").write_bytes(gzip.compress(b"started in 12 ms\n" * 500_000))
    assert run("--check", "app.log.gz").exit_code == 0


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


def _loop_of_two(path: Path) -> None:
    path.symlink_to("other")
    path.with_name("other").symlink_to(path.name)


def _folder_in_itself(path: Path) -> None:
    path.mkdir()
    (path / "self").symlink_to(path)


IRREGULAR: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link to itself": (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
    "two links to each other": (_loop_of_two, "Too many levels of symbolic links"),
    "a link to itself below": (lambda path: path.symlink_to("x/x"), "o such file"),
    "a link to nothing": (lambda path: path.symlink_to("nothing"), "No such file"),
    "nothing": (lambda _: None, "No such file"),
    "a folder that holds itself": (_folder_in_itself, "is a folder"),
    "a link to a folder": (lambda path: path.symlink_to("."), "is a folder"),
    "a pipe": (os.mkfifo, "is no regular file"),
    "a socket": (_socket, "is no regular file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "is no regular file"),
    "a name too long": (lambda path: path.symlink_to("x" * 255 + "/" + "x" * 255), "such file"),
}  # fmt: skip


@pytest.mark.parametrize("way", [["--check"], ["-i"], ["-o", "cleaned"], []])
@pytest.mark.parametrize(("make", "said"), IRREGULAR.values(), ids=IRREGULAR)
def test_what_is_no_regular_file_is_told_and_left(
    make: Callable[[Path], object], said: str, way: list[str], here: Path
) -> None:
    make(here / "app.log")
    result = run("app.log", *way)
    assert result.exit_code == 2, result.output
    assert "app.log: " in result.output
    assert said in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_an_output_that_is_a_link_to_itself_is_no_traceback(here: Path) -> None:
    (here / "app.log").write_bytes(RAW)
    (here / "loop").symlink_to("loop")
    result = run("app.log", "-o", "loop")
    assert isinstance(result.exception, SystemExit | None)
    assert (here / "app.log").read_bytes() == RAW


def test_an_unreadable_file_is_told(here: Path) -> None:
    (here / "app.log").write_bytes(RAW)
    (here / "app.log").chmod(0)
    command = [
        sys.executable,
        "-c",
        "from alpines_privacy.cli import main; main()",
        "redact",
        "--check",
        "app.log",
    ]
    if os.geteuid() == 0:  # who reads everything, as long as it has its capabilities
        need("setpriv", shutil.which("setpriv") is not None, "util-linux")
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - ours
    assert "Permission denied" in done.stderr
    assert done.returncode == 2


def test_two_files_of_one_name_do_not_overwrite_each_other(here: Path) -> None:
    for folder in ("a", "b", "out"):
        (here / folder).mkdir()
    for folder in ("a", "b"):
        (here / folder / "app.log").write_bytes(RAW)
    result = run("a/app.log", "b/app.log", "-o", "out")
    assert "two files are called app.log" in result.output
    assert result.exit_code == 2
    assert list((here / "out").iterdir()) == []
    assert run("a/app.log", "a/../a/app.log", "-o", "out").exit_code == 0
    assert (here / "out" / "app.log").read_bytes() == CLEAN


def test_hard_links_are_read_once(here: Path) -> None:
    (here / "app.log").write_bytes(RAW)
    (here / "same.log").hardlink_to(here / "app.log")
    assert run("--check", "app.log", "same.log").stdout == "app.log:2:1: EMAIL\n"


def _changing(monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object]) -> None:
    """Let a file change right after it was opened."""
    opened = sources.opened

    def opened_and_changed(name: str) -> object:
        file, path = opened(name)
        change(path)
        return file, path

    monkeypatch.setattr("alpines_privacy.cli.archives.opened", opened_and_changed)


@pytest.mark.parametrize("way", [["--check"], ["-o", "cleaned"], []])
def test_a_file_that_was_cut_shorter_does_not_pass_for_clean(
    way: list[str], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "app.log").write_bytes(b"started\n" * 10_000)
    read = sources.Source.readinto

    def cut(source: sources.Source, buffer: bytearray) -> int:
        os.truncate("app.log", 8)
        return read(source, buffer)

    monkeypatch.setattr(sources.Source, "readinto", cut)
    result = run("app.log", *way)
    assert "was cut shorter while it was read" in result.output
    assert result.exit_code == 2


def test_a_file_that_grows_for_ever_is_read_to_where_it_ended(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "app.log").write_bytes(RAW)
    read = sources.Source.readinto

    def grow(source: sources.Source, buffer: bytearray) -> int:
        with (here / "app.log").open("ab") as file:
            file.write(RAW)
        return read(source, buffer)

    monkeypatch.setattr(sources.Source, "readinto", grow)
    result = run("--check", "app.log")
    assert result.stdout == "app.log:2:1: EMAIL\n"
    assert "app.log has grown since it was opened" in result.output


@pytest.mark.parametrize("way", [["--check"], ["-o", "cleaned"]])
def test_a_file_that_vanishes_once_it_is_open_is_read(
    way: list[str], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "app.log").write_bytes(RAW)
    _changing(monkeypatch, Path.unlink)
    result = run("app.log", *way)
    assert isinstance(result.exception, SystemExit | None)
    assert result.exit_code in {1, 0, 2}
    assert not (here / "cleaned").exists() or (here / "cleaned").read_bytes() == CLEAN


def test_a_pipe_that_takes_a_files_place_is_not_waited_for(here: Path) -> None:
    os.mkfifo(here / "pipe")
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from alpines_privacy.cli import sources\n"
        "before = os.stat(sys.executable)\n"
        "Path.stat = lambda self, **_: before\n"
        "try:\n    sources.opened('pipe')\n"
        "except ValueError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603 - ours  # fmt: skip
    assert "is no regular file" in done.stdout
