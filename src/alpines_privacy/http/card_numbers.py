"""Card numbers: the digits of ISO/IEC 7812, the networks that issue them, Luhn's sum, and words for cards."""

from __future__ import annotations

import re

__all__ = [
    "CARD_WORDS",
    "DOUBLED_VALUES",
    "NEUTRAL_WORDS",
    "NUMBERED_THINGS",
    "STARTS",
    "USUAL",
    "VALUES",
    "is_card",
    "is_issued",
]

_ANY = frozenset(range(12, 20))
_LONG = frozenset({16, 17, 18, 19})

# First and last prefix of a network, and the lengths of its numbers, from the networks' own tables.
_NETWORKS = (
    ("0604", "0604", _ANY),  # Maestro in the United Kingdom
    ("2014", "2014", frozenset({15})),  # enRoute, which still occurs in test data
    ("2149", "2149", frozenset({15})),
    ("1800", "1800", frozenset({15})),  # JCB's first numbers
    ("2131", "2131", frozenset({15})),
    ("2200", "2205", _LONG),  # Mir, Borica
    ("2221", "2720", frozenset({16})),  # Mastercard
    ("30", "30", frozenset({14, 16, 17, 18, 19})),  # Diners Club
    ("34", "34", frozenset({15})),  # American Express
    ("35", "35", _LONG),  # JCB from 3528 to 3589; generators of test data take all of 35
    ("36", "36", frozenset({14, 15, 16, 17, 18, 19})),  # Diners Club
    ("37", "37", frozenset({15})),
    ("38", "39", frozenset({14, 16, 17, 18, 19})),
    ("4", "4", frozenset({13, 16, 18, 19})),  # Visa
    ("50", "50", _ANY),  # Maestro, Elo, Verve, RuPay
    ("51", "55", frozenset({16})),  # Mastercard
    ("56", "61", _ANY),  # Maestro, Discover, RuPay, Hipercard
    ("62", "62", _ANY),  # UnionPay
    ("63", "69", _ANY),  # Maestro, Discover, Elo, InstaPayment, Troy
    ("81", "82", _LONG),  # UnionPay, RuPay
    ("9792", "9792", frozenset({16})),  # Troy
)


def is_card(digits: str) -> bool:
    """Whether 12 to 19 digits are a card number that a network issues."""
    return is_issued(digits) and _passes_luhn(digits)


def is_issued(digits: str) -> bool:
    """Whether a network issues numbers that begin with these digits and are as long, whatever their check digit."""
    networks = _BY_START.get(digits[:2], ())
    return any(
        low <= digits[: len(low)] <= high and len(digits) in lengths
        for low, high, lengths in networks
    )


def _passes_luhn(digits: str) -> bool:
    """Whether the check digit fits (ISO/IEC 7812-1, annex B)."""
    codes = digits.encode()
    return (
        sum(codes[::-2].translate(VALUES)) + sum(codes[-2::-2].translate(DOUBLED_VALUES))
    ) % 10 == 0


VALUES = bytes(code - 48 if 48 <= code < 58 else 0 for code in range(256))
DOUBLED_VALUES = bytes(sum(divmod(2 * value, 10)) for value in VALUES)
_BY_START = {
    start: tuple(
        network for network in _NETWORKS if network[0][:2] <= start <= (network[1] + "9")[:2]
    )
    for start in map("{:02}".format, range(100))
}


# The first two digits of all card numbers.
STARTS = frozenset(start for start, networks in _BY_START.items() if networks)

# The form of nearly all cards in use.
USUAL = re.compile(
    r"4[0-9]{15}|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}|3[47][0-9]{13}"
    r"|6(?:011[0-9]|5[0-9]{3}|4[4-9][0-9]{2}|2[0-9]{3})[0-9]{11}|35(?:2[89]|[3-8][0-9])[0-9]{12}|220[0-4][0-9]{12}"
)

# Words for cards and for payment.
CARD_WORDS = re.compile(
    r"cards?(?![a-z])|card[ _.-]?n|carte|karte|tarjeta|cart[aã]o|carta di|kort|\bcc\b|cc_?(?:num|no\b)|\bpan\b"
    r"|credit|debit|kredit|d[eé]bit|visa|master|maestro|amex|american express|diners|discover|jcb|union ?pay|rupay"
    r"|\bmir\b|\belo\b|verve|troy|paypak|hipercard|payment|\bpaid|\bpay\b|checkout|billing|bancontact|girocard|卡|카드|カード|карт",
    re.IGNORECASE,
)

# Words of a key that tell nothing of the number under it.
NEUTRAL_WORDS = frozenset(
    {
        "number", "num", "no", "nr", "value", "val", "data", "input", "text", "query", "body", "content",
        "message", "msg", "field", "key", "arg", "args", "param", "item", "string", "str", "raw",
        "primary", "account", "acct",  # ISO/IEC 7812's word for a card number
    }
)  # fmt: skip
# Things that are numbered, and are no cards.
NUMBERED_THINGS = frozenset(
    {
        "id", "ids", "block", "blk", "order", "count", "size", "length", "bytes", "offset", "seq", "sequence", "serial",
        "trace", "span", "request", "job", "task", "transaction", "tx", "txn", "epoch", "time", "timestamp", "inode",
        "sector", "node", "object", "ref", "reference", "ticket", "invoice", "tracking", "hash", "key",
    }
)  # fmt: skip
