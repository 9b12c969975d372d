"""The audit in a real browser: what scripts do on each page, under each signal."""

from alpines_privacy.lazy_names import lazy

__all__ = ["BrowserMissing", "BrowserVisit", "Scope", "Tour", "served", "visit_pages"]

_PACKAGE = "alpines_privacy.audit.browser"
__getattr__ = lazy(
    __name__,
    {
        "BrowserMissing": f"{_PACKAGE}.chromium",
        "BrowserVisit": f"{_PACKAGE}.observed",
        "Scope": f"{_PACKAGE}.scope",
        "Tour": f"{_PACKAGE}.tour",
        "served": f"{_PACKAGE}.serving",
        "visit_pages": f"{_PACKAGE}.tour",
    },
)
