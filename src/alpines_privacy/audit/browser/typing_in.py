"""The visitor's part of a visit: the mouse moves, and each text field gets a text that is found again."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct, convert

from alpines_privacy.audit.browser.markers import PAGE_TEXT, Markers

if TYPE_CHECKING:
    from playwright.async_api import Frame, Page

__all__ = ["PATH", "Field", "content_marker", "move", "type_into"]

# Points that the mouse passes: numbers that hardly stand side by side in a request by chance.
PATH = ((317, 233), (431, 271), (523, 367), (611, 419), (277, 389))
_MOST_FIELDS = 12
_FIELDS = (files(__package__) / "fields.js").read_text(encoding="utf-8")
_DIGITS = frozenset({"tel", "number"})
_WHOLE = {"email": "{}@example.com", "url": "https://example.com/{}", "password": "{}A1!"}
# Invisible, and last: no layout changes, and no script of the page looks for it.
_ADD = """text => {
  const added = document.createElement("p");
  added.hidden = true;
  added.textContent = text;
  document.body?.append(added);
}"""


class Field(Struct, frozen=True):
    """A text field as the page tells of it: its type, what it is called, and how many characters it takes."""

    type: Annotated[str, Meta(max_length=20)]
    name: Annotated[str, Meta(max_length=60)]
    longest: int


async def move(page: Page) -> None:
    """Move the mouse along `PATH`."""
    for x, y in PATH:
        await page.mouse.move(x, y)


async def content_marker(page: Page, markers: Markers) -> None:
    """Add a text to the page, which only a recorder of the page would send away."""
    await page.evaluate(_ADD, markers.text(PAGE_TEXT, 100))


async def type_into(page: Page, markers: Markers, is_own: Any) -> int:
    """Type a marker into each text field of the page and its own frames, send no form, and count the fields."""
    typed = 0
    for frame in page.frames:
        if typed < _MOST_FIELDS and is_own(frame.url):
            typed += await _type_into(page, frame, markers, _MOST_FIELDS - typed)
    return typed


async def _type_into(page: Page, frame: Frame, markers: Markers, most: int) -> int:
    found = await frame.evaluate_handle(_FIELDS, most)
    told = await found.evaluate("found => found.map(({element, ...rest}) => rest)")
    known = convert(told, list[Field])[:most]
    for index, field in enumerate(known):
        element = (
            await found.evaluate_handle("(found, at) => found[at].element", index)
        ).as_element()
        text = text_for(field, markers)
        if element is not None and text:
            await element.focus()
            await page.keyboard.type(text)
    await found.dispose()
    return len(known)


def text_for(field: Field, markers: Markers) -> str:
    """Return what is typed into a field: a marker, in the form that its type asks for."""
    what = f"{field.type} field {field.name}"
    frame = _WHOLE.get(field.type, "{}")
    room = field.longest - len(frame.format(""))
    marker = markers.text(what, room, digits=field.type in _DIGITS)
    whole = frame.format(marker) if marker else ""
    if whole:
        markers.typed(marker, whole, what)
    return whole
