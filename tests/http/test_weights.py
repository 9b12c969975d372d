"""What a client accepts, and how much."""

from __future__ import annotations

import pytest

from alpines_privacy.http.weights import weights

ACCEPTED: dict[str, dict[str, float]] = {
    "": {},
    "gzip": {"gzip": 1.0},
    "GZIP;Q=0.5, br ; q=1": {"gzip": 0.5, "br": 1.0},
    "text/html;level=1;q=0.4, */*;q=0": {"text/html": 0.4, "*/*": 0.0},
    "br;q=x, ,gzip;q=": {"br": 0.0, "gzip": 0.0},
}


@pytest.mark.parametrize("accepted", ACCEPTED)
def test_members_and_their_weights(accepted: str) -> None:
    assert weights(accepted) == ACCEPTED[accepted]
