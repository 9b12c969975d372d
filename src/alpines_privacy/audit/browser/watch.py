"""What a browser tells while a page is open: who asked for what, errors, probes of the page's scripts, dialogs."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, TypeVar

from alpines_privacy.audit.browser.answers import Kind
from alpines_privacy.audit.browser.observed import Message, Probe
from alpines_privacy.audit.browser.record import LONGEST_URL, Record
from alpines_privacy.audit.model import shown
from alpines_privacy.http.url import parse

if TYPE_CHECKING:
    from playwright.async_api import ConsoleMessage, Dialog, Page
    from playwright.async_api import Request as Asked

__all__ = ["Watch"]

T = TypeVar("T")

_MOST = 300  # probes and messages of a visit, addresses whose askers are remembered
_MOST_DIALOGS = 20
_SENT = ("http:", "https:", "ws:", "wss:")  # not what a page holds in itself: data, blobs
# Types of the DevTools protocol (Network.ResourceType); a document may be a page or a frame.
_KINDS: dict[str, Kind] = {
    "Stylesheet": "style",
    "Image": "image",
    "Media": "video",
    "Font": "font",
    "Script": "script",
    "XHR": "fetch",
    "Fetch": "fetch",
    "EventSource": "eventsource",
    "WebSocket": "websocket",
    "Manifest": "manifest",
    "Ping": "ping",
}


class Watch:
    """The events of one context with one page. `own_path` is where this library's own resources are."""

    def __init__(self, record: Record, own_path: str) -> None:
        self._record = record
        self._own_path = own_path
        self._asked: defaultdict[str, deque[tuple[Kind, str]]] = defaultdict(deque)
        self._by_service_worker: set[str] = set()
        self._dialogs = 0
        self.probes: dict[Probe, None] = {}
        self.messages: dict[Message, None] = {}
        self.is_shaken = False

    def asker(self, url: str) -> tuple[Kind, str]:
        """Return the kind and the script of the next request to an address, as far as the browser has said."""
        waiting = self._asked.get(url[:LONGEST_URL])
        return waiting.popleft() if waiting else ("", "")

    def is_by_service_worker(self, url: str) -> bool:
        """Whether a service worker asked for an address."""
        return url in self._by_service_worker

    def initiated(self, event: dict[str, Any]) -> None:
        """Remember who asks (DevTools protocol, Network.requestWillBeSent)."""
        if len(self._asked) >= _MOST:
            return
        begins = event["initiator"]
        frames = begins.get("stack", {}).get("callFrames") or [{}]
        url = event["request"]["url"]
        by = frames[0].get("url") or begins.get("url") or ""
        if url.startswith(_SENT) and len(waiting := self._asked[url[:LONGEST_URL]]) < _MOST:
            waiting.append((_KINDS.get(event.get("type", ""), ""), by[:LONGEST_URL]))

    def prefetched(self, event: dict[str, Any]) -> None:
        """Take a page that speculation rules name: Chromium does not prefetch through a proxy, but says so."""
        url = event.get("prefetchUrl", "")
        _add(self.probes, Probe("prefetch", "", str(url)[:2000]))

    def asked(self, request: Asked) -> None:
        """Take a request of the context's, which a service worker may have made."""
        if request.service_worker is not None and len(self._by_service_worker) < _MOST:
            self._by_service_worker.add(request.url)

    def probed(self, _: object, told: object) -> None:
        """Take what a probe tells: a page's script can say anything here."""
        if isinstance(told, dict):
            kind, script, detail = (told.get(key) for key in ("kind", "script", "detail"))
            if isinstance(kind, str) and isinstance(script, str) and isinstance(detail, str):
                _add(self.probes, Probe(kind[:20], script[:500], detail[:300]))

    def console(self, message: ConsoleMessage) -> None:
        """Take a message of the console."""
        if message.type == "error":
            self._error(message.text, message.location.get("url", ""))

    def pageerror(self, error: object) -> None:
        """Take an exception that no script of the page caught."""
        self._error(str(error), "")

    def download(self, _: object) -> None:
        """Note a download, which the context refuses."""
        self._record.note("the page starts a download: refused")

    def _error(self, text: str, url: str) -> None:
        script = parse(url)
        ours = (script and script.path.startswith(self._own_path)) or self._own_path in text
        _add(self.messages, Message(shown(text), bool(ours)))

    async def dialog(self, dialog: Dialog) -> None:
        """Dismiss a dialog; one that asks whether to leave is agreed to."""
        self._dialogs += 1
        if dialog.type == "beforeunload":
            await dialog.accept()
            return
        self._record.note("the page opens dialogs: dismissed")
        if self._dialogs <= _MOST_DIALOGS:
            await dialog.dismiss()

    async def opened(self, page: Page) -> None:
        """Close a window that the page has opened."""
        self._record.note("the page opens a window: closed")
        await page.close()

    def crash(self, _: object) -> None:
        """Note that the page's process has ended."""
        self.is_shaken = True
        self._record.note("the page's process ended, out of memory or by an error")


def _add(known: dict[T, None], more: T) -> None:
    if len(known) < _MOST:
        known[more] = None
