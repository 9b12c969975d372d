"""`Part`: a table of the policy, frozen, typed, and valid from the moment it exists."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from alpines_privacy.policy.errors import PolicyError, nearest
from alpines_privacy.policy.explain import explain, explain_call, hints_of

__all__ = ["Part"]


class _PartType(msgspec.StructMeta):
    """Construction from keywords fails with the same `PolicyError` as loading from a file."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - a metaclass has classes for selves
        fields: tuple[str, ...] = cls.__struct_fields__
        for name in kwargs:
            if name not in fields:
                raise PolicyError(
                    f"unknown name{nearest(name, fields)}; {cls.__name__} takes {', '.join(fields)}",
                    key=name,
                )
        try:
            return super().__call__(*args, **kwargs)
        except TypeError as error:
            raise explain_call(error, cls, fields) from None


class Part(Struct, metaclass=_PartType, frozen=True, forbid_unknown_fields=True):
    """A table of the policy file. Lists given for a field become tuples, so it stays frozen."""

    def __post_init__(self) -> None:
        for name, hint in hints_of(type(self)).items():
            value = getattr(self, name)
            try:
                msgspec.structs.force_setattr(self, name, msgspec.convert(value, hint))
            except msgspec.ValidationError as error:
                raise explain(error, value, hint).at(key=name) from None
        self.check()

    def check(self) -> None:
        """Raise `PolicyError` for values that are of the right type and still wrong."""
