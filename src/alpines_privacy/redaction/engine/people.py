"""Which `name` is a person's: the one in an object under `user`, `customer`, `patient` and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alpines_privacy.redaction.engine.quoted import parts

__all__ = ["NAMED", "PEOPLE", "names_of_people"]

PEOPLE = frozenset(
    {
        "user", "customer", "client", "patient", "person", "contact", "employee", "student",
        "author", "owner", "recipient", "sender", "buyer", "seller", "payer", "payee",
        "profile", "member", "guest", "passenger", "cardholder", "beneficiary", "billing",
        "shipping", "account", "visitor", "parent", "guardian", "spouse", "users",
        "customers", "patients", "contacts", "employees", "students", "members", "guests",
    }
)  # fmt: skip

# Matches in every text with such a name; for `re` and RE2.
NAMED = r"""(?i:"name"|'name')[ \t]{0,4}:"""
_PERSON = re.compile(
    rf"""(?:"(?:{"|".join(sorted(PEOPLE))})"|'(?:{"|".join(sorted(PEOPLE))})')[ \t]*:[ \t]*[\[{{]""",
    re.IGNORECASE,
)
_COLON = re.compile(r"[ \t]*:")


def names_of_people(text: str) -> Iterator[tuple[int, int]]:
    """Give the bounds of each person's `name` in JSON or a printed Python dict, in one walk."""
    person = _PERSON.search(text)
    if person is None:
        return
    above: list[str] = []  # the keys of the objects and lists that are open
    key = ""
    for start, end in parts(text, person.start()):
        match text[start]:
            case "{" | "[":
                above.append(key or (above[-1] if above else ""))
                key = ""
            case "}" | "]":
                del above[-1:]
                key = ""
            case _ if _COLON.match(text, end):
                key = text[start + 1 : end - 1].lower()
            case _:
                if key == "name" and above and above[-1] in PEOPLE:
                    yield start + 1, end - (text[end - 1] == text[start] and end - start > 1)
                key = ""
