"""Telephone numbers: international ones by E.164, national ones by the way they are grouped.

What a number is cannot be told from its digits alone, so each form asks for a sign of its own:
a plus or a `00` with a country code, a trunk prefix with groups, an area code in parentheses,
the North American 3-3-4, the prefixes of mobile networks in Pakistan, or a keyword before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alpines_privacy.redaction.kinds.keywords import stands_alone
from alpines_privacy.redaction.kinds.shape import Bounds, Shape

__all__ = ["SHAPES"]

# The country codes in use (ITU-T E.164, list of assigned codes): 1 and 7, then those of two and of three digits.
_CODES = re.compile(
    r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|21[12368]|2[2346][0-9]|25[0-8]|29[0179]|35[0-9]|37[0-9]|38[0-9]|42[013]|50[0-9]|59[0-9]"
    r"|67[02-9]|68[0-35-9]|69[0-2]|80[08]|85[02356]|8[78]0|88[1-368]|96[0-8]|97[0-79]|99[2-68]"
)
# The most digits after the country code, where they are fewer or more than ten.
_MOST = {
    "31": 9, "32": 9, "33": 9, "34": 9, "36": 9, "39": 11, "40": 9, "41": 9, "43": 12, "45": 8,
    "46": 9, "47": 8, "48": 9, "49": 11, "51": 9, "53": 8, "54": 11, "55": 11, "56": 9, "61": 9,
    "62": 12, "65": 8, "66": 9, "86": 11, "93": 9, "94": 9, "358": 12, "966": 9, "971": 9, "972": 9,
}  # fmt: skip
_EXTENSION = re.compile(
    r"[ ,;]{0,2}(?:(?:ext(?:ension|n)?|x)[ .:]{0,2}|#)[0-9]{1,6}(?![0-9A-Za-z])", re.IGNORECASE
)


_NUMBER_GROUP = re.compile(r"[ ().\/-]{0,3}([0-9]+)")


def _read(text: str, start: int, most: int) -> tuple[str, int]:
    """Return the digits of as many whole groups as give at most `most`, and where the last one ends.

    The trunk prefix in `+44 (0)20` is no digit of the number.
    """
    digits, end = "", start
    while match := _NUMBER_GROUP.match(text, end):
        if len(digits) + len(match[1]) > most or (digits and "\n" in match[0]):
            break
        if match[1] == "0" and match[0].endswith("(0") and text.startswith(")", match.end()):
            end = match.end() + 1
            continue
        digits, end = digits + match[1], match.end()
    return digits, end


def _with_extension(text: str, end: int) -> int:
    match = _EXTENSION.match(text, end)
    return match.end() if match else end


def _find_international(text: str, start: int, _end: int) -> Iterator[Bounds]:
    """Give `+92 300 1234567`, `+44 (0)20 7946 0958`, `001-212-555-0123x45`."""
    has_plus = text[start] == "+"
    before = text[start - 1 : start]
    if before.isalnum() or before in {"_", "+", "/", "=", "."}:
        return
    first = start + (1 if has_plus else 2)
    digits, _ = _read(text, first, 15)
    assigned = _CODES.match(digits)
    if assigned is None:
        return
    code = assigned[0]
    digits, end = _read(text, first, len(code) + _MOST.get(code, 10))
    if len(digits) < len(code) + 4:
        digits, end = _read(text, first, 15)
    if _is_international(text[first:end], digits, code, has_plus=has_plus) and not _is_cut(
        text, end
    ):
        yield start, _with_extension(text, end)


def _is_international(written: str, digits: str, code: str, *, has_plus: bool) -> bool:
    least = 10 if code == "1" else len(code) + (4 if has_plus else 7)
    if len(digits) < max(least, 7):
        return False
    return has_plus or not written.isdigit() or code != "1"


def _is_cut(text: str, end: int) -> bool:
    """Whether the number goes on in a letter or a fraction, so that it is none."""
    after = text[end : end + 2]
    return (after[:1].isalnum() and after[:1] not in "xXeE") or (
        after[:1] in {".", ":", "_", "/"} and after[1:].isalnum() and after[:1] != "/"
    )


_NANP_PREFIX = re.compile(r"(?:\+?1[ .-]?|001[ .-])?\(?\Z")


def _find_north_american(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give three, three and four digits: `(212) 555-0123`, `212.555.0123`, `1-212-555-0123 x45`."""
    digits = "".join(filter(str.isdigit, text[start:end]))
    in_parentheses = ")" in text[start:end]
    if not in_parentheses and (digits[0] in "01" or digits[3] in "01"):
        return
    before = text[max(0, start - 7) : start]
    prefix = _NANP_PREFIX.search(before)
    first = start - len(prefix[0]) if prefix else start
    if text[first] == "(" and not in_parentheses:
        first += 1
    separators = text[start:end].translate(_NO_DIGITS)
    if separators in {" -", ". ", " ."} or (separators == "  " and _is_column(text, first, end)):
        return
    last = _with_extension(text, end)
    if stands_alone(text, first, last):
        yield first, last


_NO_DIGITS = str.maketrans("", "", "0123456789")


def _is_column(text: str, start: int, end: int) -> bool:
    """Whether numbers or the quote of an access log's request stand beside it."""
    before = text[max(0, start - 2) : start]
    after = text[end : end + 2]
    return (
        before[:-1].isdigit()
        or before[:-1] in {'"', "]", " ", "\t"}
        or (after[:1] == " " and not after[1:].isalpha() and after[1:] != "(")
    )


_DATE = re.compile(
    r"\(?(?:[0-9]{1,2}([./-])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})|(?:19|20)[0-9]{2}([./-])[0-9]{2}\2[0-9]{2})(?![0-9])"
)
_PAIRS = re.compile(r"[0-9]{2}(?:[ .-][0-9]{2}){4}")


def _find_trunk(text: str, start: int, _end: int) -> Iterator[Bounds]:
    """Give a national number with its trunk prefix: `020 7946 0958`, `(030) 123456`, `01 23 45 67 89`."""
    digits, end = _read(text, start, 12)
    if not 9 <= len(digits) <= 12 or _NUMBER_GROUP.match(text, end) or _DATE.match(text, start):
        return
    first = start
    if _is_cut(text, end) or not stands_alone(text, first, end):
        return
    if _is_hexdump(text, first, end):
        return
    yield first, _with_extension(text, end)


def _is_hexdump(text: str, start: int, end: int) -> bool:
    """Whether pairs of digits go on as pairs of hexadecimal ones."""
    if not _PAIRS.fullmatch(text, start, end):
        return False
    return (
        _HEX_PAIR.match(text, end) is not None
        or _HEX_BEFORE.search(text, max(0, start - 4), start) is not None
    )


_HEX_PAIR = re.compile(r"[ :.-]{1,2}[0-9A-Fa-f]{2}(?![0-9A-Za-z])")
_HEX_BEFORE = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{2}[ :.-]\Z|:[ ]{1,2}\Z")


def _find_mobile(text: str, start: int, end: int) -> Iterator[Bounds]:
    if stands_alone(text, start, end):
        yield start, end


_PREFIX_DIGIT = re.compile(r"(?<![0-9A-Za-z.,-])[0-9]{1,2}[ -]?\Z")


def _find_area(text: str, start: int, _end: int) -> Iterator[Bounds]:
    """Give a number whose area code stands in parentheses: `(11) 2345-6789`, `8 (301) 123-45-67`."""
    prefix = _PREFIX_DIGIT.search(text, max(0, start - 4), start)
    first = prefix.start() if prefix else start
    digits, end = _read(text, first, 12)
    before = text[first - 1 : first]
    if before.isalnum() or before in {"_", "]", ")"}:
        return
    if len(digits) >= 8 and not _NUMBER_GROUP.match(text, end) and not _is_cut(text, end):
        yield first, _with_extension(text, end)


def _find_near_keyword(text: str, start: int, end: int, *, grouped: bool) -> Iterator[Bounds]:
    keyword_end = _FIRST_DIGIT.search(text, start, end)
    if keyword_end is None:
        return
    first = keyword_end.start()
    digits, last = _read(text, first, 15)
    if not 7 <= len(digits) <= 15 or _NUMBER_GROUP.match(text, last) or _DATE.match(text, first):
        return
    if (
        _is_cut(text, last)
        or text[first - 1 : first].isalnum()
        or _is_other(text[first:last], grouped=grouped)
    ):
        return
    if text[first - 1 : first] in {"(", "+"}:
        first -= 1
    yield first, _with_extension(text, last)


_FIRST_DIGIT = re.compile(r"[0-9]")
_EPOCH = re.compile(r"1[5-9](?:[0-9]{8}|[0-9]{11}|[0-9]{14})")


def _is_other(written: str, *, grouped: bool) -> bool:
    """Whether it is a time since 1970, a fraction, an address, or only one number where groups are asked for."""
    if written.isdigit():
        return grouped or _EPOCH.fullmatch(written) is not None
    return re.fullmatch(r"[0-9]+\.[0-9]+|[0-9]{1,3}(?:\.[0-9]{1,3}){3}", written) is not None


def _find_called(text: str, start: int, end: int) -> Iterator[Bounds]:
    return _find_near_keyword(text, start, end, grouped=False)


def _find_spoken(text: str, start: int, end: int) -> Iterator[Bounds]:
    return _find_near_keyword(text, start, end, grouped=True)


_SURE = (
    r"phone|\btel\b|\btelef|\bmobile|\bmobil\b|\bmob\b|\bcell\b|\bcellular|\bcelular|\bfax\b|whatsapp"
    r"|msisdn|\bhandy|hotline|helpline|\bsms\b|landline|rufnummer"
)
_PERHAPS = r"\bcall\b|\bcontact|\bdial|\breach\b|\bring\b|\bnumber\b|\btext\b"
_SEVEN = r"[^0-9\n]{0,30}[0-9](?:[ ().-]{0,2}[0-9]){6}"
SHAPES = (
    Shape(
        "PHONE",
        r"\+ ?\(?[0-9](?:[ ()./-]{0,3}[0-9]){6}",
        _find_international,
        ("+0", "+ 0", "+(0", "+ (0"),
    ),
    Shape("PHONE", r"\b00[ -]?[1-9](?:[ ()./-]{0,2}[0-9]){8}", _find_international, ("00",)),
    Shape(
        "PHONE",
        r"\(?[0-9]{3}(?:\) ?|[ .-])[0-9]{3}[ .-][0-9]{4}|\([0-9]{3}\) ?[0-9]{7}",
        _find_north_american,
        ("000-0000", "000 0000", "000.0000", "000)0000000", "000) 0000000"),
    ),
    Shape(
        "PHONE",
        r"\b0[1-9][0-9]{0,4}\)?[ ./-]{1,2}[0-9]{2}|\(0[1-9][0-9]{0,4}\) ?[0-9]{2}",
        _find_trunk,
        ("00 ", "00-", "00/", "00.", "00)"),
    ),
    Shape(
        "PHONE",
        r"\b0[37][0-9]{2}[ -]?[0-9]{7}\b",
        _find_mobile,
        ("00000000000", "0000-0000000", "0000 0000000"),
    ),
    Shape(
        "PHONE",
        r"\b92[ -]?3[0-9]{2}[ -]?[0-9]{7}\b",
        _find_mobile,
        ("000000000000", "000-0000000", "000 0000000"),
    ),
    Shape(
        "PHONE",
        r"\([0-9]{1,5}\)[ -]?[0-9]{2,5}[ -][0-9]{2,5}",
        _find_area,
        ("0) 00", "0)00", "0)-00"),
    ),
    Shape(
        "PHONE", rf"(?i:{_SURE}){_SEVEN}", _find_called, tuple(re.sub(r"\\b", "", _SURE).split("|"))
    ),
    Shape(
        "PHONE",
        rf"(?i:{_PERHAPS}){_SEVEN}",
        _find_spoken,
        ("call", "contact", "dial", "reach", "ring", "number", "text"),
    ),
)
