"""The signals a browser sends, and their precedence.

- `DNT` (W3C Tracking Preference Expression): the first character decides, the rest are
  extensions to be ignored, so `1xyz` is 1. The standard allows one line; of several
  (a proxy's), one opt-out suffices.
- `Sec-GPC` (W3C Global Privacy Control): exactly `1`, in any line; other values are ignored.

Precedence: GPC beats `DNT: 0`; an opt-out by signal beats a stored opt-in; an opt-out stored on
this site is the visitor's own act and beats `DNT: 0`; without any of them the policy decides.
"""

from __future__ import annotations

from typing import Protocol

from alpines_privacy.http.context import Preference
from alpines_privacy.http.heads import RequestHead, split_list
from alpines_privacy.policy import PrivacyPolicy

__all__ = ["PreferenceReader"]


class Choices(Protocol):
    """A store of visitors' choices on this site."""

    def read(self, head: RequestHead) -> bool | None:
        """Return True for a stored opt-out, False for a stored opt-in."""
        ...


class PreferenceReader:
    """Returns for a request's head one of a few ready-made `Preference` values."""

    def __init__(self, policy: PrivacyPolicy, choices: Choices | None = None) -> None:
        self._choices = choices
        self._gpc = {
            dnt: Preference("DNT, Sec-GPC" if dnt == "1" else "Sec-GPC", dnt=dnt)
            for dnt in ("", "0", "1")
        }
        self._dnt = Preference("DNT", dnt="1")
        self._allowed = {dnt: Preference(None, dnt=dnt) for dnt in ("", "0")}
        self._chosen = {dnt: Preference("site preference", dnt=dnt) for dnt in ("", "0")}
        opted_out = policy.without_signal == "opt-out"
        self._silent = Preference("default") if opted_out else self._allowed[""]

    def read(self, head: RequestHead) -> Preference:
        """Return the preference a request's head states."""
        dnt = _dnt(values) if (values := head.values("dnt")) else ""
        if (values := head.values("sec-gpc")) and any("1" in split_list(value) for value in values):
            return self._gpc[dnt]
        if dnt == "1":
            return self._dnt
        if self._choices is not None and (choice := self._choices.read(head)) is not None:
            return self._chosen[dnt] if choice else self._allowed[dnt]
        return self._allowed["0"] if dnt == "0" else self._silent


def _dnt(values: list[str]) -> str:
    """Return "1", "0" or "" (no preference, or none the standard knows) for the DNT lines."""
    if values == ["1"]:  # what browsers send
        return "1"
    said = {member[0] for value in values for member in split_list(value)}
    return "1" if "1" in said else "0" if "0" in said else ""
