"""Heads: the request's and the response's first lines and fields, the same for every protocol.

ASGI carries fields as pairs of bytes, WSGI as pairs of str that stand for latin-1 bytes
(PEP 3333), Django as mappings. Here a field is a pair of str, one character a byte: decoding
latin-1 never fails and loses nothing, so an unedited head goes back unchanged.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple, TypeAlias

from alpines_privacy.http.cache import cached
from alpines_privacy.http.percent import decoded

__all__ = [
    "HTML_TYPES",
    "NEVER_PLAIN",
    "XHTML",
    "XML_TYPES",
    "Asked",
    "Field",
    "Reader",
    "RequestHead",
    "ResponseHead",
    "below_mount",
    "field_name",
    "media_type",
    "read_loosely",
    "size_of_fields",
    "split_list",
]

Field = tuple[str, str]

# Media types that are read as markup: pages, and what Turbo inserts into them.
XHTML = "application/xhtml+xml"
HTML_TYPES = frozenset({"text/html", XHTML, "text/vnd.turbo-stream.html"})
XML_TYPES = frozenset({"application/xml", "text/xml"})
# Types that count as none: a browser sniffs the bytes (WHATWG MIME Sniffing §7).
_UNKNOWN = frozenset({"*/*", "unknown/unknown", "application/unknown"})
# The members of a Content-Type, and what one begins with (Fetch §3.5, "extract a MIME type"). A
# browser also takes a type that is followed by a blank or a bracket.
_TYPES = re.compile(r"(?:\"(?:[^\"\\]|\\.)*+(?:\"|\\?\Z)|[^,\"])++", re.DOTALL)
_TYPE = re.compile(
    r"[ \t\r\n]*+([!#$%&'*+.^_`|~0-9A-Za-z-]++/[!#$%&'*+.^_`|~0-9A-Za-z-]++)(?![^ \t\r\n;(])"
)
_MAY_BE_PAGES = HTML_TYPES | XML_TYPES | {""}
# Statuses of responses that are never plain: 304 may stand for a page, and a resource of ours may replace a 404.
NEVER_PLAIN = frozenset({304, 404})

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+://[^/?#]*+").match

_MOST_ADDED = 1536  # bytes of what the layer adds to a head
_STATUS_LINE = 48  # bytes, about: HTTP/1.1 511 Network Authentication Required
_MOST = 3584 - _STATUS_LINE  # bytes of a head's fields with that


class Asked(NamedTuple):
    """A request's peer address, scheme, host with its port, and mount point; each is empty if unknown.

    `mount` is as in `RequestHead.mount`.
    """

    peer: str
    scheme: str
    authority: str
    mount: str


# A middleware's or framework's reader of a request's forwarding fields.
Reader: TypeAlias = "Callable[[RequestHead, Asked], Asked]"


# A body over HTTP/1.1 has a length or a transfer coding; one that apps read by its type names that too.
BODY_FIELDS = ("content-type", "content-length", "transfer-encoding")


class RequestHead(ABC):
    """A request before its body. Each adapter subclasses it over what its protocol gives.

    `path` is the whole decoded path, `mount` the part of it that leads to this app (ASGI's
    root_path, WSGI's SCRIPT_NAME), `query` what follows the `?`, undecoded. `peer` is the address
    of the connection's other end, empty for a Unix socket. `edits` are fields that a
    promise changes for the app: name to value, None removes the field; the adapter applies and
    later undoes them.
    """

    __slots__ = ("_sent", "edits", "kind")

    def __init__(self, kind: Literal["http", "websocket"] = "http") -> None:
        self.kind = kind
        self.edits: dict[str, str | None] | None = None
        self._sent: dict[str, list[str]] | None = None  # edited fields as they came

    @property
    @abstractmethod
    def method(self) -> str: ...

    @property
    @abstractmethod
    def scheme(self) -> str: ...

    @property
    @abstractmethod
    def path(self) -> str: ...

    @property
    @abstractmethod
    def mount(self) -> str: ...

    @property
    @abstractmethod
    def query(self) -> str: ...

    @property
    @abstractmethod
    def peer(self) -> str: ...

    @property
    def raw_query(self) -> bytes:
        """The query in bytes, undecoded; `?` for a character that is no byte."""
        return self.query.encode("latin-1", "replace")

    @property
    def sent_path(self) -> str:
        """The whole path undecoded, as the visitor wrote it; empty if the server does not tell, or it is not `path`."""
        target = self._target.partition("?")[0]
        if absolute := _ABSOLUTE(target):  # this form names a host too (RFC 9112 §3.2.2)
            target = target[absolute.end() :]
        return target if target[:1] == "/" and decoded(target) == self.path else ""

    @property
    def _target(self) -> str:
        """The request's target as the server got it; empty if unknown."""
        return ""

    @property
    def framework(self) -> str:
        """The framework whose error format the app's clients know: "FastAPI", or empty."""
        return ""

    @property
    def needs_no_length(self) -> bool:
        """Whether a body may follow without a length in the head, as in HTTP/2 (RFC 9113 §8.1.1)."""
        return False

    @property
    def brings_input(self) -> bool:
        """Whether a query stands in the head, or a body may follow (RFC 9112 §6.3)."""
        fields = any(map(self.values, BODY_FIELDS))
        return bool(self.query) or fields or self.needs_no_length

    @property
    def user(self) -> object | None:
        """The signed-in user by the server or a middleware; None if unknown."""
        return None

    @property
    def readers(self) -> tuple[Reader, ...]:
        """The software inside the layer that reads forwarding fields, the outermost first."""
        return ()

    def asked(self) -> Asked:
        """Return peer, scheme, host and mount as they are now: a middleware may have changed them."""
        return Asked(self.peer, self.scheme, next(iter(self.values("host")), ""), self.mount)

    @abstractmethod
    def values(self, name: str) -> list[str]:
        """Return the values of each line of the field `name` (lower case), in order.

        WSGI and Django have joined repeated lines with commas: split each value with
        `split_list` where that matters.
        """

    def edit(self, name: str, value: str | None) -> None:
        """Let the app see `value` for the field `name` (lower case); None removes the field."""
        if self._sent is None or name not in self._sent:
            self._sent = {**(self._sent or {}), name: self.values(name)}
        self.edits = {**(self.edits or {}), name: value}

    def values_sent(self, name: str) -> list[str]:
        """Return the values of a field as the client sent it, where the app sees an edited one too."""
        if self._sent is not None and name in self._sent:
            return self._sent[name]
        return self.values(name)

    @property
    def local_path(self) -> str:
        """The path below the app's mount point, always with a leading slash."""
        return below_mount(self.path, self.mount)


def below_mount(path: str, mount: str) -> str:
    """Return the part of a path below a mount point; all of a path that is not below it."""
    if mount and path.startswith(mount) and path[len(mount) : len(mount) + 1] in {"", "/"}:
        return path[len(mount) :] or "/"
    return path


class ResponseHead:
    """A response before its body: `status` and `fields` in the app's order.

    Edits replace `fields` by a new list and set `changed`; what the app gave is never mutated.
    `names` are the fields' names in lower case. `is_unsized`: it answers HEAD, and the
    length of GET's body is unknown.
    """

    __slots__ = ("_given", "changed", "fields", "is_unsized", "media_type", "names", "status")
    _given: list[Field] | list[tuple[bytes, bytes]]  # by the app, once they are changed

    def __init__(self, status: int, fields: list[Field]) -> None:
        self.status = status
        self.fields = fields
        self.changed = self.is_unsized = False
        self.names: dict[str, Any] = {field_name(name): value for name, value in fields}
        self.media_type = media_type(self.names.get("content-type", ""))

    @property
    def is_html(self) -> bool:
        """Whether a browser shows this as a page (HTML or XHTML) or inserts it into one."""
        return self.media_type in HTML_TYPES

    @property
    def is_undecided(self) -> bool:
        """Whether a browser tells by the first bytes if this is a page (WHATWG MIME Sniffing §7).

        So it is for no type without `nosniff`, and for XML, by its root; not for a part (206).
        """
        if self.media_type and self.media_type not in XML_TYPES:
            return False
        return self.status != 206 and (bool(self.media_type) or not self._is_nosniff)

    @property
    def _is_nosniff(self) -> bool:
        options = split_list(",".join(self.values("x-content-type-options")))
        return options[:1] != [] and options[0].lower() == "nosniff"

    @property
    def is_plain(self) -> bool:
        """Whether this is certainly no page, whatever its bytes, and its status none of `NEVER_PLAIN`."""
        return self.media_type not in _MAY_BE_PAGES and self.status not in NEVER_PLAIN

    @property
    def content_coding(self) -> str:
        """The Content-Encoding in lower case, several as a list; empty where there is none."""
        return ", ".join(self.values("content-encoding")).strip().lower()

    def values(self, name: str) -> list[str]:
        """Return the values of each line of the field `name` (lower case), in order."""
        return [value for field, value in self.fields if field_name(field) == name]

    def replace(self, fields: Iterable[Field]) -> None:
        """Replace all fields."""
        self._edit(list(fields))
        self.names = dict.fromkeys([field_name(name) for name, _ in self.fields])

    def append(self, name: str, value: str) -> None:
        """Add one line at the end."""
        self._edit([*self.fields, (name, value)])
        self.names[name] = value

    def _edit(self, fields: list[Field]) -> None:
        if not self.changed:
            self._given = self.fields
        self.fields = fields
        self.changed = True

    def merge(self, name: str, tokens: tuple[str, ...]) -> None:
        """Add the `tokens` a comma-separated field (lower case) does not hold yet to its last line.

        Other lines stay as they are, and so does a field that holds `*`.
        """
        if name not in self.names:
            self.append(name, ", ".join(tokens))
            return
        present = {token.lower() for value in self.values(name) for token in split_list(value)}
        missing = [token for token in tokens if token.lower() not in present]
        if not missing or "*" in present:
            return
        last = max(i for i, (field, _) in enumerate(self.fields) if field_name(field) == name)
        fields = list(self.fields)
        field, value = fields[last]
        fields[last] = (field, ", ".join([*filter(None, [value.strip()]), *missing]))
        self.replace(fields)

    @property
    def room(self) -> int:
        """The bytes that may still be added: below 0 once there are too many.

        All additions share 1.5 KB, less what the app has used of 3.5 KB. A default nginx answers 502
        to a head above 4 KB, of which its server writes lines of its own.
        """
        size = self._size()
        if not self.changed:
            return min(_MOST_ADDED, _MOST - size)
        given = size_of_fields(self._given)
        return min(_MOST_ADDED, _MOST - given) - max(0, size - given)

    def _size(self) -> int:
        return size_of_fields(self.fields)

    def copy(self) -> ResponseHead:
        """Return a head of its own with the same content."""
        head = ResponseHead(self.status, self.fields)
        head.media_type = self.media_type
        return head


def size_of_fields(fields: Iterable[Field] | Iterable[tuple[bytes, bytes]]) -> int:
    """Return the bytes of field lines in a head of HTTP/1.1."""
    return sum([len(name) + len(value) + 4 for name, value in fields])  # ": " and CRLF


@cached("media types")
def media_type(content_type: str) -> str:
    """Return the last media type of a Content-Type, in lower case and without its parameters.

    Empty where a browser finds none (Fetch §3.5, "extract a MIME type").
    """
    for member in reversed(_TYPES.findall(content_type)):
        found = _TYPE.match(member)
        if found and (essence := found[1].lower()) not in _UNKNOWN:
            return essence
    return ""


@cached("field names")
def field_name(name: str) -> str:
    """Return a field's name as browsers compare it: in lower case, without blanks around it."""
    return name.strip(" \t").lower()


def split_list(value: str) -> list[str]:
    """Split a comma-separated field value, empty members left out (RFC 9110 §5.6.1)."""
    return [member for part in value.split(",") if (member := part.strip(" \t"))]


def read_loosely(pairs: Iterable[Any]) -> list[Field] | None:
    """Read fields of types that the protocol does not allow; None for fields no server could send.

    Some servers accept text for bytes, or bytes for text: the policy must see such fields too.
    """
    try:
        return [(_text(name), _text(value)) for name, value in pairs]
    except (TypeError, ValueError):
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else bytes(memoryview(value)).decode("latin-1")
