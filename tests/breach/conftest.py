"""Ledgers in both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.breach.support import fast_folder
from tests.support.postgres import postgres


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a real PostgreSQL."""
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a ledger, in either database."""
    if request.param == "postgresql":
        yield request.getfixturevalue("server")
        return
    with fast_folder() as folder:
        yield f"sqlite:///{folder / 'ledger.db'}"
