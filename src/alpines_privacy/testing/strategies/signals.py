"""Privacy signals: Do Not Track and Global Privacy Control, as browsers send them and as they may be sent."""

from __future__ import annotations

from typing import NamedTuple, TypedDict

from hypothesis import strategies as st

__all__ = ["Signal", "VisitorOptions", "opt_outs", "signals"]


class VisitorOptions(TypedDict):
    """The arguments of `visitor()` that send a signal."""

    dnt: str | None
    gpc: bool


class Signal(NamedTuple):
    """What a visitor sends: the value of `DNT` (None for no such field), and whether `Sec-GPC: 1`."""

    dnt: str | None = None
    gpc: bool = False

    @property
    def opted_out(self) -> bool:
        """Whether the visitor opted out (W3C DNT §5.2: a value that begins with 1; GPC §3.2)."""
        return self.gpc or (self.dnt or "").startswith("1")

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The request's fields, with names in lower case."""
        dnt = [] if self.dnt is None else [("dnt", self.dnt)]
        return [*dnt, ("sec-gpc", "1")] if self.gpc else dnt

    @property
    def options(self) -> VisitorOptions:
        """The arguments of `visitor()`: `visitor(app, **signal.options)`."""
        return {"dnt": self.dnt, "gpc": self.gpc}


_DNT = (None, "1", "0", "1xyz", "", "null")


def signals() -> st.SearchStrategy[Signal]:
    """Return every signal a visitor may send, none among them, as `Signal`."""
    return st.builds(Signal, st.sampled_from(_DNT), st.booleans())


def opt_outs() -> st.SearchStrategy[Signal]:
    """Return the signals of visitors who opted out."""
    return st.sampled_from(
        [signal for dnt in _DNT for gpc in (True, False) if (signal := Signal(dnt, gpc)).opted_out]
    )
