"""structlog: a processor that keeps personal data from the renderer.

    structlog.configure(processors=[..., redact, structlog.processors.dict_tracebacks, JSONRenderer()])

Place it before the processors that render exceptions: they get surrogates without variables. Placed
after them, it cleans the text they made.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from alpines_privacy.redaction.logs.events import clean_event
from alpines_privacy.redaction.logs.installed import cleaner

__all__ = ["redact"]


def redact(
    logger: Any, method_name: str, event_dict: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Return the event without personal data; never raises: if cleaning fails, a notice replaces the event."""
    del logger
    try:
        return clean_event(event_dict, cleaner())
    except Exception as error:
        notice = f"An event was withheld: redacting it failed ({type(error).__name__})."
        return {"event": notice, "level": method_name}
