"""The scanner: spans in plain text, the same behind both gates."""

from __future__ import annotations

import pytest

from alpines_privacy.redaction.gate import FoldGate
from alpines_privacy.redaction.scanner import Scanner
from alpines_privacy.redaction.spans import Span

_TEXT = "From visitor@shop.example at 203.0.113.9, card 4111 1111 1111 1111"


@pytest.mark.parametrize("scanner", [Scanner(), Scanner(gate=FoldGate)], ids=["fastest", "folded"])
def test_spans_are_offsets_in_order(scanner: Scanner) -> None:
    assert scanner.spans(_TEXT) == [
        Span(5, 25, "EMAIL"),
        Span(29, 40, "IP"),
        Span(47, 66, "CARD"),
    ]
    assert scanner.may_match(_TEXT)


def test_only_the_kinds_asked_for_are_found() -> None:
    assert Scanner({"IP", "NAME"}).spans(_TEXT) == [Span(29, 40, "IP")]
    assert not Scanner({"MAC"}).may_match(_TEXT)
