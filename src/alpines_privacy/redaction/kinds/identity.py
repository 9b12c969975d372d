"""Numbers that states assign to people (CNIC, NTN, the US SSN, passports), dates of birth, and a card's CVV."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alpines_privacy.redaction.kinds.keywords import (
    before_digit,
    is_column,
    stands_alone,
    value_after,
)
from alpines_privacy.redaction.kinds.shape import Bounds, Shape

__all__ = ["SHAPES"]


def _find_cnic(text: str, start: int, end: int) -> Iterator[Bounds]:
    if stands_alone(text, start, end):
        yield start, end


def _find_ssn(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give an SSN with two equal separators, unless it is three columns of a table."""
    number = text[start:end]
    if number[3] != number[6] or not _is_ssn(number) or not stands_alone(text, start, end):
        return
    if number[3] == " " and (
        is_column(text, start, end) or _TELEPHONE.search(text, max(0, start - 30), start)
    ):
        return
    yield start, end


_TELEPHONE = re.compile("phone|tel|mobile|fax|cell|call", re.IGNORECASE)


def _is_ssn(number: str) -> bool:
    """Whether area, group and serial are assigned: no 000, 666, 9xx; no 00; no 0000 (SSA POMS RM 10201.035)."""
    digits = re.sub("[^0-9]", "", number)
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000"


def _is_passport(number: str) -> bool:
    return sum(map(str.isdigit, number)) >= 5


_MONTH = (
    r"(?:[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|[Mm]ay|[Jj]une?|[Jj]uly?"
    r"|[Aa]ug(?:ust)?|[Ss]ept?(?:ember)?|[Oo]ct(?:ober)?|[Nn]ov(?:ember)?|[Dd]ec(?:ember)?"
    r"|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
)
_DATE = (
    r"[0-9]{4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,2}(?:[T ][0-9:.]{5,15}Z?)?"
    r"|[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ](?:[0-9]{4}|[0-9]{2})"
    r"|(?:19|20)[0-9]{6}"
    rf"|[0-9]{{1,2}}(?:st|nd|rd|th)?[-/ ,]{{1,2}}(?:of )?{_MONTH}\.?[-/ ,]{{1,2}}[0-9]{{2,4}}"
    rf"|{_MONTH}\.?[- ][0-9]{{1,2}}(?:st|nd|rd|th)?[-, ]{{1,2}}[0-9]{{4}}"
)


def _is_date(date: str) -> bool:
    """Whether the numbers can be a day, a month and a year in some order."""
    numbers = [int(number) for number in re.findall("[0-9]+", date)[:3]]
    if len(numbers) != 3:
        return True
    year = numbers.pop(0 if numbers[0] > 31 else 2)
    return min(numbers) in range(1, 13) and max(numbers) in range(1, 32) and year < 2200


_CHILD = "b[ -]?form|form[ -]b"  # NADRA's registration of a child, with the number of the child's later card
_NTN = r"[0-9A-Z][0-9]{6}-?[0-9]"
_BEFORE_NTN = re.compile(rf"(?<![0-9A-Za-z]){_NTN}\Z")


def _find_before_ntn(text: str, start: int, _end: int) -> Iterator[Bounds]:
    """Give a number that stands before its name: `2757392-9 (NTN)`."""
    last = start + 1
    if number := _BEFORE_NTN.search(text, max(0, last - 10), last):
        yield number.span()


SHAPES = (
    Shape("CNIC", "[0-9]{5}-[0-9]{7}-[0-9]", _find_cnic, ()),
    Shape(
        "CNIC",
        before_digit(
            r"\b(?:cnic|nicop|snic|nadra|(?:national )?identity card|(?:national )?id card"
            rf"|{_CHILD}|shanakhti)|شناختی|ب فارم"
        ),
        value_after("[0-9]{5}[ .-]?[0-9]{7}[ .-]?[0-9]|[0-9]{13}"),
        (
            *("cnic", "nicop", "snic", "nadra", "identity card", "id card"),
            *("shanakhti", "b form", "b-form", "bform", "form b", "form-b", "شناختی", "ب فارم"),
        ),
    ),
    Shape(
        "SSN",
        "[0-9]{3}[ -][0-9]{2}[ -][0-9]{4}",
        _find_ssn,
        (),
    ),
    Shape(
        "SSN",
        before_digit(r"\bssns?\b|\bssn_|_ssn\b|social[ _-]?sec"),
        value_after("[0-9]{3}[ .-]?[0-9]{2}[ .-]?[0-9]{4}", _is_ssn),
        ("ssn", "social"),
    ),
    Shape(
        "PASSPORT",
        before_digit(r"passport|pasaporte|reisepass|passeport"),
        value_after("(?:[A-Za-z]{1,3}[ -]?)?[0-9][0-9A-Za-z]{5,9}", _is_passport),
        ("passport", "pasaporte", "reisepass", "passeport"),
    ),
    Shape(
        "NTN",
        before_digit(r"\bntn\b|\bntn_|_ntn\b|national tax n|\btax ?payer\b"),
        value_after(rf"{_NTN}|[0-9]{{7}}|[0-9]{{13}}|[0-9]{{5}}-[0-9]{{7}}-[0-9]"),
        ("ntn", "national tax n", "taxpayer", "tax payer"),
    ),
    Shape(
        "NTN",
        r"[0-9][ ,]{0,2}\(?(?i:ntn)\b",
        _find_before_ntn,
        ("0ntn", "0 ntn", "0(ntn", "0 (ntn", "0, ntn", "0,ntn", "0  ntn", "0,(ntn", "0, (ntn"),
    ),
    Shape(
        "CVV",
        before_digit(
            r"cvv2?|\bcvc2?\b|cvc_|_cvc\b|\bcvn\b|card verification|(?:card )?security code"
        ),
        value_after("[0-9]{3,4}"),
        ("cvv", "cvc", "cvn", "card verification", "security code"),
    ),
    Shape(
        "BIRTH_DATE",
        before_digit(
            r"birth|\bborn\b|\bd\.?o\.?b\b|_dob\b|\bdob_|bday|geburtsdatum|\bn[eé]e? le\b"
        ),
        value_after(_DATE, _is_date),
        (
            "birth",
            "born",
            "dob",
            "d.o.b",
            "bday",
            "geburtsdatum",
            "née le",
            "né le",
            "nee le",
            "ne le",
        ),
    ),
)
