"""Personal data in the application's logs: a sentence for each kind of redaction in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from alpines_privacy.policy import Logs
from alpines_privacy.policy_page.document import Block, Bullets, Code, Inline, Paragraph
from alpines_privacy.policy_page.language import Language, message
from alpines_privacy.policy_page.writing import Writing

__all__ = ["kind_names", "log_blocks", "ways_in_force"]

# The names of kinds, by their field of `[logs]`, in its order.
_KINDS = {
    "name": message("names"), "email": message("e-mail addresses"), "address": message("postal addresses"),
    "phone": message("phone numbers"), "cnic": message("CNIC numbers"), "ntn": message("tax numbers (NTN)"),
    "username": message("user names"), "password": message("passwords"),
    "secret": message("keys and tokens"), "ip": message("IP addresses"),
    "user_agent": message("names of browsers (User-Agent)"), "card": message("card numbers"),
    "cvv": message("card security codes"), "iban": message("bank account numbers (IBAN)"),
    "ssn": message("social security numbers"), "passport": message("passport numbers"),
    "birth_date": message("dates of birth"), "mac": message("addresses of devices (MAC)"),
    "coordinates": message("coordinates"),
}  # fmt: skip


def ways_in_force(page: Writing) -> Logs | None:
    """Return how the application's logs are redacted; None where they are left alone."""
    logs = page.policy.logs
    if not page.enforces or logs == "off":
        return None
    return Logs() if logs == "on" else logs


def kind_names(say: Language, kinds: Iterable[str]) -> list[Inline]:
    """Return the names of kinds of personal data, given as they stand in marks."""
    return [(say.word(_KINDS[kind.lower()]),) for kind in kinds]


def log_blocks(page: Writing) -> Iterator[Block]:
    """Write what logs hold."""
    ways = ways_in_force(page)
    if ways is None:
        yield page.paragraph("The application's logs may hold personal data as it was sent.")
        return
    yield page.paragraph(
        "Personal data that is recognised in the application's logs is written like this:"
    )
    yield Bullets(tuple(_items(page.say, ways)))
    if ways.safe_keys:
        yield Paragraph(
            page.say(
                "Values under these names are not redacted: {names}.",
                names=page.codes(list(ways.safe_keys)),
            )
        )


def _items(say: Language, ways: Logs) -> Iterator[Inline]:
    by_way: dict[str, list[Inline]] = {}
    for field, name in _KINDS.items():
        by_way.setdefault(getattr(ways, field), []).append((say.word(name),))
    for way, kinds in by_way.items():
        yield _item(say, way, say.listed(kinds))


def _item(say: Language, way: str, kinds: Inline) -> Inline:
    match way:
        case "truncate":
            return say(
                "{kinds}: cut short to their network ({ipv4} or {ipv6})",
                kinds=kinds,
                ipv4=Code("/24"),
                ipv6=Code("/48"),
            )
        case "generalise":
            return say("{kinds}: only browser, system and kind of device", kinds=kinds)
        case "mark":
            return say("{kinds}: replaced by a mark", kinds=kinds)
        case "partial":
            return say("{kinds}: only a small part", kinds=kinds)
        case "pseudonym":
            return say("{kinds}: replaced by a pseudonym that changes every day", kinds=kinds)
        case _:
            return say("{kinds}: as they were sent", kinds=kinds)
