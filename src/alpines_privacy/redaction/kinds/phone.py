"""Telephone numbers: international ones by E.164, national ones by their groups.

Digits alone do not show that a number is a telephone's, so each form needs a sign:
a plus or a `00` with a country code, a trunk prefix with groups, an area code in parentheses,
the North American 3-3-4, the prefixes of mobile networks in Pakistan, or a keyword before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alpines_privacy.redaction.kinds.keywords import WORD, is_column, is_redacted, stands_alone
from alpines_privacy.redaction.kinds.shape import Bounds, Shape

__all__ = ["SHAPES"]

# The country codes in use (ITU-T E.164, list of assigned codes): 1 and 7, then those of two and of three digits.
_CODES = re.compile(
    r"[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|21[12368]|2[2346][0-9]|25[0-8]|29[01789]|35[0-9]|37[0-9]|38[0-9]|42[013]|50[0-9]|59[0-9]"
    r"|67[02-9]|68[0-35-9]|69[0-2]|80[08]|85[02356]|8[78]0|88[1-368]|96[0-8]|97[0-79]|99[2-68]"
)
# The most digits after the country code, where it is not ten.
_MOST = {
    "31": 9, "32": 9, "33": 9, "34": 9, "36": 9, "39": 11, "40": 9, "41": 9, "43": 12, "45": 8,
    "46": 9, "47": 8, "48": 9, "49": 11, "51": 9, "53": 8, "54": 11, "55": 11, "56": 9, "61": 9,
    "62": 12, "65": 8, "66": 9, "86": 11, "93": 9, "94": 9, "358": 12, "966": 9, "971": 9, "972": 9,
}  # fmt: skip
_EXTENSION = re.compile(
    r"[ ,;]{0,2}(?:(?:ext(?:ension|n)?|x)[ .:]{0,2}|#)[0-9]{1,6}(?![0-9A-Za-z])", re.IGNORECASE
)


_MOST_DIGITS = 15
_TRUNK = "(0)"
_TRUNK_GROUP = r"[ ().\/-]?\(0\)"
_DIGITS_GROUP = rf"[ ().\/-]{{0,2}}[0-9]{{1,{_MOST_DIGITS + 1}}}"
# A number has one trunk prefix at most.
_GROUPS = re.compile(
    rf"(?:(?!{_TRUNK_GROUP}){_DIGITS_GROUP}){{0,{_MOST_DIGITS}}}+"
    rf"(?:{_TRUNK_GROUP}(?:(?!{_TRUNK_GROUP}){_DIGITS_GROUP}){{0,{_MOST_DIGITS}}}+)?+"
)
_GROUP = re.compile(rf"{_TRUNK_GROUP}|{_DIGITS_GROUP}").findall
_SIGNS = " ()./-"
_NO_SIGNS = str.maketrans("", "", _SIGNS)
_NUMBER_GROUP = re.compile(r"[ ().\/-]{0,2}([0-9]+)")


def _read(text: str, start: int, most: int, enough: int = 99) -> tuple[str, int]:
    """Return the digits of whole groups, at most `most`, and the end of the last group.

    Reading stops once there are `enough` digits. The trunk prefix in `+44 (0)20` does not count as a digit.
    """
    digits, end = "", start
    has_trunk = False
    if enough > most and (run := _GROUPS.match(text, start)) and run[0]:
        has_trunk = _TRUNK in run[0]
        if not has_trunk and len(found := run[0].translate(_NO_SIGNS)) <= most:
            return found, run.end()  # nearly all
        for unit in _GROUP(run[0]):
            group = "" if unit.endswith(_TRUNK) else unit.lstrip(_SIGNS)
            if len(digits) + (len(group) or 1) > most:
                return digits, end
            digits, end = digits + group, end + len(unit)
    while len(digits) < enough and (match := _NUMBER_GROUP.match(text, end)):
        group, last = match[1], match.end()
        if group == "0" and text.startswith(")", last) and match[0].endswith("(0"):
            if len(digits) == most or has_trunk:
                break
            has_trunk = True
            end = last + 1
            continue
        if len(digits) + len(group) > most:
            break
        digits, end = digits + group, last
    return digits, end


_BEGINS_EXTENSION = frozenset(" ,;eExX#")


def _with_extension(text: str, end: int) -> int:
    if text[end : end + 1] not in _BEGINS_EXTENSION:
        return end
    match = _EXTENSION.match(text, end)
    return match.end() if match else end


def _find_international(text: str, start: int, _end: int) -> Iterator[Bounds]:
    """Give `+92 300 1234567`, `+44 (0)20 7946 0958`, `001-212-555-0123x45`."""
    has_plus = text[start] == "+"
    before = text[start - 1 : start]
    if before in WORD or before in {"_", "+", "."}:
        return
    if before == "/" and text[start - 2 : start - 1] in WORD:  # base 64
        return
    first = start + (1 if has_plus else 2)
    if has_plus and _NETWORK.match(text, first):
        return
    digits, _ = _read(text, first, 15, enough=3)
    assigned = _CODES.match(digits)
    if assigned is None and not has_plus:
        return
    code = assigned[0] if assigned else ""
    trunk = 1 if _TRUNK_AFTER.match(text, first + len(code)) else 0
    digits, end = _read(text, first, len(code) + trunk + _MOST.get(code, 10))
    if not has_plus and (_NUMBER_GROUP.match(text, end) or _is_dump(text, start, end)):
        return
    if "/-" in text[first:end]:  # two amounts: `+4263/-293`
        return
    if len(digits) < len(code) + 4:
        digits, end = _read(text, first, 15)
    if _is_international(text[first:end], digits, code, has_plus=has_plus) and not _is_cut(
        text, end
    ):
        yield start, _with_extension(text, end)


_NETWORK = re.compile(r"(?:[0-9]{1,3}\.){3}0/24(?![0-9])")  # the form of a truncated address
# A trunk prefix that many write after the country code: `+44 020 7946 0958`.
_TRUNK_AFTER = re.compile(r"[ ()./-]{0,3}0(?!\))")
_FRACTION = re.compile(r"([0-9]{1,3})\.([0-9]+)")


def _is_international(written: str, digits: str, code: str, *, has_plus: bool) -> bool:
    least = (
        10 + written.isdigit()
        if code == "1"
        else len(code) + (4 if has_plus else 6 + written.isdigit())
    )
    if len(digits) < max(least, 7):
        return False
    if fraction := _FRACTION.fullmatch(written):  # `+1.0000001`; registrars write `+44.2079460958`
        return fraction[1] == code and len(fraction[2]) >= (10 if code == "1" else 8)
    if not written.isdigit():
        return True
    return code != "" and (_DAY.fullmatch(digits) is None if has_plus else code != "1")


def _is_cut(text: str, end: int) -> bool:
    """Whether a letter or a fraction continues the number, so that it is no telephone number."""
    after = text[end : end + 2]
    return (after[:1] in WORD and _EXTENSION.match(text, end) is None) or (
        after[:1] in {".", ":", "_", "/"} and after[1:] in WORD and after[:1] != "/"
    )


_DAY = re.compile("(?:19|20)[0-9]{2}[01][0-9][0-3][0-9]")
_NANP_PREFIX = re.compile(r"(?:\+?1[ .-]?|001[ .-])\Z")


def _find_north_american(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give groups of three, three and four digits: `(212) 555-0123`, `212.555.0123`, `1-212-555-0123 x45`."""
    in_parentheses = ")" in text[start:end]
    before = text[max(0, start - 7) : start]
    prefix = _NANP_PREFIX.search(before)
    first = start - len(prefix[0]) if prefix else start
    if text[first] == "(" and not in_parentheses:
        first += 1
    separators = text[start:end].translate(_NO_DIGITS)
    if separators in {" -", ". ", " .", ".-", "-."}:
        return
    if separators == "  " and (is_column(text, first, end) or not _SUBSCRIBER.match(text, start)):
        return
    last = _with_extension(text, end)
    if stands_alone(text, first, last):
        yield first, last


_SUBSCRIBER = re.compile("[2-9][0-9]{2} [2-9]")
_NO_DIGITS = str.maketrans("", "", "0123456789")


_DATE = re.compile(
    r"\(?(?:[0-9]{1,2}([./-])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})|(?:19|20)[0-9]{2}([./-])[0-9]{1,2}\2[0-9]{1,2}|[0-9]{4}([./-])[0-9]{2}\3[0-9]{2})(?![0-9]|[./-][0-9])"
)


def _find_trunk(text: str, start: int, _end: int) -> Iterator[Bounds]:
    """Give a national number with its trunk prefix: `020 7946 0958`, `(030) 123456`, `01 23 45 67 89`."""
    digits, end = _read(text, start, 13)
    if not 9 <= len(digits) <= 13 or not stands_alone(text, start, end) or _is_cut(text, end):
        return
    if _goes_on(text, end) or _DATE.match(text, start) or _is_dump(text, start, end):
        return
    yield start, _with_extension(text, end)


def _goes_on(text: str, end: int) -> bool:
    """Whether more digits follow, and no date."""
    return _NUMBER_GROUP.match(text, end) is not None and _DATE.match(text, end + 1) is None


def _is_dump(text: str, start: int, end: int) -> bool:
    """Whether pairs of hexadecimal digits stand before or after the number."""
    return (
        _HEX_AFTER.match(text, end) is not None
        or _HEX_BEFORE.search(text, max(0, start - 4), start) is not None
    )


_HEX_AFTER = re.compile(r"[ :.-]{1,2}(?:[0-9][0-9A-Fa-f]|[A-Fa-f][0-9])(?![0-9A-Za-z])|  [|>]")
_HEX_BEFORE = re.compile(r"(?<![0-9A-Za-z:])(?:[0-9][0-9A-Fa-f]|[A-Fa-f][0-9])[ :.-]{1,2}\Z")


def _find_mobile(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give a number in one piece or two; `pnas.0709247105` names a paper, `0123456789` the digits."""
    if (
        stands_alone(text, start, end)
        and (text[start - 1 : start] not in {".", "/"} or text.startswith("03", start))
        and not _DIGITS.startswith(text[start:end])
    ):
        yield start, end


_DIGITS = "01234567890"


_YEAR = re.compile(r"\((?:19|20)[0-9]{2}\)")
_PREFIX_DIGIT = re.compile(r"(?<![0-9A-Za-z.,:-])[0-9]{1,2}[ -]?\Z")


def _find_area(text: str, start: int, _end: int) -> Iterator[Bounds]:
    """Give a number whose area code stands in parentheses: `(11) 2345-6789`, `8 (301) 123-45-67`."""
    prefix = _PREFIX_DIGIT.search(text, max(0, start - 4), start)
    first = prefix.start() if prefix else start
    before = text[first - 1 : first]
    if before in WORD or before in {"_", "]", ")"} or _YEAR.match(text, start):
        return
    digits, end = _read(text, first, 12)
    if len(digits) >= 8 and not _NUMBER_GROUP.match(text, end) and not _is_cut(text, end):
        yield first, _with_extension(text, end)


def _near(text: str, start: int, end: int, *, bare: bool, least: int) -> Iterator[Bounds]:
    """Give the number that begins at the end of the match; after a keyword it may have any form.

    `bare` allows a single group of digits; `least` is the fewest digits.
    """
    if is_redacted(text, start, end):
        return
    digit = _FIRST_DIGIT.search(text, start, end)
    first = digit.start() if digit else end
    digits, last = _read(text, first, 15)
    written = text[first:last]
    is_one = written.isdigit()
    if len(digits) < least or _NUMBER_GROUP.match(text, last):
        return
    if not is_one and (_DATE.match(text, first) or _OTHER.fullmatch(written)):
        return
    if not stands_alone(text, first, last) or _is_cut(text, last) or _UNIT.match(text, last):
        return
    if not bare and (text[last : last + 1] == "-" or _YEARS.fullmatch(written)):
        return
    if is_one and (not bare or len(digits) < 7 or _EPOCH.fullmatch(written)):
        return
    yield first - (text[first - 1 : first] in {"(", "+"}), _with_extension(text, last)


_FIRST_DIGIT = re.compile(r"[0-9]")
_EPOCH = re.compile(r"1[5-9](?:[0-9]{8}|[0-9]{11}|[0-9]{14})")


_OTHER = re.compile(r"[0-9]+\.[0-9]+|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?|.*\.[0-9]-.*")
_YEARS = re.compile("(?:1[5-9]|20)[0-9]{2}[ ]?-[ ]?(?:1[5-9]|20)[0-9]{2}")
_UNIT = re.compile(r" ?(?:bytes|[kKMGT]i?B|B|rows|lines|items|times|ms|us|ns|s|sec|seconds|%)\b")


def _find_called(text: str, start: int, end: int) -> Iterator[Bounds]:
    return _near(text, start, end, bare=True, least=6)


def _find_spoken(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give a number that somebody calls: `call 3212345`, `reach me at 3212345`; not `reach 1000000 users`."""
    for first, last in _near(text, start, end, bare=True, least=6):
        number = text[first:last]
        is_amount = number.isdigit() and len(number) < _LONG and number[0] != "0"
        if not is_amount or _is_led_to(text, start, first, last):
            yield first, last


def _is_led_to(text: str, start: int, first: int, last: int) -> bool:
    """Whether the words from the verb to the number may name a person, and no noun follows that the number counts."""
    return _CALLS.search(text, start, first) is not None and _COUNTED.match(text, last) is None


_LONG = 10  # digits of a number in one piece that is not an amount
# Words between the verb and a person's number.
_CALLS = re.compile(
    r"(?:call|dial|\b(?:at|on|me|us|him|her|them|you|no|number|via|under))[ :.#(+]{1,3}\Z"
    r"|\b(?:contact|reach|ring)[ ]?[:=][ ]?[\"'(+]?\Z",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"[ ][a-z]{3,16}s\b")  # `1000000 users`


def _find_in_prose(text: str, start: int, end: int) -> Iterator[Bounds]:
    return _near(text, start, end, bare=False, least=7)


# A line of groups of digits only, which are not columns: `512 345 678`, `321-2345`.
_ALONE = r"(?:[0-9]{2,4}(?:[ -][0-9]{2,4}){1,4}|[0-9]{2,5}[ -][0-9]{5,7})"
_ONLY = re.compile(_ALONE)
_NUMBERS = re.compile(r"[-0-9., \t]+")


def _find_alone(text: str, start: int, end: int) -> Iterator[Bounds]:
    """Give the groups of digits that fill a line; beside another such line they are a table."""
    number = _ONLY.search(text, start, end)
    if number is None or _NUMBERS.fullmatch(_line_beside(text, start, end)):
        return
    groups = re.split("[ -]", number[0])
    digits = sum(map(len, groups))
    is_range = len(groups) == 2 and "-" in number[0] and len(groups[0]) >= len(groups[1])
    is_local = number[0][3:4] == "-" and digits == 7
    if groups[0] == "00" and groups[1][0] == "0":  # not a country code: bytes of a dump
        return
    if is_range or not (8 <= digits <= 11 or is_local) or _DATE.match(text, number.start()):
        return
    if len({*number[0].translate(_NO_DIGITS)}) == 1:
        yield number.span()


def _line_beside(text: str, start: int, end: int) -> str:
    """Return the line before the one at the bounds, else the line after it; at most 80 characters."""
    before = text[max(0, start - 80) : max(0, start - 1)]
    after = text[end + 1 : end + 81]
    return before[before.rfind("\n") + 1 :].strip() or after.partition("\n")[0].strip()


_BACKWARDS = re.compile(r"[0-9]+(?:[ ().-]{1,2}[0-9]+){0,6}[(+]?")


def _find_labelled(text: str, start: int, _end: int) -> Iterator[Bounds]:
    """Give the number before its label: `415 55 26 71 mobile`, `055-1234-Fax`."""
    match = _BACKWARDS.match(text[max(0, start - 24) : start + 1][::-1])
    if match is not None and 6 <= sum(map(str.isdigit, match[0])) <= 15:
        first = start + 1 - match.end()
        if stands_alone(text, first, start + 1) and not _DATE.match(text, first):
            yield first, start + 1


_SURE = (
    r"phone|\btel\b|\btelef|\bmobile|\bmobil\b|\bmob\b|\bcell\b|\bcellular|\bcelular|\bfax\b|whatsapp"
    r"|msisdn|\bhandy|hotline|helpline|\bsms\b|landline|rufnummer|\bdesk:"
)
_SPOKEN = r"\bcontact\b|\bcall\b|\bdial\b|\breach\b|\bring\b"
_PROSE = r"\b(?:at|to|on|is|number|contact|text|registered|from|messages?)\b[ :.#]{1,3}"
_LABELS = ("office", "fax", "mobile", "cell", "home", "work", "desk")
_SIX = r"[^0-9]{0,30}[0-9](?:[ ().-]{0,2}[0-9]){5}"


def _hints(keywords: str) -> tuple[str, ...]:
    return tuple(keywords.replace(r"\b", "").split("|"))


SHAPES = (
    Shape(
        "PHONE",
        r"\+\(?[0-9](?:[ ()./-]{0,3}[0-9]){6}",
        _find_international,
        (),
    ),
    Shape("PHONE", r"\b00[ -]?[1-9](?:[ ()./-]{0,2}[0-9]){8}", _find_international, ()),
    Shape("PHONE", rf"(?m:^[ \t]{{0,8}}{_ALONE}[ \t\r]{{0,8}}$)", _find_alone, ()),
    Shape(
        "PHONE",
        r"\(?[0-9]{3}(?:\) ?|[ .-])[0-9]{3}[ .-][0-9]{4}|\([0-9]{3}\) ?[0-9]{7}",
        _find_north_american,
        (),
    ),
    Shape(
        "PHONE",
        r"(?:\b0[1-9][0-9]{0,4}\)?[ ./-]{1,2}|\(0[1-9][0-9]{0,4}\) ?)[0-9]{2}(?:[ ./()-]{0,2}[0-9]){3}[0-9 ./()-]*",
        _find_trunk,
        (),
    ),
    Shape(
        "PHONE",
        r"\b0[1-9][0-9]{8,9}\b|\b03[0-9]{2}[ -][0-9]{7}\b|\b[2-9][0-9]{2}-[0-9]{7}\b",
        _find_mobile,
        (),
    ),
    Shape(
        "PHONE",  # Brazil and Japan, Russia: groups that only telephone numbers have
        r"\b[1-9][0-9] 9?[0-9]{4}-[0-9]{4}\b|\b[1-9][0-9]-[0-9]{4}-[0-9]{4}\b"
        r"|\b8[ -][0-9]{3}[ -][0-9]{3}[ -][0-9]{2}[ -]?[0-9]{2}\b",
        _find_mobile,
        (),
    ),
    Shape(
        "PHONE",
        r"\b92[ -]?3[0-9]{2}[ -]?[0-9]{7}\b",
        _find_mobile,
        (),
    ),
    Shape(
        "PHONE",
        r"\([0-9]{1,5}\)[ -]?[0-9]{1,5}[ -][0-9]{2,5}|\([0-9]{2,4}\) [0-9]{7,9}",
        _find_area,
        (),
    ),
    Shape("PHONE", rf"(?i:{_SURE}){_SIX}", _find_called, _hints(_SURE)),
    Shape("PHONE", rf"(?i:{_SPOKEN}){_SIX}", _find_spoken, _hints(_SPOKEN)),
    Shape(
        "PHONE",
        rf"(?i:{_PROSE})[+(]?[0-9]{{1,5}}[ )-]{{1,2}}[0-9]{{2,8}}",
        _find_in_prose,
        ("=\\A(?!0000-00-00\\Z).*0{1,5}[ )-]{1,2}00",),
    ),
    Shape(
        "PHONE",
        rf"[0-9](?: |-| - )(?i:{'|'.join(_LABELS)})\b",
        _find_labelled,
        tuple(f"0{gap}{label[:4]}" for gap in (" ", "-", " - ") for label in _LABELS),
    ),
)
