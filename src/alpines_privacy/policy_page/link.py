"""The home page's link to the policy (CalOPPA: Cal. Bus. & Prof. Code §22577(b)).

A page has one if a link that is not hidden says "Privacy", in its text, or by the alternative text or
label of what is in it. Else it gets one at the end of its body, in a landmark of its own, without style or
script: no Content-Security-Policy stops it.
"""

from __future__ import annotations

from html import escape

from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import ResponseHead
from alpines_privacy.http.html import Addition, StartTag, references
from alpines_privacy.http.html.enclosure import Enclosure
from alpines_privacy.http.html.links import WORD
from alpines_privacy.http.html.visibility import LABELS, UNSEEN, is_hidden
from alpines_privacy.http.site import leads_to_site
from alpines_privacy.policy import Operator, PrivacyPolicy

__all__ = ["HomeLink", "PrivacyLink"]

_LONGEST = 4096  # bytes of a link's text and labels
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
# By these fields front ends tell that they ask for a part of a page.
_OF_SCRIPTS = ("hx-request", "turbo-frame", "x-requested-with", "x-pjax")


class HomeLink:
    """Tells which page gets what reads along: the home page, asked for by a browser as a page."""

    def __init__(self, policy: PrivacyPolicy, operator: Operator) -> None:
        self._page = operator.page
        self._endpoint = policy.endpoint

    def __call__(self, context: RequestContext, head: ResponseHead) -> Addition | None:
        """Return the addition for a response's page, None for any but the home page."""
        request = context.request
        if request.local_path != "/" or head.status != 200:
            return None
        if "policy_link" in context.exempted or head.media_type not in _PAGES:
            return None
        # A script asked: what it gets may be a part of a page, which only an end tag of the body denies.
        is_part = request.values("sec-fetch-dest") == ["empty"] or any(
            request.values(name) for name in _OF_SCRIPTS
        )
        is_whole = head.media_type == "text/html" and not is_part
        target, host = context.mount + self._page, context.client.host
        return PrivacyLink(target, self._endpoint, host, may_follow_page=is_whole)


class PrivacyLink:
    """Reads the links of one page, and adds one if none of them says "Privacy".

    Links below `endpoint` do not count: no page of the layer's own there is the policy. Nor do links to
    other sites than that of `host`, such as "Google's Privacy Policy" beside a CAPTCHA, or to no page (`mailto:`).
    """

    __slots__ = (
        "_endpoint",
        "_found",
        "_hidden",
        "_host",
        "_link",
        "_markup",
        "_may_follow_page",
        "_said",
        "_size",
    )

    def __init__(self, target: str, endpoint: str, host: str, *, may_follow_page: bool) -> None:
        self._endpoint = endpoint
        self._host = host
        self._markup = f'<div role="region" aria-label="Privacy"><a href="{escape(target)}">Privacy</a></div>'.encode()
        self._may_follow_page = may_follow_page
        self._found = False
        self._hidden: Enclosure | None = None
        self._link: Enclosure | None = None
        self._said: list[bytes] = []  # by the current link
        self._size = 0

    @property
    def is_reading(self) -> bool:
        """Whether a link, or an element that is hidden, is open."""
        return not self._found and (self._link is not None or self._hidden is not None)

    def start(self, tag: StartTag, at: int, *, empty: bool) -> None:
        """Read a start tag: it may hide its content, begin a link, or be an icon in one."""
        if self._found:
            return
        name = tag.name.encode("latin-1")
        if self._hidden is not None:
            if self._hidden.start(name, at, empty=empty):
                return
            self._hidden = None
        if self._link is not None and (name == b"a" or not self._link.start(name, at, empty=empty)):
            self._link_ended()
        if is_hidden(tag):
            self._hidden = None if empty else Enclosure(name, at)
        else:
            self._shown(tag, name, at)

    def _shown(self, tag: StartTag, name: bytes, at: int) -> None:
        if name in {b"a", b"area"} and self._leads_away(tag):
            self._label(tag)
            if name == b"area":
                self._link_ended()
            else:
                self._link = Enclosure(name, at)
        elif self._link is not None:
            self._label(tag)

    def end(self, name: bytes, at: int) -> None:
        """Read an end tag: it may end what is hidden, or the link."""
        if self._hidden is not None:
            if not self._hidden.end(name, at):
                self._hidden = None
        elif self._link is not None and not self._link.end(name, at):
            self._link_ended()

    def text(self, text: bytes) -> None:
        """Read text: what the open link says."""
        if self._link is not None and self._hidden is None:
            self._say(text)

    def closing(self, *, has_end_tag: bool) -> bytes:
        """Return the link for a page that has none."""
        self._link_ended()
        may_be_here = has_end_tag or self._may_follow_page
        return self._markup if may_be_here and not self._found else b""

    def _leads_away(self, tag: StartTag) -> bool:
        """Tell whether a link leads to a page of the site that is none of the layer's own."""
        target = tag.get("href") or tag.get("xlink:href") or ""
        if not target or self._endpoint in f"/{target}":
            return False
        return leads_to_site(target, self._host)

    def _label(self, tag: StartTag) -> None:
        for label in filter(None, map(tag.get, LABELS)):
            self._say(b" %b " % label[:_LONGEST].encode("utf-8", "surrogateescape"))

    def _say(self, words: bytes) -> None:
        if self._size < _LONGEST:
            self._said.append(words[:_LONGEST])
            self._size += len(words)

    def _link_ended(self) -> None:
        said, self._said = b"".join(self._said), []
        self._link, self._size = None, 0
        words = references.text(said).decode("utf-8", "replace").translate(UNSEEN)
        self._found = self._found or WORD in words.lower()
