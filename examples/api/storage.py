"""The service's database, made and filled on the first start."""

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS huts (
    slug TEXT PRIMARY KEY, name TEXT NOT NULL, metres INTEGER NOT NULL, beds INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS guests (
    username TEXT PRIMARY KEY, name TEXT NOT NULL, birth_date TEXT NOT NULL,
    salt BLOB NOT NULL, password BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS bookings (
    id INTEGER PRIMARY KEY, hut TEXT NOT NULL REFERENCES huts, guest TEXT NOT NULL REFERENCES guests
);
CREATE VIEW IF NOT EXISTS tonight AS
    SELECT *, beds - (SELECT count(*) FROM bookings WHERE hut = slug) AS free FROM huts;
"""

HUTS = [
    ("lake", "Lake Hut", 2088, 24),
    ("glacier", "Glacier Hut", 2895, 12),
    ("larch", "Larch Hut", 1820, 40),
    ("saddle", "Saddle Bivouac", 3120, 4),
]

# In one statement, so that two guests never share the last bed.
BOOK = "INSERT INTO bookings (hut, guest) SELECT slug, ? FROM tonight WHERE slug = ? AND free > 0"

Row = dict[str, Any]


class Database:
    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as connection:
            connection.executescript(SCHEMA)
            connection.executemany("INSERT OR IGNORE INTO huts VALUES (?, ?, ?, ?)", HUTS)
        self.add_guest("ayesha", "Ayesha Khan", "1990-05-17", "mountain-lake")

    def huts(self) -> list[Row]:
        return self._rows("SELECT * FROM tonight ORDER BY metres")

    def hut(self, slug: str) -> Row | None:
        return next(iter(self._rows("SELECT * FROM tonight WHERE slug = ?", slug)), None)

    def guest(self, username: str, password: str) -> Row | None:
        """Return the guest who has this name and password, if there is one."""
        for row in self._rows("SELECT * FROM guests WHERE username = ?", username):
            if hmac.compare_digest(row["password"], _hashed(password, row["salt"])):
                return row
        return None

    def add_guest(self, username: str, name: str, birth_date: str, password: str) -> bool:
        """Add a guest and return True, or False when the user name is taken."""
        salt = secrets.token_bytes(16)
        row = (username, name, birth_date, salt, _hashed(password, salt))
        with self._open() as connection:
            made = connection.execute("INSERT OR IGNORE INTO guests VALUES (?, ?, ?, ?, ?)", row)
            return made.rowcount == 1

    def bookings(self, guest: str) -> list[Row]:
        query = "SELECT id, hut, name FROM bookings JOIN huts ON hut = slug WHERE guest = ?"
        return self._rows(query + " ORDER BY id", guest)

    def book(self, hut: str, guest: str) -> int | None:
        """Take one bed and return the booking's number, or None when the hut is full."""
        with self._open() as connection:
            made = connection.execute(BOOK, [guest, hut])
            return made.lastrowid if made.rowcount else None

    def cancel(self, booking: int, guest: str) -> str | None:
        """Give a bed back and return its hut, or None when the guest has no such booking."""
        query = "DELETE FROM bookings WHERE id = ? AND guest = ? RETURNING hut"
        return next((row["hut"] for row in self._rows(query, booking, guest)), None)

    def _rows(self, query: str, *values: str | int) -> list[Row]:
        with self._open() as connection:
            return [dict(row) for row in connection.execute(query, values)]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.row_factory = sqlite3.Row
            yield connection


def _hashed(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
