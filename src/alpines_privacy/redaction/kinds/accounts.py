"""Bank accounts: IBAN (ISO 13616), by country, length and check digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alpines_privacy.redaction.kinds.keywords import WORD
from alpines_privacy.redaction.kinds.shape import Bounds, Shape

__all__ = ["LENGTHS", "SHAPES"]

# Length of an IBAN by country: SWIFT's registry, and countries that use the form without being registered.
LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FK FI FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM CF CG CM GA GQ KM TD",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV ML SN BJ BF CI",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
LENGTHS |= {
    "DZ": 26,
    "AO": 25,
    "CV": 25,
    "GW": 25,
    "IR": 26,
    "MA": 28,
    "MG": 27,
    "MZ": 25,
    "NE": 28,
    "TG": 28,
}
_WORD = re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}(?![0-9A-Za-z])")
_GROUPED = {
    length: re.compile(
        rf"[A-Za-z]{{2}}[ .-]?[0-9]{{2}}(?:[ .-]?[0-9A-Za-z]){{{length - 4}}}(?![0-9A-Za-z])"
    )
    for length in {*LENGTHS.values()}
}
_SEPARATORS = frozenset(" .-")
_NO_SEPARATORS = str.maketrans("", "", " .-")


def _find(text: str, start: int, _end: int) -> Iterator[Bounds]:
    """Give the IBAN, of its country's length, in one word or in groups."""
    length = LENGTHS.get(text[start : start + 2].upper())
    if length is None or text[start - 1 : start] in WORD:
        return
    grouped = _GROUPED[length].match(text, start)
    if (
        grouped is not None
        and _is_number(iban := grouped[0].translate(_NO_SEPARATORS))
        and (iban.isupper() or len({*grouped[0]} & _SEPARATORS) < 2)  # `al2023-ami-hvm-2023.0`
        and _is_iban(iban)
    ):
        yield grouped.span()
        return
    word = _WORD.match(text, start)
    if word is not None and _is_iban(word[0]):  # Faker's British IBANs lack a digit
        yield word.span()


def _is_number(iban: str) -> bool:
    """Whether half are digits and the letters have one case: the check digits alone fit one text of prose in 97."""
    return 2 * sum(map(str.isdigit, iban)) >= len(iban) and (iban.isupper() or iban.islower())


def _is_iban(iban: str) -> bool:
    """Whether the number, with letters as 10 to 35, is 1 modulo 97 (ISO 7064)."""
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


_COUNTRIES = "|".join(sorted(LENGTHS))

SHAPES = (
    Shape("IBAN", rf"\b(?i:{_COUNTRIES})[0-9]{{2}}(?:[ .-]?[0-9A-Za-z]){{3}}", _find, ("#aa00",)),
    Shape(
        "IBAN",  # `GB 82 WEST …`
        rf"\b(?:{_COUNTRIES})[ .-][0-9]{{2}}[ .-]?[0-9A-Z](?:[ .-]?[0-9A-Z]){{10}}",
        _find,
        ("#aa 00", "#aa-00", "#aa.00"),
    ),
)
