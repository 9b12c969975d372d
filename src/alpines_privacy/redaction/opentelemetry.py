"""OpenTelemetry: processors that pass spans and logs on without personal data.

    provider.add_span_processor(RedactingSpans(BatchSpanProcessor(exporter)))
    logger_provider.add_log_record_processor(RedactingLogs(BatchLogRecordProcessor(exporter)))

They act when a span ends and when a log is emitted, inside the request. An exporter works later, in
its own thread, where the values that the visitor submitted are no longer known.
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

# Attributes of the program (OpenTelemetry semantic conventions): "name" and "address" in their keys
# are not a person's. Their text is cleaned too.
_PROGRAMS = (
    "code.", "container.", "db.collection.", "db.name", "db.namespace", "db.operation", "db.system",
    "host.", "messaging.destination", "net.host.", "network.protocol.", "os.", "peer.service",
    "process.", "rpc.", "server.", "service.", "telemetry.", "thread.",
)  # fmt: skip


class _Before:
    """A processor in front of a `following` one of the same kind."""

    def __init__(self, following: Any) -> None:
        self._following = following

    def shutdown(self) -> None:
        """Pass on."""
        self._following.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Pass on."""
        return bool(self._following.force_flush(timeout_millis))


class RedactingSpans(_Before, SpanProcessor):
    """Passes each ended span on cleaned: name, attributes, events, links and status."""

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        """Pass on: nothing is exported yet."""
        self._following.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Pass on a clean copy; if cleaning fails, a copy with only time and place."""
        try:
            copy = _copied(span, cleaner())
        except Exception:
            copy = _copied(span, None)
        self._following.on_end(copy)


class RedactingLogs(_Before, LogRecordProcessor):
    """Cleans each log record in place, body and attributes, and passes it on."""

    def on_emit(self, log_record: Any) -> None:
        """Clean a record and pass it on; if cleaning fails, only its severity and time remain."""
        record = log_record.log_record
        try:
            clean = cleaner()
            body, attributes = clean.data(record.body), _attributes(record.attributes, clean)
        except Exception:
            body, attributes = _WITHHELD, {}
        record.body, record.attributes = body, attributes
        if getattr(record, "exception", None) is not None:
            record.exception = None  # the SDK has copied it into the attributes
        self._following.on_emit(log_record)

    def enabled(self, **asked: Any) -> bool:
        """Answer as the next processor does; older releases of the SDK do not call this."""
        enabled = getattr(self._following, "enabled", None)
        return enabled is None or bool(enabled(**asked))


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
