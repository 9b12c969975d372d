"""The audit: whether a site keeps its privacy policy, clause by clause, told from outside.

from alpines_privacy.audit import run

report = run("https://shop.example")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpines_privacy.lazy_names import lazy

if TYPE_CHECKING:
    from alpines_privacy.audit.assertions import assert_policy_kept
    from alpines_privacy.audit.auditing import run
    from alpines_privacy.audit.model import Evidence, Report, Requirement, Signal, Verdict
    from alpines_privacy.audit.options import AuditError, LoginForm, Options
    from alpines_privacy.audit.requirements import REQUIREMENTS

__all__ = [
    "REQUIREMENTS",
    "AuditError",
    "Evidence",
    "LoginForm",
    "Options",
    "Report",
    "Requirement",
    "Signal",
    "Verdict",
    "assert_policy_kept",
    "run",
]

_MODEL = "alpines_privacy.audit.model"
_OPTIONS = "alpines_privacy.audit.options"
# Imported on first use: the command line's help needs none of it.
__getattr__ = lazy(
    __name__,
    {
        "REQUIREMENTS": "alpines_privacy.audit.requirements",
        "AuditError": _OPTIONS,
        "Evidence": _MODEL,
        "LoginForm": _OPTIONS,
        "Options": _OPTIONS,
        "Report": _MODEL,
        "Requirement": _MODEL,
        "Signal": _MODEL,
        "Verdict": _MODEL,
        "assert_policy_kept": "alpines_privacy.audit.assertions",
        "run": "alpines_privacy.audit.auditing",
    },
    extra="audit",
)
