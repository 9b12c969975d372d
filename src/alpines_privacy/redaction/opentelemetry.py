"""OpenTelemetry: processors that give the next one spans and logs without personal data.

    provider.add_span_processor(RedactingSpans(BatchSpanProcessor(exporter)))
    logger_provider.add_log_record_processor(RedactingLogs(BatchLogRecordProcessor(exporter)))

They act when a span ends and a log is emitted, in the request itself: an exporter works later, in
a thread of its own, where nobody knows any more what the visitor submitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk._logs import LogRecordProcessor
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
from opentelemetry.trace import Link
from opentelemetry.trace.status import Status

from alpines_privacy.redaction.logs.cleaning import Cleaner
from alpines_privacy.redaction.logs.installed import cleaner

__all__ = ["RedactingLogs", "RedactingSpans"]

_WITHHELD = "[withheld]"

# Attributes that tell of the program (OpenTelemetry semantic conventions): their keys say "name"
# and "address" and mean no person's. Their text is cleaned all the same.
_PROGRAMS = (
    "code.", "container.", "db.collection.", "db.name", "db.namespace", "db.operation", "db.system",
    "host.", "messaging.destination", "net.host.", "network.protocol.", "os.", "peer.service",
    "process.", "rpc.", "server.", "service.", "telemetry.", "thread.",
)  # fmt: skip


class RedactingSpans(SpanProcessor):
    """Gives the next processor each ended span cleaned: name, attributes, events, links and status."""

    def __init__(self, following: SpanProcessor) -> None:
        self._following = following

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        """Pass on: nothing is exported yet."""
        self._following.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Pass on a clean copy; if cleaning fails, one that says only when and where it was."""
        try:
            copy = _copied(span, cleaner())
        except Exception:
            copy = _copied(span, None)
        self._following.on_end(copy)

    def shutdown(self) -> None:
        """Pass on."""
        self._following.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Pass on."""
        return self._following.force_flush(timeout_millis)


class RedactingLogs(LogRecordProcessor):
    """Cleans each log record in place, body and attributes, and gives it to the next processor."""

    def __init__(self, following: LogRecordProcessor) -> None:
        self._following = following

    def on_emit(self, log_record: Any) -> None:
        """Clean a record; if that fails, it says nothing but its severity and time."""
        record = log_record.log_record
        try:
            clean = cleaner()
            body, attributes = clean.data(record.body), _attributes(record.attributes, clean)
        except Exception:
            body, attributes = _WITHHELD, {}
        record.body, record.attributes = body, attributes
        if getattr(record, "exception", None) is not None:
            record.exception = None  # the SDK has put it into the attributes
        self._following.on_emit(log_record)

    def enabled(self, **asked: Any) -> bool:
        """Answer as the next one does; the SDK's older releases do not ask."""
        enabled = getattr(self._following, "enabled", None)
        return enabled is None or bool(enabled(**asked))

    def shutdown(self) -> None:
        """Pass on."""
        self._following.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Pass on."""
        return self._following.force_flush(timeout_millis)


def _copied(span: ReadableSpan, clean: Cleaner | None) -> ReadableSpan:
    description = span.status.description
    return ReadableSpan(
        name=clean.text(span.name) if clean else _WITHHELD,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_attributes(span.attributes, clean),
        events=[_event(event, clean) for event in span.events] if clean else (),
        links=[Link(link.context, _attributes(link.attributes, clean)) for link in span.links],
        kind=span.kind,
        status=Status(
            span.status.status_code, clean.text(description) if description and clean else None
        ),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _event(event: Event, clean: Cleaner) -> Event:
    return Event(clean.text(event.name), _attributes(event.attributes, clean), event.timestamp)


def _attributes(attributes: Mapping[str, Any] | None, clean: Cleaner | None) -> dict[str, Any]:
    if clean is None or not attributes:
        return {}
    return {
        key: clean.data(value) if key.startswith(_PROGRAMS) else clean.value(key, value)
        for key, value in attributes.items()
    }
