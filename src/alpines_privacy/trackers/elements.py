"""Decisions on the start tags of a page: which attributes and texts go because they load a tracker.

No element is removed, because that would change the tree around it. Attributes are removed; a text that
could then run is emptied, a box that would be empty is hidden.

A handler reads one tag and returns a `Verdict`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from alpines_privacy.http.html import (
    PLAIN,
    Addition,
    BodyStart,
    Decision,
    Edit,
    Interest,
    Namespace,
    NothingKnown,
    Rewriter,
    Selection,
    StartTag,
    TagEdits,
)
from alpines_privacy.http.outcomes import Filter
from alpines_privacy.http.report import Notices
from alpines_privacy.http.url import Address, parse
from alpines_privacy.trackers import attributes, css, entries
from alpines_privacy.trackers.attributes import EditedAttribute, Edits
from alpines_privacy.trackers.blocking import Blocker
from alpines_privacy.trackers.documents import without_trackers
from alpines_privacy.trackers.imports import Imports
from alpines_privacy.trackers.loads import EVERY_LOAD, ListedLoads, Loads, RemovedLoad, RemovedLoads
from alpines_privacy.trackers.markup import (
    ALWAYS_READ,
    NAVIGATING,
    REMEMBERED,
    SENDING,
    TYPES,
    LoadKinds,
)
from alpines_privacy.trackers.nothing import address_of
from alpines_privacy.trackers.outcomes import Outcome, Outcomes, digest
from alpines_privacy.trackers.placing import Placing
from alpines_privacy.trackers.rules import Match
from alpines_privacy.trackers.slots import Slots
from alpines_privacy.trackers.texts import Whole, emptied

__all__ = ["Elements", "PageContext"]

_MOST_REMOVALS = 1000
_LONGEST_LOGGED = 512  # characters of an address
_DEEPEST = 4  # levels of pages in pages
_LONGEST_KEY = 512  # bytes of a tag; a longer one is looked up by its digest
_SPACE = "\t\n\f\r "
_UNKNOWN = Outcome(b"")


class PageContext(NamedTuple):
    """What the decisions on a page depend on.

    `slots` are the ad containers to hide, None if ads stay. `shield` is the element to put into the
    page, empty for none. `module` is the address of the module that replaces listed ones
    (`nothing.py`), empty if no script may be edited. `addition` is what another promise adds at the
    page's end, `body_start` at the beginning of its body; `tag_edits` are edits that another asks for.
    `selections` are the tags to read, without and with a shield to place; `selections_away` those of a
    page whose `<base>` leads to another host. `is_xml` says that browsers read it as XML.
    """

    page: Address
    blocker: Blocker
    selections: tuple[Selection, Selection]
    selections_away: tuple[Selection, Selection]
    slots: Slots | None
    outcomes: Outcomes
    notices: Notices
    shield: bytes = b""
    module: str = ""
    addition: Addition | None = None
    tag_edits: TagEdits | None = None
    body_start: BodyStart | None = None
    is_xml: bool = False


class Verdict:
    """The decision on one tag: new values of attributes, removed loads, the filter of its text.

    With `encloses`, the loads inside the element go too. Without `is_lasting`, it is not cached.
    """

    __slots__ = ("content", "edits", "encloses", "is_lasting", "removals")

    def __init__(
        self,
        taken: Iterable[EditedAttribute] = (),
        *,
        content: Filter | None = None,
        is_lasting: bool = True,
    ) -> None:
        self.edits: Edits = {}
        self.removals: RemovedLoads = ()
        self.content = content
        self.encloses = False
        self.is_lasting = is_lasting
        self.take(taken)

    def take(self, taken: Iterable[EditedAttribute]) -> None:
        """Add edited attributes."""
        for attribute, instead, removals in taken:
            self.edits[attribute] = instead
            self.removals += removals

    def outcome(self, tag: StartTag) -> Outcome | None:
        """Return the tag's outcome, None if it stays and no load was removed."""
        raw = tag.edited(self.edits) if self.edits else None
        if self.content or self.encloses:
            return Outcome(Edit(raw or tag.raw, self.content, self.encloses), self.removals)
        return Outcome(raw, self.removals) if raw or self.removals else None


class Elements:
    """The decisions on one page's tags, asked for in order; `removals` collects the removed loads."""

    def __init__(self, context: PageContext) -> None:
        """Begin a page."""
        self.removals: list[RemovedLoad] = []
        self._context = context
        self._slots = context.slots
        self._loads = ListedLoads(context.blocker, context.page, context.page)
        self._has_base = self._lost_base = False
        self._outcomes = context.outcomes
        self._depth = 0  # level of pages in pages
        self._placing = Placing(context.shield)
        self._interest = Interest(context.selections[bool(context.shield)])

    def rewriter(self) -> Rewriter:
        """Return the filter for the page's bytes."""
        context = self._context
        rewriter = Rewriter(
            self._interest.selection,
            self.decide,
            context.addition,
            context.body_start,
            is_xml=context.is_xml,
        )
        self._interest = rewriter.interest
        self._skip_known()
        return rewriter

    def decide(self, tag: StartTag) -> Decision:
        """Decide on one start tag."""
        outcome = self._outcome(tag)
        decision = None
        if outcome is not None:
            decision = outcome.decision
            self._note(outcome.removals)
        return self._placed(tag, decision) if self._placing.is_pending else decision

    def _placed(self, tag: StartTag, decision: Decision) -> Decision:
        """Put the shield before or behind the tag if this is its place."""
        decision = self._placing.placed(tag, decision)
        if self._placing.is_amp:  # cached outcomes refer to the shield
            self._outcomes = Outcomes()
        if not self._placing.is_pending:
            self._interest.selection = self._context.selections[False]
            self._skip_known()
        return decision

    def _outcome(self, tag: StartTag) -> Outcome | None:
        """Return a tag's outcome: the cached one if its bytes alone decide."""
        place, raw = tag.place, tag.raw
        if place is not PLAIN and (place.is_enclosed or place.namespace is not Namespace.HTML):
            return self._verdict(tag).outcome(tag)
        tags = self._outcomes.tags
        is_repeated = tag.name in REMEMBERED and len(raw) <= _LONGEST_KEY
        key = raw if is_repeated else b""
        if is_repeated and (known := tags.get(key, _UNKNOWN)) is not _UNKNOWN:
            return known
        if not tag.is_marked and tag.name not in ALWAYS_READ and self._names_no_host(raw):
            if is_repeated:
                tags.keep(key, None)
            return None
        if not is_repeated:
            key = digest(raw)
            if (known := tags.get(key, _UNKNOWN)) is not _UNKNOWN:
                return known
        return self._decide(tag, key)

    def _decide(self, tag: StartTag, key: bytes) -> Outcome | None:
        verdict = self._verdict(tag)
        outcome = verdict.outcome(tag)
        # An edited tag repeats the tag's text. If that may be one visitor's, it is not cached.
        is_textless = outcome is None or outcome.decision is None
        if verdict.is_lasting and (is_textless or tag.name in REMEMBERED):
            self._outcomes.tags.keep(key, outcome)
        return outcome

    def _skip_known(self) -> None:
        """Skip tags cached as unchanged, unless the shield still needs a place."""
        self._interest.known = NothingKnown() if self._placing.is_pending else self._outcomes.tags

    def _verdict(self, tag: StartTag) -> Verdict:
        """Decide on a tag by its element's handler, then on attributes any element may have."""
        slot = None
        if self._slots and (tag.is_marked or tag.name[:4] == "amp-"):
            slot = self._slots.slot(tag)
        loads = EVERY_LOAD if slot or tag.place.is_enclosed else self._loads
        handler = _HANDLERS.get(tag.name, Elements._element)
        verdict = (handler if tag.namespace is Namespace.HTML else Elements._foreign)(
            self, tag, loads
        )
        if slot:
            match = Match(slot[0], "ad slots", "signal", "", True, slot[1], "ad")
            verdict.removals = (RemovedLoad(tag.name, match), *verdict.removals)
            verdict.edits = {**attributes.hidden(tag), **verdict.edits}
            verdict.encloses = True
        if tag.is_marked or loads is EVERY_LOAD:
            verdict.take(attributes.any_element(tag, loads, verdict.edits))
        if edits := self._context.tag_edits:
            verdict.edits = {**edits(tag, self._loads.page, self._loads.base), **verdict.edits}
        return verdict

    def _note(self, removals: RemovedLoads) -> None:
        if removals and len(self.removals) < _MOST_REMOVALS:
            self.removals += removals

    def _names_no_host(self, raw: bytes) -> bool:
        """Tell quickly that a tag names no other host: it has neither `:` nor `//`."""
        return (
            b"//" not in raw
            and b":" not in raw
            and b"\\" not in raw
            and b"&" not in raw
            and b"\n" not in raw
            and b"\t" not in raw
            and b"\r" not in raw
            and self._loads.is_at_home
        )

    # -- Elements of HTML

    def _element(self, tag: StartTag, loads: Loads) -> Verdict:
        """Edit the attributes that load something; hide an element that would be an empty box."""
        verdict = Verdict(attributes.element(tag, loads))
        if loads is not EVERY_LOAD and attributes.is_emptied(tag, verdict.edits):
            verdict.edits |= attributes.hidden(tag)
        return verdict

    def _link(self, tag: StartTag, loads: Loads) -> Verdict:
        return Verdict(attributes.link(tag, loads))

    def _meta(self, tag: StartTag, loads: Loads) -> Verdict:
        return Verdict(attributes.meta(tag, loads))

    def _frame(self, tag: StartTag, loads: Loads) -> Verdict:
        """Filter the page inside a frame, in `srcdoc` or a `data:` address."""
        verdict = self._element(tag, loads)
        document = tag.get("srcdoc")
        if document is not None and tag.name == "iframe":
            verdict.is_lasting = False  # the shield's element goes into it
            page = document.encode("utf-8", "surrogateescape")
            edited = self._document(page, self._shield, loads, verdict)
            if edited is not None:
                verdict.edits["srcdoc"] = edited.decode("utf-8", "surrogateescape")
        for attribute in ("src", "data"):
            if attribute not in verdict.edits and (url := tag.get(attribute)):
                instead = without_trackers(
                    url,
                    lambda page, is_xml: self._document(page, b"", loads, verdict, is_xml=is_xml),
                )
                verdict.edits |= {} if instead is None else {attribute: instead}
        return verdict

    @property
    def _shield(self) -> bytes:
        return b"" if self._placing.is_amp else self._context.shield

    def _document(
        self, page: bytes, shield: bytes, loads: Loads, verdict: Verdict, *, is_xml: bool = False
    ) -> bytes | None:
        """Return a page inside this one, edited, or None if it stays; `verdict` gets the removed loads."""
        if loads is EVERY_LOAD:
            return b""
        if self._depth >= _DEEPEST:
            return None
        nested = Elements(
            self._context._replace(
                shield=shield,
                outcomes=Outcomes(),
                addition=None,
                body_start=None,
                is_xml=is_xml,
            )
        )
        nested._depth = self._depth + 1
        nested._loads, nested._has_base = self._loads, self._has_base
        filtered = nested.rewriter()(page, last=True)
        verdict.removals += tuple(nested.removals)
        return None if filtered == page else filtered

    def _input(self, tag: StartTag, loads: Loads) -> Verdict:
        is_image = (tag.get("type") or "").lower() == "image"
        verdict = self._element(tag, loads) if is_image else Verdict()
        verdict.removals += self._sending(tag, loads).removals
        return verdict

    def _sending(self, tag: StartTag, loads: Loads) -> Verdict:
        """Log a listed address that a form sends to. It stays: the visitor sends the form."""
        verdict = Verdict()
        attribute = SENDING[tag.name]
        url = tag.get(attribute)
        if url and loads is not EVERY_LOAD and (match := self._loads.match(url, NAVIGATING)):
            verdict.removals = (RemovedLoad(f"{tag.name} {attribute}", match),)
            self._context.notices.once(_SENDS, match.host)
        return verdict

    def _base(self, tag: StartTag, loads: Loads) -> Verdict:
        """Read the base of the page's addresses; a listed base is removed, so the page's own address counts.

        The first base with an address counts, outside templates, SVG and MathML. If that one is removed,
        so are all later ones, which would count then.
        """
        verdict = Verdict(is_lasting=False)
        url = tag.get("href")
        if url is None:
            return verdict
        is_first = not (tag.place.is_inert or self._has_base)
        if is_first:
            self._has_base = True
            self._set_base(parse(url, self._loads.page) or self._loads.page)
            loads = self._loads
        noted = () if self._lost_base and not is_first else loads.taken("base", url, _BASE)
        if noted is not None:
            self._lost_base = self._lost_base or is_first
            verdict.take([EditedAttribute("href", None, noted)])
        return verdict

    def _set_base(self, base: Address) -> None:
        """Resolve addresses against this base; cached outcomes may not hold then."""
        page = self._loads.page
        self._loads = ListedLoads(self._context.blocker, page, base)
        if base.host != page.host or base.scheme != page.scheme:
            self._outcomes = Outcomes()
            self._context = self._context._replace(selections=self._context.selections_away)
            self._interest.selection = self._context.selections[self._placing.is_pending]
            self._skip_known()

    def _amp_analytics(self, tag: StartTag, loads: Loads) -> Verdict:
        """Remove the vendor of an analytics element; `_script` empties its configuration."""
        verdict = self._element(tag, loads)
        if vendor := (tag.get("type") or "").strip(_SPACE).lower():
            rule = f"amp-analytics[type={vendor}]"
            match = Match(rule, "AMP", "always", "", True, None, "analytics")
            verdict.removals += (RemovedLoad(tag.name, match),)
            verdict.edits |= {"type": None, "config": None}
        verdict.encloses = bool(verdict.edits)
        return verdict

    def _amp_ad(self, tag: StartTag, loads: Loads) -> Verdict:
        verdict = self._element(tag, loads)
        if loads is EVERY_LOAD:
            verdict.edits |= dict.fromkeys(("type", "src", "json", "data-slot"))
        return verdict

    # -- Scripts and styles

    def _script(self, tag: StartTag, loads: Loads) -> Verdict:
        if tag.raw == b"<script>":
            return Verdict()
        verdict = self._refused(tag, Verdict(attributes.addresses(tag, loads)))
        if "src" in verdict.edits:
            verdict.edits["integrity"] = None
            # A script without an address would run its text. In XML, comments may divide that.
            if self._context.is_xml:
                verdict.edits["type"] = _NO_SCRIPT
            else:
                verdict.content = emptied
        elif tag.get("src") is None:
            verdict.content = self._inline(tag, loads)
            verdict.is_lasting = verdict.content in {None, emptied}
        return verdict

    def _refused(self, tag: StartTag, verdict: Verdict) -> Verdict:
        """Tell the shield of the refused script."""
        if verdict.edits and self._shield:
            url = tag.get(next(iter(verdict.edits))) or ""
            verdict.edits["data-alpines-refused"] = url[:_LONGEST_LOGGED]
        return verdict

    def _inline(self, tag: StartTag, loads: Loads) -> Filter | None:
        kind = (tag.get("type") or "").strip(_SPACE).lower()
        if loads is EVERY_LOAD:
            return emptied if kind == "application/json" else None
        if not self._context.module or kind not in TYPES:
            return None
        if kind == "module":
            return Imports(self._later("import", kind), self._context.module)
        is_listed = self._later(f"script {kind}", kind)
        if kind == "importmap":
            module = address_of(self._context.module, ("default",))
            return Whole(lambda text: entries.without_imports(text, is_listed, module))
        return Whole(lambda text: entries.without_speculation(text, is_listed))

    def _later(self, what: str, kind: str) -> Callable[[str], bool]:
        """Return a test whether an address in a text is listed; it adds what is listed to `removals`."""
        loads, kinds = self._loads, TYPES[kind]

        def is_taken(url: str) -> bool:
            noted = loads.taken(what, url, kinds)
            self._note(noted or ())
            return noted is not None

        return is_taken

    def _style(self, tag: StartTag, loads: Loads) -> Verdict:
        del tag
        edit = _emptied_sheet if loads is EVERY_LOAD else partial(self._sheet, self._loads)
        return Verdict(content=Whole(edit), is_lasting=False)

    def _sheet(self, loads: ListedLoads, sheet: bytes) -> bytes | None:
        """Return a style sheet's replacement, from the cache if it is there; None if it stays."""
        if not _MAY_NAME_HOST(sheet) and loads.is_at_home:
            return None
        key = digest(sheet)
        known = self._outcomes.sheets.get(key)
        if known is None:
            known = _inert(sheet, loads)
            self._outcomes.sheets.keep(key, known)
        self._note(known.removals)
        return known.decision if isinstance(known.decision, bytes) else None

    # -- SVG and MathML

    def _foreign(self, tag: StartTag, loads: Loads) -> Verdict:
        verdict = Verdict(attributes.foreign(tag, loads))
        if tag.namespace is not Namespace.SVG:
            return verdict
        own = Verdict(attributes.svg(tag, loads))
        if tag.name == "script":
            self._refused(tag, own)
        verdict.edits |= own.edits
        verdict.removals += own.removals
        if tag.name == "style":
            verdict.content = self._style(tag, loads).content
        return verdict


def _inert(sheet: bytes, loads: Loads) -> Outcome:
    """Return a style sheet's outcome: its text with listed addresses replaced, and the removed loads."""
    noted: list[RemovedLoad] = []

    def is_taken(url: str, kinds: LoadKinds) -> bool:
        why = loads.taken("style", url, kinds)
        noted.extend(why or ())
        return why is not None

    edited = css.inert(sheet.decode("utf-8", "surrogateescape"), is_taken)
    decision = None if edited is None else edited.encode("utf-8", "surrogateescape")
    return Outcome(decision, tuple(noted))


def _emptied_sheet(sheet: bytes) -> bytes | None:
    decision = _inert(sheet, EVERY_LOAD).decision
    return decision if isinstance(decision, bytes) else None


_SENDS = (
    "A form sends what a visitor enters to %s, which is listed as a tracker. It is left as it is: the "
    "visitor sends it."
)
_BASE: LoadKinds = ("script",)
_NO_SCRIPT = "text/plain"  # the type of a script element that runs nothing and fires nothing
# A style sheet without any of these names no other host; the URL parser drops tabs.
_MAY_NAME_HOST = re.compile(rb"//|\\|/\t|[hH][tT][tT][pP]").search
_HANDLERS: Mapping[str, Callable[[Elements, StartTag, Loads], Verdict]] = MappingProxyType(
    {
        "script": Elements._script,  # noqa: SLF001 - the table of this class
        "style": Elements._style,  # noqa: SLF001 - the table of this class
        "link": Elements._link,  # noqa: SLF001 - the table of this class
        **dict.fromkeys(("iframe", "frame", "object", "embed"), Elements._frame),  # noqa: SLF001 - the table of this class
        "input": Elements._input,  # noqa: SLF001 - the table of this class
        **dict.fromkeys(("form", "button"), Elements._sending),  # noqa: SLF001 - the table of this class
        "meta": Elements._meta,  # noqa: SLF001 - the table of this class
        "base": Elements._base,  # noqa: SLF001 - the table of this class
        "amp-analytics": Elements._amp_analytics,  # noqa: SLF001 - the table of this class
        **dict.fromkeys(("amp-ad", "amp-embed"), Elements._amp_ad),  # noqa: SLF001 - the table of this class
    }
)
