"""The filter of a page: it removes the loads of trackers, and of ads for visitors who opted out.

Most tags are never read. The filter searches for elements that load something. A style, a `ping` or an
ad may be on any tag; a search for attributes finds those tags (`loading_attributes.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import TypeAlias

from alpines_privacy.http.cache import Cache
from alpines_privacy.http.html import Addition, BodyStart, Selection, TagEdits
from alpines_privacy.http.html.links import AROUND_LINKS, link_marks
from alpines_privacy.http.report import Notices
from alpines_privacy.http.url import Address, parse
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.trackers.blocking import blockers
from alpines_privacy.trackers.elements import Elements, PageContext
from alpines_privacy.trackers.loading_attributes import carriers, handlers
from alpines_privacy.trackers.loads import RemovedLoad
from alpines_privacy.trackers.markup import AMP, LOADING, SHIELDED
from alpines_privacy.trackers.nothing import PATH
from alpines_privacy.trackers.outcomes import Outcomes
from alpines_privacy.trackers.rules import Rules
from alpines_privacy.trackers.slots import Slots

__all__ = ["Page", "Pages"]

Marks: TypeAlias = "Callable[[bytes], list[int]]"

_OUTCOMES_BYTES = 2048  # bytes of an empty one
_NO_ADDRESS = Address("https://invalid/", "https", "invalid", len("https://invalid"))
_MOUNT = re.compile(r"(?:/[\w.~-]*)*", re.ASCII).fullmatch


class Pages:
    """The filters of pages under one policy, compiled once, for visitors with and without a signal."""

    def __init__(
        self, policy: PrivacyPolicy, rules: Rules, tag_edits: TagEdits | None = None
    ) -> None:
        """Compile a policy and its rules; `tag_edits` are edits that another promise asks for."""
        self._tag_edits = tag_edits
        self.blockers = blockers(rules, policy)
        self._slots = Slots(policy.ad_slots)
        marks = {False: carriers, True: self._slots.marks}
        if tag_edits:
            marks = {o: _both(found, tag_edits.marks) for o, found in marks.items()}
        self._selections = _by_visit(frozenset(), marks)
        self._selections_away = _by_visit(tag_edits.names, marks) if tag_edits else self._selections
        self._module = policy.endpoint + PATH
        self._notices = Notices()
        self._outcomes: Cache[tuple[str | bool, ...], Outcomes] = Cache(
            "page outcomes", lambda _: Outcomes(), lambda _: _OUTCOMES_BYTES
        )

    def begin(  # noqa: PLR0913 - named, and each a fact of the page
        self,
        *,
        url: str,
        opted_out: bool,
        shield: bytes = b"",
        mount: str = "",
        may_edit_scripts: bool = True,
        addition: Addition | None = None,
        body_start: BodyStart | None = None,
        exempted: Container[str] = frozenset(),
        is_xml: bool = False,
    ) -> Page:
        """Begin one page at its own address.

        `shield` is the element to put before the page's first code, empty for none. `mount` is the path
        of this app. If `may_edit_scripts` is false, as under a CSP with digests of scripts, imports
        of listed modules stay. `addition` reads the page's links along, and adds at its end; `body_start`
        adds at the beginning of its body.
        `exempted` are the parts that leave this page out. `is_xml` says that browsers read it as XML.
        """
        address = parse(url) or _NO_ADDRESS
        module = mount + self._module if may_edit_scripts and _MOUNT(mount) else ""
        edits = self._tag_edits
        if edits and edits.part in exempted:
            edits = None
        context = PageContext(
            address,
            self.blockers[opted_out],
            self._selections[opted_out, addition is not None],
            self._selections_away[opted_out, addition is not None],
            self._slots if opted_out else None,
            self._outcomes_of(address, opted_out, bool(shield), bool(module), bool(edits), is_xml),
            self._notices,
            shield,
            module,
            addition,
            edits,
            body_start,
            is_xml,
        )
        return Page(Elements(context))

    def _outcomes_of(self, page: Address, *kind: bool) -> Outcomes:
        """Return the cache for this host's pages of this kind; an empty one if decisions depend on the path."""
        if self.blockers[False].has_own_rules:
            return Outcomes()
        return self._outcomes[page.host, page.scheme, *kind]


class Page:
    """The filter for one page's bytes, with the loads it removed."""

    def __init__(self, elements: Elements) -> None:
        """Begin a page; `elements` decides on its tags."""
        self._elements = elements
        self._rewrite = elements.rewriter()
        self.watchers: Sequence[Callable[[bytes], None]] = ()

    @property
    def removals(self) -> list[RemovedLoad]:
        """The removed loads, in the order of the page."""
        return self._elements.removals

    def __call__(self, data: bytes, *, last: bool) -> bytes:
        """Take the next bytes and return those that are finished; with `last`, all the rest."""
        for watch in self.watchers:
            watch(data)
        return self._rewrite(data, last=last)


def _both(first: Marks, second: Marks) -> Marks:
    return lambda data: sorted(first(data) + second(data))


def _by_visit(
    more: frozenset[str], marks: Mapping[bool, Marks]
) -> dict[tuple[bool, bool], tuple[Selection, Selection]]:
    """Return the tags to read, by whether the visitor opted out and whether something is added."""
    return {
        (opted_out, has_addition): _selections(names, marks[opted_out], has_addition=has_addition)
        for opted_out, names in ((False, LOADING | more), (True, LOADING | AMP | more))
        for has_addition in (False, True)
    }


def _selections(
    names: Iterable[str], marks: Marks, *, has_addition: bool
) -> tuple[Selection, Selection]:
    """Return the tags to read, without and with a shield to place."""
    along, ends = (AROUND_LINKS, {"body"}) if has_addition else (frozenset[str](), set[str]())
    read = _both(marks, link_marks) if has_addition else marks
    return (
        Selection(names, read, along=along, ends=ends),
        Selection({*names, *SHIELDED}, _both(read, handlers), along=along, ends=ends),
    )
