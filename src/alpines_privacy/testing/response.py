"""A response: status, fields, body, and what they mean for privacy."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from alpines_privacy.http.heads import Field, split_list
from alpines_privacy.http.setcookie import SetCookie, parse
from alpines_privacy.testing.request import Request

__all__ = ["FieldNames", "Head", "Headers", "Response"]

_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([^\s;"']+)""", re.IGNORECASE)


class Headers(Mapping[str, str]):
    """Header fields: a mapping that ignores case, and joins repeated lines with commas.

    `getlist(name)` gives the lines one by one (a `Set-Cookie` only makes sense so), `raw` all of
    them as they came.
    """

    def __init__(self, fields: Iterable[Field]) -> None:
        self.raw: list[Field] = list(fields)

    def __getitem__(self, name: str) -> str:
        if values := self.getlist(name):
            return ", ".join(values)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name, _ in self.raw))

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self.raw})

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.getlist(name))

    def __repr__(self) -> str:
        return f"Headers({self.raw!r})"

    def getlist(self, name: str) -> list[str]:
        """Return the value of each line of the field `name`, in order."""
        return [value for field, value in self.raw if field.lower() == name.lower()]


class FieldNames(AbstractSet[str]):
    """A set of field names that ignores case: `"DNT" in names`, `names == {"dnt", "sec-gpc"}`."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {name.lower(): name for name in names}

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.values())

    def __len__(self) -> int:
        return len(self._names)

    def __le__(self, other: AbstractSet[Any]) -> bool:
        return all(name in FieldNames(other) for name in self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AbstractSet) and self <= other and self >= other

    __hash__ = None  # type: ignore[assignment]  # equal to sets that ignore no case, so it cannot hash as they do

    def __repr__(self) -> str:
        return f"FieldNames({sorted(self)!r})"


class Head:
    """Status and fields of a response or of a websocket's handshake, as the app sent them.

    `set_cookies` are its `Set-Cookie` lines read as a browser reads them; one that browsers
    ignore is not among them (`headers.getlist("set-cookie")` has every line).
    """

    def __init__(self, request: Request, status: int, fields: Iterable[Field]) -> None:
        self.request = request
        self.status = status
        self.headers = Headers(fields)
        self.arrived = time.time()

    @property
    def url(self) -> str:
        """The URL that was asked for."""
        return str(self.request.url)

    @property
    def set_cookies(self) -> list[SetCookie]:
        """The cookies it sets or deletes, with the attributes that count."""
        lines = self.headers.getlist("set-cookie")
        return [cookie for line in lines if (cookie := parse(line)) is not None]

    @property
    def plants(self) -> list[str]:
        """The names of the cookies it sets, in order; deletions are not among them."""
        return [c.name for c in self.set_cookies if not c.is_deletion(self.arrived)]

    @property
    def deletes(self) -> list[str]:
        """The names of the cookies it deletes, in order."""
        return [c.name for c in self.set_cookies if c.is_deletion(self.arrived)]

    @property
    def vary(self) -> FieldNames:
        """The request fields that caches must tell responses apart by (`*` stands for all)."""
        return FieldNames(split_list(self.headers.get("vary", "")))


class Response(Head):
    """One response. `chunks` is its body in the app's pieces, `history` the redirects before it.

    An ASGI app's other messages are in `early_hints` (the `links` of each), `trailers`, and
    `messages`, which has all it sent, in order.
    """

    def __init__(
        self,
        request: Request,
        status: int,
        fields: Iterable[Field],
        chunks: Iterable[bytes] = (),
        *,
        reason: str = "",
    ) -> None:
        super().__init__(request, status, fields)
        self.reason = reason
        # Servers never send such a body (RFC 9110 §6.4.1).
        bodiless = request.method == "HEAD" or status in {204, 304}
        self.chunks: list[bytes] = [] if bodiless else [chunk for chunk in chunks if chunk]
        self.early_hints: list[list[str]] = []
        self.trailers = Headers(())
        self.messages: list[dict[str, Any]] = []
        self.history: list[Response] = []

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status} of {self.request.method} {self.url}>"

    @property
    def content(self) -> bytes:
        """The body."""
        return b"".join(self.chunks)

    @property
    def text(self) -> str:
        """The body as text, by the charset of its `Content-Type`, else UTF-8."""
        match = _CHARSET.search(self.headers.get("content-type", ""))
        try:
            return self.content.decode(match[1] if match else "utf-8", "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body's JSON value; raises ValueError for a body that is none."""
        return json.loads(self.content)
