"""Which operation a GraphQL request asks for, told beyond doubt (GraphQL September 2025; GraphQL over HTTP).

All operations of an API share one path, so a signup is known by a name: its operation's, or that
of the field it calls. A document is not parsed: its names are taken out of it, what stands in
strings and comments left out. A request in which the name stands nowhere asks for something else.
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
_UNTOLD = "its operation cannot be told"


def operation_of(kind: ContentType, body: bytes, declared: AbstractSet[str]) -> str | None:
    """Return which of the declared operations a request asks for; None for any other.

    Raises `Unreadable` where it may be one of them and that is not beyond doubt: in a batch, as a
    form, among several operations without `operationName`.
    """
    if _is_a_form_too(kind, body, declared):
        raise Unreadable("a field of the GraphQL request stands within another's value too")
    if kind.kind == "multipart":
        _check_multipart(kind, body, declared)
        return None
    if kind.kind == "JSON" and body.lstrip(b" \t\r\n")[:1] == b"[":
        _check_batch(body, declared)
        return None
    found = dict(_once(kind, body, _REQUEST))
    operation = _asked(found.get("query", ""), found.get("operationName", ""), declared)
    if operation is not None and kind.kind != "JSON":
        raise UnsupportedType("a signup's GraphQL operation is no JSON")
    return operation


def _is_a_form_too(kind: ContentType, body: bytes, declared: AbstractSet[str]) -> bool:
    """Tell whether a server that takes any body for a form may find one of the operations in it."""
    if not any(names_within(kind, body, _REQUEST)):
        return False
    text = unquoted(body)
    return any(operation in text for operation in declared)


def _once(kind: ContentType, body: bytes, names: Names) -> list[tuple[str, str]]:
    fields = list(read_fields(kind, body, names, longest=len(body)))
    if len({name for name, _ in fields}) < len(fields):
        raise Unreadable("a field of the GraphQL request stands twice")
    return fields


def _check_multipart(kind: ContentType, body: bytes, declared: AbstractSet[str]) -> None:
    """Let files of other operations pass; a signup is sent as JSON."""
    fields = _once(kind, body, _OPERATIONS)
    if not fields:
        raise Unreadable(_UNTOLD)
    if operation_of(_JSON, fields[0][1].encode(), declared) is not None:
        raise UnsupportedType("a signup's GraphQL operation is no JSON")


def _check_batch(body: bytes, declared: AbstractSet[str]) -> None:
    """Let a batch pass of which each request is told, and none is a signup."""
    seen: set[str] = set()
    told: set[str] = set()
    for path, value in read_fields(_JSON, body, ANY, longest=len(body)):
        match = _IN_BATCH.match(path)
        if match is None or len(seen) > _MOST_IN_BATCH:
            raise Unreadable(_UNTOLD)
        seen.add(match[1])
        if value and path == match[0] and match[2]:
            told.add(match[1])
            is_document = match[2] == "query"
            if _asked(value if is_document else "", "" if is_document else value, declared):
                raise Unreadable("a signup's GraphQL operation stands in a batch")
    if seen != told:
        raise Unreadable(_UNTOLD)


def _asked(document: str, name: str, declared: AbstractSet[str]) -> str | None:
    """Return the declared operation that a document, or the name alone of a stored one, asks for."""
    if not (document or name):
        raise Unreadable(_UNTOLD)
    found = {name} & declared
    count = 1
    if any(operation in document for operation in declared):
        names, count = _names_in(document, declared)
        found |= names
    if len(found) > 1 or (found and count != 1 and name not in found):
        raise Unreadable(_UNTOLD)
    return found.pop() if found else None


def _names_in(document: str, declared: AbstractSet[str]) -> tuple[set[str], int]:
    """Return which of the names stand in a document, and how many operations it defines."""
    names: set[str] = set()
    depth = operations = 0
    begins = ""  # by which name the definition here begins
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
