"""The machine that reads a page and asks what to do with its tags.

A state is a method: it takes the bytes it may read and returns the place it came to. It enters
another state to be followed by that one; if it enters none, the rest waits for the next chunk: a
few bytes of what may become a tag or an end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol, TypeAlias

from alpines_privacy.http.html import references
from alpines_privacy.http.html.attributes import is_self_closing
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
from alpines_privacy.http.html.sink import Outlet
from alpines_privacy.http.html.tags import PLAIN, Place, StartTag
from alpines_privacy.http.outcomes import Filter

__all__ = ["Known", "Nowhere", "Rewriter"]

_State: TypeAlias = "Callable[[Rewriter, bytes, int, int], int]"

_SLASH = ord("/")
_ENDS = {name: end_tag(name) for name in RAW_TEXT}
_TEXTS = RAW_TEXT - {b"noscript"}  # whose content is text to every browser
_CDATA = b"<![CDATA["
_DRAWING_END = b"</svg>"
_LONGEST_DRAWING = 2048  # bytes that are remembered
_HTML = Namespace.HTML
_UNKNOWN = object()
_COMMENTS_TO_BE = frozenset({b"<!", b"<!-", b"<!--", b"<!---"})


class Known(Protocol):
    """Bytes whose fate in the page's body is known: start tags, and whole `svg` elements.

    None stands for those that stay as they are.
    """

    def get(self, raw: bytes, default: object, /) -> object:
        """Return what is known, `default` where nothing is."""

    def keep(self, raw: bytes, value: None, /) -> None:
        """Remember bytes that stay."""


class Nowhere:
    """Knows nothing."""

    __slots__ = ()

    def get(self, raw: bytes, default: object, /) -> object:
        """Return the default."""
        del raw
        return default

    def keep(self, raw: bytes, value: None, /) -> None:
        """Forget it."""


class Interest:
    """What a rewriter looks for: its `selection`, but for the bytes that are `known` to stay.

    `decide` may change both; that holds from the next tag on.
    """

    __slots__ = ("known", "selection")

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self.known: Known = Nowhere()


class Rewriter:
    """Rewrites a page as it streams by; one for each page.

    `decide` gets each start tag of the selection, in the order of the page, but for those in
    `interest.known` to stay where they are nothing special (`PLAIN`). What it raises, this raises.
    """

    __slots__ = (
        "_ashore",
        "_content",
        "_decide",
        "_drawing",
        "_drawing_ends",
        "_enclosure",
        "_end",
        "_has_frames",
        "_is_followed",
        "_is_muted",
        "_marks",
        "_namespaces",
        "_opening",
        "_outlet",
        "_pending",
        "_search",
        "_selection",
        "_shore",
        "_state",
        "_tag",
        "interest",
    )

    def __init__(self, selection: Selection, decide: Decide) -> None:
        self._selection = selection
        self._decide = decide
        self.interest = Interest(selection)
        self._drawing = b""  # the `svg` that is read, if all of it is here
        self._drawing_ends = -1  # its place in the stream
        self._outlet = Outlet()
        self._pending = b""
        self._state: _State = Rewriter._data
        self._search = selection.html
        self._namespaces = Namespaces()
        self._ashore: Namespaces | None = None  # around the island that is read
        self._shore = NOSCRIPT_END  # what ends it
        self._is_muted = False  # nothing is offered in it
        self._has_frames = False  # raw text may be none: a frame set ignores most elements
        self._enclosure: Enclosure | None = None
        self._is_followed = False  # the next start tag is offered
        self._content: Filter | None = None  # of the tag that is read, for what follows it
        self._marks: list[int] = []  # those of the buffer that are still ahead, the next one last
        self._end = _ENDS[b"title"]  # of the raw text that is read
        self._tag = UnfinishedTag()
        self._opening = b""  # of that tag, if it matters

    @property
    def is_lost(self) -> bool:
        """Whether browsers may read the page in two ways from here on, so that nothing is edited."""
        return self._state is Rewriter._lost

    def __call__(self, data: bytes, *, last: bool = False) -> bytes:
        """Take the next bytes and return what can leave now; with `last`, all that is left."""
        buf = self._pending + data if self._pending else data
        self._outlet.begin(buf)
        if self._selection.marks:
            self._marks = self._selection.marks(buf)
            self._marks.reverse()
        pos = self._read(buf)
        if last:
            self._outlet.release_tag()
            self._outlet.send(len(buf))
            self._outlet.end_content(len(buf))
            pos = len(buf)
        self._pending = buf[pos:]
        return self._outlet.end(pos)

    def _read(self, buf: bytes) -> int:
        """Read what can be read; return where the rest begins."""
        pos, end = 0, len(buf)
        while True:
            if self._ashore is None:
                pos = self._advance(buf, pos, end)
                if self._state is not Rewriter._island:
                    return pos
                self._ashore, self._namespaces = self._namespaces, self._namespaces.copy()
                self._state = Rewriter._data
            shore = self._shore.search(buf, pos)
            pos = self._advance(buf, pos, shore.start() if shore else tail(buf, pos, end))
            if self._ashore is None:
                continue
            if shore is None:
                return pos
            pos = self._leave_island(shore.start(), buf[pos : shore.start()])

    def _advance(self, buf: bytes, pos: int, end: int) -> int:
        """Read on through all states until one stays, or an island begins."""
        while pos < end:
            state = self._state
            pos = state(self, buf, pos, end)
            if self._state is state or self._state is Rewriter._island:
                break
        return pos

    def _look(self) -> None:
        """Search for what matters here, now that something has begun or ended."""
        if self._namespaces.is_foreign or self._enclosure or self._is_followed:
            self._search = EVERY_TAG
        elif self._namespaces.has_template:
            self._search = self._selection.templated
        else:
            self._search = self._selection.html

    def _data(self, buf: bytes, pos: int, end: int) -> int:
        """Find the next tag or comment that matters, and read through what it opens: data state."""
        anchor = pos
        while True:
            mark = self._next_mark(pos, end) if self._marks else end
            hit = self._search(buf, pos, mark)
            if hit is None:
                if mark == end:
                    break
                start, past = mark, self._read_around_mark(buf, anchor, end)
            else:
                start = hit.start()
                # Where every tag is read, nothing but text is in between.
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
        """Read a tag or comment that matters; `start` if it is too early to tell."""
        group = hit.lastindex
        if group is None:
            if self._is_muted and self._shore is _ENDS[b"script"]:
                self._lose()  # what `</script` ends there depends on what follows `<!--`
                return end
            comment = COMMENT(buf, start, end)
            return comment.end() if comment else self._comment_opened(buf, start, end)
        name = hit[group].lower()
        tag = TAG(buf, start, end)
        if tag is None:
            return self._tag_opened(buf, start, end, name)
        raw, past = tag[0], tag.end()
        if self._search is self._selection.html and self._ashore is None:
            if self.interest.known.get(raw, _UNKNOWN) is None and not self._has_frames:
                if name in RAW_TEXT:
                    self._enter_content(name)
                return past
            if name == b"svg" and (known := self._known_drawing(buf, start, past, end)):
                return known
        marks = self._marks
        is_marked = bool(marks) and marks[-1] < past
        self._tag_read(raw, name, start, is_marked)
        return past

    def _known_drawing(self, buf: bytes, start: int, past: int, end: int) -> int:
        """Return the end of an `svg` that was seen before and stays, 0 for any other."""
        close = buf.find(_DRAWING_END, past, min(end, start + _LONGEST_DRAWING))
        if close < 0:
            self._drawing_ends = -1
            return 0
        close += len(_DRAWING_END)
        drawing = buf[start:close]
        if self.interest.known.get(drawing, _UNKNOWN) is None:
            return close
        self._drawing = drawing
        self._drawing_ends = self._outlet.offset(close)
        return 0

    def _next_mark(self, pos: int, end: int) -> int:
        """Return the next mark, `end` if there is none before it; what is behind is forgotten."""
        marks = self._marks
        while marks and marks[-1] < pos:
            marks.pop()
        return min(marks[-1], end) if marks else end

    def _read_covering(self, buf: bytes, anchor: int, past: int, end: int) -> int:
        """Read a tag that does not matter and holds, in a value, what looks like one that does."""
        has_mark = bool(self._marks) and self._marks[-1] < past
        return self._read_around_mark(buf, anchor, end) if has_mark else past

    def _read_around_mark(self, buf: bytes, anchor: int, end: int) -> int:
        """Read the tag the next mark stands in; the mark's own place if it stands in text.

        Where that tag begins if it is too early to tell its name.
        """
        mark = self._marks.pop()
        start = opening(buf, anchor, mark)
        name = NAME(buf, start, end) if start < mark else None
        if name is None:
            return mark
        tag = TAG(buf, start, end)
        if tag is None:
            return self._tag_opened(buf, start, end, name[1].lower())
        self._tag_read(tag[0], name[1].lower(), start, True)
        return tag.end()

    def _read_through(self, buf: bytes, pos: int, end: int) -> int:
        """Read what a tag or comment has opened, to its end if that is here."""
        while (state := self._state) is not Rewriter._data:
            pos = state(self, buf, pos, end)
            if self._state is state:
                break
        return pos

    def _cut(self, buf: bytes, anchor: int, end: int) -> int:
        """Tell where a chunk ends: in text, in a tag that does not matter, or too early to say."""
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
            self._outlet.send(start)
            self._outlet.replace(start + len(raw), instead)
        if self._content is not None:
            self._filter_content(start + len(raw))

    def _tag_opened(self, buf: bytes, start: int, end: int, name: bytes) -> int:
        """Tag name state and on: the chunk ends before the tag does.

        `name` if it matters; any may, where marks are looked for or every tag is read.
        """
        match = NAME(buf, start, end)
        if match is None or (match.end() == end and len(match[1]) <= LONGEST_NAME):
            return start
        self._outlet.send(start)
        self._tag = UnfinishedTag()
        matters = name or self._selection.marks or self._search is EVERY_TAG
        is_long = len(match[1]) > LONGEST_NAME
        self._opening = match[0][: LONGEST_NAME + 3].lower() if matters else b""
        if self._opening and not is_long:
            self._outlet.collect()
        self._state = Rewriter._unfinished_tag
        return match.start(1)

    def _unfinished_tag(self, buf: bytes, pos: int, end: int) -> int:
        past = self._tag.read(buf, pos, end)
        self._outlet.collected(end if past < 0 else past)
        if past < 0:
            return end
        self._state = Rewriter._data
        if self._opening:
            self._tag_finished(past)
        return past

    def _tag_finished(self, past: int) -> None:
        raw, name = self._outlet.whole_tag(), self._opening.lstrip(b"</")
        if raw is None:
            ending = b"/>" if self._tag.is_self_closing else b">"
            self._tag_passed(self._opening + ending, name)
            return
        marks = self._selection.marks
        is_marked = marks is not None and bool(marks(raw))
        self._outlet.replace(past, self._tag_taken(raw, name, past - len(raw), is_marked))
        if self._content is not None:
            self._filter_content(past)

    def _filter_content(self, at: int) -> None:
        """Send what follows a tag through the filter that was asked for."""
        self._drawing_ends = -1
        content, self._content = self._content, None
        self._outlet.send(at)
        if content is not None:
            self._outlet.filter(content)

    def _tag_taken(self, raw: bytes, name: bytes, start: int, is_marked: bool) -> bytes:  # noqa: FBT001 - as above
        """Take a whole tag; return the bytes that go in its place."""
        if raw[1] == _SLASH:
            self._end_tag_taken(name, start)
            if name == b"svg" and self._outlet.offset(start + len(raw)) == self._drawing_ends:
                self._drawing_read()
            return raw
        place: Place = PLAIN
        namespace: Namespace | None = _HTML
        if self._search is not self._selection.html or self._ashore or name in STRUCTURE:
            place = self._place()
            namespace = self._opened(name, raw, start)
            if self._state is Rewriter._lost:
                return raw
            if namespace is not _HTML:
                place = _in(place, namespace)
        is_text = name in RAW_TEXT and (namespace is _HTML or namespace is None)
        if is_text and (namespace is None or (self._has_frames and name != b"noframes")):
            self._enter_doubt(name)
            return raw
        instead = raw
        stays = place is PLAIN and self.interest.known.get(raw, _UNKNOWN) is None
        if not stays and not self._is_muted:
            offered = self._selection.offered.get(name)
            if offered or is_marked or self._search is EVERY_TAG:
                tag = StartTag(raw, offered or name.decode("latin-1"), place, is_marked)
                instead = self._offered(tag, name, start, offered is not None or is_marked)
        if is_text:
            self._enter_content(name)
        return instead

    def _drawing_read(self) -> None:
        """Remember an `svg` that stays, with which nothing else ended or began."""
        if self._search is self._selection.html:
            self.interest.known.keep(self._drawing, None)

    def _opened(self, name: bytes, raw: bytes, start: int) -> Namespace | None:
        """Follow a start tag where what is open matters; return its namespace, None if not known."""
        if self._has_frames and name in STRUCTURE:  # which a frame set ignores, or not
            self._lose()
            return None
        namespace = self._namespaces.start(name, raw)
        if (
            name == b"frameset"
            and namespace is not Namespace.SVG
            and namespace is not Namespace.MATHML
        ):
            self._has_frames = True
        if self._enclosure:
            at, empty = self._outlet.offset(start), _is_empty(name, raw, namespace)
            if not self._enclosure.start(name, at, empty=empty):
                self._enclosure = None
        self._follow()
        return namespace

    def _follow(self) -> None:
        """Go on after what is open has changed."""
        if self._namespaces.is_lost:
            self._lose()
        self._look()

    def _place(self) -> Place:
        """Return the place that is read, before what stands there is opened."""
        open_here = self._namespaces
        is_inert = self._ashore is not None or open_here.has_template
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
        """Prepare for what follows a tag that is edited."""
        raw, namespace = tag.raw, tag.namespace
        empty = _is_empty(name, raw, namespace)
        if edit.content and namespace is _HTML and name in _TEXTS:
            self._content = edit.content
        elif edit.content and namespace is Namespace.SVG and not empty:
            self._content = edit.content
            self._state = Rewriter._foreign_text
        if edit.encloses and not empty and self._enclosure is None:
            self._enclosure = Enclosure(name, self._outlet.offset(start + len(raw)))
        self._is_followed = edit.is_followed
        self._look()

    def _end_tag_taken(self, name: bytes, start: int) -> None:
        has_closed = self._namespaces.end(name)
        if self._enclosure and not self._enclosure.end(name, self._outlet.offset(start)):
            self._enclosure = None
            has_closed = True
        if has_closed:
            self._follow()

    def _tag_passed(self, raw: bytes, name: bytes) -> None:
        """Follow a tag too long to be held: how to read on depends on it all the same."""
        if raw[1] == _SLASH:
            self._namespaces.end(name)
            self._follow()
            return
        namespace: Namespace | None = _HTML
        if self._search is not self._selection.html or name in STRUCTURE:
            namespace = self._opened(name, raw, 0)
        if (
            name in RAW_TEXT
            and namespace is not Namespace.SVG
            and namespace is not Namespace.MATHML
        ):
            if namespace is None or (self._has_frames and name != b"noframes"):
                self._enter_doubt(name)
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
        elif self._ashore is None:
            self._enter_island(NOSCRIPT_END)

    def _enter_doubt(self, name: bytes) -> None:
        """Enter what is text in one reading of the page, and markup in another."""
        if self._state is Rewriter._lost:
            return
        if name == b"plaintext" or self._ashore is not None:
            self._lose()
        else:
            self._enter_island(_ENDS[name])
            self._is_muted = True

    def _enter_island(self, shore: re.Pattern[bytes]) -> None:
        self._state = Rewriter._island
        self._shore = shore

    # -- Comments

    def _comment_opened(self, buf: bytes, start: int, end: int) -> int:
        """Markup declaration open and comment start states, for a comment that does not end here.

        `start` if it is too early to tell.
        """
        opening = buf[start : min(start + len(_CDATA), end)]
        has_cdata = self._namespaces.has_cdata()
        may_be_cdata = has_cdata is not False and _CDATA.startswith(opening)
        is_cut = start + len(opening) == end and opening != _CDATA
        if is_cut and (may_be_cdata or opening in _COMMENTS_TO_BE):
            return start
        if opening.startswith(b"<!--"):
            self._state = Rewriter._comment
            return start + 4
        if may_be_cdata:
            self._state = Rewriter._cdata if has_cdata else Rewriter._cdata_in_doubt
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
        """Raw text ends at `at`: its end tag is read as any other."""
        self._state = Rewriter._data
        self._outlet.end_content(at)
        return at

    # -- Text of SVG

    def _foreign_text(self, buf: bytes, pos: int, end: int) -> int:
        """Read what an element of SVG begins with: text and CDATA sections, up to its first tag.

        Each is held until it ends. Longer ones pass as they are.
        """
        while found := OPENING(buf, pos, end):
            at = found.start()
            self._text_edited(buf, pos, at, is_encoded=True)
            opening = buf[at : min(at + len(_CDATA), end)]
            if opening != _CDATA:
                return at if _CDATA.startswith(opening) else self._foreign_text_ended(at)
            close = buf.find(b"]]>", at + len(_CDATA), end)
            if close < 0:
                return self._foreign_text_ended(at) if end - at > HELD else at
            self._outlet.send(at + len(_CDATA))
            self._text_edited(buf, at + len(_CDATA), close, is_encoded=False)
            pos = close + 3
            self._outlet.replace(pos, b"]]>")
        return self._foreign_text_ended(pos) if end - pos > HELD else pos

    def _text_edited(self, buf: bytes, start: int, at: int, *, is_encoded: bool) -> None:
        """Send a text through its filter, which gets it without character references."""
        if start == at or at - start > HELD:
            self._outlet.pass_on(at)
            return
        written = buf[start:at]
        text = references.text(written) if is_encoded else written
        edited = self._outlet.filtered(text)
        if edited == text:
            self._outlet.pass_on(at)
        else:
            self._outlet.replace(at, references.escaped(edited) if is_encoded else edited)

    def _foreign_text_ended(self, at: int) -> int:
        self._outlet.drop_content()
        self._state = Rewriter._data
        return at

    # -- Where a page may be read in two ways

    def _cdata_in_doubt(self, buf: bytes, pos: int, end: int) -> int:
        """Read a CDATA section that may be a bogus comment: the same if its first `>` ends it."""
        close = buf.find(b">", pos, end)
        if close < 0:
            return max(pos, end - 2)
        if close - pos >= 2 and buf[close - 2 : close] == b"]]":
            self._state = Rewriter._data
        else:
            self._lose()
        return close + 1

    def _lose(self) -> None:
        """Edit nothing any more."""
        self._outlet.drop_content()
        self._content = self._enclosure = self._ashore = None
        self._is_followed = self._is_muted = False
        self._state = Rewriter._lost

    def _lost(self, buf: bytes, pos: int, end: int) -> int:
        del buf, pos
        return end

    # -- Islands

    def _island(self, buf: bytes, pos: int, end: int) -> int:
        """Stop before content that is text or markup, to which `_read` gives bounds."""
        del buf, end
        return pos

    def _leave_island(self, at: int, unread: bytes) -> int:
        """End the island, with whatever is open in it, where it ends if it is text.

        Where it is markup, the page is read on alike unless something is unfinished.
        """
        self._outlet.release_tag()
        self._outlet.send(at)
        self._outlet.end_content(at)
        island, ashore = self._namespaces, self._ashore
        if ashore is None:
            return at
        self._namespaces, self._ashore, self._is_muted = ashore, None, False
        self._namespaces.join(island)
        if self._state is not Rewriter._data or unread not in {b"", b"<"}:
            self._lose()
        self._follow()
        return at


def _in(place: Place, namespace: Namespace | None) -> Place:
    return place if namespace is _HTML or namespace is None else place._replace(namespace=namespace)


def _is_empty(name: bytes, raw: bytes, namespace: Namespace | None) -> bool:
    return name in VOID if namespace is _HTML else is_self_closing(raw)


def _without_attributes(raw: bytes, name: bytes) -> bytes:
    """Return what is known of a tag that was cut and too long to be held, so that cuts do not show."""
    opening = b"</" if raw[1] == _SLASH else b"<"
    return opening + name[: LONGEST_NAME + 1] + (b"/>" if is_self_closing(raw) else b">")
