"""The kinds of personal data that are found by their shape, and which of two wins where they overlap."""

from alpines_privacy.redaction.kinds import (
    accounts,
    agents,
    cards,
    codes,
    identity,
    mail,
    network,
    phone,
    places,
    secrets,
    tokens,
)
from alpines_privacy.redaction.kinds.shape import Shape

__all__ = ["KINDS", "RANKS", "SHAPES"]

SHAPES: tuple[Shape, ...] = (
    *secrets.SHAPES,
    *tokens.SHAPES,
    *codes.SHAPES,
    *agents.SHAPES,
    *mail.SHAPES,
    *accounts.SHAPES,
    *cards.SHAPES,
    *network.SHAPES,
    *identity.SHAPES,
    *places.SHAPES,
    *phone.SHAPES,
)

# The most specific first: kinds that hold others (a credential in a URL, a User-Agent), then kinds
# with a grammar, a checksum or a keyword; last phone numbers, since nearly any number looks like one.
KINDS = (
    "SECRET",
    "USER_AGENT",
    "EMAIL",
    "IBAN",
    "CARD",
    "IP",
    "MAC",
    "CNIC",
    "SSN",
    "CVV",
    "NTN",
    "PASSPORT",
    "BIRTH_DATE",
    "COORDINATES",
    "PHONE",
)
RANKS = {kind: rank for rank, kind in enumerate(KINDS)}
