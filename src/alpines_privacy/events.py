"""Events an app can connect to.

from alpines_privacy.events import signup_refused

@signup_refused.connect
def count(sender, *, route, reason):
    metrics.increment("signups.refused", tags=[route, reason])
"""

from alpines_privacy.http.events import (
    access_locked,
    disclosure_found,
    policy_changed,
    signup_refused,
)

__all__ = ["access_locked", "disclosure_found", "policy_changed", "signup_refused"]
