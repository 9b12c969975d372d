"""A page's forms, links, headings of its own policy, and text, by the layer's tokenizer.

No tree is built. What a form or a link contains ends at its end tag; style sheets are not read, so an element is
hidden only by its own attributes or those around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from alpines_privacy.http.html import Rewriter, Selection, StartTag, references
from alpines_privacy.http.html.enclosure import Enclosure
from alpines_privacy.http.html.visibility import LABELS, UNSEEN, is_hidden
from alpines_privacy.http.url import parse

__all__ = ["Control", "Form", "Link", "Markup", "Part", "read_markup"]

Part = Literal["forms", "links"]

_FIRST = b"<html>"  # a reader gets every tag and text from the first tag of the selection on
_SELECTION = Selection((), along={"html"})

_MOST_TAGS = 30_000  # start tags of one page
_MOST_FORMS = 100
_MOST_CONTROLS = 300  # of one form
_MOST_LINKS = 2000
_MOST_OPTIONS = 200
_LONGEST_TEXT = 200_000  # characters of a page's text
_LONGEST_LABEL = 400
_LONGEST_VALUE = 2000
_CONTROLS = frozenset({"input", "select", "textarea", "button"})
_REFRESH = re.compile(
    r"""\s*+[\d.]*+\s*+[;,]?+\s*+(?:url\s*+=\s*+)?+["']?+([^"']*+)""", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Control:
    """One field of a form: its name and type, what it holds, the texts beside it, and the choices of a `select`."""

    name: str
    kind: str
    value: str = ""
    autocomplete: str = ""
    texts: str = ""
    options: tuple[str, ...] = ()
    is_checked: bool = False
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A form: where it is sent to (absolute), how, and its fields."""

    action: str
    method: str
    controls: tuple[Control, ...]
    text: str = ""

    def of_kind(self, kind: str) -> list[Control]:
        """Return the fields of a type."""
        return [control for control in self.controls if control.kind == kind]


@dataclass(frozen=True, slots=True)
class Link:
    """A link: where it leads (absolute), what it says, and whether it can be seen."""

    url: str
    text: str
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Markup:
    """What a page holds; `left_out` says of what it holds more.

    `metas` are `meta` elements by `name` or `http-equiv`, in small letters.
    """

    base: str
    forms: tuple[Form, ...] = ()
    links: tuple[Link, ...] = ()
    metas: tuple[tuple[str, str], ...] = ()
    times: tuple[str, ...] = ()
    text: str = ""
    refresh: str = ""
    left_out: frozenset[Part] = frozenset()

    def lacks(self, part: Part) -> bool:
        """Whether some of the page's forms or links are not among these, as there are too many."""
        return part in self.left_out


def read_markup(page: bytes, url: str, *, is_xml: bool = False) -> Markup:
    """Read a page of HTML at an address; `is_xml` says that browsers read it as XML."""
    reading = _Reading(url)
    rewriter = Rewriter(_SELECTION, lambda _: None, reading, is_xml=is_xml)
    rewriter(_FIRST + page, last=True)
    return reading.result()


@dataclass(slots=True)
class _OpenForm:
    """A form of which the end has not come yet."""

    action: str
    method: str
    controls: list[Control] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def closed(self) -> Form:
        return Form(self.action, self.method, tuple(self.controls), _words(self.words))


class _Reading:
    """Reads along with a rewriter (`Addition`): every tag and text, of a bounded number of tags."""

    def __init__(self, url: str) -> None:
        self._page = self._base = url
        self._has_base = False
        self._forms: list[Form] = []
        self._form: _OpenForm | None = None
        self._loose = _OpenForm(url, "")  # fields outside any form, which scripts send
        self._links: list[Link] = []
        self._link: tuple[str, bool, list[str]] | None = None
        self._hidden: Enclosure | None = None
        self._select: list[str] | None = None
        self._in_option = False
        self._label: list[str] = []
        self._metas: list[tuple[str, str]] = []
        self._times: list[str] = []
        self._text: list[str] = []
        self._size = 0
        self._refresh = ""
        self._tags = 0
        self._left_out: set[Part] = set()

    @property
    def is_reading(self) -> bool:
        """Whether it reads on."""
        return self._tags < _MOST_TAGS

    def result(self) -> Markup:
        """Return what was read."""
        self._end_link()
        self._end_form()
        if self._loose.controls:
            self._forms.append(self._loose.closed())
        return Markup(
            self._base,
            tuple(self._forms),
            tuple(self._links),
            tuple(self._metas),
            tuple(self._times),
            _words(self._text),
            self._refresh,
            frozenset(self._left_out if self.is_reading else ("forms", "links")),
        )

    def start(self, tag: StartTag, at: int, *, empty: bool) -> None:
        """Read a start tag."""
        self._tags += 1
        name = tag.name.encode("latin-1", "replace")
        if self._hidden is not None and not self._hidden.start(name, at, empty=empty):
            self._hidden = None
        if self._hidden is None and not empty and is_hidden(tag):
            self._hidden = Enclosure(name, at)
        handler = _HANDLERS.get(tag.name)
        if handler:
            handler(self, tag)
        if self._link is not None:
            self._link[2].extend(f" {label} " for label in _labels(tag))

    def end(self, name: bytes, at: int) -> None:
        """Read an end tag."""
        if name == b"a":
            self._end_link()
        elif name == b"form":
            self._end_form()
        elif name == b"select":
            self._end_select()
        elif name in {b"label", b"p", b"legend", b"div"}:
            self._label = self._label[-8:]
        if self._hidden is not None and not self._hidden.end(name, at):
            self._hidden = None
        self._keep(" ")

    def text(self, text: bytes) -> None:
        """Read text."""
        words = references.text(text).decode("utf-8", "replace")
        if self._link is not None:
            self._link[2].append(words)
        if self._select is not None:
            if self._in_option and self._select:
                self._select[-1] = (self._select[-1] + words.strip())[:_LONGEST_LABEL]
            return
        if self._hidden is None:
            self._keep(words)
        self._label.append(words[:_LONGEST_LABEL])

    def closing(self, *, has_end_tag: bool) -> bytes:
        """Add nothing to the page."""
        del has_end_tag
        return b""

    # -- Elements

    def _on_base(self, tag: StartTag) -> None:
        href = tag.get("href")
        if href is not None and not self._has_base:
            self._has_base = True
            self._base = self._absolute(href) or self._base

    def _on_meta(self, tag: StartTag) -> None:
        content = (tag.get("content") or "")[:_LONGEST_VALUE]
        name = (tag.get("name") or tag.get("http-equiv") or tag.get("property") or "").lower()
        self._metas.append((name[:64], content))
        if (tag.get("http-equiv") or "").strip().lower() == "refresh" and not self._refresh:
            target = _REFRESH.match(content)
            self._refresh = self._absolute(target[1]) if target and target[1] else ""

    def _on_time(self, tag: StartTag) -> None:
        if (written := tag.get("datetime")) and len(self._times) < _MOST_OPTIONS:
            self._times.append(written[:64])

    def _on_link(self, tag: StartTag) -> None:
        self._end_link()
        target = tag.get("href") or tag.get("xlink:href")
        if target and len(self._links) >= _MOST_LINKS:
            self._left_out.add("links")
        elif target:
            hidden = self._hidden is not None or is_hidden(tag)
            self._link = (self._absolute(target), hidden, [])

    def _on_area(self, tag: StartTag) -> None:
        self._on_link(tag)
        if self._link is not None:
            self._link[2].extend(_labels(tag))
        self._end_link()

    def _on_form(self, tag: StartTag) -> None:
        if self._form is None:  # a form in a form is none (WHATWG HTML §13.2.6.4.7)
            action = self._absolute(tag.get("action") or "") or self._page
            self._form = _OpenForm(action, (tag.get("method") or "get").strip().lower())

    def _on_control(self, tag: StartTag) -> None:
        form = self._form or self._loose
        if len(form.controls) >= _MOST_CONTROLS:
            self._left_out.add("forms")
            return
        form.controls.append(self._control(tag))
        self._label = []
        if tag.name == "select":
            self._select = []

    def _control(self, tag: StartTag) -> Control:
        kind = tag.name if tag.name != "input" else (tag.get("type") or "text").strip().lower()
        texts = [*self._label[-8:], *filter(None, map(tag.get, ("placeholder", "aria-label")))]
        return Control(
            name=(tag.get("name") or "")[:_LONGEST_LABEL],
            kind=kind,
            value=(tag.get("value") or "")[:_LONGEST_VALUE],
            autocomplete=(tag.get("autocomplete") or "").lower()[:_LONGEST_LABEL],
            texts=_words(texts)[:_LONGEST_LABEL],
            is_checked=tag.get("checked") is not None,
            limits=tuple(filter(None, map(tag.get, ("min", "max")))),
        )

    def _on_option(self, tag: StartTag) -> None:
        if self._select is not None and len(self._select) < _MOST_OPTIONS:
            self._select.append((tag.get("value") or "")[:_LONGEST_LABEL])
            self._in_option = tag.get("value") is None

    # -- Ends

    def _end_link(self) -> None:
        if self._link is not None:
            url, hidden, words = self._link
            self._links.append(Link(url, _words(words)[:_LONGEST_LABEL], hidden))
            self._link = None

    def _end_form(self) -> None:
        if self._form is not None and len(self._forms) >= _MOST_FORMS:
            self._left_out.add("forms")
        elif self._form is not None:
            self._forms.append(self._form.closed())
        self._form = None

    def _end_select(self) -> None:
        controls = (self._form or self._loose).controls
        if self._select is not None and controls and controls[-1].kind == "select":
            last = controls.pop()
            options = tuple(self._select)
            controls.append(
                Control(
                    last.name,
                    last.kind,
                    options[0] if options else "",
                    last.autocomplete,
                    last.texts,
                    options,
                )
            )
        self._select = None

    def _keep(self, words: str) -> None:
        if self._size < _LONGEST_TEXT:
            self._text.append(words)
            self._size += len(words)
            if self._form is not None:
                self._form.words.append(words)

    def _absolute(self, written: str) -> str:
        """Return an address as a browser resolves it; empty for one that leads to no host."""
        base = parse(self._base)
        address = parse(written.strip(), base) if base else None
        return address.url if address else ""


_HANDLERS = {
    "base": _Reading._on_base,  # noqa: SLF001 - the table of this class
    "meta": _Reading._on_meta,  # noqa: SLF001 - the table of this class
    "time": _Reading._on_time,  # noqa: SLF001 - the table of this class
    "a": _Reading._on_link,  # noqa: SLF001 - the table of this class
    "area": _Reading._on_area,  # noqa: SLF001 - the table of this class
    "form": _Reading._on_form,  # noqa: SLF001 - the table of this class
    "option": _Reading._on_option,  # noqa: SLF001 - the table of this class
    **dict.fromkeys(_CONTROLS, _Reading._on_control),  # noqa: SLF001 - the table of this class
}


def _labels(tag: StartTag) -> list[str]:
    return [label[:_LONGEST_LABEL] for label in map(tag.get, LABELS) if label]


def _words(pieces: list[str]) -> str:
    """Return pieces of text with one space between words."""
    return " ".join("".join(pieces).translate(UNSEEN).split())
