"""The machine that reads a page and asks what to do with its tags.

A state is a method: it takes the bytes it may read and returns the place it came to. It enters
another state to be followed by that one; if it enters none, the rest waits for the next chunk: a
few bytes of what may become a tag or an end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from alpines_privacy.http.html.attributes import is_self_closing
from alpines_privacy.http.html.containers import Container, is_empty
from alpines_privacy.http.html.decisions import HELD, Decide
from alpines_privacy.http.html.lexing import (
    CDATA_END,
    COMMENT,
    COMMENT_END,
    LONGEST_NAME,
    NAME,
    NOSCRIPT_END,
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
from alpines_privacy.http.html.outlet import Outlet
from alpines_privacy.http.html.selection import EVERY_TAG, RAW_TEXT, ROOTS, Selection
from alpines_privacy.http.html.tags import StartTag

__all__ = ["Rewriter"]

_State: TypeAlias = "Callable[[Rewriter, bytes, int, int], int]"

_SLASH = ord("/")
_ENDS = {name: end_tag(name) for name in RAW_TEXT}
_CDATA = b"<![CDATA["
_COMMENTS_TO_BE = frozenset({b"<!", b"<!-", b"<!--", b"<!---"})


class Rewriter:
    """Rewrites a page as it streams by; one for each page.

    `decide` gets each start tag of the selection, in the order of the page, save for those inside
    an element that is removed or held. What it raises, this
    raises.
    """

    __slots__ = (
        "_ashore",
        "_decide",
        "_end",
        "_marks",
        "_namespaces",
        "_opening",
        "_outlet",
        "_pending",
        "_search",
        "_selection",
        "_state",
        "_tag",
    )

    def __init__(self, selection: Selection, decide: Decide) -> None:
        self._selection = selection
        self._decide = decide
        self._outlet = Outlet()
        self._pending = b""
        self._state: _State = Rewriter._data
        self._search = selection.html
        self._namespaces = Namespaces()
        self._ashore: Namespaces | None = None  # around the `noscript` that is read
        self._marks: list[int] = []  # those of the buffer that are still ahead, the next one last
        self._end = _ENDS[b"title"]  # of the raw text that is read
        self._tag = UnfinishedTag()
        self._opening = b""  # of that tag, if it matters

    def __call__(self, data: bytes, *, last: bool = False) -> bytes:
        """Take the next bytes and return what can leave now; with `last`, all that is left."""
        buf = self._pending + data if self._pending else data
        self._outlet.begin(buf)
        if self._selection.marks:
            self._marks = self._selection.marks(buf)
            self._marks.reverse()
        pos = self._read(buf)
        if last:
            self._pending = b""
            return self._outlet.finish(len(buf))
        self._pending = buf[pos:]
        return self._outlet.end(pos)

    def _read(self, buf: bytes) -> int:
        """Read what can be read; return where the rest begins."""
        pos, end = 0, len(buf)
        while True:
            if self._ashore is None:
                pos = self._advance(buf, pos, end)
                if self._state is not Rewriter._noscript:
                    return pos
                self._ashore, self._namespaces = self._namespaces, Namespaces()
                self._state = Rewriter._data
                self._look()
            shore = NOSCRIPT_END.search(buf, pos)
            pos = self._advance(buf, pos, shore.start() if shore else tail(buf, pos, end))
            if shore is None:
                return pos
            pos = self._leave_island(shore.start())

    def _advance(self, buf: bytes, pos: int, end: int) -> int:
        """Read on through all states until one stays, or an island begins."""
        while pos < end:
            state = self._state
            pos = state(self, buf, pos, end)
            if self._state is state or self._state is Rewriter._noscript:
                break
        return pos

    def _look(self) -> None:
        """Search for what matters here, now that a container or the namespaces have changed."""
        container = self._outlet.container
        if container is not None and not container.is_text:
            self._search = EVERY_TAG
        elif self._namespaces.current is not Namespace.HTML:
            self._search = self._selection.foreign
        elif self._namespaces.depth:
            self._search = self._selection.integrated
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
                past = covering(buf, anchor, start, end)
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
            comment = COMMENT(buf, start, end)
            return comment.end() if comment else self._comment_opened(buf, start, end)
        name = hit[group].lower()
        tag = TAG(buf, start, end)
        if tag is None:
            return self._tag_opened(buf, start, end, name)
        past = tag.end()
        is_marked = bool(self._marks) and self._marks[-1] < past
        self._tag_read(tag[0], name, start, is_marked)
        return past

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
        if len(raw) > HELD:
            self._tag_passed(_without_attributes(raw, name), name)
        elif len(name) <= LONGEST_NAME:
            instead = self._tag_taken(raw, name, start, is_marked)
            if instead is not raw:
                self._outlet.replace(start + len(raw), instead)

    def _tag_opened(self, buf: bytes, start: int, end: int, name: bytes) -> int:
        """Tag name state and on: the chunk ends before the tag does.

        `name` if it matters; any may, where marks are looked for.
        """
        match = NAME(buf, start, end)
        if match is None or (match.end() == end and len(match[1]) <= LONGEST_NAME):
            return start
        self._outlet.send(start)
        self._tag = UnfinishedTag()
        matters = name or self._selection.marks
        self._opening = match[0].lower() if matters and len(match[1]) <= LONGEST_NAME else b""
        if self._opening:
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
        self._outlet.resume(past)
        return past

    def _tag_finished(self, past: int) -> None:
        raw, name = self._outlet.whole_tag(), self._opening.lstrip(b"</")
        if raw is None:
            ending = b"/>" if self._tag.is_self_closing else b">"
            self._tag_passed(self._opening + ending, name)
        else:
            marks = self._selection.marks
            is_marked = marks is not None and bool(marks(raw))
            self._outlet.replace(past, self._tag_taken(raw, name, past - len(raw), is_marked))

    def _tag_taken(self, raw: bytes, name: bytes, start: int, is_marked: bool) -> bytes:  # noqa: FBT001 - as above
        """Take a whole tag; return the bytes that go in its place."""
        if raw[1] == _SLASH:
            return self._end_tag_taken(raw, name, start)
        namespace = Namespace.HTML
        if self._search is not self._selection.html or name in ROOTS:
            namespace = self._namespaces.start(name, raw)
            self._start_placed(raw, name, namespace, start)
        instead = raw
        offered = self._selection.offered.get(name)
        if (offered or is_marked) and self._outlet.container is None:
            tag = StartTag(raw, offered or name.decode("latin-1"), namespace, is_marked)
            instead = self._offered(tag, name, start)
        if name in RAW_TEXT and namespace is Namespace.HTML:
            self._enter_content(name)
        return instead

    def _start_placed(self, raw: bytes, name: bytes, namespace: Namespace, start: int) -> None:
        container = self._outlet.container
        if container is not None:
            empty = is_empty(name, raw, namespace)
            depth = self._namespaces.depth
            place = container.place_of_start(name, depth=depth, empty=empty)
            self._outlet.placed(place, start)
        self._look()

    def _offered(self, tag: StartTag, name: bytes, start: int) -> bytes:
        decision = self._decide(tag)
        raw, namespace = tag.raw, tag.namespace
        if decision is None:
            return raw
        outlet = self._outlet
        outlet.send(start)
        content = outlet.offset(start + len(raw))
        depth = self._namespaces.depth
        element = Container(name, raw, namespace, depth=depth, start=content)
        instead = outlet.decided(decision, element, empty=is_empty(name, raw, namespace))
        self._look()
        return instead

    def _end_tag_taken(self, raw: bytes, name: bytes, start: int) -> bytes:
        self._namespaces.end(name)
        outlet, goes = self._outlet, False
        if outlet.container is not None:
            goes = outlet.placed(outlet.container.place_of_end(name), start)
        self._look()
        return b"" if goes else raw

    def _tag_passed(self, raw: bytes, name: bytes) -> None:
        """Follow a tag too long to be held: how to read on depends on it all the same."""
        if raw[1] == _SLASH:
            self._namespaces.end(name)
        elif self._namespaces.start(name, raw) is Namespace.HTML and name in RAW_TEXT:
            self._enter_content(name)
        self._look()

    def _enter_content(self, name: bytes) -> None:
        """Enter the state in which the content of an element of `RAW_TEXT` is read."""
        if name == b"script":
            self._state = Rewriter._script_data
        elif name == b"plaintext":
            self._state = Rewriter._plaintext
        elif name != b"noscript" or self._outlet.container is not None:
            self._state = Rewriter._raw_text
            self._end = _ENDS[name]
        elif self._ashore is None:
            self._state = Rewriter._noscript

    # -- Comments

    def _comment_opened(self, buf: bytes, start: int, end: int) -> int:
        """Markup declaration open and comment start states, for a comment that does not end here.

        `start` if it is too early to tell.
        """
        opening = buf[start : min(start + len(_CDATA), end)]
        is_foreign = self._namespaces.current is not Namespace.HTML
        may_be_cdata = is_foreign and _CDATA.startswith(opening)
        is_cut = start + len(opening) == end and opening != _CDATA
        if is_cut and (may_be_cdata or opening in _COMMENTS_TO_BE):
            return start
        if opening.startswith(b"<!--"):
            self._state = Rewriter._comment
            return start + 4
        if may_be_cdata:
            self._state = Rewriter._cdata
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
        """Raw text ends at `at`: its end tag is read as any other, or goes with its element."""
        self._state = Rewriter._data
        if self._outlet.container is not None and self._outlet.text_ended(at):
            self._tag, self._opening = UnfinishedTag(), b""
            self._state = Rewriter._unfinished_tag
            return at + 2
        return at

    # -- Islands

    def _noscript(self, buf: bytes, pos: int, end: int) -> int:
        """Stop before the content of `noscript`, to which `_read` gives bounds."""
        del buf, end
        return pos

    def _leave_island(self, at: int) -> int:
        """`</noscript` ends whatever is open in the island."""
        self._outlet.abandon(at)
        if self._ashore is not None:
            self._namespaces, self._ashore = self._ashore, None
        self._state = Rewriter._data
        self._look()
        return at


def _without_attributes(raw: bytes, name: bytes) -> bytes:
    """Return what is known of a tag that was cut and too long to be held, so that cuts do not show."""
    opening = b"</" if raw[1] == _SLASH else b"<"
    return opening + name + (b"/>" if is_self_closing(raw) else b">")
