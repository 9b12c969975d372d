"""Debian's Apache and HAProxy with a configuration of the test's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import debian_program, program

__all__ = ["apache", "haproxy"]


@contextmanager
def apache(text: str, port: int, folder: Path) -> Iterator[int]:
    """Run Apache in a folder, with a configuration that listens on `port`."""
    config = _written(folder / "apache.conf", text)
    with program([debian_program("apache2", "apache2"), "-X", "-f", config], port, folder):
        yield port


@contextmanager
def haproxy(text: str, port: int, folder: Path) -> Iterator[int]:
    """Run HAProxy in a folder, with a configuration that listens on `port`."""
    config = _written(folder / "haproxy.cfg", text)
    with program([debian_program("haproxy", "haproxy"), "-db", "-f", config], port, folder):
        yield port


def _written(config: Path, text: str) -> str:
    config.write_text(text, encoding="utf-8")
    return str(config)
