"""The notice to a person: its texts, its languages, and the message that carries it."""

from __future__ import annotations

from alpines_privacy.breach.notice.letter import Letter
from alpines_privacy.breach.notice.notices import Notices

__all__ = ["Letter", "Notices"]
