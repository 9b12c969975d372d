"""A response: httpx2's, with its body in the app's pieces and what its head means for privacy."""

from __future__ import annotations

import time
import warnings
from collections.abc import AsyncIterator, Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import httpx2

from alpines_privacy.http.heads import Field, split_list
from alpines_privacy.http.setcookie import SetCookie, parse

__all__ = ["FieldNames", "Headers", "Response"]


class Headers(httpx2.Headers):
    """httpx2's `Headers`, read as octets: one character each (RFC 9110 §5.5)."""

    def __init__(self, fields: Iterable[Field]) -> None:
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        super().__init__(pairs, encoding="latin-1")

    def getlist(self, name: str) -> list[str]:
        """Return what `get_list` does; the name of old."""
        _warn_of_old("headers.getlist", "headers.get_list")
        return self.get_list(name)


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


class Response(httpx2.Response):
    """httpx2's `Response`, and more.

    - `chunks` is the body in the app's pieces, as it sent them; `content` is decoded.
    - `fields` are the lines of the head, in order.
    - An ASGI app's other messages are in `early_hints` (the `links` of each), `trailers`, and
      `messages`, which has all it sent, in order.
    """

    headers: Headers

    def __init__(
        self,
        request: httpx2.Request,
        status: int,
        fields: Iterable[Field],
        chunks: Iterable[bytes] = (),
        *,
        reason: str = "",
    ) -> None:
        # Servers never send such a body (RFC 9110 §6.4.1).
        bodiless = request.method == "HEAD" or status in {204, 304}
        self.chunks: list[bytes] = [] if bodiless else [chunk for chunk in chunks if chunk]
        self.fields: list[Field] = list(fields)
        self.arrived = time.time()
        self.early_hints: list[list[str]] = []
        self.trailers = Headers(())
        self.messages: list[dict[str, Any]] = []
        said = {"reason_phrase": reason.encode("latin-1")} if reason else {}
        super().__init__(status, request=request, stream=_Chunks(self.chunks), extensions={**said})
        self.headers = Headers(self.fields)

    @property
    def body(self) -> bytes:
        """The body as it was sent: `content` is decoded, where it says by what."""
        return b"".join(self.chunks)

    def read(self) -> bytes:
        """Read the body, and return it decoded, or as it was sent if that cannot be done."""
        try:
            return super().read()
        except httpx2.DecodingError:
            self._content = self.body
            return self._content

    async def aread(self) -> bytes:
        """Do what `read` does."""
        try:
            return await super().aread()
        except httpx2.DecodingError:
            self._content = self.body
            return self._content

    @property
    def has_redirect_location(self) -> bool:
        """Whether it leads to another page of the site's own host; others are not followed."""
        if not super().has_redirect_location:
            return False
        try:
            target = self.url.join(self.headers["location"])
        except httpx2.InvalidURL:
            return False
        return target.scheme in {"http", "https"} and target.host == self.url.host

    @property
    def set_cookies(self) -> list[SetCookie]:
        """The cookies it sets or deletes, read as a browser reads them, with the attributes that count.

        Lines that browsers ignore are not among them (`headers.get_list("set-cookie")` has every line).
        """
        lines = self.headers.get_list("set-cookie")
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

    @property
    def status(self) -> int:
        """The name of old for `status_code`."""
        _warn_of_old("status", "status_code")
        return self.status_code

    @property
    def reason(self) -> str:
        """The name of old for `reason_phrase`."""
        _warn_of_old("reason", "reason_phrase")
        return self.reason_phrase


class _Chunks(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


def _warn_of_old(old: str, new: str) -> None:
    warnings.warn(
        f"{old} goes with the next release; use {new}, as httpx2 calls it",
        DeprecationWarning,
        stacklevel=3,
    )
