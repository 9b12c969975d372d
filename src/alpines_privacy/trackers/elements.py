"""What becomes of each start tag of a page: it stays, or loses what would load a tracker.

No element is removed: one that is gone joins what stood on its two sides, and undoes what its
start tag did to the tree. Attributes go; what could then run is emptied, what could show is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from alpines_privacy.http.html import (
    PLAIN,
    Decision,
    Edit,
    Interest,
    Namespace,
    Nowhere,
    Rewriter,
    Selection,
    StartTag,
)
from alpines_privacy.http.outcomes import Filter
from alpines_privacy.http.report import Notices
from alpines_privacy.http.url import Address, parse
from alpines_privacy.trackers import css, entries, srcset
from alpines_privacy.trackers.blocking import Blocker
from alpines_privacy.trackers.documents import without_trackers
from alpines_privacy.trackers.imports import Imports
from alpines_privacy.trackers.marks import DRAWING
from alpines_privacy.trackers.markup import (
    ALWAYS_READ,
    BOXES,
    LOADS,
    MODIFIERS,
    NAVIGATING,
    PINGED,
    PRELOADED,
    RELATIONS,
    REMEMBERED,
    SENDING,
    SVG_LOADS,
    Kinds,
)
from alpines_privacy.trackers.memory import Memory, Outcome, Removal, digest
from alpines_privacy.trackers.nothing import address_of
from alpines_privacy.trackers.placing import Placing
from alpines_privacy.trackers.rules import Match
from alpines_privacy.trackers.slots import Slots
from alpines_privacy.trackers.texts import Whole, emptied

__all__ = ["Elements", "Visit"]

Edits: TypeAlias = "dict[str, str | None]"
IsListed: TypeAlias = "Callable[[str, Kinds], bool]"
Content: TypeAlias = Filter

_MOST_REMOVALS = 1000
_LONGEST_TOLD = 512  # characters of an address
_DEEPEST = 4  # pages in pages
_SPACE = "\t\n\f\r "
_HIDDEN = "display:none!important"

_STAYS = Outcome(None)


class Visit(NamedTuple):
    """What the decisions of a page are made with.

    `slots` are the ad containers to hide, None if ads stay. `shield` is the element to put into the
    page, empty for none. `module` is the address of the module that takes the place of one that is
    listed (`nothing.py`), empty where no script may be edited.
    """

    page: Address
    blocker: Blocker
    selections: tuple[Selection, Selection]
    slots: Slots | None
    memory: Memory
    notices: Notices
    shield: bytes = b""
    module: str = ""


class Elements:
    """One page's decisions: offered its tags in order, it notes what was taken."""

    def __init__(self, visit: Visit, *, depth: int = 0) -> None:
        """Begin a page; `depth` counts pages in pages."""
        self.removals: list[Removal] = []
        self._visit = visit
        self._slots = visit.slots
        self._has_base = self._lost_base = False
        self._page = self._base = visit.page
        self._blocker = visit.blocker
        self._memory = visit.memory
        self._depth = depth
        self._taken: list[Removal] = []  # from the tag or text that is looked at
        self._takes_all = False  # it stands in an ad's container
        self._placing = Placing(visit.shield)
        self._interest = Interest(visit.selections[bool(visit.shield)])

    def rewriter(self) -> Rewriter:
        """Return what filters the page by these decisions."""
        rewriter = Rewriter(self._interest.selection, self.decide)
        self._interest = rewriter.interest
        self._skip_known()
        return rewriter

    def decide(self, tag: StartTag) -> Decision:
        """Decide on one start tag."""
        known = self._memory.tags.get(tag.raw) if tag.place is PLAIN else None
        decision = self._decided_anew(tag) if known is None else self._noted(known)
        return self._placed(tag, decision) if self._placing.is_pending else decision

    def _placed(self, tag: StartTag, decision: Decision) -> Decision:
        """Put the shield before or behind the tag, if this is its place."""
        decision = self._placing.placed(tag, decision)
        if self._placing.is_amp:  # what is remembered tells the shield of refused scripts
            self._memory = Memory()
        if not self._placing.is_pending:
            self._interest.selection = self._visit.selections[False]
            self._skip_known()
        return decision

    def _decided_anew(self, tag: StartTag) -> Decision:
        name, is_plain = tag.name, tag.place is PLAIN
        is_quiet = not (tag.is_marked or tag.place.is_enclosed or name in ALWAYS_READ)
        stays = is_quiet and self._stays_home(tag.raw)
        outcome = _STAYS if stays else self._decided(tag)
        if is_plain and name in REMEMBERED and not _is_inline(outcome):
            self._memory.keep_tag(tag.raw, outcome)
        return self._noted(outcome)

    def _forget(self) -> None:
        """Begin a memory of this page's own: what was decided on others does not hold for it."""
        self._memory = Memory()
        self._skip_known()

    def _skip_known(self) -> None:
        """Let known tags that stay pass unseen, unless the place for the shield is looked for."""
        self._interest.staying = Nowhere() if self._placing.is_pending else self._memory.staying

    def _decided(self, tag: StartTag) -> Outcome:
        self._takes_all = tag.place.is_enclosed
        slot = (
            self._slots.slot(tag)
            if self._slots and (tag.is_marked or tag.name[:4] == "amp-")
            else None
        )
        edits: Edits = {}
        if slot:
            self._note(tag.name, Match(slot[0], "ad slots", "signal", "", True, slot[1], "ad"))
            self._takes_all = True
            _hide(tag, edits)
        content = self._loads_taken(tag, edits)
        raw = tag.edited(edits) if edits else tag.raw
        encloses = slot is not None or (tag.name == "amp-analytics" and bool(edits))
        if content or encloses:
            return self._outcome(Edit(raw, content, encloses))
        return self._outcome(raw if edits else None)

    def _outcome(self, decision: Decision) -> Outcome:
        """Return what was decided with what was collected about it."""
        if not self._taken:
            return _STAYS if decision is None else Outcome(decision)
        outcome = Outcome(decision, tuple(self._taken))
        self._taken = []
        return outcome

    def _noted(self, outcome: Outcome) -> Decision:
        decision, removals = outcome
        if removals and len(self.removals) < _MOST_REMOVALS:
            self.removals += removals
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
            and self._is_at_home
        )

    @property
    def _is_at_home(self) -> bool:
        """Whether an address without a host is the page's own, and no rule is about those."""
        return self._base.host == self._page.host and not self._blocker.has_own_rules

    def _match(self, url: str, kinds: Kinds) -> Match | None:
        for kind in kinds:
            if match := self._blocker.load(url, self._page, kind, self._base).match:
                return match
        return None

    def _is_taken(self, what: str, url: str | None, kinds: Kinds) -> bool:
        """Tell whether an address is listed, and note it; in an ad's container all are taken."""
        if not url:
            return False
        if self._takes_all:
            return True
        match = self._match(url, kinds)
        if match:
            self._note(what, match)
        return match is not None

    def _taking(self, what: str) -> IsListed:
        return lambda url, kinds: self._is_taken(what, url, kinds)

    def _note(self, what: str, match: Match) -> None:
        self._taken.append(Removal(what, match))

    # -- What a tag loads

    def _loads_taken(self, tag: StartTag, edits: Edits) -> Content | None:
        """Collect the edits of a tag; return the filter of its text, if it needs one."""
        if tag.namespace is Namespace.HTML:
            content = _HANDLERS.get(tag.name, Elements._element)(self, tag, edits)
        else:
            content = self._foreign(tag, edits)
        if tag.is_marked or self._takes_all:
            self._any_element(tag, edits)
        return content

    def _element(self, tag: StartTag, edits: Edits) -> None:
        """Take the attributes that load something; hide the box that would be left."""
        name = tag.name
        for attribute, kinds in LOADS.get(name, ()):
            if not (url := tag.get(attribute)):
                continue
            what = f"{name} {attribute}" if attribute == "poster" else name
            if self._is_taken(what, url, kinds):
                # Without a `src`, media would load their sources.
                edits[attribute] = "" if attribute == "src" and name in _MEDIA else None
        self._take_candidates(tag, "srcset", edits)
        is_boxed = name in BOXES and edits and not self._takes_all
        if is_boxed and not _has_other_image(tag, edits):
            _hide(tag, edits)

    def _take_candidates(self, tag: StartTag, attribute: str, edits: Edits) -> None:
        if not (text := tag.get(attribute)):
            return
        is_taken = self._taking(f"{tag.name} {attribute}")
        kept = srcset.without(text, lambda url: is_taken(url, ("image",)))
        if kept is not None:
            edits[attribute] = kept or None

    def _frame(self, tag: StartTag, edits: Edits) -> None:
        """Filter the page that a frame brings along, in `srcdoc` or a `data:` address."""
        self._element(tag, edits)
        document = tag.get("srcdoc")
        if document is not None and tag.name == "iframe":
            if not self._takes_all:
                edits.pop("hidden", None)
                edits.pop("style", None)
            edited = self._document(document.encode("utf-8", "surrogateescape"), self._shield)
            edits |= {} if edited is None else {"srcdoc": edited.decode("utf-8", "surrogateescape")}
        for attribute in ("src", "data"):
            if attribute not in edits and (url := tag.get(attribute)):
                instead = without_trackers(url, lambda page: self._document(page, b""))
                edits |= {} if instead is None else {attribute: instead}

    @property
    def _shield(self) -> bytes:
        return b"" if self._placing.is_amp else self._visit.shield

    def _document(self, page: bytes, shield: bytes) -> bytes | None:
        """Return what becomes of a page inside this one, None if it stays; it is noted here."""
        if self._takes_all:
            return b""
        if self._depth >= _DEEPEST:
            return None
        visit = self._visit._replace(shield=shield, memory=Memory())
        nested = Elements(visit, depth=self._depth + 1)
        nested._base, nested._has_base = self._base, self._has_base
        filtered = nested.rewriter()(page, last=True)
        self._taken += nested.removals
        return None if filtered == page else filtered

    def _input(self, tag: StartTag, edits: Edits) -> None:
        if (tag.get("type") or "").lower() == "image":
            self._element(tag, edits)
        self._sending(tag, edits)

    def _sending(self, tag: StartTag, edits: Edits) -> None:
        """Tell where a form goes; it is the visitor who sends it."""
        del edits
        attribute = SENDING[tag.name]
        url = tag.get(attribute)
        if url and not self._takes_all and (match := self._match(url, NAVIGATING)):
            self._note(f"{tag.name} {attribute}", match)
            self._visit.notices.once(_SENDS, match.host)

    def _link(self, tag: StartTag, edits: Edits) -> None:
        rel, url = tag.get("rel"), tag.get("href")
        if not rel:
            return
        relations = rel.split()
        kept = [word for word in relations if not self._is_dropped(word.lower(), url, tag)]
        if len(kept) < len(relations):
            if MODIFIERS.issuperset(map(str.lower, kept)):
                edits["href"] = None
            else:
                edits["rel"] = " ".join(kept)
        self._take_candidates(tag, "imagesrcset", edits)

    def _is_dropped(self, relation: str, url: str | None, tag: StartTag) -> bool:
        kinds = RELATIONS.get(relation)
        if not url or not kinds:
            return False
        if relation in ("preload", "prefetch"):
            kinds = PRELOADED.get((tag.get("as") or "").strip(_SPACE).lower(), kinds)
        return self._is_taken(f"link {relation}", url, kinds)

    def _meta(self, tag: StartTag, edits: Edits) -> None:
        if (tag.get("http-equiv") or "").lower() != "refresh":
            return
        refresh = _REFRESH.match(tag.get("content") or "")
        url = refresh and (refresh[1] or refresh[2] or refresh[3])
        if self._is_taken("meta refresh", url, NAVIGATING):
            edits["content"] = None

    def _find_base(self, tag: StartTag, edits: Edits) -> None:
        """Read what the page's addresses are relative to; a tracker's place leaves them the page's own.

        The first base with an address counts, outside templates and what is no HTML. Where that one
        loses it, the next must not come to life.
        """
        url = tag.get("href")
        if url is None:
            return
        if tag.place.is_inert or self._has_base:
            if self._lost_base or self._is_taken("base", url, ("script",)):
                edits["href"] = None
            return
        self._has_base = True
        self._base = parse(url, self._page) or self._page
        if self._base.host != self._page.host or self._base.scheme != self._page.scheme:
            self._forget()
        if match := self._match(url, ("script",)):
            self._note("base", match)
            self._lost_base = True
            edits["href"] = None

    def _amp_analytics(self, tag: StartTag, edits: Edits) -> None:
        """Take what makes this an analytics vendor's; its configuration is emptied (`_script`)."""
        self._element(tag, edits)
        if vendor := (tag.get("type") or "").strip(_SPACE).lower():
            rule = f"amp-analytics[type={vendor}]"
            self._note(tag.name, Match(rule, "AMP", "always", "", True, None, "analytics"))
            edits |= {"type": None, "config": None}

    def _amp_ad(self, tag: StartTag, edits: Edits) -> None:
        self._element(tag, edits)
        if self._takes_all:
            edits |= dict.fromkeys(("type", "src", "json", "data-slot"))

    # -- Scripts and styles

    def _script(self, tag: StartTag, edits: Edits) -> Content | None:
        if tag.raw == b"<script>":
            return None
        refused = [
            url
            for attribute, kinds in LOADS["script"]
            if self._is_taken("script", url := tag.get(attribute) or "", kinds)
            and edits.update({attribute: None}) is None
        ]
        if refused and self._shield:
            edits["data-alpines-refused"] = refused[0][:_LONGEST_TOLD]
        if "src" in edits:
            edits["integrity"] = None
            return emptied  # without its address, the text would run
        return self._inline(tag) if tag.get("src") is None else None

    def _inline(self, tag: StartTag) -> Content | None:
        kind = (tag.get("type") or "").strip(_SPACE).lower()
        if self._takes_all:
            return emptied if kind == "application/json" else None
        if not self._visit.module:
            return None
        if kind == "module":
            is_listed = self._late("import")
            return Imports(lambda url: is_listed(url, ("script",)), self._visit.module)
        is_listed = self._late(f"script {kind}")
        if kind == "importmap":
            module = address_of(self._visit.module, ("default",))
            return Whole(lambda text: entries.without_imports(text, is_listed, module))
        if kind == "speculationrules":
            return Whole(lambda text: entries.without_speculation(text, is_listed))
        return None

    def _style(self, tag: StartTag, edits: Edits) -> Content:
        del tag, edits
        if self._takes_all:
            return Whole(lambda sheet: _inert(sheet, lambda url, kinds: True))  # noqa: ARG005
        return Whole(self._sheet)

    def _sheet(self, sheet: bytes) -> bytes | None:
        """Return what takes the place of a style sheet, which is remembered; None if it stays."""
        if not _LEADS_AWAY(sheet) and self._is_at_home:
            return None
        key = digest(sheet)
        known = self._memory.sheets.get(key)
        if known is None:
            self._takes_all = False
            known = self._outcome(_inert(sheet, self._taking("style")))
            self._memory.keep_sheet(key, known)
        decision = self._noted(known)
        return decision if isinstance(decision, bytes) else None

    # -- SVG and MathML

    def _foreign(self, tag: StartTag, edits: Edits) -> Content | None:
        """Take what SVG loads, and what Chromium's preload scanner does, which knows no namespaces."""
        name = tag.name
        for attribute, kinds in LOADS.get(name, ()):
            if self._is_taken(name, tag.get(attribute), kinds):
                edits[attribute] = None
        self._take_candidates(tag, "srcset", edits)
        if name == "link":
            self._link(tag, edits)
        if tag.namespace is not Namespace.SVG:
            return None
        self._take_links(tag, edits)
        if name in {"set", "animate"}:
            self._animation(tag, edits)
        return self._style(tag, edits) if name == "style" else None

    def _take_links(self, tag: StartTag, edits: Edits) -> None:
        """Take both links of an element of SVG if one is listed: without it, the other would load."""
        loads = SVG_LOADS.get(tag.name, ())
        listed = [
            url
            for name, kinds in loads
            if (url := tag.get(name)) and self._is_taken(tag.name, url, kinds)
        ]
        if not listed:
            return
        # A script with an empty address runs nothing, one without would run its text.
        is_script = tag.name == "script"
        edits |= {name: "" if is_script else None for name, _ in loads if tag.get(name) is not None}
        if is_script and self._shield:
            edits["data-alpines-refused"] = listed[0][:_LONGEST_TOLD]

    def _animation(self, tag: StartTag, edits: Edits) -> None:
        """Take the addresses that an animation would set."""
        if (tag.get("attributename") or "").strip(_SPACE).lower() not in {"href", "xlink:href"}:
            return
        for attribute in ("to", "from", "by", "values"):
            urls = (tag.get(attribute) or "").split(";")
            if any(self._is_taken(f"{tag.name} {attribute}", url, ("image",)) for url in urls):
                edits[attribute] = None

    # -- What any element may carry

    def _any_element(self, tag: StartTag, edits: Edits) -> None:
        for name in tag.names:
            if name in _STYLES:
                self._make_inert(tag, name, edits)
        if self._is_taken(f"{tag.name} background", tag.get("background"), ("image",)):
            edits["background"] = None
        self._take_words(tag, "ping", edits)
        self._take_words(tag, "attributionsrc", edits)

    def _make_inert(self, tag: StartTag, attribute: str, edits: Edits) -> None:
        """Edit CSS in an attribute; where SVG refers to another document, that is a load of no kind."""
        is_taken = self._taking(f"{tag.name} {attribute}")
        more: Kinds = () if attribute == "style" else ("other",)
        written = edits.get(attribute) or tag.get(attribute) or ""
        edited = css.inert(written, lambda url, kinds: is_taken(url, (*kinds, *more)))
        if edited is not None:
            edits[attribute] = edited

    def _take_words(self, tag: StartTag, attribute: str, edits: Edits) -> None:
        if not (text := tag.get(attribute)):
            return
        words = text.split()
        kept = [
            word for word in words if not self._is_taken(f"{tag.name} {attribute}", word, PINGED)
        ]
        if len(kept) < len(words):
            edits[attribute] = " ".join(kept) or None

    # -- Texts, which end after their tag is decided on

    def _late(self, what: str) -> IsListed:
        """Return what tells whether an address in a text is taken, and notes it at once."""
        takes_all = self._takes_all

        def is_taken(url: str, kinds: Kinds) -> bool:
            self._takes_all = takes_all
            taken = self._is_taken(what, url, kinds)
            self._noted(self._outcome(None))
            return taken

        return is_taken


def _inert(sheet: bytes, is_taken: IsListed) -> bytes | None:
    edited = css.inert(sheet.decode("utf-8", "surrogateescape"), is_taken)
    return None if edited is None else edited.encode("utf-8", "surrogateescape")


def _is_inline(outcome: Outcome) -> bool:
    """Tell whether a decision waits for a text, which is this page's own."""
    decision = outcome.decision
    return isinstance(decision, Edit) and decision.content not in {None, emptied}


def _has_other_image(tag: StartTag, edits: Edits) -> bool:
    """Tell whether an image still has something to show."""
    if tag.name not in {"img", "image", "amp-img"}:
        return False
    return any(tag.get(name) and edits.get(name, name) for name in ("src", "srcset"))


def _hide(tag: StartTag, edits: Edits) -> None:
    """Let an element take no place, by attributes of ours."""
    own = tag.get("style")
    edits["hidden"] = ""
    edits["style"] = f"{own};{_HIDDEN}" if own else _HIDDEN


_SENDS = (
    "A form sends what a visitor enters to %s, which is listed as a tracker. It is left as it is: the "
    "visitor sends it."
)
_MEDIA = frozenset({"video", "audio"})
# What a style sheet cannot name another host without: the URL parser drops tabs.
_LEADS_AWAY = re.compile(rb"//|\\|/\t|[hH][tT][tT][pP]").search
_STYLES = frozenset({"style", *DRAWING})
_REFRESH = re.compile(
    r"[\t\n\f\r ]*(?:[0-9]|(?=\.))[0-9.]*[\t\n\f\r ]*[;,]?[\t\n\f\r ]*(?:url[\t\n\f\r ]*=[\t\n\f\r ]*)?"
    r"""(?:"([^"]*)|'([^']*)|(.*))""",
    re.IGNORECASE | re.DOTALL,
)
_HANDLERS: Mapping[str, Callable[[Elements, StartTag, Edits], Content | None]] = MappingProxyType(
    {
        "script": Elements._script,  # noqa: SLF001 - the table of this class
        "style": Elements._style,  # noqa: SLF001 - the table of this class
        "link": Elements._link,  # noqa: SLF001 - the table of this class
        **dict.fromkeys(("iframe", "frame", "object", "embed"), Elements._frame),  # noqa: SLF001 - the table of this class
        "input": Elements._input,  # noqa: SLF001 - the table of this class
        **dict.fromkeys(("form", "button"), Elements._sending),  # noqa: SLF001 - the table of this class
        "meta": Elements._meta,  # noqa: SLF001 - the table of this class
        "base": Elements._find_base,  # noqa: SLF001 - the table of this class
        "amp-analytics": Elements._amp_analytics,  # noqa: SLF001 - the table of this class
        **dict.fromkeys(("amp-ad", "amp-embed"), Elements._amp_ad),  # noqa: SLF001 - the table of this class
    }
)
