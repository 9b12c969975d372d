"""`Collection`: a table of the policy about the personal data that one path takes (policy §1-§5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.kinds import Kind
from alpines_privacy.policy.part import Part
from alpines_privacy.policy.route_checks import check_path

__all__ = ["Collection"]

_Name = Annotated[str, Meta(min_length=1, max_length=256)]


class Collection(Part, frozen=True):
    """The personal data that a path takes, why, and how long it is kept.

    - `path` may hold parameters, each a part of one segment: `/clubs/{club}/contact`.
    - `fields` are names of a form's fields, or dotted ones of JSON (`user.email`); `kinds` are kinds
      of personal data, for fields of any name. One of both is needed.
    - `retention` says in words how long the data is kept.
    """

    path: str
    purpose: str
    fields: Sequence[_Name] = ()
    kinds: Sequence[Kind] = ()
    retention: str = ""

    def check(self) -> None:
        """Check what the types cannot say."""
        check_path(self.path, "path", "/contact or /clubs/{club}/contact")
        if not self.purpose.strip():
            raise PolicyError("is blank; expected what the data is for, in words", key="purpose")
        if not (self.fields or self.kinds):
            raise PolicyError(
                "nothing tells what is collected; expected names of fields, or kinds", key="fields"
            )
