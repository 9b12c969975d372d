"""A data breach: the incident, its deadline, the people affected, and the ledger of notices to them.

The functions here do what the commands of `alpines-privacy breach` do (docs/breach.md). Each takes
`name` (the incident; without one, the only one there is), `ledger` (a database's URL) and `policy`
(a policy, its `[breach]`, or its file); without them those of the commands. All raise `BreachError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpines_privacy.lazy_names import lazy

if TYPE_CHECKING:
    from alpines_privacy.breach.bounced.collected import bounces
    from alpines_privacy.breach.errors import BreachError
    from alpines_privacy.breach.evidence.report_file import report
    from alpines_privacy.breach.importing import import_list
    from alpines_privacy.breach.incident_status import status
    from alpines_privacy.breach.opening import amend, open_incident
    from alpines_privacy.breach.previewing import preview
    from alpines_privacy.breach.retrying import retry
    from alpines_privacy.breach.sending import send, send_async

__all__ = [
    "BreachError",
    "amend",
    "bounces",
    "import_list",
    "open_incident",
    "preview",
    "report",
    "retry",
    "send",
    "send_async",
    "status",
]

# Imported on first use: each needs other packages.
__getattr__ = lazy(
    __name__,
    {
        "BreachError": "alpines_privacy.breach.errors",
        "amend": "alpines_privacy.breach.opening",
        "bounces": "alpines_privacy.breach.bounced.collected",
        "import_list": "alpines_privacy.breach.importing",
        "open_incident": "alpines_privacy.breach.opening",
        "preview": "alpines_privacy.breach.previewing",
        "report": "alpines_privacy.breach.evidence.report_file",
        "retry": "alpines_privacy.breach.retrying",
        "send": "alpines_privacy.breach.sending",
        "send_async": "alpines_privacy.breach.sending",
        "status": "alpines_privacy.breach.incident_status",
    },
    extra="breach",
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
