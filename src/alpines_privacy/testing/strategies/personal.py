"""Made-up personal data: addresses, numbers and names, each with its kind and as a log line says it."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

__all__ = [
    "Personal",
    "card_numbers",
    "emails",
    "ip_addresses",
    "people",
    "personal_values",
    "phone_numbers",
]


class Personal(NamedTuple):
    """A value, its kind (a key of the redactor's marks), and what a line says of it: `password=…`."""

    kind: str
    value: str
    written: str


def emails() -> st.SearchStrategy[str]:
    """Return e-mail addresses."""
    return st.from_regex(
        r"[a-z][a-z0-9.]{0,8}[a-z0-9]@[a-z][a-z0-9-]{0,8}[a-z0-9]\.(com|org|co\.uk)", fullmatch=True
    )


def phone_numbers() -> st.SearchStrategy[str]:
    """Return Pakistani mobile numbers, in the international and the national form."""
    return st.from_regex(
        r"\+92 3[0-4][0-9] [2-9][0-9]{6}|03[0-4][0-9]-[2-9][0-9]{6}", fullmatch=True
    )


def ip_addresses(*, six: bool = True) -> st.SearchStrategy[str]:
    """Return IP addresses of version 4, and of version 6 unless `six` is False."""
    byte = st.integers(0, 255)
    four = st.builds("{}.{}.{}.{}".format, st.integers(11, 126), byte, byte, st.integers(1, 254))
    if not six:
        return four
    group = st.integers(1, 0xFFFF)
    return four | st.builds("2001:db8:{:x}::{:x}".format, group, group)


def people() -> st.SearchStrategy[str]:
    """Return names of one to three words."""
    return st.from_regex(r"[A-Z][a-z]{3,9}( [A-Z][a-z]{3,9}){0,2}", fullmatch=True)


def card_numbers() -> st.SearchStrategy[str]:
    """Return card numbers of 16 digits that pass Luhn's check."""
    return st.from_regex(r"4[0-9]{14}", fullmatch=True).map(_with_check_digit)


def personal_values() -> st.SearchStrategy[Personal]:
    """Return personal data that a log line may hold, by its shape or by the key beside it."""
    return st.one_of(
        st.builds(lambda value: Personal("EMAIL", value, value), emails()),
        st.builds(lambda value: Personal("PHONE", value, value), phone_numbers()),
        st.builds(lambda value: Personal("IP", value, value), ip_addresses(six=False)),
        st.builds(lambda value: Personal("CARD", value, value), card_numbers()),
        st.builds(lambda value: Personal("NAME", value, f'"full_name": "{value}"'), people()),
        st.builds(
            lambda value: Personal("PASSWORD", value, f"password={value}"),
            st.text("bcdfghjk2345678", min_size=8, max_size=16),
        ),
    )


def _with_check_digit(digits: str) -> str:
    """Return a card number by Luhn's rule (ISO/IEC 7812-1, annex B)."""
    total = sum(
        sum(divmod(int(d) * 2, 10)) if i % 2 == 0 else int(d) for i, d in enumerate(digits[::-1])
    )
    return digits + str(-total % 10)
