"""The operation of a GraphQL request (GraphQL September 2025; GraphQL over HTTP).

All operations of an API share one path, so the name of the operation, or of the field it calls,
identifies a signup. A document is not parsed: its names are scanned, without strings and comments.
A request without the name asks for something else.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from alpines_privacy.http.body import ANY, Names, names_within, read_fields, unquoted
from alpines_privacy.http.content_type import ContentType, Unreadable, UnsupportedType

__all__ = ["operation_of"]

_JSON = ContentType("JSON")
_REQUEST = Names(("query", "operationName"))
_OPERATIONS = Names(("operations",))  # of the GraphQL multipart request specification
_MOST_IN_BATCH = 1000
_IN_BATCH = re.compile(r"([0-9]+)\.(query|operationName)?")
# A block string, a string, a comment (all without a group), a name, a bracket, a quote that closes nothing.
_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\(?:""")?|"(?!""))*+"""|"(?!"")(?:[^"\\\r\n]|\\[^\r\n])*+"|#[^\r\n]*+'
    r'|([_A-Za-z][_0-9A-Za-z]*+)|([{}()\[\]])|(")'
)
_UNCLEAR = "its operation is unclear"


def operation_of(body_type: ContentType, body: bytes, declared: AbstractSet[str]) -> str | None:
    """Return the declared operation a request asks for; None for any other.

    Raises `Unreadable` if it may be a declared one but that is not certain: in a batch, in a form,
    or among several operations without `operationName`.
    """
    if _is_a_form_too(body_type, body, declared):
        raise Unreadable("a field of the GraphQL request stands within another's value too")
    if body_type.format == "multipart":
        _check_multipart(body_type, body, declared)
        return None
    if body_type.format == "JSON" and body.lstrip(b" \t\r\n")[:1] == b"[":
        _check_batch(body, declared)
        return None
    found = dict(_once(body_type, body, _REQUEST))
    operation = _asked(found.get("query", ""), found.get("operationName", ""), declared)
    if operation is not None and body_type.format != "JSON":
        raise UnsupportedType("a signup's GraphQL operation is no JSON")
    return operation


def _is_a_form_too(body_type: ContentType, body: bytes, declared: AbstractSet[str]) -> bool:
    """Tell whether a server that reads any body as a form may find a declared operation in it."""
    if not any(names_within(body_type, body, _REQUEST)):
        return False
    text = unquoted(body)
    return any(operation in text for operation in declared)


def _once(body_type: ContentType, body: bytes, names: Names) -> list[tuple[str, str]]:
    fields = list(read_fields(body_type, body, names, longest=len(body)))
    if len({name for name, _ in fields}) < len(fields):
        raise Unreadable("a field of the GraphQL request stands twice")
    return fields


def _check_multipart(body_type: ContentType, body: bytes, declared: AbstractSet[str]) -> None:
    """Let uploads of other operations pass; raise for a signup, which must be JSON."""
    fields = _once(body_type, body, _OPERATIONS)
    if not fields:
        raise Unreadable(_UNCLEAR)
    if operation_of(_JSON, fields[0][1].encode(), declared) is not None:
        raise UnsupportedType("a signup's GraphQL operation is no JSON")


def _check_batch(body: bytes, declared: AbstractSet[str]) -> None:
    """Let a batch pass if every operation in it is known and none is a signup; raise otherwise."""
    seen: set[str] = set()
    named: set[str] = set()
    for path, value in read_fields(_JSON, body, ANY, longest=len(body)):
        match = _IN_BATCH.match(path)
        if match is None or len(seen) > _MOST_IN_BATCH:
            raise Unreadable(_UNCLEAR)
        seen.add(match[1])
        if value and path == match[0] and match[2]:
            named.add(match[1])
            is_document = match[2] == "query"
            if _asked(value if is_document else "", "" if is_document else value, declared):
                raise Unreadable("a signup's GraphQL operation stands in a batch")
    if seen != named:
        raise Unreadable(_UNCLEAR)


def _asked(document: str, name: str, declared: AbstractSet[str]) -> str | None:
    """Return the declared operation of a document, or of the name of a stored document."""
    if not (document or name):
        raise Unreadable(_UNCLEAR)
    found = {name} & declared
    count = 1
    if any(operation in document for operation in declared):
        names, count = _names_in(document, declared)
        found |= names
    if len(found) > 1 or (found and count != 1 and name not in found):
        raise Unreadable(_UNCLEAR)
    return found.pop() if found else None


def _names_in(document: str, declared: AbstractSet[str]) -> tuple[set[str], int]:
    """Return the declared names in a document, and the number of operations it defines."""
    names: set[str] = set()
    depth = operations = 0
    begins = ""  # the first name of the current definition
    for match in _TOKEN.finditer(document):
        name, bracket, stray = match.groups()
        if stray:
            raise Unreadable("the GraphQL document is malformed")
        if name:
            begins = begins or name
            if name in declared:
                names.add(name)
        elif bracket in {"{", "(", "["}:
            operations += depth == 0 and bracket == "{" and begins != "fragment"
            depth += 1
        elif bracket:
            depth -= 1
            begins = "" if depth == 0 and bracket == "}" else begins
            if depth < 0:
                break
    if depth:
        raise Unreadable("the GraphQL document is malformed")
    return names, operations
