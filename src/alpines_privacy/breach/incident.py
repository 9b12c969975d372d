"""The operator's statement about an incident: its discovery, what happened, what people can do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple, Self, get_args
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from alpines_privacy.breach.addresses import read_address
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.local_time import read_time, zone_named
from alpines_privacy.policy.bounds import check_mapping
from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.explain import explain
from alpines_privacy.policy.kinds import Kind
from alpines_privacy.policy.part import Part

__all__ = ["IMMUTABLE", "QUESTIONS", "Incident", "IncidentDraft", "Times", "check_kind", "times_of"]

_Line = Annotated[str, Meta(min_length=1, max_length=300)]
_Text = Annotated[str, Meta(min_length=1, max_length=20_000)]
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_KINDS = frozenset(get_args(Kind))

# What has to be said, and how it is asked.
QUESTIONS = {
    "name": "A short name for the incident (letters, digits and hyphens)",
    "zone": "Your time zone (such as Asia/Karachi)",
    "discovered": "When was it discovered? (2026-11-27 18:40)",
    "kinds": "What kinds of data are involved? (separated by commas)",
    "what_happened": "What happened?",
    "what_we_do": "What are you doing about it?",
    "what_you_can_do": "What can people do?",
    "contact": "Whom can people ask? (name, phone, address)",
    "email": "From which e-mail address do notices come?",
}
# What stays as it was first said.
IMMUTABLE = ("name", "zone", "discovered", "confirmed")


class IncidentDraft(Part, frozen=True, kw_only=True):
    """An incident as a file, options or answers describe it.

    `discovered` and `confirmed` are times on the clocks of `zone`, or with an offset. `kinds` are
    kinds of data: those of the policy's §2 by name (`EMAIL`), or words. `leaked_mailboxes` are
    domains whose mailboxes' own passwords leaked: nobody is mailed there.
    """

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    zone: _Line
    discovered: _Line
    confirmed: _Line | None = None
    occurred: _Line | None = None
    kinds: Sequence[_Line]
    what_happened: _Text
    consequences: _Text | None = None
    what_we_do: _Text
    what_you_can_do: _Text
    contact: _Text
    email: _Line
    leaked_mailboxes: Sequence[_Line] = ()

    def check(self) -> None:
        """Check names, addresses, and that no text holds controls that a mail's head could be broken by."""
        if not _NAME.fullmatch(self.name):
            raise PolicyError(
                f"{self.name!r} is no name; expected small letters, digits and hyphens, as in lost-laptop-2026",
                key="name",
            )
        _check_texts(self)
        if read_address(self.email) is None:
            raise PolicyError(
                "is no mail address; expected one such as privacy@example.com", key="email"
            )
        if not self.kinds:
            raise PolicyError("is empty; expected at least one kind of data", key="kinds")
        for index, kind in enumerate(self.kinds):
            check_kind(kind, f"kinds[{index}]")
        for index, host in enumerate(self.leaked_mailboxes):
            if not _HOST.fullmatch(host):
                raise PolicyError(
                    f"{host!r} is no domain; expected one in small letters such as example.com",
                    key=f"leaked_mailboxes[{index}]",
                )

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], *, source: str = "") -> Self:
        """Build a draft from plain data; raises `PolicyError`, with `source` and the wrong key."""
        plain = {key: _plain(value) for key, value in mapping.items()}
        try:
            check_mapping(plain)
            return msgspec.convert(plain, cls)
        except PolicyError as error:
            raise error.at(source=source) from None
        except msgspec.ValidationError as error:
            raise explain(error, plain, cls).at(source=source) from None
        except UnicodeEncodeError:
            raise PolicyError("a text holds half a character", source=source) from None


def check_kind(kind: str, key: str = "kinds") -> None:
    """Raise `PolicyError` for a word in capitals that is none of the policy's kinds of data."""
    if kind.isupper() and kind.isidentifier() and kind not in _KINDS:
        raise PolicyError(
            f"{kind!r} is no kind of data; expected one of {', '.join(sorted(_KINDS))}, or words of your own",
            key=key,
        )


def _check_texts(draft: IncidentDraft) -> None:
    for key in draft.__struct_fields__:
        value = getattr(draft, key)
        for text in value if isinstance(value, tuple) else (value or "",):
            is_line = key not in {
                "what_happened",
                "what_we_do",
                "what_you_can_do",
                "contact",
                "consequences",
            }
            if _CONTROLS.search(text) or (is_line and len(text.splitlines()) > 1):
                raise PolicyError("holds a control character or a second line", key=key)
            if value is not None and value != () and not text.strip():
                raise PolicyError("is blank; expected words", key=key)


def _plain(value: Any) -> Any:
    """Return TOML's own times as they are written."""
    return value.isoformat(sep=" ") if isinstance(value, datetime) else value


class Times(NamedTuple):
    """When an incident was discovered and confirmed, in the operator's zone."""

    discovered: datetime
    confirmed: datetime | None


def times_of(
    discovered: str, confirmed: str | None, zone: str, now: datetime | None = None
) -> Times:
    """Read both times; raises `BreachError` for one in the future, or a confirmation before the discovery."""
    place = zone_named(zone)
    found = _past(discovered, place, "discovered", now)
    if confirmed is None:
        return Times(found, None)
    sure = _past(confirmed, place, "confirmed", now)
    if sure < found:
        raise BreachError("confirmed: is before it was discovered; expected a time after it")
    return Times(found, sure)


def _past(text: str, zone: ZoneInfo, key: str, now: datetime | None) -> datetime:
    try:
        moment = read_time(text, zone)
    except BreachError as error:
        if type(error) is not BreachError:
            raise
        raise BreachError(f"{key}: {error}") from None
    present = now or datetime.now(UTC)
    if moment.astimezone(UTC) > present.astimezone(UTC):
        clock = present.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        raise BreachError(f"{key}: {text[:40]} is in the future; it is {clock} in {zone}")
    return moment


class Incident(NamedTuple):
    """An incident in the ledger. `texts` is what was last said; the rest never changes."""

    id: int
    name: str
    opened: datetime
    discovered: datetime
    zone: ZoneInfo
    deadline: datetime
    calendar: str
    domain: str  # of Message-IDs
    salt: str
    texts: Mapping[str, Any]

    def message_id(self, key: str) -> str:
        """Return the Message-ID (RFC 5322 §3.6.4) of the notice to a recipient: always the same."""
        return f"<{key}.{self.salt[:8]}@{self.domain}>"
