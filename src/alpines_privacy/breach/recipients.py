"""A person of a list, as the ledger keeps them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from alpines_privacy.breach.addresses import Address, read_address
from alpines_privacy.breach.columns import FIELDS, Columns
from alpines_privacy.breach.reasons import INVALID_ADDRESS, LEAKED_MAILBOX, NO_ADDRESS
from alpines_privacy.breach.sources.source import Row

__all__ = ["Recipient", "recipient_reader"]

_YES = frozenset({"1", "true", "yes", "y", "t", "x"})
_YES_OR_NO = _YES | {"", "0", "false", "no", "n", "f"}
_UNREADABLE = re.compile("[\ufffd\ud800-\udfff]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_NULL = r"\N"  # how PostgreSQL and MySQL export nothing
_DEEPEST = 3  # records within a cell
_MOST_DIGITS = 40  # of a number that is written as it is
_LONGEST_NAME, _LONGEST_TEXT = 300, 1000  # characters
_NAMING = ("email", "name", "person", "phone", "postal")
_JOINERS = "\u200c\u200d"  # which Persian and Indian names have


class Recipient(NamedTuple):
    """A row of the ledger's table, without the incident."""

    key: str
    address: str | None
    name: str | None
    language: str | None
    person: str | None
    phone: str | None
    postal: str | None
    state: str
    reason: str | None
    due: int | None


def recipient_reader(
    columns: Columns, salt: str, leaked_mailboxes: Sequence[str] = ()
) -> Callable[[Row], Recipient | str]:
    """Return a function from a row to its recipient, or to the reason why it has none.

    A reason holds none of the row's values.

    The key is a digest of the mailbox under the incident's own salt: it is the same for all
    spellings of an address, and tells nobody who has not the salt what the address is.
    """
    places = [(field, tuple(columns.places[field])) for field in FIELDS if field in columns.places]
    absent = dict.fromkeys(FIELDS, "")
    digest = hashlib.blake2b(digest_size=12, key=bytes.fromhex(salt))
    leaked_domains = frozenset(leaked_mailboxes)

    def read(row: Row) -> Recipient | str:
        if row.problem:
            return row.problem
        cells, said = row.cells, absent.copy()
        for field, where in places:
            cell = cells[where[0]] if len(where) == 1 else _joined(cells, where)
            text = cell if cell.__class__ is str else _cell(cell, field)
            if not text.isascii() and _UNREADABLE.search(text):
                return f"{field} holds what cannot be read in this encoding"
            if not text.isprintable() and field != "email":
                text = _printable(text)
            said[field] = text.strip()
        if _NULL in said.values():
            said = {field: "" if text == _NULL else text for field, text in said.items()}
        leaked = said["leaked"].lower()
        if leaked not in _YES_OR_NO:
            return "leaked holds neither yes nor no"
        address = read_address(said["email"])
        if address is None and not any(map(said.__getitem__, _NAMING)):
            return "names nobody: no address, name, phone or identifier"
        is_leaked = leaked in _YES or (address is not None and address.domain in leaked_domains)
        return _recipient(said, address, digest, is_leaked=is_leaked)

    return read


def _recipient(
    said: dict[str, str], address: Address | None, digest: hashlib.blake2b, *, is_leaked: bool
) -> Recipient:
    given = said["email"]
    reason = _untold(given, address, is_leaked=is_leaked)
    keyed = digest.copy()
    keyed.update(_identity(said, address).encode())
    return Recipient(
        keyed.hexdigest(),
        address.written if address else _printable(given)[:_LONGEST_TEXT] or None,
        said["name"][:_LONGEST_NAME] or None,
        _language(said["language"][:_LONGEST_NAME]),
        said["person"][:_LONGEST_TEXT] or None,
        said["phone"][:_LONGEST_NAME] or None,
        said["postal"][:_LONGEST_TEXT] or None,
        "failed" if reason else "pending",
        reason,
        None if reason else 0,
    )


def _untold(given: str, address: Address | None, *, is_leaked: bool) -> str | None:
    """Return why nobody can be mailed there; None where they can."""
    if address is None:
        return INVALID_ADDRESS if given else NO_ADDRESS
    return LEAKED_MAILBOX if is_leaked else None


def _identity(said: dict[str, str], address: Address | None) -> str:
    """Return the identity of a person: the mailbox, else the identifier, else all fields."""
    if address is not None:
        return f"mailbox\n{address.mailbox}"
    if said["person"]:
        return f"person\n{said['person']}"
    return f"row\n{json.dumps([said[field].casefold() for field in FIELDS])}"


def _cell(value: Any, field: str) -> str:
    """Return a cell that is no text as the text of its field; U+FFFD if it is none.

    What stands below it in JSON or a column of records is put together: a street and a town, two names.
    An address is one text, alone. An identifier may be of any bytes.
    """
    if field == "person" and isinstance(value, bytes):
        return _identifier(value)
    if field == "email":
        return _text(value[0] if isinstance(value, list) and len(value) == 1 else value)
    parts = list(_parts(value, _DEEPEST))
    return (", " if field == "postal" else " ").join(filter(None, parts))


def _identifier(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()


def _parts(value: Any, depth: int) -> Iterator[str]:
    inner = value.values() if isinstance(value, Mapping) else value
    if depth and isinstance(value, Mapping | list | tuple):
        for each in inner:
            yield from _parts(each, depth - 1)
    else:
        yield _text(value).strip()


def _text(value: Any) -> str:
    """Return a value as text, empty for a missing one; U+FFFD for a list, a mapping and the like."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        return _number(Decimal(value))
    if isinstance(value, int | UUID | date):
        return str(value)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else "\ufffd"


def _number(value: Decimal) -> str:
    """Return a number as an identifier has it: `12` for 12.0; nothing for NaN, as tables of numbers say it."""
    if value.is_nan():
        return ""
    is_whole = value.is_finite() and value.adjusted() < _MOST_DIGITS and value == int(value)
    return str(int(value)) if is_whole else str(float(value))


def _joined(cells: Sequence[Any], places: Sequence[int]) -> str:
    found = [cells[place] for place in places]
    texts = [cell if cell.__class__ is str else _cell(cell, "name") for cell in found]
    return " ".join(filter(None, map(str.strip, texts)))


def _printable(text: str) -> str:
    """Replace lines, controls and marks of direction, by which a mail's head could be forged, by spaces."""
    return " ".join(
        "".join(each if each.isprintable() or each in _JOINERS else " " for each in text).split()
    )


def _language(text: str) -> str | None:
    return text.replace("_", "-") if len(text) <= 35 and _LANGUAGE.fullmatch(text) else None
