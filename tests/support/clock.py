"""A clock that stands still, for tests about birthdays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo

import pytest

from alpines_privacy.policy import age

__all__ = ["stop_clock"]


def stop_clock(monkeypatch: pytest.MonkeyPatch, moment: datetime | date) -> None:
    """Let every age rule see this moment: an aware datetime, or noon at UTC-12 of a date."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(23, 59, 59), UTC)  # UTC-12: 11:59 of that day

    def now(zone: tzinfo) -> datetime:
        return moment.astimezone(zone)

    monkeypatch.setattr(age, "_now", now)
