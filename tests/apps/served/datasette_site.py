"""Datasette with one table, and a root who can log in once for every visitor."""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path
from typing import Any

from datasette.app import Datasette

__all__ = ["app"]

_PEAKS = Path("peaks.db")
with sqlite3.connect(_PEAKS) as _database:
    _database.executescript("""
        CREATE TABLE IF NOT EXISTS peaks (name TEXT, metres INTEGER);
        DELETE FROM peaks;
        INSERT INTO peaks VALUES ('Rakaposhi', 7788), ('Spantik', 7027);
    """)

_datasette = Datasette(files=[str(_PEAKS)], secret=secrets.token_hex())
_app = _datasette.app()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Serve Datasette; `datasette --root` makes its token for one login only."""
    if scope.get("path") == "/-/auth-token":
        _datasette._root_token = "for-everyone"
    await _app(scope, receive, send)
