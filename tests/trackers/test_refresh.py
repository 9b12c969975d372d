"""The address that a refresh leads to."""

from __future__ import annotations

import pytest

from alpines_privacy.trackers.refresh import refresh_address

ADDRESS = "https://a.example/b?c=1;d"


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (f"5; url={ADDRESS}", ADDRESS),
        (f"0;URL='{ADDRESS}' rest", ADDRESS),
        (f'3,"{ADDRESS}"', ADDRESS),
        (f"\t.5 \n url \t= {ADDRESS}", ADDRESS),
        (f"1 {ADDRESS}", ADDRESS),
        (f"url={ADDRESS}", ADDRESS),
        (f"5;;url={ADDRESS}", ADDRESS),
        ("0; url=/next", "/next"),
        ("0; url=", ""),
        ('0; url=""', ""),
        ("5", ""),
        ("", ""),
    ],
)
def test_an_address_is_read_with_and_without_time_quotes_and_name(value: str, address: str) -> None:
    assert refresh_address(value) == address
