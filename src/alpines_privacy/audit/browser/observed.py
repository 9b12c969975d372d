"""What a browser saw on one page under one signal, as plain data: nothing here needs a browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from alpines_privacy.audit.browser.answers import Kind
from alpines_privacy.audit.browser.markers import Found
from alpines_privacy.audit.browser.record import Phase
from alpines_privacy.audit.model import Signal
from alpines_privacy.trackers import LoadKind

__all__ = ["BrowserVisit", "Message", "Probe", "Request", "SeenCookie", "Stored"]


class Request(Struct, frozen=True):
    """One request of a page: to the site itself (`is_own`), or one that would have gone to another host.

    `kind` is the load's, `by` the script or page that asked (empty where the browser does not say), `began`
    and `seconds` times since the visit began, `found` the typed texts in it, `tells_moves` whether it has the
    mouse's path. `set_cookies` are the Set-Cookie fields of its response.
    """

    url: str
    host: str
    method: str
    kind: Kind
    is_own: bool
    phase: Phase
    began: float
    seconds: float
    status: int = 0
    media_type: str = ""
    size: int = 0
    by: str = ""
    in_service_worker: bool = False
    referrer: str = ""
    found: tuple[Found, ...] = ()
    tells_moves: bool = False
    set_cookies: tuple[str, ...] = ()

    @property
    def load_kind(self) -> LoadKind:
        """The kind in the words of filter rules."""
        return _LOAD_KINDS.get(self.kind, "other")


_LOAD_KINDS: Mapping[Kind, LoadKind] = {
    "script": "script",
    "worker": "script",
    "sharedworker": "script",
    "serviceworker": "script",
    "image": "image",
    "style": "stylesheet",
    "font": "font",
    "audio": "media",
    "video": "media",
    "track": "media",
    "iframe": "subdocument",
    "frame": "subdocument",
    "object": "object",
    "embed": "object",
    "fetch": "xmlhttprequest",
    "eventsource": "xmlhttprequest",
    "ping": "ping",
    "websocket": "websocket",
    "document": "document",
}


class SeenCookie(Struct, frozen=True):
    """A cookie in the browser at the end of a visit, without its value.

    `lifetime` is in seconds from then, None for a cookie of the session. `script` is the script that set it, if one
    did and the browser says which.
    """

    name: str
    domain: str
    path: str
    lifetime: float | None
    is_secure: bool
    is_http_only: bool
    same_site: str
    by_script: bool
    script: str = ""


class Stored(Struct, frozen=True):
    """An entry that scripts stored. `digest` tells whether two visits stored the same, and nothing else."""

    where: Literal["localStorage", "sessionStorage", "IndexedDB", "Cache", "service worker"]
    origin: str
    name: str
    digest: int


class Probe(Struct, frozen=True):
    """Something a script did to the browser's own functions, such as reading a canvas; `detail` says what."""

    kind: str
    script: str
    detail: str = ""


class Message(Struct, frozen=True):
    """An error in the page's console; `is_ours` if it comes from a resource of this library's."""

    text: str
    is_ours: bool


class BrowserVisit(Struct, frozen=True):
    """One page in a browser under one signal. `notes` say what was out of bounds, `screenshot` is a PNG or empty."""

    page: str
    signal: Signal
    status: int
    started: datetime
    requests: Sequence[Request] = ()
    cookies: Sequence[SeenCookie] = ()
    stored: Sequence[Stored] = ()
    probes: Sequence[Probe] = ()
    messages: Sequence[Message] = ()
    typed: int = 0
    seconds: float = 0.0
    notes: Sequence[str] = ()
    screenshot: bytes = b""

    @property
    def sent_away(self) -> tuple[Request, ...]:
        """The requests that other hosts would have got, without the questions before them (preflights)."""
        return tuple(each for each in self.requests if not each.is_own and each.kind != "preflight")
