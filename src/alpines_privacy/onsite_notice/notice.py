"""The promise of the notice on the site: a banner on every page, and a page with the whole notice (policy §14).

California counts a conspicuous posting for at least 30 days as a part of substitute notice (Cal. Civ. Code
§1798.82(j)(3)(B)). What is announced stands in the file that the policy's `[breach] announcement` names. A site
without that setting has no such promise.
"""

from __future__ import annotations

import hashlib
from functools import partial
from importlib.resources import files
from typing import ClassVar
from urllib.parse import parse_qs, quote

from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import Field, RequestHead, ResponseHead
from alpines_privacy.http.html import BodyStart, StartTag, is_amp
from alpines_privacy.http.outcomes import Answer
from alpines_privacy.http.own_page import not_allowed, page
from alpines_privacy.http.own_script import LASTING
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.script_permission import style_permission
from alpines_privacy.http.weights import weights
from alpines_privacy.onsite_notice.markup import notice_page, sheet_link
from alpines_privacy.onsite_notice.notice_file import NOTHING_SHOWN, NoticeFile, Shown
from alpines_privacy.policy import PrivacyPolicy

__all__ = ["OnsiteNotice"]

_FORBIDDEN = (
    "The Content-Security-Policy of %s lets in no style sheet of this site: the notice of a data breach stands "
    "there without one. Add 'self' to its style-src."
)
_REPORTED = "a notice of a data breach would have been shown on %s."
_MARKUP_VERSION = b"1"  # raised when the same notice gives another banner, so that cached copies are fetched again
_LONGEST = 4096  # characters of an Accept-Language
_MOST_LANGUAGES = 20
# Where a browser shows a page for itself. In a frame of another page, that has the banner; a frame set cannot have one.
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_SHOWN = frozenset({"document", "frame"})
_READ_BY_SCRIPTS = "empty"
# By these fields front ends tell that they ask for a part of a page.
_OF_SCRIPTS = ("hx-request", "turbo-frame", "x-requested-with", "x-pjax")


class OnsiteNotice(Promise):
    """Shows what the public notice file says, for as long as it says so."""

    part: ClassVar[str] = "announcement"
    fields_read: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, policy: PrivacyPolicy, file: str) -> None:
        """Compile the style sheet; `file` need not be there."""
        self._file = NoticeFile(file)
        self._sheet = files("alpines_privacy.onsite_notice").joinpath("notice.css").read_bytes()
        self._digest = hashlib.blake2s(_MARKUP_VERSION + self._sheet).digest()
        digest = hashlib.blake2s(self._sheet, digest_size=8).hexdigest()
        self._page = policy.endpoint + "notice"
        self._sheet_path = f"{self._page}.{digest}.css"
        self.pages = frozenset({self._page, self._sheet_path})

    def page(self, context: RequestContext) -> Answer | None:
        """Return the whole notice, or the style sheet; while nothing is announced, the former is the app's."""
        request = context.request
        is_sheet = request.local_path == self._sheet_path
        shown = self._shown(context)
        if not (shown.notices or is_sheet):
            return None
        if request.method not in {"GET", "HEAD"}:
            return not_allowed("GET", "HEAD")
        if is_sheet:
            return _sheet(self._sheet)
        languages = _languages(request)
        return page(200, notice_page(shown.notices, languages), ("vary", "Accept-Language"))

    def response(self, context: RequestContext, head: ResponseHead) -> None:
        """Let caches keep pages apart that are shown for themselves, and in frames."""
        may_be_page = head.media_type in _PAGES or (
            head.status == 304 and _accepts_page(context.request)
        )
        if may_be_page and self._shown(context).notices:
            head.merge("vary", ("Sec-Fetch-Dest",))

    def banner(self, context: RequestContext, head: ResponseHead) -> tuple[BodyStart, bytes] | None:
        """Return what begins the body of a page with this head, and a digest of all it may say."""
        shown = self._shown(context)
        if not shown.notices or head.media_type not in _PAGES or self.part in context.exempted:
            return None
        if not context.runtime.enforces:
            context.runtime.notices.once(_REPORTED, "a page")
            return None
        if not _is_shown(context.request, head):
            return None
        write = partial(self._written, context, shown, self._link(context, head))
        return BodyStart(
            write, is_page=_is_page(context.request, head)
        ), self._digest + shown.digest

    def _shown(self, context: RequestContext) -> Shown:
        """Return what is shown, the same throughout a request: a page's ETag names it before its bytes leave."""
        found: Shown | None = context.announced
        if found is None:
            found = context.announced = self._file.shown()
        return found

    def _written(
        self, context: RequestContext, shown: Shown, sheet: str, root: StartTag | None
    ) -> bytes:
        language = (root.get("lang") or root.get("xml:lang") or "") if root else ""
        is_bare = root is not None and is_amp(root)
        address = _address(context, self._page)
        return shown.banner(language, address, "" if is_bare else sheet)

    def _link(self, context: RequestContext, head: ResponseHead) -> str:
        """Return the element that loads the style sheet, empty where the page's own policy forbids it."""
        allowed = style_permission(head.values("content-security-policy"), context.client)
        if not allowed.allowed:
            context.runtime.notices.once(_FORBIDDEN, "a page")
            return ""
        return sheet_link(_address(context, self._sheet_path), allowed.nonce)

    def failed(self, context: RequestContext, head: ResponseHead | None) -> None:
        """Fail open: the page leaves without a banner."""
        del head
        context.announced = NOTHING_SHOWN


def _address(context: RequestContext, path: str) -> str:
    return quote(context.mount + path, safe="/", errors="replace")


def _sheet(data: bytes) -> Answer:
    fields: list[Field] = [
        ("content-type", "text/css; charset=utf-8"),
        ("cache-control", LASTING),
        ("x-content-type-options", "nosniff"),
    ]
    return Answer(200, fields, data)


def _accepts_page(request: RequestHead) -> bool:
    return any(kind in value for value in request.values("accept") for kind in _PAGES)


def _is_shown(request: RequestHead, head: ResponseHead) -> bool:
    """Tell whether a response may be read as a page of its own, in a window or by a front end."""
    if any(v.strip().lower().startswith("attachment") for v in head.values("content-disposition")):
        return False
    destination = request.values("sec-fetch-dest")
    return not destination or destination[-1] in _SHOWN or destination[-1] == _READ_BY_SCRIPTS


def _is_page(request: RequestHead, head: ResponseHead) -> bool | None:
    """Tell whether a response is a whole page: not if a script asked or its end tags are all written (XML)."""
    destination = request.values("sec-fetch-dest")
    if destination == [_READ_BY_SCRIPTS] or any(map(request.values, _OF_SCRIPTS)):
        return False
    if head.media_type != "text/html":
        return False
    return True if destination and destination[-1] in _SHOWN else None


def _languages(request: RequestHead) -> list[str]:
    """Return the language tags that a visitor wants: the one in the query, then those of the browser by weight."""
    query = parse_qs(request.query[:_LONGEST])
    weighed = weights(",".join(request.values("accept-language"))[:_LONGEST])
    wishes = sorted((tag for tag in weighed if weighed[tag] > 0), key=lambda tag: -weighed[tag])
    return [*query.get("language", []), *wishes][:_MOST_LANGUAGES]
