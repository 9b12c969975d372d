"""The shape of what is sent: a letter, and who composes it."""

from __future__ import annotations

from typing import Protocol

from alpines_privacy.breach.ledger import Claim

__all__ = ["Letter", "Notices"]


class Letter(Protocol):
    """A message to one person, as SMTP carries it."""

    @property
    def sender(self) -> str:
        """The address of the envelope that bounces go to."""

    @property
    def recipient(self) -> str:
        """The address that it is for."""

    @property
    def content(self) -> bytes:
        """The message (RFC 5322), its lines ended by CRLF."""

    @property
    def is_international(self) -> bool:
        """Whether an address or a header is not ASCII (RFC 6531)."""


class Notices(Protocol):
    """The notices of one incident."""

    @property
    def digest(self) -> str:
        """The SHA-256 of all texts and templates."""

    def letter(self, claim: Claim) -> Letter:
        """Compose the letter to a person; raises `BreachError` if there can be none for them."""

    def test_letter(self, address: str) -> Letter:
        """Compose a letter to the operator, as people get it."""
