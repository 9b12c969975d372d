"""The place of the shield's element: before the first code of a page, where it does not change the tree.

A script element before another script, or before most start tags, changes nothing else in the tree.
Exceptions: a `head` after it would lose its attributes, and a `col` after it its group. It does not run
in a `template` or `noscript`, and is another element in `svg` and `math`. There it waits for the next
tag.
"""

from __future__ import annotations

from alpines_privacy.http.html import Decision, Edit, Namespace, StartTag, is_amp

__all__ = ["Placing"]

_NOT_BEFORE = frozenset({"html", "head", "col", "template", "frame"})


class Placing:
    """Finds the place of one page's shield."""

    __slots__ = ("_is_due", "_shield", "is_amp")

    def __init__(self, shield: bytes) -> None:
        """`shield` is the element's bytes, empty if the page gets none."""
        self._shield = shield
        self._is_due = False  # code came where the shield cannot be put
        self.is_amp = False

    @property
    def is_pending(self) -> bool:
        """Whether the shield still has no place."""
        return bool(self._shield)

    def placed(self, tag: StartTag, decision: Decision) -> Decision:
        """Return the decision on a tag, with the shield in it if this is the place."""
        if tag.name == "html" and is_amp(tag):
            self._shield, self.is_amp = b"", True
            return decision
        has_shadow = tag.name == "template" and tag.get("shadowrootmode") is not None
        if not self._is_due and not (_runs_code(tag) or has_shadow):
            return decision
        return self._put(tag, decision, has_shadow=has_shadow)

    def _put(self, tag: StartTag, decision: Decision, *, has_shadow: bool) -> Decision:
        place = tag.place
        if place.is_inert and not self._is_due:
            return decision
        if place.is_inert or place.is_foreign or (tag.name in _NOT_BEFORE and not has_shadow):
            if tag.name == "head" and not (place.is_inert or place.is_foreign):
                return self._with_shield(tag, decision, is_before=False)
            self._is_due = True
            return _edit(tag, decision)._replace(is_followed=True)
        return self._with_shield(tag, decision, is_before=True)

    def _with_shield(self, tag: StartTag, decision: Decision, *, is_before: bool) -> Decision:
        shield, self._shield = self._shield, b""
        edit = _edit(tag, decision)
        both = shield + edit.tag if is_before else edit.tag + shield
        return edit._replace(tag=both)


def _edit(tag: StartTag, decision: Decision) -> Edit:
    if isinstance(decision, Edit):
        return decision
    return Edit(tag.raw if decision is None else decision)


def _runs_code(tag: StartTag) -> bool:
    if tag.name == "script":
        return tag.namespace is not Namespace.MATHML
    return tag.is_marked and any(name.startswith("on") for name in tag.names)
