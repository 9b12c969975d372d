"""The record of an audit: its day and a verdict for each requirement, and nothing else.

`alpines-privacy audit --record FILE` writes one; a policy names it in `[[evidence]]` with `file`.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from alpines_privacy.policy.bounds import read_regular
from alpines_privacy.policy.errors import PolicyError

__all__ = ["AuditRecord", "State", "clause_of", "read_record"]

_LONGEST = 1 << 20  # bytes of a record; one has some four thousand

State = Literal["kept", "broken", "unknown"]
# "11.cookies-under-dnt": the section of the policy, and a name.
RequirementId = Annotated[str, Meta(pattern=r"^(?:[1-9]|1[0-4])\.[a-z0-9][a-z0-9-]{0,99}$")]


class AuditRecord(Struct, frozen=True, kw_only=True):
    """What an audit found: `audited` is when it began, `verdicts` a state by requirement.

    `target` is an import string, or the origin of a site: no path, no query, no credentials.
    """

    version: Literal[1] = 1
    audited: Annotated[dt.datetime, Meta(tz=True)]
    target: Annotated[str, Meta(max_length=1000)] = ""
    verdicts: dict[RequirementId, State]

    def __post_init__(self) -> None:
        try:
            _ = self.date
        except OverflowError:
            raise ValueError("`audited` is of no day that there is in UTC") from None

    @property
    def date(self) -> dt.date:
        """The day of the audit (UTC)."""
        return self.audited.astimezone(dt.UTC).date()

    def to_json(self) -> bytes:
        """Return the record as a JSON text, with a line for each verdict."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"


def clause_of(requirement: str) -> int:
    """Return the section of the policy that a requirement belongs to: `11` of `11.cookies-under-dnt`."""
    return int(requirement.partition(".")[0])


def read_record(path: str, key: str) -> AuditRecord:
    """Read a record of an audit; raises `PolicyError` with `key` for any other file, or none."""
    try:
        return msgspec.json.decode(read_regular(path, _LONGEST, key=key), type=AuditRecord)
    except OSError as error:
        raise PolicyError(f"{path!r} cannot be read: {error.strerror}", key=key) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PolicyError(
            f"{path!r} is no record of an audit ({error}); expected the file that "
            "`alpines-privacy audit --record FILE` writes",
            key=key,
        ) from None
