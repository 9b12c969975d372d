"""Finds Sentry and OpenTelemetry set up without the layer's hooks: their events leave uncleaned."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

__all__ = ["unhooked"]

_SENTRY = (
    "Sentry is initialised without the layer's hooks, so its events leave with personal data. Write "
    "sentry_sdk.init(..., **alpines_privacy.redaction.sentry.options()); hooks of your own go into options(...)."
)
_SPANS = (
    "OpenTelemetry exports spans without the layer's processor, so they leave with personal data. Write "
    "provider.add_span_processor(RedactingSpans(BatchSpanProcessor(exporter))), with RedactingSpans of "
    "alpines_privacy.redaction.opentelemetry."
)
_LOGS = (
    "OpenTelemetry exports logs without the layer's processor, so they leave with personal data. Write "
    "logger_provider.add_log_record_processor(RedactingLogs(BatchLogRecordProcessor(exporter))), with RedactingLogs of "
    "alpines_privacy.redaction.opentelemetry."
)


def unhooked() -> Iterator[str]:
    """Yield a sentence for each exporter set up without the layer's hook, with the line to write."""
    with suppress(Exception):  # a version that keeps it elsewhere
        if _sentry_is_bare():
            yield _SENTRY
    with suppress(Exception):
        if _is_bare(
            "opentelemetry.trace", "_TRACER_PROVIDER", "_active_span_processor", "_span_processors"
        ):
            yield _SPANS
    with suppress(Exception):
        if _is_bare(
            "opentelemetry._logs._internal", "_LOGGER_PROVIDER",
            "_multi_log_record_processor", "_log_record_processors",
        ):  # fmt: skip
            yield _LOGS


def _sentry_is_bare() -> bool:
    sentry: Any = sys.modules.get("sentry_sdk")
    if sentry is None or not (client := sentry.get_client()).is_active():
        return False
    from alpines_privacy.redaction.sentry import is_ours  # noqa: PLC0415 - only who uses Sentry has it

    return bool(client.dsn or client.transport) and not is_ours(client.options.get("before_send"))


def _is_bare(module: str, provider: str, processor: str, processors: str) -> bool:
    """Whether the provider in use has a processor that is not ours."""
    given: Any = getattr(sys.modules.get(module), provider, None)
    if given is None:
        return False
    return any(
        not type(each).__module__.startswith("alpines_privacy.")
        for each in getattr(getattr(given, processor), processors)
    )
