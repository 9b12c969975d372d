"""Notices that tests announce."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alpines_privacy import PrivacyPolicy
from alpines_privacy.policy.announcement import Announcement, Announcements, Passage, Wording
from alpines_privacy.policy.breach import Breach

__all__ = ["CALIFORNIA", "ENGLISH", "URDU", "announce", "notice", "policy_with"]

# Cal. Civ. Code §1798.82(d)(1)
CALIFORNIA = (
    "What Happened",
    "What Information Was Involved",
    "What We Are Doing",
    "What You Can Do",
    "For More Information",
)
ENGLISH = Wording(
    title="Notice of Data Breach",
    summary="A laptop with a list of customers was stolen.\n\nDo not answer letters that ask for your password.",
    link="Read the whole notice",
    passages=[Passage(heading=heading, text=f"{heading}: words.\nMore.") for heading in CALIFORNIA],
)
URDU = Wording(
    title="ڈیٹا کی خلاف ورزی کا نوٹس",
    summary="ایک لیپ ٹاپ چوری ہو گیا",
    link="پورا نوٹس پڑھیں",
    passages=[Passage(heading="کیا ہوا", text="ایک لیپ ٹاپ چوری ہو گیا")],
)


def notice(**changes: Any) -> Announcement:
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "incident": "lost-laptop",
        "since": now,
        "until": now + timedelta(days=30),
        "language": "en",
        "wordings": {"en": ENGLISH, "ur": URDU},
    }
    return Announcement(**(values | changes))


def announce(file: Path, *notices: Announcement) -> None:
    Announcements(notices=notices or (notice(),)).write(str(file))


def policy_with(file: Path, **changes: Any) -> PrivacyPolicy:
    values: dict[str, Any] = {"breach": Breach(zone="UTC", announcement=str(file)), "shield": False}
    return PrivacyPolicy(**(values | changes))
