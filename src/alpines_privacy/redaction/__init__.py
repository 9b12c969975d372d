"""No personal data in a log: what an app hid during a request stays out of its records (policy §6)."""

from alpines_privacy.redaction.records import install, uninstall

__all__ = ["install", "uninstall"]
