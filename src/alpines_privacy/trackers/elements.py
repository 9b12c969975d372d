"""What becomes of each element of a page: it stays, it goes, or loses what would load a tracker."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import quote, unquote_to_bytes

from alpines_privacy.http.html import (
    Decision,
    Element,
    Hold,
    Judge,
    Namespace,
    Remove,
    Rewriter,
    StartTag,
)
from alpines_privacy.http.html.references import quoted
from alpines_privacy.http.url import Address, parse
from alpines_privacy.trackers import css, entries, inline, srcset
from alpines_privacy.trackers.blocking import Blocker
from alpines_privacy.trackers.marks import DRAWING
from alpines_privacy.trackers.markup import (
    ALWAYS_READ,
    AMP,
    CORE,
    EDITED,
    GOING,
    INERT,
    MODIFIERS,
    NAMING,
    NAVIGATING,
    PINGED,
    PRELOADED,
    RELATIONS,
    REMEMBERED,
    Kinds,
)
from alpines_privacy.trackers.memory import Memory, Outcome, Removal, digest
from alpines_privacy.trackers.request import Kind
from alpines_privacy.trackers.rules import Match
from alpines_privacy.trackers.slots import Slots
from alpines_privacy.trackers.stand_ins import stand_in_for_host

__all__ = ["Elements"]

Edits: TypeAlias = "dict[str, str | None]"

_MOST_REMOVALS = 1000
_MOST_NAMED = 256
_DEEPEST = 4  # pages in pages (srcdoc)
_SPACE = "\t\n\f\r "


class _StandIn(Hold):
    """Another element in the place of one that goes, whatever is in it."""

    __slots__ = ()

    def __init__(self, element: Element) -> None:
        super().__init__(lambda _content: element)


class _Code(Hold):
    """A script's code is to be judged."""

    __slots__ = ()


_STAYS = Outcome(None)
_CODE_FOLLOWS = Outcome(None)


class Elements:
    """One page's decisions: offered its tags in order, it notes what goes and which hosts stay."""

    def __init__(
        self,
        page: Address,
        blocker: Blocker,
        slots: Slots | None,
        memory: Memory | None = None,
        *,
        depth: int = 0,
    ) -> None:
        """`slots` are the ad containers that go, None if ads stay; `depth` counts pages in pages."""
        self.removals: list[Removal] = []
        self.named: set[str] = set()
        self._slots = slots
        self._has_base = self._lost_base = False
        self._page = self._base = page
        self._blocker = blocker
        self._memory = memory or Memory()
        self._depth = depth
        self._removed: list[Removal] = []  # by the tag or content that is looked at
        self._hosts: list[str] = []  # named by it

    def decide(self, tag: StartTag) -> Decision:
        """Decide on one start tag."""
        known = self._memory.tags.get(tag.raw)
        if known is None or tag.namespace is not Namespace.HTML:
            return self._decided_anew(tag)
        if known is _STAYS:
            return None
        return self._hold_code(tag) if known is _CODE_FOLLOWS else self._noted(known)

    def rewriter(self) -> Rewriter:
        """Return what filters the page by these decisions."""
        return Rewriter(self._slots.selection if self._slots else CORE, self.decide)

    def _decided_anew(self, tag: StartTag) -> Decision:
        name = tag.name
        if not tag.is_marked and name not in ALWAYS_READ and self._stays_home(tag.raw):
            outcome = _STAYS
        else:
            outcome = self._decided(tag)
        if name in REMEMBERED and tag.namespace is Namespace.HTML:
            self._remember(tag, outcome)
        return self._noted(outcome)

    def _remember(self, tag: StartTag, outcome: Outcome) -> None:
        """Keep what was decided on a tag, unless it waits for a content: that is this page's own."""
        kind = type(outcome.decision)
        if kind is _Code and not outcome.named:
            self._memory.keep_tag(tag, _CODE_FOLLOWS)
        elif kind is not _Code and kind is not Hold:
            self._memory.keep_tag(tag, outcome)

    def _decided(self, tag: StartTag) -> Outcome:
        edits: Edits = {}
        decision = _HANDLERS.get(tag.name, Elements._element)(self, tag, edits)
        if decision is None and tag.is_marked:
            decision = self._any_element(tag, edits)
        return self._outcome(tag.edited(edits) if edits and decision is None else decision)

    def _outcome(self, decision: Decision) -> Outcome:
        """Return what was decided with what was collected about it."""
        if not self._removed and not self._hosts:
            return _STAYS if decision is None else Outcome(decision)
        outcome = Outcome(decision, tuple(self._removed), tuple(self._hosts))
        self._removed, self._hosts = [], []
        return outcome

    def _noted(self, outcome: Outcome) -> Decision:
        decision, removals, named = outcome
        if removals and len(self.removals) < _MOST_REMOVALS:
            self.removals += removals
        if named and len(self.named) < _MOST_NAMED:
            self.named.update(named)
        return decision

    # -- Addresses

    def _stays_home(self, raw: bytes) -> bool:
        """Tell quickly that a tag names no other host: without `:` and `//` there is none."""
        return (
            b"//" not in raw
            and b":" not in raw
            and b"\\" not in raw
            and b"&" not in raw
            and b"\n" not in raw
            and b"\t" not in raw
            and b"\r" not in raw
            and self._base.host == self._page.host
            and not self._blocker.has_own_rules
        )

    def _match(self, url: str, kinds: Kinds) -> Match | None:
        for kind in kinds:
            if match := self._blocker.load(url, self._page, kind, self._base).match:
                return match
        return None

    def _noting(self, what: str) -> Callable[[str, Kinds], bool]:
        """Return what tells whether an address is listed, and notes it."""

        def is_listed(url: str, kinds: Kinds) -> bool:
            match = self._match(url, kinds)
            if match:
                self._note(what, match)
            return match is not None

        return is_listed

    def _note(self, what: str, match: Match) -> None:
        self._removed.append(Removal(what, match))

    def _name(self, url: str, kind: Kind) -> None:
        load = self._blocker.load(url, self._page, kind, self._base)
        if load.origin and load.match is None:
            self._hosts.append(load.origin)

    # -- Elements that load something

    def _element(self, tag: StartTag, edits: Edits) -> Decision:
        for attribute, kinds in GOING.get(tag.name, ()):
            if not (url := tag.get(attribute)):
                continue
            if match := self._match(url, kinds):
                self._note(tag.name, match)
                return Remove.ELEMENT
            if tag.name in NAMING:
                self._name(url, kinds[0])
        for attribute, kinds in EDITED.get(tag.name, ()):
            self._drop(tag, attribute, kinds, edits)
        self._drop_candidates(tag, "srcset", edits)
        return None

    def _drop(self, tag: StartTag, attribute: str, kinds: Kinds, edits: Edits) -> None:
        url = tag.get(attribute)
        if url and (match := self._match(url, kinds)):
            self._note(f"{tag.name} {attribute}", match)
            edits[attribute] = INERT.get(attribute)

    def _drop_candidates(self, tag: StartTag, attribute: str, edits: Edits) -> None:
        if not (text := tag.get(attribute)):
            return
        is_listed = self._noting(f"{tag.name} {attribute}")
        kept = srcset.without(text, lambda url: is_listed(url, ("image",)))
        if kept is not None:
            edits[attribute] = kept or None

    def _iframe(self, tag: StartTag, edits: Edits) -> Decision:
        self._silence_address(tag, "src", edits)
        content = tag.get("srcdoc")
        if content is None or self._depth >= _DEEPEST:
            return self._element(tag, edits)
        self._drop(tag, "src", ("subdocument",), edits)
        page = content.encode("utf-8", "surrogateescape")
        filtered = self._nested().rewriter()(page, last=True)
        if filtered != page:
            edits["srcdoc"] = filtered.decode("utf-8", "surrogateescape")
        return None

    def _silence_address(self, tag: StartTag, attribute: str, edits: Edits) -> None:
        """Edit a `javascript:` address, whose code runs in the page once the frame is there."""
        if found := _JAVASCRIPT.match(tag.get(attribute) or ""):
            text = found[2].translate(_DROPPED)
            code = unquote_to_bytes(text.encode("utf-8", "surrogateescape"))
            if (edited := self._silenced(code)) is not None:
                edits[attribute] = found[1] + quote(edited, safe=_STAYS_IN_CODE)

    def _nested(self) -> Elements:
        """Return what decides in a page inside this one, and notes it here."""
        nested = Elements(self._page, self._blocker, self._slots, depth=self._depth + 1)
        nested.removals, nested.named = self.removals, self.named
        nested._base, nested._has_base = self._base, self._has_base
        return nested

    def _input(self, tag: StartTag, edits: Edits) -> Decision:
        is_image = (tag.get("type") or "").lower() == "image"
        if is_image and (match := self._match(tag.get("src") or "", ("image",))):
            self._note("input", match)
            return Remove.TAG
        return self._element(tag, edits)

    def _link(self, tag: StartTag, edits: Edits) -> Decision:
        rel, url = tag.get("rel"), tag.get("href")
        if not rel:
            return None
        relations = rel.split()
        kept = [word for word in relations if not self._is_dropped(word.lower(), url, tag)]
        if len(kept) < len(relations):
            if MODIFIERS.issuperset(map(str.lower, kept)):
                return Remove.TAG
            edits["rel"] = " ".join(kept)
        self._drop_candidates(tag, "imagesrcset", edits)
        return None

    def _is_dropped(self, relation: str, url: str | None, tag: StartTag) -> bool:
        kinds = RELATIONS.get(relation)
        if not url or not kinds:
            return False
        if relation in ("preload", "prefetch"):
            kinds = PRELOADED.get((tag.get("as") or "").strip(_SPACE).lower(), kinds)
        match = self._match(url, kinds)
        if match:
            self._note(f"link {relation}", match)
        elif relation in ("modulepreload", "preload") and "script" in kinds:
            self._name(url, "script")
        return match is not None

    def _meta(self, tag: StartTag, edits: Edits) -> Decision:
        del edits
        if (tag.get("http-equiv") or "").lower() != "refresh":
            return None
        if match := self._refreshes_to(tag.get("content") or ""):
            self._note("meta refresh", match)
            return Remove.TAG
        return None

    def _refreshes_to(self, text: str) -> Match | None:
        refresh = _REFRESH.match(text)
        url = refresh and (refresh[1] or refresh[2] or refresh[3])
        return self._match(url, NAVIGATING) if url else None

    def _find_base(self, tag: StartTag, edits: Edits) -> Decision:
        """Read what the page's addresses are relative to; a tracker's place leaves them the page's own.

        The first base with an address counts. Where that one loses it, the next must not come to life.
        """
        url = tag.get("href")
        if url is None or tag.namespace is not Namespace.HTML:
            return None
        if self._has_base:
            if self._lost_base:
                edits["href"] = None
            return None
        self._has_base = True
        self._base = parse(url, self._page) or self._page
        if self._base.host != self._page.host or self._base.scheme != self._page.scheme:
            self._memory = Memory()
        if match := self._match(url, ("script",)):
            self._note("base", match)
            self._lost_base = True
            edits["href"] = None
        return None

    def _amp_analytics(self, tag: StartTag, edits: Edits) -> Decision:
        if vendor := (tag.get("type") or "").strip(_SPACE).lower():
            rule = f"amp-analytics[type={vendor}]"
            self._note(tag.name, Match(rule, "AMP", "always", "", True, None, "analytics"))
            return Remove.ELEMENT
        return self._element(tag, edits)

    # -- Scripts and styles

    def _script(self, tag: StartTag, edits: Edits) -> Decision:
        del edits
        if tag.raw == b"<script>":
            return self._hold_code(tag)
        is_external = False
        for attribute, kinds in GOING["script"]:
            if not (url := tag.get(attribute)):
                continue
            if match := self._match(url, kinds):
                return self._replaced(tag, url, match)
            self._name(url, "script")
            is_external = is_external or attribute != "data-src"
        return None if is_external else self._inline(tag)

    def _inline(self, tag: StartTag) -> Decision:
        kind = (tag.get("type") or "").strip(_SPACE).lower()
        if not kind or _CODE.fullmatch(kind):
            return self._hold_code(tag)
        if kind == "importmap":
            return self._hold_json(tag, entries.without_imports)
        if kind == "speculationrules":
            return self._hold_json(tag, entries.without_speculation)
        return None

    def _replaced(self, tag: StartTag, url: str, match: Match) -> Decision:
        """Remove an external script; the page's calls of its functions go to a stand-in."""
        self._note("script", match)
        address = parse(url, self._base)
        code = stand_in_for_host(match.host, address.path if address else "/")
        if not code or tag.namespace is not Namespace.HTML:
            return Remove.ELEMENT
        kept = [
            b" %b=%b" % (name.encode(), quoted(text))
            for name in ("nonce", "id")
            if (text := tag.get(name)) is not None
        ]
        return _StandIn(Element(b"<script%b>" % b"".join(kept), code))

    def _hold_code(self, tag: StartTag) -> Hold:
        return _Code(self._judging(tag, b"code", self._judge_code))

    def _judging(
        self, tag: StartTag, kind: bytes, edited: Callable[[bytes], bytes | None]
    ) -> Judge:
        """Return what asks `edited` for what takes the place of an element's content."""

        def judge(content: bytes) -> Element | None:
            instead = self._noted(self._judged(kind, content, edited))
            return Element(tag.raw, instead) if isinstance(instead, bytes) else None

        return judge

    def _judged(
        self, kind: bytes, content: bytes, edited: Callable[[bytes], bytes | None]
    ) -> Outcome:
        """Return what becomes of a content, which is remembered."""
        key = digest(kind, content)
        known = self._memory.contents.get(key)
        if known is None:
            around = self._removed, self._hosts
            self._removed, self._hosts = [], []
            known = self._outcome(edited(content))
            self._removed, self._hosts = around
            self._memory.keep_content(key, known)
        return known

    def _judge_code(self, code: bytes) -> bytes | None:
        return self._edited_code(code, "inline script")

    def _judge_handler(self, code: bytes) -> bytes | None:
        """Judge code that mostly goes somewhere: the page's CSP need not let in where it links to."""
        return self._edited_code(code, "event handler") if inline.can_load(code) else None

    def _edited_code(self, code: bytes, what: str) -> bytes | None:
        if b"//" in code or b"\\/" in code:
            self._name_literals(code)
        loader = inline.judge(code, self._ask)
        if loader is None:
            return None
        for match in loader.matches:
            self._note(what, match)
        return loader.content

    def _ask(self, url: str, kind: Kind) -> Match | None:
        return self._blocker.load(url, self._page, kind).match

    def _name_literals(self, code: bytes) -> None:
        """Note the hosts that a script's literals name: what it loads is told by them."""
        for literal in _LITERAL(code):
            url = literal.decode("latin-1").replace(_BACKSLASH, "")
            # Most literals of a script share a host: once it is noted, no rule need be asked.
            if url.partition("/")[0] not in self._hosts:
                self._name(f"//{url}", "script")

    def _hold_json(self, tag: StartTag, without: Callable[..., bytes | None]) -> Hold:
        kind = (tag.get("type") or "").strip(_SPACE).lower()
        is_noted = self._noting(f"script {kind}")

        def is_listed(url: str, kinds: Kinds) -> bool:
            if kinds == ("script",):
                self._name(url, "script")
            return is_noted(url, kinds)

        return Hold(self._judging(tag, b"json", lambda content: without(content, is_listed)))

    def _style(self, tag: StartTag, edits: Edits) -> Decision:
        del edits
        return Hold(self._judging(tag, b"style", self._judge_style))

    def _judge_style(self, sheet: bytes) -> bytes | None:
        if self._stays_home(sheet):
            return None
        text = sheet.decode("utf-8", "surrogateescape")
        edited = css.inert(text, self._noting("style"))
        return None if edited is None else edited.encode("utf-8", "surrogateescape")

    # -- What any element may carry

    def _any_element(self, tag: StartTag, edits: Edits) -> Decision:
        if self._slots and (found := self._slots.slot(tag)):
            rule, company = found
            self._note(tag.name, Match(rule, "ad slots", "signal", "", True, company, "ad"))
            return Remove.ELEMENT
        for name in tag.names:
            if name in _STYLES:
                self._make_inert(tag, name, edits)
            elif name.startswith("on"):
                self._silence(tag, name, edits)
        self._drop(tag, "background", ("image",), edits)
        self._drop_words(tag, "ping", edits)
        self._drop_words(tag, "attributionsrc", edits)
        return None

    def _make_inert(self, tag: StartTag, attribute: str, edits: Edits) -> None:
        """Edit CSS in an attribute; where SVG refers to another document, that is a load of no kind."""
        is_noted = self._noting(f"{tag.name} {attribute}")
        more: Kinds = () if attribute == "style" else ("other",)
        edited = css.inert(
            tag.get(attribute) or "", lambda url, kinds: is_noted(url, (*kinds, *more))
        )
        if edited is not None:
            edits[attribute] = edited

    def _silence(self, tag: StartTag, attribute: str, edits: Edits) -> None:
        """Edit an event handler, which is code like that of an inline script."""
        code = (tag.get(attribute) or "").encode("utf-8", "surrogateescape")
        if (edited := self._silenced(code)) is not None:
            edits[attribute] = edited.decode("utf-8", "surrogateescape")

    def _silenced(self, code: bytes) -> bytes | None:
        """Return what takes the place of code in an attribute, None if it stays."""
        decision, removals, named = self._judged(b"handler", code, self._judge_handler)
        self._removed += removals
        self._hosts += named
        return decision if isinstance(decision, bytes) else None

    def _drop_words(self, tag: StartTag, attribute: str, edits: Edits) -> None:
        if not (text := tag.get(attribute)):
            return
        is_listed = self._noting(f"{tag.name} {attribute}")
        words = text.split()
        kept = [word for word in words if not is_listed(word, PINGED)]
        if len(kept) < len(words):
            edits[attribute] = " ".join(kept) or None


_BACKSLASH = chr(92)
_JAVASCRIPT = re.compile(
    r"([\x00-\x20]*+{})(.*)".format(r"[\t\n\r]*+".join("javascript:")),
    re.IGNORECASE | re.DOTALL,
)
_DROPPED = dict.fromkeys(map(ord, "\t\n\r"))  # by the URL parser
_STAYS_IN_CODE = "!$&'()*+,/:;=?@[]{}|^<>\"\\` "
_STYLES = frozenset({"style", *DRAWING})
_LITERAL = re.compile(
    rb"""["'`](?:(?:https?|wss?):)?(?:\\?/){2}((?:[a-zA-Z0-9_-]++\.)++[a-zA-Z][^"'`\s<>$]*+)"""
).findall
# What runs, or waits for a consent tool to let it run.
_CODE = re.compile(
    r"(?:(?:text|application)/)?(?:x-)?(?:java|ecma|j|live)script[0-9.]*"
    r"|module|text/(?:plain|partytown|babel)"
)
_REFRESH = re.compile(
    r"[\t\n\f\r ]*(?:[0-9]|(?=\.))[0-9.]*[\t\n\f\r ]*[;,]?[\t\n\f\r ]*(?:url[\t\n\f\r ]*=[\t\n\f\r ]*)?"
    r"""(?:"([^"]*)|'([^']*)|(.*))""",
    re.IGNORECASE | re.DOTALL,
)
_HANDLERS: MappingProxyType[str, Callable[[Elements, StartTag, Edits], Decision]] = (
    MappingProxyType(
        {
            "script": Elements._script,  # noqa: SLF001 - the table of this class
            "style": Elements._style,  # noqa: SLF001
            "link": Elements._link,  # noqa: SLF001
            "iframe": Elements._iframe,  # noqa: SLF001
            "input": Elements._input,  # noqa: SLF001
            "meta": Elements._meta,  # noqa: SLF001
            "base": Elements._find_base,  # noqa: SLF001
            "amp-analytics": Elements._amp_analytics,  # noqa: SLF001
            **dict.fromkeys(AMP, Elements._any_element),  # noqa: SLF001
        }
    )
)
