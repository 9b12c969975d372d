"""The operator's statement about an incident: its discovery, what happened, what people can do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, NamedTuple, Self
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from alpines_privacy.breach.addresses import read_address, read_domain
from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.local_time import read_time, zone_named
from alpines_privacy.breach.translations import KINDS, check_tag, check_translations
from alpines_privacy.breach.wording import Line, Text, check_words
from alpines_privacy.policy.bounds import check_mapping
from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.explain import explain
from alpines_privacy.policy.part import Part

__all__ = [
    "IMMUTABLE",
    "QUESTIONS",
    "Incident",
    "IncidentDraft",
    "Times",
    "check_kind",
    "plain",
    "times_of",
]

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}")

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
    domains whose mailboxes' own passwords leaked: nobody is mailed there. Notices come from
    `email`, by the name `sender`. The texts are in `language`; `translations` has them in others
    (`Translation`), each by its tag.
    """

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    zone: Line
    discovered: Line
    confirmed: Line | None = None
    occurred: Line | None = None
    kinds: Sequence[Line]
    what_happened: Text
    consequences: Text | None = None
    what_we_do: Text
    what_you_can_do: Text
    contact: Text
    email: Line
    sender: Line | None = None
    leaked_mailboxes: Sequence[Line] = ()
    language: str = "en"
    translations: Mapping[str, Any] = msgspec.field(default_factory=dict)

    def check(self) -> None:
        """Check names, addresses, and that no text holds controls that a mail's head could be broken by."""
        if not _NAME.fullmatch(self.name):
            raise PolicyError(
                f"{self.name!r} is no name; expected small letters, digits and hyphens, as in lost-laptop-2026",
                key="name",
            )
        check_words(self)
        if read_address(self.email) is None:
            raise PolicyError(
                "is no mail address; expected one such as privacy@example.com", key="email"
            )
        if not self.kinds:
            raise PolicyError("is empty; expected at least one kind of data", key="kinds")
        for index, kind in enumerate(self.kinds):
            check_kind(kind, f"kinds[{index}]")
        for index, host in enumerate(self.leaked_mailboxes):
            if not _HOST.fullmatch(host) and read_domain(host) is None:
                raise PolicyError(
                    f"{host!r} is no domain; expected one such as example.com",
                    key=f"leaked_mailboxes[{index}]",
                )
        check_tag(self.language, "language")
        check_translations(self.translations, self.language)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], *, source: str = "") -> Self:
        """Build a draft from plain data; raises `PolicyError`, with `source` and the wrong key."""
        try:
            check_mapping(mapping)
            given = plain(mapping)
            return msgspec.convert(given, cls)
        except PolicyError as error:
            raise error.at(source=source) from None
        except msgspec.ValidationError as error:
            raise explain(error, given, cls).at(source=source) from None
        except UnicodeEncodeError:
            raise PolicyError("a text holds half a character", source=source) from None


def check_kind(kind: str, key: str = "kinds") -> None:
    """Raise `PolicyError` for a word in capitals that is none of the policy's kinds of data."""
    if kind.isupper() and kind.isidentifier() and kind not in KINDS:
        raise PolicyError(
            f"{kind!r} is no kind of data; expected one of {', '.join(sorted(KINDS))}, or words of your own",
            key=key,
        )


def plain(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping with TOML's own times as they are written, and its own date of a breach."""
    return {key: _plain(key, value) for key, value in mapping.items()}


def _plain(key: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, Mapping):
        return plain(value)
    return value.isoformat() if key == "occurred" and isinstance(value, date) else value


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
    if (
        sure.timestamp() < found.timestamp()
    ):  # two times of one zone are compared by their clocks alone
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

    @property
    def leaked_domains(self) -> list[str]:
        """The domains whose mailboxes leaked, as addresses have them."""
        return [read_domain(host) or host for host in self.texts.get("leaked_mailboxes", ())]

    def message_id(self, key: str) -> str:
        """Return the Message-ID (RFC 5322 §3.6.4) of the notice to a recipient: always the same."""
        return f"<{key}.{self.salt[:8]}@{self.domain}>"
