"""The state machine that reads a page and asks the consumer what to do with its tags.

A state is a method: it takes a buffer with bounds, and returns the position it has read to. It may
set the next state. If it sets none, the rest of the buffer waits for the next chunk: a few bytes
that may become a tag or an end tag.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol, TypeAlias

from alpines_privacy.http.html import references
from alpines_privacy.http.html.addition import Addition
from alpines_privacy.http.html.attributes import is_self_closing
from alpines_privacy.http.html.body_start import BodyStart
from alpines_privacy.http.html.decisions import HELD, Decide, Edit
from alpines_privacy.http.html.enclosure import VOID, Enclosure
from alpines_privacy.http.html.lexing import (
    CDATA_END,
    COMMENT,
    COMMENT_END,
    LONGEST_NAME,
    NAME,
    NOSCRIPT_END,
    OPENING,
    SCRIPT_DATA,
    SCRIPT_DATA_DOUBLE_ESCAPED,
    SCRIPT_DATA_ESCAPED,
    TAG,
    UnfinishedTag,
    covering,
    end_of_text_and_tags,
    end_tag,
    nearest_data,
    opening,
    tail,
)
from alpines_privacy.http.html.namespaces import Namespace, Namespaces
from alpines_privacy.http.html.selection import EVERY_TAG, RAW_TEXT, STRUCTURE, Selection
from alpines_privacy.http.html.sink import Sink
from alpines_privacy.http.html.tags import PLAIN, Place, StartTag
from alpines_privacy.http.outcomes import Filter

__all__ = ["Known", "NothingKnown", "Rewriter"]

_State: TypeAlias = "Callable[[Rewriter, bytes, int, int], int]"

_SLASH = ord("/")
_ENDS = {name: end_tag(name) for name in RAW_TEXT}
_TEXTS = RAW_TEXT - {b"noscript"}  # whose content is text to every browser
_NO_NAMES: frozenset[bytes] = frozenset()
_CDATA = b"<![CDATA["
_DRAWING_END = b"</svg>"
_LONGEST_DRAWING = 2048  # bytes that are remembered
_HTML = Namespace.HTML
_BODY = b"body"
_LAST = frozenset({_BODY, b"html"})
_UNKNOWN = object()
_COMMENTS_TO_BE = frozenset({b"<!", b"<!-", b"<!--", b"<!---"})


class Known(Protocol):
    """Decisions known for bytes in a page's body: start tags, and whole `svg` elements.

    None means that the bytes need no edit.
    """

    def get(self, raw: bytes, default: object, /) -> object:
        """Return the known decision, else `default`."""

    def keep(self, raw: bytes, value: None, /) -> None:
        """Remember bytes that need no edit."""


class NothingKnown:
    """A `Known` that is always empty."""

    __slots__ = ()

    def get(self, raw: bytes, default: object, /) -> object:
        """Return the default."""
        del raw
        return default

    def keep(self, raw: bytes, value: None, /) -> None:
        """Remember nothing."""


class Interest:
    """The tags a rewriter offers: its `selection`, without the bytes `known` to need no edit.

    `decide` may change both; a change applies from the next tag on.
    """

    __slots__ = ("known", "selection")

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self.known: Known = NothingKnown()


class Rewriter:
    """Rewrites one page as it streams.

    `decide` gets each start tag of the selection in page order, except those whose place is `PLAIN`
    and that `interest.known` says need no edit. Its exceptions pass through. An `addition` reads
    along, and its markup goes to the end of the page's body; that of a `body_start` goes to its beginning.

    With `is_xml` the page is read as XML: any tag may close itself, no element's content is raw text, and
    CDATA sections may stand anywhere (XML 1.0 §2.7, §3.1).
    """

    __slots__ = (
        "_addition",
        "_ambiguous_end",
        "_body_start",
        "_content",
        "_decide",
        "_drawing",
        "_drawing_ends",
        "_enclosure",
        "_end",
        "_find",
        "_has_frames",
        "_is_followed",
        "_is_muted",
        "_is_xml",
        "_namespaces",
        "_opening",
        "_outer_namespaces",
        "_pending",
        "_positions",
        "_raw_text_names",
        "_search",
        "_selection",
        "_sink",
        "_state",
        "_tag",
        "interest",
    )

    def __init__(
        self,
        selection: Selection,
        decide: Decide,
        addition: Addition | None = None,
        body_start: BodyStart | None = None,
        *,
        is_xml: bool = False,
    ) -> None:
        self._selection = selection
        self._is_xml = is_xml
        self._raw_text_names = _NO_NAMES if is_xml else RAW_TEXT
        self._addition = addition  # None once its markup is in the page
        self._body_start = body_start  # None once the body has begun
        self._decide = decide
        self.interest = Interest(selection)
        self._drawing = b""  # the current `svg`, if the buffer holds all of it
        self._drawing_ends = -1  # position in the stream
        self._sink = Sink()
        self._pending = b""
        self._state: _State = Rewriter._data
        self._search = self._find = selection.html if body_start is None else EVERY_TAG
        self._namespaces = Namespaces()
        self._outer_namespaces: Namespaces | None = None  # around ambiguous content
        self._ambiguous_end = NOSCRIPT_END
        self._is_muted = False  # in this ambiguous content nothing is offered
        self._has_frames = False  # after `frameset`, which ignores most elements, raw text included
        self._enclosure: Enclosure | None = None
        self._is_followed = False  # the next start tag is offered
        self._content: Filter | None = None  # the filter for the text after the current tag
        self._positions: list[
            int
        ] = []  # of the selection, ahead in the buffer; the next one is last
        self._end = _ENDS[b"title"]  # of the current raw text
        self._tag = UnfinishedTag()
        self._opening = b""  # of the unfinished tag, if it matters

    @property
    def is_ambiguous(self) -> bool:
        """Whether browsers may read the rest of the page in two ways, so that nothing is edited."""
        return self._state is Rewriter._unedited

    def __call__(self, data: bytes, *, last: bool = False) -> bytes:
        """Take the next bytes; return those that can leave now, with `last` all that are left."""
        buf = self._pending + data if self._pending else data
        self._sink.begin(buf)
        if self._selection.positions:
            self._positions = self._selection.positions(buf)
            self._positions.reverse()
        pos = self._read(buf)
        if last:
            self._sink.release_tag()
            self._sink.send(len(buf))
            self._sink.end_content(len(buf))
            self._add_after_page()
            pos = len(buf)
        self._pending = buf[pos:]
        return self._sink.end(pos)

    def _read(self, buf: bytes) -> int:
        """Read as far as possible; return where the rest begins."""
        pos, end = 0, len(buf)
        while True:
            if self._outer_namespaces is None:
                pos = self._advance(buf, pos, end)
                if self._state is not Rewriter._ambiguous:
                    return pos
                self._outer_namespaces, self._namespaces = self._namespaces, self._namespaces.copy()
                self._state = Rewriter._data
            found = self._ambiguous_end.search(buf, pos)
            pos = self._advance(buf, pos, found.start() if found else tail(buf, pos, end))
            if self._outer_namespaces is None:
                continue
            if found is None:
                return pos
            pos = self._leave_ambiguous(found.start(), buf[pos : found.start()])

    def _advance(self, buf: bytes, pos: int, end: int) -> int:
        """Run the states until one does not change, or ambiguous content begins."""
        while pos < end:
            state = self._state
            pos = state(self, buf, pos, end)
            if self._state is state or self._state is Rewriter._ambiguous:
                break
        return pos

    def _look(self) -> None:
        """Choose the search for the current place, after an element has begun or ended."""
        is_read = self._addition is not None and self._addition.is_reading
        is_every_tag_read = is_read or self._is_followed or self._body_start is not None
        if self._namespaces.is_foreign or self._enclosure or is_every_tag_read:
            self._search = EVERY_TAG
        elif self._namespaces.has_template:
            self._search = self._selection.templated
        else:
            self._search = self._selection.html
        self._find = self._find_and_read if is_read else self._search

    def _data(self, buf: bytes, pos: int, end: int) -> int:
        """Find the next tag or comment that matters, and read its content: data state."""
        anchor = pos
        while True:
            position = self._next_position(pos, end) if self._positions else end
            hit = self._find(buf, pos, position)
            if hit is None:
                if position == end:
                    break
                start, past = position, self._read_around_position(buf, anchor, end)
            else:
                start = hit.start()
                # EVERY_TAG stops at each tag, so only text is in between.
                past = start if self._search is EVERY_TAG else covering(buf, anchor, start, end)
                if past < 0:
                    break
                if past == start:
                    past = self._read_hit(buf, hit, start, end)
                    if past == start:
                        return start
                else:
                    past = self._read_covering(buf, anchor, past, end)
            if self._state is not Rewriter._data:
                past = self._read_through(buf, past, end)
                if self._state is not Rewriter._data:
                    return past
            elif past < start:
                return past
            anchor = pos = past
        return self._cut(buf, anchor, end)

    def _read_hit(self, buf: bytes, hit: re.Match[bytes], start: int, end: int) -> int:
        """Read a tag or comment that matters; return its end, or `start` if more bytes are needed."""
        group = hit.lastindex
        if group is None:
            if self._is_muted and self._ambiguous_end is _ENDS[b"script"]:
                self._stop_editing()  # which `</script` ends it depends on what follows `<!--`
                return end
            comment = COMMENT(buf, start, end)
            return comment.end() if comment else self._comment_opened(buf, start, end)
        name = hit[group].lower()
        tag = TAG(buf, start, end)
        if tag is None:
            return self._tag_opened(buf, start, end, name)
        raw, past = tag[0], tag.end()
        if self._search is self._selection.html and self._outer_namespaces is None:
            if self.interest.known.get(raw, _UNKNOWN) is None and not self._has_frames:
                if name in self._raw_text_names:
                    self._enter_content(name)
                return past
            if name == b"svg" and (known := self._known_drawing(buf, start, past, end)):
                return known
        positions = self._positions
        is_marked = bool(positions) and positions[-1] < past
        self._tag_read(raw, name, start, is_marked)
        return past

    def _known_drawing(self, buf: bytes, start: int, past: int, end: int) -> int:
        """Return the end of an `svg` that is known to need no edit, 0 for any other."""
        close = buf.find(_DRAWING_END, past, min(end, start + _LONGEST_DRAWING))
        if close < 0 or self._addition is not None:  # which reads what is in it
            self._drawing_ends = -1
            return 0
        close += len(_DRAWING_END)
        drawing = buf[start:close]
        if self.interest.known.get(drawing, _UNKNOWN) is None:
            return close
        self._drawing = drawing
        self._drawing_ends = self._sink.offset(close)
        return 0

    def _next_position(self, pos: int, end: int) -> int:
        """Return the selection's next position, or `end`; drop those before `pos`."""
        positions = self._positions
        while positions and positions[-1] < pos:
            positions.pop()
        return min(positions[-1], end) if positions else end

    def _read_covering(self, buf: bytes, anchor: int, past: int, end: int) -> int:
        """Read a tag that does not matter, although a value in it looks like a tag that does."""
        has_position = bool(self._positions) and self._positions[-1] < past
        return self._read_around_position(buf, anchor, end) if has_position else past

    def _read_around_position(self, buf: bytes, anchor: int, end: int) -> int:
        """Read the tag around the selection's next position; return its end.

        Return the position itself if it is in text, the tag's start if its name is cut.
        """
        position = self._positions.pop()
        start = opening(buf, anchor, position)
        name = NAME(buf, start, end) if start < position else None
        if name is None:
            return position
        tag = TAG(buf, start, end)
        if tag is None:
            return self._tag_opened(buf, start, end, name[1].lower())
        self._tag_read(tag[0], name[1].lower(), start, True)
        return tag.end()

    def _read_through(self, buf: bytes, pos: int, end: int) -> int:
        """Read the content of a tag or comment, to its end if the buffer holds it."""
        while (state := self._state) is not Rewriter._data:
            pos = state(self, buf, pos, end)
            if self._state is state:
                break
        return pos

    def _cut(self, buf: bytes, anchor: int, end: int) -> int:
        """Return how far a chunk is read that ends in text, in an irrelevant tag, or in a cut `<`."""
        opened = end_of_text_and_tags(buf, nearest_data(buf, anchor, end), end)
        if opened < end:
            return self._tag_opened(buf, opened, end, b"")
        if buf.endswith((b"<", b"</"), anchor, end):
            return buf.rfind(b"<", anchor, end)
        return end

    # -- Tags

    def _tag_read(
        self,
        raw: bytes,
        name: bytes,
        start: int,
        is_marked: bool,  # noqa: FBT001 - of each tag: keywords cost
    ) -> None:
        if len(raw) > HELD or len(name) > LONGEST_NAME:
            self._tag_passed(_without_attributes(raw, name), name)
            return
        instead = self._tag_taken(raw, name, start, is_marked)
        if instead is not raw:
            self._drawing_ends = -1
            self._sink.send(start)
            self._sink.replace(start + len(raw), instead)
        if self._content is not None:
            self._filter_content(start + len(raw))

    def _tag_opened(self, buf: bytes, start: int, end: int, name: bytes) -> int:
        """Begin a tag that goes on in the next chunk: tag name state.

        `name` is empty for a tag that is not in the search; it matters all the same where positions
        or every tag are read.
        """
        match = NAME(buf, start, end)
        if match is None or (match.end() == end and len(match[1]) <= LONGEST_NAME):
            return start
        self._sink.send(start)
        self._tag = UnfinishedTag()
        matters = name or self._selection.positions or self._search is EVERY_TAG
        is_long = len(match[1]) > LONGEST_NAME
        self._opening = match[0][: LONGEST_NAME + 3].lower() if matters else b""
        if self._opening and not is_long:
            self._sink.collect()
        self._state = Rewriter._unfinished_tag
        return match.start(1)

    def _unfinished_tag(self, buf: bytes, pos: int, end: int) -> int:
        past = self._tag.read(buf, pos, end)
        self._sink.collected(end if past < 0 else past)
        if past < 0:
            return end
        self._state = Rewriter._data
        if self._opening:
            self._tag_finished(past)
        return past

    def _tag_finished(self, past: int) -> None:
        raw, name = self._sink.whole_tag(), self._opening.lstrip(b"</")
        if raw is None:
            ending = b"/>" if self._tag.is_self_closing else b">"
            self._tag_passed(self._opening + ending, name)
            return
        positions = self._selection.positions
        is_marked = positions is not None and bool(positions(raw))
        self._sink.replace(past, self._tag_taken(raw, name, past - len(raw), is_marked))
        if self._content is not None:
            self._filter_content(past)

    def _filter_content(self, at: int) -> None:
        """Send the text after a tag through the filter of its edit."""
        self._drawing_ends = -1
        content, self._content = self._content, None
        self._sink.send(at)
        if content is not None:
            self._sink.filter(content)

    def _tag_taken(self, raw: bytes, name: bytes, start: int, is_marked: bool) -> bytes:  # noqa: C901, FBT001 - calls cost too
        """Take a whole tag; return the bytes that replace it."""
        if raw[1] == _SLASH:
            return self._with_addition(raw, name, start)
        place: Place = PLAIN
        namespace: Namespace | None = _HTML
        if self._search is not self._selection.html or self._outer_namespaces or name in STRUCTURE:
            place = self._place()
            namespace = self._opened(name, raw, start)
            if self._state is Rewriter._unedited:
                return raw
            if namespace is not _HTML:
                place = _in(place, namespace)
        is_text = name in self._raw_text_names and (namespace is _HTML or namespace is None)
        if is_text and (namespace is None or (self._has_frames and name != b"noframes")):
            self._enter_uncertain(name)
            return raw
        if self._addition is not None:
            self._read_along(raw, name, place, start)
        instead = raw
        stays = place is PLAIN and self.interest.known.get(raw, _UNKNOWN) is None
        if not stays and not self._is_muted:
            offered = self._selection.offered.get(name)
            if offered or is_marked or self._search is EVERY_TAG:
                tag = StartTag(raw, offered or name.decode("latin-1"), place, is_marked)
                instead = self._offered(tag, name, start, offered is not None or is_marked)
        if self._body_start is not None:
            instead = self._around(StartTag(raw, name.decode("latin-1"), place), instead)
        if is_text:
            self._enter_content(name)
        return instead

    def _with_addition(self, raw: bytes, name: bytes, start: int) -> bytes:
        """Take a whole end tag; return it, after what is added before it."""
        added = b"" if self._body_start is None else self._begin_before(name)
        added += b"" if self._addition is None else self._add_before(name, start)
        self._end_tag_taken(name, start)
        if name == b"svg" and self._sink.offset(start + len(raw)) == self._drawing_ends:
            self._drawing_read()
        return added + raw if added else raw

    def _drawing_read(self) -> None:
        """Remember an `svg` that needs no edit and left no element open."""
        if self._search is self._selection.html:
            self.interest.known.keep(self._drawing, None)

    def _opened(self, name: bytes, raw: bytes, start: int) -> Namespace | None:
        """Add a start tag to the open elements; return its namespace, None if it is not known."""
        if self._has_frames and name in STRUCTURE:  # which a frame set ignores, or not
            self._stop_editing()
            return None
        namespace = self._namespaces.start(name, raw)
        if (
            name == b"frameset"
            and namespace is not Namespace.SVG
            and namespace is not Namespace.MATHML
        ):
            self._has_frames = True
        if (
            self._is_xml
            and namespace is _HTML
            and name not in VOID
            and self._is_empty(name, raw, namespace)
        ):
            self._namespaces.end(name)
        if self._enclosure:
            at, empty = self._sink.offset(start), self._is_empty(name, raw, namespace)
            if not self._enclosure.start(name, at, empty=empty):
                self._enclosure = None
        self._follow()
        return namespace

    def _is_empty(self, name: bytes, raw: bytes, namespace: Namespace | None) -> bool:
        """Whether an element has neither content nor end tag."""
        if namespace is _HTML and not self._is_xml:
            return name in VOID
        return is_self_closing(raw)

    def _follow(self) -> None:
        """Adjust the search to the open elements."""
        if self._namespaces.is_untracked:
            self._stop_editing()
        self._look()

    def _place(self) -> Place:
        """Return the current place, before the current tag is opened."""
        open_here = self._namespaces
        is_inert = self._outer_namespaces is not None or open_here.has_template
        is_enclosed = self._enclosure is not None
        if not (is_inert or is_enclosed or open_here.is_foreign):
            return PLAIN
        return Place(_HTML, is_inert, is_enclosed, open_here.is_foreign)

    def _offered(
        self,
        tag: StartTag,
        name: bytes,
        start: int,
        is_selected: bool,  # noqa: FBT001 - as above
    ) -> bytes:
        if not (is_selected or tag.place.is_enclosed or self._is_followed):
            return tag.raw
        if self._is_followed:
            self._is_followed = False
            self._look()
        decision = self._decide(tag)
        if self.interest.selection is not self._selection:
            self._selection = self.interest.selection
            self._look()
        if not isinstance(decision, Edit):
            return tag.raw if decision is None else decision
        self._edited(decision, tag, name, start)
        return decision.tag

    def _edited(self, edit: Edit, tag: StartTag, name: bytes, start: int) -> None:
        """Prepare for the content of an edited tag."""
        raw, namespace = tag.raw, tag.namespace
        empty = self._is_empty(name, raw, namespace)
        if edit.content and namespace is _HTML and not self._is_xml and name in _TEXTS:
            self._content = edit.content
        elif edit.content and (namespace is Namespace.SVG or self._is_xml) and not empty:
            self._content = edit.content
            self._state = Rewriter._markup_text
        if edit.encloses and not empty and self._enclosure is None:
            self._enclosure = Enclosure(name, self._sink.offset(start + len(raw)))
        self._is_followed = edit.is_followed
        self._look()

    def _end_tag_taken(self, name: bytes, start: int) -> None:
        has_closed = self._namespaces.end(name)
        if self._enclosure and not self._enclosure.end(name, self._sink.offset(start)):
            self._enclosure = None
            has_closed = True
        if has_closed:
            self._follow()

    def _tag_passed(self, raw: bytes, name: bytes) -> None:
        """Add a tag too long to be held to the open elements: the state depends on it."""
        if raw[1] == _SLASH:
            self._namespaces.end(name)
            self._follow()
            return
        namespace: Namespace | None = _HTML
        if self._search is not self._selection.html or name in STRUCTURE:
            namespace = self._opened(name, raw, 0)
        if (
            name in self._raw_text_names
            and namespace is not Namespace.SVG
            and namespace is not Namespace.MATHML
        ):
            if namespace is None or (self._has_frames and name != b"noframes"):
                self._enter_uncertain(name)
            else:
                self._enter_content(name)

    def _enter_content(self, name: bytes) -> None:
        """Enter the state in which the content of an element of `RAW_TEXT` is read."""
        if name == b"script":
            self._state = Rewriter._script_data
        elif name == b"plaintext":
            self._state = Rewriter._plaintext
        elif name != b"noscript":
            self._state = Rewriter._raw_text
            self._end = _ENDS[name]
        elif self._outer_namespaces is None:
            self._enter_ambiguous(NOSCRIPT_END)

    def _enter_uncertain(self, name: bytes) -> None:
        """Enter content that is raw text in one reading of the page and markup in another."""
        if self._state is Rewriter._unedited:
            return
        if name == b"plaintext" or self._outer_namespaces is not None:
            self._stop_editing()
        else:
            self._enter_ambiguous(_ENDS[name])
            self._is_muted = True

    def _enter_ambiguous(self, ambiguous_end: re.Pattern[bytes]) -> None:
        self._state = Rewriter._ambiguous
        self._ambiguous_end = ambiguous_end

    # -- Additions

    def _around(self, tag: StartTag, instead: bytes) -> bytes:
        """Return what leaves for a start tag, with the markup for the body's beginning if it is here."""
        place = tag.place
        if self._body_start is None or place.is_inert or place.is_foreign or self._is_muted:
            return instead
        around = self._body_start.around(tag)
        if around is None:
            return instead
        self._body_start = None
        self._look()
        return around[0] + instead + around[1]

    def _begin_before(self, name: bytes) -> bytes:
        """Return the markup for a body without elements, before the end tag that ends it."""
        if self._body_start is None or name not in _LAST or self._is_muted:
            return b""
        if self._place() is not PLAIN:
            return b""
        begun, self._body_start = self._body_start, None
        self._look()
        return begun.rest()

    def _read_along(self, raw: bytes, name: bytes, place: Place, start: int) -> None:
        """Show the addition a start tag."""
        if self._addition is None or place.is_inert or self._is_muted:
            return
        tag = StartTag(raw, name.decode("latin-1"), place)
        empty = self._is_empty(name, raw, place.namespace)
        self._addition.start(tag, self._sink.offset(start), empty=empty)
        self._look()

    def _find_and_read(self, buf: bytes, pos: int, end: int) -> re.Match[bytes] | None:
        """Find the next tag or comment, and show the addition the text before it."""
        hit = EVERY_TAG(buf, pos, end)
        if self._addition is not None and not self._place().is_inert:
            # A `<` at the end of the chunk is read again, with what follows it.
            cut = buf[pos:end].removesuffix(b"</").removesuffix(b"<")
            self._addition.text(buf[pos : hit.start()] if hit else cut)
        return hit

    def _add_before(self, name: bytes, start: int) -> bytes:
        """Show the addition an end tag; return what goes before it: the addition, if the body ends here."""
        place = self._place()
        if self._addition is None or place.is_inert or self._is_muted:
            return b""
        self._addition.end(name, self._sink.offset(start))
        added = b""
        if name == _BODY and not (place.is_foreign or self._has_frames):
            added = self._addition.closing(has_end_tag=True)
            self._addition = None
        self._look()
        return added

    def _add_after_page(self) -> None:
        """Send what is added after a page without `</body>`, where it is markup to every browser."""
        if self._addition is None and self._body_start is None:
            return
        is_markup = self._state is Rewriter._data and self._outer_namespaces is None
        if is_markup and self._place() is PLAIN and not self._has_frames:
            if self._body_start is not None:
                self._sink.add(self._body_start.rest())
            if self._addition is not None:
                self._sink.add(self._addition.closing(has_end_tag=False))

    # -- Comments

    def _comment_opened(self, buf: bytes, start: int, end: int) -> int:
        """Markup declaration open and comment start states, for a comment that does not end here.

        `start` if it is too early to tell.
        """
        opening = buf[start : min(start + len(_CDATA), end)]
        has_cdata = self._is_xml or self._namespaces.has_cdata()
        may_be_cdata = has_cdata is not False and _CDATA.startswith(opening)
        is_cut = start + len(opening) == end and opening != _CDATA
        if is_cut and (may_be_cdata or opening in _COMMENTS_TO_BE):
            return start
        if opening.startswith(b"<!--"):
            self._state = Rewriter._comment
            return start + 4
        if may_be_cdata:
            self._state = Rewriter._cdata if has_cdata else Rewriter._uncertain_cdata
            return start + len(_CDATA)
        self._state = Rewriter._bogus_comment
        return start + 2

    def _comment(self, buf: bytes, pos: int, end: int) -> int:
        return self._until(COMMENT_END, buf, pos, end)

    def _cdata(self, buf: bytes, pos: int, end: int) -> int:
        return self._until(CDATA_END, buf, pos, end)

    def _bogus_comment(self, buf: bytes, pos: int, end: int) -> int:
        """Bogus comment state; a DOCTYPE too ends at its first `>`, be it in an identifier."""
        close = buf.find(b">", pos, end)
        if close < 0:
            return end
        self._state = Rewriter._data
        return close + 1

    def _until(self, close: re.Pattern[bytes], buf: bytes, pos: int, end: int) -> int:
        match = close.search(buf, pos, end)
        if match is None:
            return tail(buf, pos, end)
        self._state = Rewriter._data
        return match.end()

    # -- Raw text

    def _raw_text(self, buf: bytes, pos: int, end: int) -> int:
        """RAWTEXT and RCDATA states."""
        match = self._end.search(buf, pos, end)
        return self._text_ended(match.start()) if match else tail(buf, pos, end)

    def _plaintext(self, buf: bytes, pos: int, end: int) -> int:
        del buf, pos
        return end

    def _script_data(self, buf: bytes, pos: int, end: int) -> int:
        match = SCRIPT_DATA.search(buf, pos, end)
        if match is None:
            return tail(buf, pos, end)
        if match[0] != b"<!--":
            return self._text_ended(match.start())
        self._state = Rewriter._script_data_escaped
        return match.end() - 2  # its dashes count: `<!-->` opens and ends

    def _script_data_escaped(self, buf: bytes, pos: int, end: int) -> int:
        match = SCRIPT_DATA_ESCAPED.search(buf, pos, end)
        if match is None:
            return tail(buf, pos, end)
        if match[0].startswith(b"</"):
            return self._text_ended(match.start())
        is_over = match[0] == b"-->"
        self._state = Rewriter._script_data if is_over else Rewriter._script_data_double_escaped
        return match.end()

    def _script_data_double_escaped(self, buf: bytes, pos: int, end: int) -> int:
        match = SCRIPT_DATA_DOUBLE_ESCAPED.search(buf, pos, end)
        if match is None:
            return tail(buf, pos, end)
        is_over = match[0] == b"-->"
        self._state = Rewriter._script_data if is_over else Rewriter._script_data_escaped
        return match.end()

    def _text_ended(self, at: int) -> int:
        """End raw text at `at`: its end tag is read like any other."""
        self._state = Rewriter._data
        self._sink.end_content(at)
        return at

    # -- Text of elements in SVG and XML

    def _markup_text(self, buf: bytes, pos: int, end: int) -> int:
        """Read the text and CDATA sections of an element, up to its first tag.

        Each is held until it ends. Those longer than `HELD` pass unchanged.
        """
        while found := OPENING(buf, pos, end):
            at = found.start()
            self._text_edited(buf, pos, at, is_encoded=True)
            opening = buf[at : min(at + len(_CDATA), end)]
            if opening != _CDATA:
                return at if _CDATA.startswith(opening) else self._markup_text_ended(at)
            close = buf.find(b"]]>", at + len(_CDATA), end)
            if close < 0:
                return self._markup_text_ended(at) if end - at > HELD else at
            self._sink.send(at + len(_CDATA))
            self._text_edited(buf, at + len(_CDATA), close, is_encoded=False)
            pos = close + 3
            self._sink.replace(pos, b"]]>")
        return self._markup_text_ended(pos) if end - pos > HELD else pos

    def _text_edited(self, buf: bytes, start: int, at: int, *, is_encoded: bool) -> None:
        """Send a text through its filter, with character references decoded."""
        if start == at or at - start > HELD:
            self._sink.pass_on(at)
            return
        written = buf[start:at]
        text = references.text(written) if is_encoded else written
        edited = self._sink.filtered(text)
        if edited == text:
            self._sink.pass_on(at)
        else:
            self._sink.replace(at, references.escaped(edited) if is_encoded else edited)

    def _markup_text_ended(self, at: int) -> int:
        self._sink.drop_content()
        self._state = Rewriter._data
        return at

    # -- Pages that can be read in two ways

    def _uncertain_cdata(self, buf: bytes, pos: int, end: int) -> int:
        """Read a CDATA section that may be a bogus comment; both are the same if its first `>` ends it."""
        close = buf.find(b">", pos, end)
        if close < 0:
            return max(pos, end - 2)
        if close - pos >= 2 and buf[close - 2 : close] == b"]]":
            self._state = Rewriter._data
        else:
            self._stop_editing()
        return close + 1

    def _stop_editing(self) -> None:
        self._sink.drop_content()
        self._content = self._enclosure = self._outer_namespaces = None
        self._is_followed = self._is_muted = False
        self._state = Rewriter._unedited

    def _unedited(self, buf: bytes, pos: int, end: int) -> int:
        del buf, pos
        return end

    # -- Ambiguous content

    def _ambiguous(self, buf: bytes, pos: int, end: int) -> int:
        """Stop before content that is text or markup; `_read` finds its end."""
        del buf, end
        return pos

    def _leave_ambiguous(self, at: int, unread: bytes) -> int:
        """End ambiguous content, and all elements open in it, where it ends as text.

        As markup it ends in the same state, unless a tag or comment is unfinished there.
        """
        self._sink.release_tag()
        self._sink.send(at)
        self._sink.end_content(at)
        inner, outer = self._namespaces, self._outer_namespaces
        if outer is None:
            return at
        self._namespaces, self._outer_namespaces, self._is_muted = outer, None, False
        self._namespaces.join(inner)
        if self._state is not Rewriter._data or unread not in {b"", b"<"}:
            self._stop_editing()
        self._follow()
        return at


def _in(place: Place, namespace: Namespace | None) -> Place:
    return place if namespace is _HTML or namespace is None else place._replace(namespace=namespace)


def _without_attributes(raw: bytes, name: bytes) -> bytes:
    """Return a tag too long to be held as one that chunks cut, so that cuts make no difference."""
    opening = b"</" if raw[1] == _SLASH else b"<"
    return opening + name[: LONGEST_NAME + 1] + (b"/>" if is_self_closing(raw) else b">")
