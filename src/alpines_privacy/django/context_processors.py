"""Gives Django's templates the visitor's privacy."""

from __future__ import annotations

from django.http import HttpRequest

from alpines_privacy.http.privacy import Privacy, current

__all__ = ["privacy"]


class _TemplatePrivacy:
    """`Privacy` for a template language that calls nothing with arguments.

    `{% if privacy.allows.advertising %}` stands for `privacy.allows("advertising")`; all else is
    the visitor's `Privacy` itself. With Jinja2 templates `privacy.allows("advertising")` works too.
    """

    def __init__(self, visitor: Privacy) -> None:
        self._visitor = visitor
        self.allows = _Allows(visitor)

    def __getattr__(self, name: str) -> object:
        return getattr(self._visitor, name)


class _Allows(dict[str, bool]):
    """Answers by name, when asked: only a template that asks makes its response vary."""

    # Django's templates call what can be called, unless told not to.
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
    del request  # the request under way is what `current()` tells of
    return {"privacy": _TemplatePrivacy(current())}
