"""Nobody under the minimum age signs up, and the app never sees what a child sent (policy §13; COPPA)."""

from alpines_privacy.signups.signups import Signups, signups_for

__all__ = ["Signups", "signups_for"]
