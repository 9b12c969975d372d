"""A request's whole body read into fields: forms, multipart forms and JSON.

What decides over a body must not read it otherwise than the app will. Parsers differ where a
body is odd: which line breaks end a part, whether `;` separates, what a second `boundary` means.
So the strict reader knows one form of each format, the one that browsers and the usual clients
write and every parser reads alike, and raises `Unreadable` for all else. Those who only look for
what may be personal ask for `tolerant` reading: all that can be found, whatever the body's state.

A name is what the app would ask for. JSON is flattened to dotted paths: `user.birth_date`,
`items.0.price`. Order and repetitions stay as they came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterable, Iterator
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

__all__ = ["Fields", "Unreadable", "read_fields"]

Fields: TypeAlias = "list[tuple[str, str]]"

_MOST_LEVELS = 64  # of JSON: Python's own parser gives up at some hundreds
_LONGEST_NAME = 256  # characters of a path in JSON; it is copied for every value below it

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - RFC 9110 §5.6.2, no secret
_MEDIA_TYPE = re.compile(rf"[ \t]*({_TOKEN}/{_TOKEN})[ \t]*((?:;.*)?)")
_PARAMETER = re.compile(rf';[ \t]*({_TOKEN})=(?:({_TOKEN})|"([^"\\\r\n]*)")[ \t]*')
_JSON = re.compile(r"application/(.+\+)?json")
_JSON_ENCODINGS = re.compile(r"utf-?(16|32)(-?[bl]e)?", re.IGNORECASE)
# Encodings in which the bytes of ASCII mean ASCII: an app that decodes by them reads what we read.
_ASCII_ENCODINGS = re.compile(r"utf-?8|us-ascii|ascii|iso-8859-1|windows-1252", re.IGNORECASE)
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=?!#$%&*^`|~]{1,200}")

# A part's head: what follows `filename` may be anything, what follows `name` may not, because
# parsers differ over escapes in quoted strings, over `;` there and over blanks around a name.
_DISPOSITION = re.compile(r"form-data[ \t]*((?:;.*)?)", re.IGNORECASE)
_PART_PARAMETER = re.compile(
    rf""";[ \t]*(?:
        (?P<name>name)=(?:(?P<token>{_TOKEN})|"(?P<quoted>[^"\\;]*)")
      | (?P<file>filename)=(?:{_TOKEN}|"(?:[^"\\]|\\(?!"))*")
      | (?P<file_star>filename\*)={_TOKEN}
    )[ \t]*""",
    re.IGNORECASE | re.VERBOSE,
)
# What nearly every part of a form begins with; it says no more than what is read below.
_PLAIN_HEAD = re.compile(
    rb'\r\nContent-Disposition: form-data; name="((?! )[ !#-:<-\[\]-~]*(?<! ))"'
)
_HEADER = re.compile(rf"({_TOKEN}):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_PLAIN_CODINGS = frozenset({"7bit", "8bit", "binary"})  # Django decodes base64, others do not

# Tolerant readings: a member of a JSON object whatever stands around it, and a part's name.
_MEMBER = re.compile(
    r'"((?:[^"\\]|\\.){0,200})"\s*:\s*(?:"((?:[^"\\]|\\.)*)(?:"|$)|([^\s"{}\[\],:]+))', re.DOTALL
)
_PART_NAME = re.compile(rf'[;\s]name\s*=\s*(?:"([^"\r\n]*)"|({_TOKEN}))', re.IGNORECASE)
_FILE_NAME = re.compile(r"[;\s]filename\*?\s*=", re.IGNORECASE)


class Unreadable(ValueError):  # noqa: N818 - what a body is, not a defect
    """A body that some parser may read otherwise than we do; says why, never what stood in it."""


def read_fields(
    content_type: str, body: bytes, *, tolerant: bool = False, wanted: Container[str] | None = None
) -> Fields:
    """Return the names and values of a body of this Content-Type, as text, in their order.

    A file of a multipart form has its name and an empty value. JSON's numbers are as they were
    written, `null` is empty. Raises `Unreadable` for a type that is no form and no JSON, and for
    a body that is not beyond doubt one; with `tolerant` it never raises. Who asks for the values
    of `wanted` names alone may get those of others as they were sent, which takes half the time.
    """
    if tolerant:
        return _found(content_type, body)
    read, boundary = _reader(content_type)
    if read is _form:
        return _form(body, b"", wanted)
    return read(body, boundary)


_Reader: TypeAlias = Callable[[bytes, bytes], Fields]


def _reader(content_type: str) -> tuple[_Reader, bytes]:
    """Return what reads this type, and a multipart form's boundary."""
    match = _MEDIA_TYPE.fullmatch(content_type)
    if match is None:
        raise Unreadable("the Content-Type is missing or malformed")
    media_type = match[1].lower()
    parameters = _parameters(match[2])
    charset = parameters.get("charset", "utf-8")
    is_json = _JSON.fullmatch(media_type) is not None
    if not (
        _ASCII_ENCODINGS.fullmatch(charset) or (is_json and _JSON_ENCODINGS.fullmatch(charset))
    ):
        raise Unreadable("the Content-Type names a character encoding that hides ASCII")
    if is_json:
        return _json, b""
    if media_type == "application/x-www-form-urlencoded":
        return _form, b""
    if media_type != "multipart/form-data":
        raise Unreadable("the Content-Type is no form and no JSON")
    boundary = parameters.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise Unreadable("the boundary is missing or of other characters than clients use")
    return _multipart, b"--" + boundary.encode()


def _parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    end = 0
    while match := _PARAMETER.match(text, end):
        name = match[1].lower()
        if name in found:
            raise Unreadable("a parameter of the Content-Type stands twice")
        found[name] = match[2] or match[3] or ""
        end = match.end()
    if text[end:].strip("; \t"):
        raise Unreadable("the parameters of the Content-Type are malformed")
    return found


def _form(body: bytes, _: bytes, wanted: Container[str] | None = None) -> Fields:
    """Read application/x-www-form-urlencoded (WHATWG URL §5.1)."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Unreadable("the form is not UTF-8") from None
    # Some parsers split at `;` too. And an app may read JSON whatever the Content-Type says.
    if ";" in text or "\0" in text or text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["}:
        raise Unreadable("the form holds characters that clients encode")
    return _pairs(text, wanted)


def _pairs(text: str, wanted: Container[str] | None = None) -> Fields:
    fields = []
    for pair in text.replace("+", " ").split("&"):
        if pair:
            name, _, value = pair.partition("=")
            name = _decoded(name)
            fields.append((name, _decoded(value) if wanted is None or name in wanted else value))
    return fields


def _decoded(text: str) -> str:
    return unquote_to_bytes(text).decode(errors="replace") if "%" in text else text


def _multipart(body: bytes, delimiter: bytes) -> Fields:
    """Read multipart/form-data (RFC 7578) without preamble, epilogue and any doubtful delimiter."""
    first, *parts = body.split(delimiter)
    if first not in {b"", b"\r\n"} or not parts or parts.pop() not in {b"--", b"--\r\n"}:
        raise Unreadable("the form's parts do not begin and end as clients write them")
    return [_part(part) for part in parts]


def _part(part: bytes) -> tuple[str, str]:
    """Read what stands between two delimiters: a head, an empty line, the content."""
    head, gap, content = part.partition(b"\r\n\r\n")
    if not (gap and head.startswith(b"\r\n") and content.endswith(b"\r\n")):
        raise Unreadable("a part of the form has no head or does not end with a line")
    if plain := _PLAIN_HEAD.fullmatch(head):
        return plain[1].decode(), content[:-2].decode(errors="replace")
    try:
        name, is_file = _part_head(head[2:].decode())
    except UnicodeDecodeError:
        raise Unreadable("the head of a part is not UTF-8") from None
    return name, "" if is_file else content[:-2].decode(errors="replace")


def _part_head(text: str) -> tuple[str, bool]:
    """Return a part's name, and whether it is a file."""
    headers: dict[str, str] = {}
    for line in text.split("\r\n"):
        match = _HEADER.fullmatch(line)
        if match is None or match[1].lower() in headers:
            raise Unreadable("the head of a part is malformed")
        headers[match[1].lower()] = match[2].strip(" \t")
    if headers.get("content-transfer-encoding", "8bit").lower() not in _PLAIN_CODINGS:
        raise Unreadable("a part is encoded")
    name, is_file = _disposition(headers.get("content-disposition", ""))
    if not is_file and (kind := headers.get("content-type")):
        _check_text(kind)
    return name, is_file


def _disposition(text: str) -> tuple[str, bool]:
    """Read a part's Content-Disposition (RFC 7578 §4.2)."""
    match = _DISPOSITION.fullmatch(text)
    if match is None:
        raise Unreadable("a part has no Content-Disposition")
    found: dict[str, str] = {}
    end = 0
    while parameter := _PART_PARAMETER.match(match[1], end):
        kind = str(parameter.lastgroup)
        kind = "name" if kind in {"token", "quoted"} else kind
        if kind in found:
            raise Unreadable("a parameter of a part stands twice")
        found[kind] = parameter["token"] or parameter["quoted"] or ""
        end = parameter.end()
    if match[1][end:].strip("; \t") or "name" not in found:
        raise Unreadable("a part's name cannot be read for sure")
    name = found["name"]
    if name != name.strip() or not name.isprintable():
        raise Unreadable("a part's name has blanks or controls that some parsers drop")
    return name, len(found) > 1


def _check_text(kind: str) -> None:
    """Refuse a text part in an encoding that hides ASCII: some parsers decode by it."""
    match = _MEDIA_TYPE.fullmatch(kind)
    charset = _parameters(match[2]).get("charset", "utf-8") if match else ""
    if not _ASCII_ENCODINGS.fullmatch(charset):
        raise Unreadable("a part names a character encoding that hides ASCII")


class _Object(list[tuple[str, object]]):
    """A JSON object as its members stood: names may repeat."""

    __slots__ = ()


# Numbers stay as they are written: 2012.0 is no year, and 4,300 digits are no error.
_decoder = json.JSONDecoder(
    object_pairs_hook=_Object, parse_int=str, parse_float=str, parse_constant=str
)


def _json(body: bytes, _: bytes) -> Fields:
    """Read JSON (RFC 8259) in the encodings that Python's own `json.loads` recognises."""
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        value = _decoder.decode(text)
    except (ValueError, RecursionError):
        raise Unreadable("the JSON is malformed") from None
    fields: Fields = []
    _flatten("", value, fields, _MOST_LEVELS)
    return fields


def _flatten(path: str, value: object, fields: Fields, levels: int) -> None:
    if isinstance(value, str):
        fields.append((path, value))
        return
    if not isinstance(value, list):
        fields.append((path, {True: "true", False: "false"}.get(value, "")))  # type: ignore[call-overload]
        return
    if not levels or len(path) > _LONGEST_NAME:
        raise Unreadable("the JSON is nested deeper, or has longer names, than any form's")
    members = value if isinstance(value, _Object) else enumerate(value)
    prefix = f"{path}." if path else ""
    for name, member in members:
        _flatten(f"{prefix}{name}", member, fields, levels - 1)


def _found(content_type: str, body: bytes) -> Fields:
    """Return all fields that a body of any state seems to hold."""
    try:
        return read_fields(content_type, body)
    except Unreadable:
        pass
    for looks, read in _BY_LOOKS:
        if looks(content_type.lower(), body) and (fields := list(read(body))):
            return fields
    return []


def _looks_wide(_: str, body: bytes) -> bool:
    return b"\0" in body[:4]


def _looks_like_json(kind: str, body: bytes) -> bool:
    return "json" in kind or body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}


def _looks_multipart(kind: str, body: bytes) -> bool:
    return "multipart" in kind or body.lstrip()[:2] == b"--"


def _looks_like_a_form(_: str, body: bytes) -> bool:
    return b"=" in body


def _loose_wide(body: bytes) -> Iterator[tuple[str, str]]:
    return _members(body.decode(json.detect_encoding(body), "replace"))


def _loose_json(body: bytes) -> Iterator[tuple[str, str]]:
    return _members(body.decode(errors="replace"))


def _loose_form(body: bytes) -> Fields:
    return _pairs(body.decode(errors="replace").replace(";", "&"))


def _members(text: str) -> Iterator[tuple[str, str]]:
    """Yield the members of JSON that may break off: names without the path to them."""
    for match in _MEMBER.finditer(text):
        yield _unescaped(match[1]), _unescaped(match[2]) if match[3] is None else match[3]


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def _parts(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield the parts of a multipart body by whatever its first delimiter line is."""
    lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    at = lines.find(b"--")
    delimiter = lines[at:].split(b"\n", 1)[0].rstrip() or b"--"
    for part in lines[at:].split(delimiter):
        head, _, content = part.partition(b"\n\n")
        text = head.decode(errors="replace")
        if match := _PART_NAME.search(text):
            name = match[1] if match[2] is None else match[2]
            is_file = _FILE_NAME.search(text) is not None
            yield name, "" if is_file else content.removesuffix(b"\n").decode(errors="replace")


# The first reading that a body looks fit for and that finds anything counts.
_BY_LOOKS: tuple[
    tuple[Callable[[str, bytes], bool], Callable[[bytes], Iterable[tuple[str, str]]]], ...
] = (
    (_looks_wide, _loose_wide),
    (_looks_like_json, _loose_json),
    (_looks_multipart, _parts),
    (_looks_like_a_form, _loose_form),
)
