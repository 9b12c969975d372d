"""What a browser tells while a page is open: who asked for what, errors, probes of the page's scripts, dialogs."""

from __future__ import annotations

from collections import defaultdict, deque
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from alpines_privacy.audit.browser.answers import Kind
from alpines_privacy.audit.browser.observed import Message, Probe
from alpines_privacy.audit.browser.record import Record
from alpines_privacy.audit.browser.signs import signs
from alpines_privacy.audit.model import Signal, shown

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, ConsoleMessage, Dialog, Page
    from playwright.async_api import Request as Asked

__all__ = ["Watch"]

T = TypeVar("T")

_PROBE = (files(__package__) / "probe.js").read_text(encoding="utf-8")
_BINDING = "__audit"
_MOST = 300  # probes and messages of a visit, addresses whose askers are remembered
_MOST_DIALOGS = 20
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
        self.has_crashed = False

    async def begin(self, context: BrowserContext, signal: Signal) -> Page:
        """Listen to a context, say the signal to its scripts, and open its page."""
        await context.expose_binding(_BINDING, self._probed)
        await context.add_init_script(
            _PROBE.replace('"%SIGNAL%"', signs(signal)).replace("%NAME%", _BINDING)
        )
        context.on("request", self._by_worker)
        page = await context.new_page()
        context.on("page", self._popup)
        page.on("dialog", self._dialog)
        page.on("crash", self._crashed)
        page.on("download", lambda _: self._record.note("the page starts a download: refused"))
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._error(str(error), ""))
        session = await context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._initiated)
        await session.send("Network.enable")
        return page

    def asker(self, url: str) -> tuple[Kind, str]:
        """Return the kind and the script of the next request to an address, as far as the browser has said."""
        waiting = self._asked.get(url)
        return waiting.popleft() if waiting else ("", "")

    def is_by_service_worker(self, url: str) -> bool:
        """Whether a service worker asked for an address."""
        return url in self._by_service_worker

    def _initiated(self, event: dict[str, Any]) -> None:
        """Remember who asks (DevTools protocol, Network.requestWillBeSent)."""
        if len(self._asked) >= _MOST:
            return
        begins = event["initiator"]
        frames = begins.get("stack", {}).get("callFrames") or [{}]
        url = event["request"]["url"]
        by = frames[0].get("url") or begins.get("url") or ""
        self._asked[url].append((_KINDS.get(event.get("type", ""), ""), by))

    def _by_worker(self, request: Asked) -> None:
        if request.service_worker is not None and len(self._by_service_worker) < _MOST:
            self._by_service_worker.add(request.url)

    def _probed(self, _: object, told: object) -> None:
        """Take what a probe tells: a page's script can say anything here."""
        if isinstance(told, dict):
            kind, script, detail = (told.get(key) for key in ("kind", "script", "detail"))
            if isinstance(kind, str) and isinstance(script, str) and isinstance(detail, str):
                _add(self.probes, Probe(kind[:20], script[:500], detail[:300]))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._error(message.text, message.location.get("url", ""))

    def _error(self, text: str, url: str) -> None:
        ours = urlsplit(url).path.startswith(self._own_path) or self._own_path in text
        _add(self.messages, Message(shown(text), ours))

    async def _dialog(self, dialog: Dialog) -> None:
        self._dialogs += 1
        if dialog.type == "beforeunload":
            await dialog.accept()
            return
        self._record.note("the page opens dialogs: dismissed")
        if self._dialogs <= _MOST_DIALOGS:
            await dialog.dismiss()

    async def _popup(self, page: Page) -> None:
        self._record.note("the page opens a window: closed")
        await page.close()

    def _crashed(self, _: object) -> None:
        self.has_crashed = True
        self._record.note("the page's process ended, out of memory or by an error")


def _add(known: dict[T, None], more: T) -> None:
    if len(known) < _MOST:
        known[more] = None
