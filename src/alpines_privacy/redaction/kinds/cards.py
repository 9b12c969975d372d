"""Payment cards: the digits of ISO/IEC 7812, a network that issues such numbers, and Luhn's sum.

One in twenty-five random numbers of 12 to 19 digits has both. So a number in one piece needs more: either
a word for cards is near it; or no other word names it (`capacity=…`, `order …`), and it is a whole string
or text, or as long as most cards. Groups as embossed are enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

from alpines_privacy.http.cache import cached
from alpines_privacy.redaction.kinds.keywords import WORD
from alpines_privacy.redaction.kinds.shape import Bounds, Shape, by_length, from_digits

__all__ = ["SHAPES", "is_card"]

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
    networks = _BY_START.get(digits[:2], ())
    return any(
        low <= digits[: len(low)] <= high and len(digits) in lengths
        for low, high, lengths in networks
    ) and _passes_luhn(digits)


def _passes_luhn(digits: str) -> bool:
    """Whether the check digit fits (ISO/IEC 7812-1, annex B)."""
    codes = digits.encode()
    return (
        sum(codes[::-2].translate(_VALUES)) + sum(codes[-2::-2].translate(_DOUBLED_VALUES))
    ) % 10 == 0


_VALUES = bytes(code - 48 if 48 <= code < 58 else 0 for code in range(256))
_DOUBLED_VALUES = bytes(sum(divmod(2 * value, 10)) for value in _VALUES)
_BY_START = {
    start: tuple(
        network for network in _NETWORKS if network[0][:2] <= start <= (network[1] + "9")[:2]
    )
    for start in map("{:02}".format, range(100))
}


def _find_run(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give a card written as one number: no fraction, no part of a longer word, and with a sign that it is a card."""
    if (
        _stands_alone(text, start, end)
        and is_card(text[start:end])
        and (_is_value(text, start, end) or _is_called(text, start, end))
    ):
        yield start, end


_NEAR = 48  # characters before and after a number that are searched for a word for cards
_STEMS = (  # nearly every word for cards holds one of these
    *(
        "card",
        "cart",
        "kart",
        "tarj",
        "kort",
        "redit",
        "debit",
        "débit",
        "visa",
        "master",
        "maest",
        "amex",
        "diners",
    ),
    *(
        "discov",
        "jcb",
        "union",
        "rupay",
        "mir",
        "elo",
        "verve",
        "troy",
        "american exp",
        "checkout",
        "billing",
    ),
    *("bancon", "giroc", "卡", "カ", "카드", "карт"),
)
_CARD = re.compile(
    r"cards?(?![a-z])|card[ _.-]?n|carte|karte|tarjeta|cart[aã]o|carta di|kort|\bcc\b|cc_?(?:num|no\b)|\bpan\b"
    r"|credit|debit|kredit|d[eé]bit|visa|master|maestro|amex|american express|diners|discover|jcb|union ?pay|rupay"
    r"|\bmir\b|\belo\b|verve|troy|paypak|hipercard|payment|\bpaid|\bpay\b|checkout|billing|bancontact|girocard|卡|카드|カード|карт",
    re.IGNORECASE,
)
# The key of a number, and words that name nothing; in prose the word before a number.
_KEY = re.compile(r"[\w.\-]+", re.ASCII)  # backwards
_WORDS = re.compile("[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SAYS_NOTHING = frozenset(
    {
        "number", "num", "no", "nr", "value", "val", "data", "input", "text", "query", "body", "content",
        "message", "msg", "field", "key", "arg", "args", "param", "item", "string", "str", "raw",
        "primary", "account", "acct",  # ISO/IEC 7812's word for a card number
    }
)  # fmt: skip
_NUMBERED = frozenset(
    {
        "id", "ids", "block", "blk", "order", "count", "size", "length", "bytes", "offset", "seq", "sequence", "serial",
        "trace", "span", "request", "job", "task", "transaction", "tx", "txn", "epoch", "time", "timestamp", "inode",
        "sector", "node", "object", "ref", "reference", "ticket", "invoice", "tracking", "hash", "key",
    }
)  # fmt: skip
# A whole string, or a whole text.
_OPENED = re.compile(r"""(?:\A\s*|["'])\Z""")
_CLOSED = re.compile(r"""\s*\Z|["']""")
_USUAL = re.compile(
    r"4[0-9]{15}|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}|3[47][0-9]{13}"
    r"|6(?:011[0-9]|5[0-9]{3}|4[4-9][0-9]{2}|2[0-9]{3})[0-9]{11}|35(?:2[89]|[3-8][0-9])[0-9]{12}|220[0-4][0-9]{12}"
)


def _is_called(text: str, start: int, end: int) -> bool:
    """Whether a word for cards stands near the number, on its line."""
    before = text[max(0, start - _NEAR) : start].rpartition("\n")[2].lower()
    near = f"{before} {text[end : end + _NEAR]}".lower()
    return (any(stem in near for stem in _STEMS) or "pa" in near or "cc" in near) and _CARD.search(
        near
    ) is not None


def _is_named(before: str) -> bool:
    """Whether a key (`"offset": `, `size=`) or a noun in prose (`order `) names the number as another thing."""
    key = before.rstrip(" \"'-#")
    if key[-1:] in {"=", ":"}:
        run = _KEY.match(key.rstrip(" =:\"'")[::-1])
        words = _WORDS.findall(run[0][::-1]) if run else ()
        return any(len(word) > 1 and word.lower() not in _SAYS_NOTHING for word in words)
    if before[-1:] not in {" ", "#"}:
        return False
    noun = _KEY.match(key[::-1])
    return noun is not None and noun[0][::-1].rpartition("_")[2].lower() in _NUMBERED


def _is_value(text: str, start: int, end: int) -> bool:
    """Whether no word before the number names it as another thing, and it is a string or as long as most cards."""
    if _is_named(text[max(0, start - 72) : start]):
        return False
    if _OPENED.search(text, max(0, start - 8), start) and _CLOSED.match(text, end):
        return True
    return _USUAL.fullmatch(text, start, end) is not None


# Embossed groups of cards, in digits per group; of several that fit, the longest is the card.
_FORMS = (
    *("44443", "44442", "44441", "4447", "4446", "4445", "4444", "4443", "4442", "4441"),
    *("465", "464", "445", "444"),
)
_SEPARATOR = re.compile("[ -]")
_NO_SEPARATORS = str.maketrans("", "", " -")


def _find_grouped(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give the cards in a chain of groups: a year or a count may stand before one."""
    groups = _SEPARATOR.split(text[start:end])
    lengths = "".join(str(len(group)) for group in groups)
    chain = _Chain("".join(groups))
    place, first, digit = start, 0, 0
    while first < len(groups) - 2:
        taken = chain.card(lengths, first, digit) if groups[first][:2] in _STARTS else 0
        count = sum(map(int, lengths[first : first + (taken or 1)]))
        last = place + count + max(taken - 1, 0)
        if taken and _is_written_as_one(text, place, last):
            yield place, last
        first, digit, place = first + (taken or 1), digit + count, last + 1


class _Chain:
    """Digits with running sums, which give Luhn's sum of any part in constant time."""

    __slots__ = ("_digits", "_sums")

    def __init__(self, digits: str) -> None:
        self._digits = digits
        plain = digits.encode().translate(_VALUES)
        doubled = digits.encode().translate(_DOUBLED_VALUES)
        odd, even = bytearray(plain), bytearray(plain)
        odd[1::2], even[0::2] = doubled[1::2], doubled[0::2]
        self._sums = ([*accumulate(even, initial=0)], [*accumulate(odd, initial=0)])

    def card(self, lengths: str, first: int, start: int) -> int:
        """Return how many groups from `first` on are a card, 0 if none; their digits begin at `start`."""
        for form, count in _forms(lengths[first : first + 5]):
            end = start + count
            sums = self._sums[end % 2]
            if (sums[end] - sums[start]) % 10 == 0 and is_card(self._digits[start:end]):
                return len(form)
        return 0


@cached("forms of cards")
def _forms(lengths: str) -> tuple[tuple[str, int], ...]:
    """Return the forms that match the first of these group lengths, and how many digits each has."""
    return tuple((form, sum(map(int, form))) for form in _FORMS if lengths.startswith(form))


def _is_written_as_one(text: str, start: int, end: int) -> bool:
    """Whether the same separator stands between all groups, and the number stands alone."""
    return len({*_NOT_SEPARATORS.sub("", text[start:end])}) == 1 and _stands_alone(text, start, end)


_NOT_SEPARATORS = re.compile("[^ -]+")
_STARTS = frozenset(start for start, networks in _BY_START.items() if networks)


def _find_halves(text: str, start: int, end: int) -> Iterator[Bounds]:
    if _stands_alone(text, start, end) and is_card(text[start:end].translate(_NO_SEPARATORS)):
        yield start, end


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before[-1:] in WORD or after[:1] in WORD or before[-1:] == "_" or after[:1] == "_":
        return False
    if before[-1:] == "-" and (
        before[:1] in WORD or before[:1] == "_"
    ):  # `blk_-6240954611139309559`
        return False
    return not (before[-1:] == "." and before[:1].isdigit()) and not (
        after[:1] == "." and after[1:].isdigit()
    )


SHAPES = (
    Shape("CARD", r"[0-9]{12,19}", _find_run, (), from_digits(r"[0-9]{12,19}", 12)),
    Shape(
        "CARD",
        r"\b[0-9]{4}[ -][0-9]{4,6}[ -][0-9]{4,5}(?:[ -][0-9]{1,7})*",
        _find_grouped,
        (),
        weigh=by_length(8),
    ),
    Shape("CARD", r"[0-9]{6}[ -][0-9]{13}", _find_halves, ()),
)
