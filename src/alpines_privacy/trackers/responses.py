"""The promise that trackers do not reach visitors, nor ads under a signal (policy §9, §11, §12).

This is its HTTP side: which responses are readable pages, which fields change with their bytes, and how
caches keep the variants of a page apart. `page.py` decides what is removed from a page, `csp.py` what
it may load; the guard passes in the function that returns the shield's element.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, NamedTuple, TypeAlias

from alpines_privacy.http import coding, url
from alpines_privacy.http.charset import is_ascii_compatible
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import (
    XHTML,
    Field,
    RequestHead,
    ResponseHead,
    field_name,
    split_list,
)
from alpines_privacy.http.html import Addition, BodyStart, TagEdits
from alpines_privacy.http.outcomes import Filter, Rewrite, Wait
from alpines_privacy.http.own_script import PAGE_DESTINATIONS
from alpines_privacy.http.promise import Message, Promise
from alpines_privacy.http.report import Removal, logger
from alpines_privacy.http.variants import MARK, mapped_back, marked, named_as_asked
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.trackers.blocking import Blocker
from alpines_privacy.trackers.csp import LoadPolicy
from alpines_privacy.trackers.fields import ALWAYS_CLEANED, Fields, RemovedField
from alpines_privacy.trackers.markup import LoadKinds
from alpines_privacy.trackers.page import Page, Pages
from alpines_privacy.trackers.removal_log import RemovalLog
from alpines_privacy.trackers.rules import Match, Rules

__all__ = ["AdditionTo", "Banner", "ShieldTag", "TrackersInResponses"]

AdditionTo: TypeAlias = "Callable[[RequestContext, ResponseHead], Addition | None]"
"""What tells what another promise adds to a page with this head, None for nothing."""

Banner: TypeAlias = "Callable[[RequestContext, ResponseHead], tuple[BodyStart, bytes] | None]"
"""What tells what goes to the beginning of the body of a page with this head, and a digest of it."""

ShieldTag: TypeAlias = "Callable[[RequestContext, ResponseHead], bytes]"
"""What tells the shield's element for a page with this head, `b""` for none."""

# Destinations of a response that a browser shows as a page or in one.
_READING = frozenset({"GET", "HEAD"})
# Fields about the app's bytes, untrue once they change (RFC 9110 §14.3, RFC 9530).
_OF_THE_BYTES = frozenset(
    {"content-md5", "digest", "content-digest", "repr-digest", "accept-ranges"}
)
_OF_THE_UNREAD = _OF_THE_BYTES | {"content-length"}
_EDITION = (
    2  # raised when the same rules give another page, so that cached copies are fetched again
)
_LONGEST_LISTING = 2048  # characters, in the log
_LEFT_ALONE = (
    "Pages %s leave as the app made them: trackers in their markup stay, and they get no shield. %s"
)
# The page of a request with a host that no browser sends.
_NOWHERE = url.Address("https://invalid/", "https", "invalid", len("https://invalid"))


def _no_shield(context: RequestContext, head: ResponseHead) -> bytes:
    del context, head
    return b""


def _no_addition(context: RequestContext, head: ResponseHead) -> None:
    del context, head


class TrackersInResponses(Promise):
    """Removes trackers from pages and heads, and adds the policy of loads to a page's head."""

    parts: ClassVar[frozenset[str]] = frozenset({"markup", "csp"})
    fields_read: ClassVar[frozenset[str]] = ALWAYS_CLEANED

    def __init__(  # noqa: PLR0913 - what other promises add is named
        self,
        policy: PrivacyPolicy,
        rules: Rules,
        shield: ShieldTag = _no_shield,
        addition: AdditionTo = _no_addition,
        *,
        banner: Banner | None = None,
        tag_edits: TagEdits | None = None,
    ) -> None:
        """Compile a policy and its rules.

        `shield` returns the element to put before a page's first script, `addition` what is added at
        a page's end, `banner` what is added at the beginning of its body, `tag_edits` are edits of its
        tags; the latter three are other promises'.
        """
        self._policy = policy
        self._debugs = policy.debug
        self._fields = Fields(policy)
        self._loads = LoadPolicy(policy, policy.endpoint + "loads")
        self._shield = shield
        self._addition = addition
        self._banner = banner
        self._tag_edits = tag_edits
        self._removal_log = RemovalLog(policy)
        self.use(rules)

    def use(self, rules: Rules) -> None:
        """Use these rules from now on; pages already begun keep the former ones."""
        variants = {o: _variant(self._policy, rules, opted_out=o) for o in (False, True)}
        self._in_force = _InForce(Pages(self._policy, rules, self._tag_edits), variants)

    def request(self, context: RequestContext) -> None:
        """Ask the app for a page in a readable coding, in the variant for this visitor."""
        request = context.request
        asks_page = "text/html" in ",".join(request.values("accept"))
        if asks_page and (accepted := request.values("accept-encoding")):
            narrowed = coding.narrowed(", ".join(accepted))
            if narrowed is not None:
                request.edit("accept-encoding", narrowed)
        # With other methods they do not validate a copy: PUT with `If-None-Match: *` creates.
        if request.method not in _READING:
            return
        shown = _is_shown(request, asks_page=asks_page)
        if tags := request.values("if-none-match"):
            self._map_back(context, request, ", ".join(tags), shown=shown)
        if shown:  # the app sends the whole page
            for name in ("if-modified-since", "range", "if-range"):
                if request.values(name):
                    request.edit(name, None)

    def _map_back(
        self, context: RequestContext, request: RequestHead, tags: str, *, shown: bool
    ) -> None:
        """Translate the tags of this visitor's variant to the app's own."""
        if shown or MARK in tags:
            request.edit("if-none-match", mapped_back(tags, self._variant(context)))

    def response(self, context: RequestContext, head: ResponseHead) -> Wait | None:
        """Clean a response's head; for a readable page, wait for the first chunk."""
        if not (head.is_html or head.status == 304 or self._fields.concern(head)):
            return None
        visitor = _Visitor(
            context, self._in_force.pages.blockers[context.preference.opted_out], self._removal_log
        )
        taken: list[RemovedField] = []
        self._fields.clean(
            head,
            visitor.block,
            page=visitor.page,
            opted_out=context.preference.opted_out,
            removals=taken,
        )
        visitor.report(taken)
        request = context.request
        if request.kind != "http":
            return None
        if (
            head.status == 304
        ):  # Not Modified: the browser's copy, under the tag that the browser has
            if asked := (request.edits or {}).get("if-none-match"):
                self.mark(context, head, asked)
            return None
        if not head.is_html or head.status == 206:  # a part of a page cannot be filtered
            return None
        reading = _Reading(self, visitor, head)
        if request.method == "HEAD":
            reading.leave_unread()
            return None
        self._fields.of_page(head)
        return Wait(reading.settle)

    def fields(self, context: RequestContext, message: Message, fields: list[Field]) -> list[Field]:
        """Clean the fields of early hints, pushes and trailers."""
        visitor = _Visitor(
            context, self._in_force.pages.blockers[context.preference.opted_out], self._removal_log
        )
        taken: list[RemovedField] = []
        left = self._fields.clean_beside(
            message, fields, visitor.block, page=visitor.page, removals=taken
        )
        visitor.report(taken)
        return left

    def mark(self, context: RequestContext, head: ResponseHead, asked: str = "") -> None:
        """Name the visitor's variant in the ETag of a page, if it has one and is not exempt."""
        if "etag" not in head.names or "markup" in context.exempted:
            return
        etag = named_as_asked(head.values("etag")[-1], asked)
        if tag := marked(etag, self._variant(context)):
            kept = [field for field in head.fields if field_name(field[0]) != "etag"]
            head.replace([*kept, ("etag", tag)])

    def _variant(self, context: RequestContext) -> str:
        """Return eight hex digits for all that a page depends on beside the app's response.

        The parts of shield and banner are those for a page without a Content-Security-Policy. A policy
        in the page's head is part of the app's response, to which its ETag belongs.
        """
        head = ResponseHead(200, [("content-type", "text/html")])
        parts = self._in_force.variants[context.preference.opted_out] + self._element(context, head)
        if shown := self._body_start(context, head):
            parts += shown[1]
        return hashlib.blake2s(parts, digest_size=4).hexdigest()

    def end(self, context: RequestContext) -> None:
        """In development, log what was removed from a page, streamed or not."""
        if self._debugs and context.removals:
            logger.info("Removed from a response: %s", _listing(context.removals))

    def show(self, context: RequestContext, head: ResponseHead) -> None:
        """In development, list in the page's head what was removed from it."""
        if self._debugs and context.removals:
            room = head.room - len("alpines-privacy-removed: \r\n")
            if room > 0:
                head.append("alpines-privacy-removed", _listing(context.removals)[:room])

    def begin(self, visitor: _Visitor, head: ResponseHead) -> Page:
        """Begin to filter a page with this head, as the app made it."""
        context = visitor.context
        shown = self._body_start(context, head)
        page = self._in_force.pages.begin(
            url=visitor.page().url,
            opted_out=context.preference.opted_out,
            shield=self._element(context, head),
            mount=context.mount,
            may_edit_scripts=not _names_digests(head),
            addition=self._added(context, head),
            body_start=shown and shown[0],
            exempted=context.exempted,
            is_xml=head.media_type == XHTML,
        )
        page.watchers = context.page_watchers
        return page

    def _added(self, context: RequestContext, head: ResponseHead) -> Addition | None:
        """Return what another promise adds to a page with this head; nothing if that raises."""
        try:
            return self._addition(context, head)
        except Exception:
            context.runtime.notices.failure("an addition to a page")
            return None

    def _body_start(
        self, context: RequestContext, head: ResponseHead
    ) -> tuple[BodyStart, bytes] | None:
        """Return what goes to the beginning of a page's body, and its digest; nothing if that raises."""
        try:
            return self._banner(context, head) if self._banner else None
        except Exception:
            context.runtime.notices.failure("a banner")
            return None

    def _element(self, context: RequestContext, head: ResponseHead) -> bytes:
        """Return the shield's element for a page with this head, empty if the shield raises."""
        try:
            return self._shield(context, head)
        except Exception:
            context.runtime.notices.failure("the shield")
            return b""

    def restrain(self, context: RequestContext, head: ResponseHead) -> None:
        """Add to a page's head the hosts it may load from, if the policy's `loads` asks for that."""
        if "csp" in context.exempted:
            return
        line = self._loads.line(context.client, context.mount, head.room)
        if line is None:
            return
        head.append(*line.field)
        if line.notice:
            context.runtime.notices.once(*line.notice)


class _InForce(NamedTuple):
    """Compiled rules: the filter of pages, and a digest by whether the visitor opted out."""

    pages: Pages
    variants: Mapping[bool, bytes]


class _Visitor:
    """The visitor's side of a page: its address, the blocker, and the report of removed loads."""

    __slots__ = ("_address", "_blocker", "_removal_log", "context")

    def __init__(self, context: RequestContext, blocker: Blocker, removal_log: RemovalLog) -> None:
        self.context = context
        self._blocker = blocker
        self._removal_log = removal_log
        self._address: url.Address | None = None

    def page(self) -> url.Address:
        """Return the page's address, computed once; a placeholder if the request's host is invalid."""
        if self._address is None:
            address = self.context.client.origin + self.context.request.path
            self._address = url.parse(address) or _NOWHERE
        return self._address

    def block(self, address: str, kinds: LoadKinds) -> Match | None:
        """Return what stops a load, or None."""
        return self._blocker.match(address, self.page(), kinds)

    def report(self, taken: Sequence[tuple[str, str, Match | None]]) -> None:
        """Add removed fields or loads to the response's report, and log each once."""
        if not taken:
            return
        removals = [_removal(what, match, address) for what, address, match in taken]
        self.context.removed(removals)
        self._removal_log.log(removals, self.context.runtime.notices)


class _Reading:
    """A page before its first chunk, which decides how it is filtered; its head is held until then."""

    def __init__(self, promise: TrackersInResponses, visitor: _Visitor, head: ResponseHead) -> None:
        self._promise = promise
        self._visitor = visitor
        self._head = head
        self._coding = head.content_coding
        self._content_type = "".join(head.values("content-type")[-1:])

    def settle(self, first: bytes, whole: bool) -> Rewrite | None:  # noqa: FBT001 - Settle's signature
        """Decide with the first chunk; a page that is whole is filtered at once."""
        context, head = self._visitor.context, self._head
        self._promise.mark(context, head)
        page = self._promise.begin(self._visitor, head) if self._is_read(first) else None
        self._promise.restrain(context, head)
        if page is None:
            return None
        return self._filtered(page, first) if whole else self._streamed(page)

    def leave_unread(self) -> None:
        """Answer HEAD without the fields about the bytes: only filtering them tells their values.

        A field that depends on the content may be left out (RFC 9110 §9.3.2); a length other than GET's
        must not be sent (§8.6).
        """
        self._promise.mark(self._visitor.context, self._head)
        if self._is_read(b""):
            self._forget(_OF_THE_UNREAD)
            self._head.is_unsized = True

    @property
    def _coded(self) -> bool:
        return self._coding not in {"", "identity"}

    def _is_read(self, first: bytes) -> bool:
        """Tell whether a page is filtered: the app allows it, and its beginning can be read."""
        if "markup" in self._visitor.context.exempted:
            return False
        start = coding.beginning(self._coding, first)
        if self._is_not_to_be_transformed:
            self._left("that say Cache-Control: no-transform", "Without that they are filtered.")
        elif start is None:
            self._left(
                "in a Content-Encoding that cannot be decoded", "Compress with gzip, br or zstd."
            )
        elif not is_ascii_compatible(self._content_type, start):
            self._left("in UTF-16, UTF-32, UTF-7 or ISO-2022", "Send them in UTF-8.")
        else:
            return True
        return False

    @property
    def _is_not_to_be_transformed(self) -> bool:
        """Tell whether the app says `no-transform` (RFC 9111 §5.2.2.6)."""
        return any(
            "no-transform" in map(str.lower, split_list(value))
            for value in self._head.values("cache-control")
        )

    def _left(self, which: str, instead: str) -> None:
        """Log once why such pages are not filtered."""
        self._visitor.context.runtime.notices.once(_LEFT_ALONE, which, instead)

    def _filtered(self, page: Page, body: bytes) -> Rewrite | None:
        """Filter a whole page; None if it leaves as it is."""
        try:
            text = b"".join(coding.decoder(self._coding)(body)) if self._coded else body
        except ValueError:  # the coding is broken after its beginning
            return None
        filtered = page(text, last=True)
        self._visitor.report([(r.what, "", r.match) for r in page.removals])
        self._promise.show(self._visitor.context, self._head)
        if filtered == text:
            return None
        self._forget(_OF_THE_BYTES)
        left = coding.encoder(self._coding)(filtered, last=True) if self._coded else filtered
        return Rewrite(_Once(left), length=len(left))

    def _streamed(self, page: Page) -> Rewrite:
        self._forget(_OF_THE_BYTES)

        def finish() -> None:
            self._visitor.report([(r.what, "", r.match) for r in page.removals])

        return Rewrite(_Coded(page, self._coding, finish) if self._coded else _Plain(page, finish))

    def _forget(self, names: frozenset[str]) -> None:
        if not names.isdisjoint(self._head.names):
            self._head.replace(f for f in self._head.fields if field_name(f[0]) not in names)


class _Once:
    """A page filtered as a whole: all of it leaves with the first chunk."""

    __slots__ = ("_body",)

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __call__(self, data: bytes, *, last: bool) -> bytes:
        del data, last
        body, self._body = self._body, b""
        return body


class _Plain:
    """A streamed page without a coding."""

    __slots__ = ("_finish", "_page")

    def __init__(self, page: Filter, finish: Callable[[], None]) -> None:
        self._page = page
        self._finish = finish

    def __call__(self, data: bytes, *, last: bool) -> bytes:
        out = self._page(data, last=last)
        if last:
            self._finish()
        return out


class _Coded:
    """A streamed, compressed page: decoded, filtered, and encoded again with a flush for each chunk."""

    __slots__ = ("_decode", "_encode", "_finish", "_page")

    def __init__(self, page: Filter, name: str, finish: Callable[[], None]) -> None:
        self._page = page
        self._decode = coding.decoder(name)
        self._encode = coding.encoder(name)
        self._finish = finish

    def __call__(self, data: bytes, *, last: bool) -> bytes:
        out = b"".join([self._page(piece, last=False) for piece in self._decode(data)])
        if last:
            out += self._page(b"", last=True)
            self._finish()
        return self._encode(out, last=last) if out or last else b""


def _names_digests(head: ResponseHead) -> bool:
    """Tell whether the app's policy allows scripts by their digests, which an edit would break."""
    return any("'sha" in value.lower() for value in head.values("content-security-policy"))


def _removal(what: str, match: Match | None, address: str) -> Removal:
    if match:
        return Removal(what, match.host, match.rule, match.list, match.company)
    found = url.parse(address)
    return Removal(what, found.host if found else "", None, None, None)


def _listing(report: Sequence[Removal]) -> str:
    """Return one ASCII line of the removed loads, with company and rule."""
    parts = (
        f"{r.what} {r.host} ({r.company or 'unknown'}; {r.rule or 'undeclared'})" for r in report
    )
    return ", ".join(parts)[:_LONGEST_LISTING].encode("ascii", "replace").decode()


def _is_shown(request: RequestHead, *, asks_page: bool) -> bool:
    """Tell whether a request is for a page, or for HTML that a script puts into a page."""
    destination = request.values("sec-fetch-dest")
    if not destination or destination[0] == "empty":
        return asks_page
    return destination[0] in PAGE_DESTINATIONS


def _variant(policy: PrivacyPolicy, rules: Rules, *, opted_out: bool) -> bytes:
    """Return a digest of policy, rules and signal, on which all pages depend."""
    digests = [table.digest for table in rules.tables]
    return hashlib.blake2s(repr((_EDITION, policy, digests, opted_out)).encode()).digest()
