"""The database of the ledger: SQLite's file or PostgreSQL, opened so that what is committed stays.

SQLite keeps a write-ahead log and syncs it at each commit (`synchronous=FULL`), and writers wait
for each other. Errors of a database may quote values, so only their codes are told.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from alpines_privacy.breach import tables
from alpines_privacy.breach.errors import BreachError

__all__ = ["Database", "engine_of", "explained", "without_password"]

# PostgreSQL's transactions may see what others commit; SQLite's do not, and sort as much in memory
# as they may cache.
_SNAPSHOT = {
    False: "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    True: "PRAGMA cache_size=-8000",
}
_PATIENCE = 120  # seconds that a writer waits for others
_CREATION = 0x616C70  # PostgreSQL's advisory lock while tables are made


class Database:
    """A ledger's database. `create` makes it if there is none; else `BreachError` says that there is none."""

    def __init__(self, url: str, *, create: bool = False) -> None:
        self._url = _parsed(url)
        self.engine = engine_of(self._url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        if self.engine.dialect.name not in {"sqlite", "postgresql"}:
            raise BreachError("a ledger is in SQLite or PostgreSQL; expected a URL of one of them")
        if self.is_sqlite:
            _make_private(self._url, create=create)
            event.listen(self.engine, "connect", _on_sqlite_connect)
            event.listen(self.engine, "begin", _on_sqlite_begin)
        try:
            self._check(create=create)
        except BreachError:
            self.close()
            raise

    @property
    def name(self) -> str:
        """The URL without its password."""
        return without_password(self._url)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Begin a transaction that writes; all of it is committed, or nothing."""
        with explained(self.name), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Begin a transaction that only reads, and waits for no writer."""
        with (
            explained(self.name),
            self.engine.connect().execution_options(breach_reads=True) as connection,
        ):
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Begin a transaction that only reads, and reads the same however long it lasts."""
        with self.read() as connection:
            connection.exec_driver_sql(_SNAPSHOT[self.is_sqlite])
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _check(self, *, create: bool) -> None:
        with self.write() if create else self.read() as connection:
            has_tables = inspect(connection).has_table(tables.version.name)
            if create and not has_tables:
                _create(connection)
                has_tables = True
            found = connection.scalar(select(tables.version.c.version)) if has_tables else None
        if found is None:
            raise BreachError(f"{self.name} holds no ledger; `breach open` makes one")
        if found != tables.VERSION:
            raise BreachError(
                f"{self.name} is a ledger of version {found}; this program reads version {tables.VERSION}"
            )


def _create(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATION})
        if inspect(connection).has_table(tables.version.name):
            return
    tables.metadata.create_all(connection)
    connection.execute(insert(tables.version), {"version": tables.VERSION})


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise BreachError(
            "the database's URL is none; expected sqlite:///FILE or postgresql://HOST/DATABASE"
        ) from None
    if parsed.drivername == "postgresql":
        return parsed.set(drivername="postgresql+pg8000")
    return parsed


def engine_of(url: str | URL, *, keeps: bool = True) -> Engine:
    """Return an engine for a URL, which keeps its connections or closes each after use.

    Raises `BreachError` if it is none, or its driver is not installed.
    """
    parsed = _parsed(url) if isinstance(url, str) else url
    try:
        if parsed.get_backend_name() == "sqlite":
            return create_engine(
                parsed,
                hide_parameters=True,
                poolclass=NullPool
                if not keeps or parsed.database in {None, "", ":memory:"}
                else None,
                connect_args={"timeout": _PATIENCE, "check_same_thread": False},
            )
        if not keeps:
            return create_engine(parsed, hide_parameters=True, poolclass=NullPool)
        return create_engine(parsed, hide_parameters=True, pool_pre_ping=True)
    except NoSuchModuleError:
        raise BreachError(
            f'no driver for "{parsed.drivername}" is known; expected postgresql or another of SQLAlchemy\'s'
        ) from None
    except (ArgumentError, ValueError):
        raise BreachError(
            f"{without_password(parsed)}: its database takes no such URL; expected sqlite:///FILE or "
            "postgresql://HOST/DATABASE"
        ) from None
    except ModuleNotFoundError as error:
        raise BreachError(
            f'"{parsed.drivername}" needs the package {error.name}; expected it installed'
        ) from None


def without_password(url: str | URL) -> str:
    """Return a URL that may be shown: without password and query."""
    parsed = _parsed(url) if isinstance(url, str) else url
    return parsed.set(password=None, query={}).render_as_string()


def _make_private(url: URL, *, create: bool) -> None:
    """Make SQLite's file for its owner alone; the log beside it gets the same mode."""
    if url.database in {None, "", ":memory:"}:
        raise BreachError("a ledger in memory would be lost; expected sqlite:///FILE")
    path = Path(str(url.database))
    if not create and not path.exists():
        raise BreachError(f"there is no ledger {path} in {Path.cwd()}; `breach open` makes one")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o600))
        if create and not path.stat().st_size:  # an empty file may have been made for the ledger
            path.chmod(0o600)
    except OSError as error:
        raise BreachError(f"the ledger {path} cannot be written: {error.strerror}") from None


def _on_sqlite_connect(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy begins them
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-64000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    is_reader = connection.get_execution_options().get("breach_reads")
    connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn a database's errors into a `BreachError` that says what to do, by their code alone."""
    try:
        yield
    except (SQLAlchemyError, ConnectionError) as error:
        raise BreachError(f"{name}: {_problem(error)}") from None


# SQLite's names and PostgreSQL's codes (appendix A of its manual) of what an operator can mend.
_PROBLEMS = {
    "SQLITE_FULL": "the disk is full; nothing of this step is kept. Make room and run it again",
    "SQLITE_IOERR": "the disk cannot be read or written; nothing of this step is kept",
    "SQLITE_READONLY": "the file cannot be written; expected one that this user may write",
    "SQLITE_CANTOPEN": "the file cannot be opened",
    "SQLITE_NOTADB": "the file is no database of SQLite",
    "SQLITE_CORRUPT": "the file is damaged; expected a copy from before",
    "SQLITE_BUSY": f"another program has held the ledger for {_PATIENCE} seconds",
    "23505": "another process has written the same meanwhile; nothing of this step is kept. Run it again",
    "40P01": "another process works on the same people; nothing of this step is kept. Run it again",
    "53100": "the server's disk is full; nothing of this step is kept. Make room and run it again",
    "28P01": "the server refuses the password",
    "28000": "the server refuses the user",
    "3D000": "there is no database of this name",
    "42501": "the user may not do this in the database",
    "57P03": "the server is starting or shutting down; run it again",
    "57P01": "the server was shut down; nothing of this step is kept. Run it again",
}


def _problem(error: Exception) -> str:
    original = error.orig if isinstance(error, DBAPIError) else None
    code = _code(original)
    base = "_".join(code.split("_")[:2])
    if problem := _PROBLEMS.get(code) or _PROBLEMS.get(base):
        return problem
    if problem := _about_statement(original, code):
        return " ".join(problem.split())[:300]
    if not code:
        return "the database cannot be reached, or was lost; nothing of this step is kept. Run it again"
    return f"the database refuses ({code}); nothing of this step is kept"


def _about_statement(original: BaseException | None, code: str) -> str:
    """Return what is wrong with the text of a statement; such errors hold nothing of the data."""
    if code in {"42601", "42P01", "42703", "42883"} and original is not None:
        return str(original.args[0].get("M", ""))
    text = str(original)
    if code == "SQLITE_ERROR" and text.startswith(("no such ", "near ", "incomplete ")):
        return text
    return ""


def _code(original: BaseException | None) -> str:
    """Return SQLite's name or PostgreSQL's code of an error; empty where there is none."""
    if isinstance(original, sqlite3.Error):
        return getattr(original, "sqlite_errorname", "") or type(original).__name__
    details = original.args[0] if original is not None and original.args else None
    return str(details.get("C", "")) if isinstance(details, dict) else ""
