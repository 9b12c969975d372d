"""Each reason that the ledger holds has one text, in the report and on the terminal."""

from __future__ import annotations

import pytest

from alpines_privacy.breach import reasons
from alpines_privacy.breach.reasons import reason_text

KNOWN = [getattr(reasons, name) for name in reasons.__all__ if name.isupper()]


@pytest.mark.parametrize("reason", KNOWN)
def test_each_reason_has_a_text(reason: str) -> None:
    assert reason_text(reason) != reason.replace("-", " ")


def test_a_refusal_is_named_with_its_code() -> None:
    assert reason_text("refused-550") == "refused 550"
