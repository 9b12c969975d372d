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
from alpines_privacy.http.card_numbers import (
    CARD_WORDS,
    DOUBLED_VALUES,
    NEUTRAL_WORDS,
    NUMBERED_THINGS,
    STARTS,
    USUAL,
    VALUES,
    is_card,
)
from alpines_privacy.redaction.kinds.keywords import WORD
from alpines_privacy.redaction.kinds.shape import Bounds, Shape, by_length, from_digits

__all__ = ["SHAPES"]


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
# The key of a number, and words that name nothing; in prose the word before a number.
_KEY = re.compile(r"[\w.\-]+", re.ASCII)  # backwards
_WORDS = re.compile("[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# A whole string, or a whole text.
_OPENED = re.compile(r"""(?:\A\s*|["'])\Z""")
_CLOSED = re.compile(r"""\s*\Z|["']""")


def _is_called(text: str, start: int, end: int) -> bool:
    """Whether a word for cards stands near the number, on its line."""
    before = text[max(0, start - _NEAR) : start].rpartition("\n")[2].lower()
    near = f"{before} {text[end : end + _NEAR]}".lower()
    return (
        any(stem in near for stem in _STEMS) or "pa" in near or "cc" in near
    ) and CARD_WORDS.search(near) is not None


def _is_named(before: str) -> bool:
    """Whether a key (`"offset": `, `size=`) or a noun in prose (`order `) names the number as another thing."""
    key = before.rstrip(" \"'-#")
    if key[-1:] in {"=", ":"}:
        run = _KEY.match(key.rstrip(" =:\"'")[::-1])
        words = _WORDS.findall(run[0][::-1]) if run else ()
        return any(len(word) > 1 and word.lower() not in NEUTRAL_WORDS for word in words)
    if before[-1:] not in {" ", "#"}:
        return False
    noun = _KEY.match(key[::-1])
    return noun is not None and noun[0][::-1].rpartition("_")[2].lower() in NUMBERED_THINGS


def _is_value(text: str, start: int, end: int) -> bool:
    """Whether no word before the number names it as another thing, and it is a string or as long as most cards."""
    if _is_named(text[max(0, start - 72) : start]):
        return False
    if _OPENED.search(text, max(0, start - 8), start) and _CLOSED.match(text, end):
        return True
    return USUAL.fullmatch(text, start, end) is not None


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
        taken = chain.card(lengths, first, digit) if groups[first][:2] in STARTS else 0
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
        plain = digits.encode().translate(VALUES)
        doubled = digits.encode().translate(DOUBLED_VALUES)
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
