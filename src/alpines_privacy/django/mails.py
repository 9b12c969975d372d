"""Django's error mails (`AdminEmailHandler`) without personal data.

The log hook has cleaned the exception already, without variables. Here the request's fields are
cleaned by their names, then the whole mail as text.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from django.utils.log import AdminEmailHandler
from django.views.debug import ExceptionReporter

from alpines_privacy.redaction.logs.cleaning import Cleaner
from alpines_privacy.redaction.logs.installed import active_cleaner

__all__ = ["clean_error_mails"]

_WITHHELD = "[withheld]"

# The parts of a report with pairs of name and value.
_PAIRS = (
    "filtered_POST_items",
    "request_COOKIES_items",
    "request_FILES_items",
    "request_GET_items",
    "request_meta",
)


class _Clean(ExceptionReporter):
    """A report with cleaned request fields; mixed into the site's own report class."""

    def get_traceback_data(self) -> Any:
        """Return the data of the report."""
        data: Any = super().get_traceback_data()
        if (cleaner := active_cleaner()) is None:
            return data
        for part in _PAIRS:
            if part in data:
                data[part] = _pairs(data[part], cleaner)
        data["user_str"] = cleaner.value("username", data["user_str"])
        return data


def clean_error_mails() -> None:
    """Make every `AdminEmailHandler` of the process send clean mails; a second call does nothing."""
    if getattr(AdminEmailHandler.emit, "__module__", "") == __name__:
        return
    emit, send_mail = AdminEmailHandler.emit, AdminEmailHandler.send_mail

    @functools.wraps(emit, assigned=("__name__", "__doc__"))
    def emit_clean(handler: AdminEmailHandler, record: Any) -> None:
        chosen: Any = handler.reporter_class
        handler.reporter_class = _clean_class(chosen)
        emit(handler, record)

    @functools.wraps(send_mail)
    def send_clean(
        handler: AdminEmailHandler, subject: str, message: str, *args: Any, **kwargs: Any
    ) -> None:
        if active_cleaner() is not None:
            subject, message = _text(subject).replace("\n", " "), _text(message)
            if (page := kwargs.get("html_message")) is not None:
                kwargs["html_message"] = _text(page)
        send_mail(handler, subject, message, *args, **kwargs)

    setattr(AdminEmailHandler, "emit", emit_clean)  # noqa: B010 - no type allows it
    setattr(AdminEmailHandler, "send_mail", send_clean)  # noqa: B010 - as above


@functools.cache
def _clean_class(reporter: Any) -> Any:
    return (
        reporter if issubclass(reporter, _Clean) else type("CleanReporter", (_Clean, reporter), {})
    )


def _pairs(part: Any, cleaner: Cleaner) -> Any:
    """Return a part of the report with cleaned values, as a mapping or a list of pairs like the original."""
    items: Iterable[tuple[str, Any]] = part.items() if isinstance(part, dict) else part
    try:
        pairs = [(name, _value(name, value, cleaner)) for name, value in items]
    except Exception:
        pairs = [(_WITHHELD, _WITHHELD)]
    return dict(pairs) if isinstance(part, dict) else pairs


def _value(name: str, value: Any, cleaner: Cleaner) -> Any:
    return cleaner.value(name.removeprefix("HTTP_"), value)


def _text(text: str) -> str:
    cleaner = active_cleaner()
    try:
        return text if cleaner is None else cleaner.text(text)
    except Exception as error:
        return f"An error mail was withheld: redacting it failed ({type(error).__name__})."
