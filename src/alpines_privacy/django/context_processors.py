"""Gives Django's templates the visitor's privacy."""

from __future__ import annotations

from django.http import HttpRequest

from alpines_privacy.http.privacy import Privacy, current

__all__ = ["privacy"]


class _TemplatePrivacy:
    """`Privacy` for templates, which cannot pass arguments.

    `{% if privacy.allows.advertising %}` means `privacy.allows("advertising")`; other attributes are
    those of `Privacy`. With Jinja2 templates `privacy.allows("advertising")` works too.
    """

    def __init__(self, visitor: Privacy) -> None:
        self._visitor = visitor
        self.allows = _Allows(visitor)

    def __getattr__(self, name: str) -> object:
        return getattr(self._visitor, name)


class _Allows(dict[str, bool]):
    """`Privacy.allows` as a lazy mapping: only a template that uses it makes its response vary."""

    # Otherwise Django's templates would call it without arguments.
    do_not_call_in_templates = True

    def __init__(self, visitor: Privacy) -> None:
        super().__init__()
        self._visitor = visitor

    def __missing__(self, purpose: str) -> bool:
        return self._visitor.allows(purpose)  # type: ignore[arg-type]  # a purpose that is none gets a notice

    def __call__(self, purpose: str) -> bool:
        return self[purpose]


def privacy(request: HttpRequest) -> dict[str, _TemplatePrivacy]:
    """Return `privacy` for a template's context."""
    del request  # `current()` knows it
    return {"privacy": _TemplatePrivacy(current())}
