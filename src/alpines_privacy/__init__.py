"""A layer around any Python web app that keeps a written privacy policy.

from alpines_privacy import protect

app = protect(app)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpines_privacy.lazy_names import lazy

if TYPE_CHECKING:
    from alpines_privacy import breach
    from alpines_privacy.http.privacy import Privacy, current
    from alpines_privacy.policy import (
        AgeScreen,
        Change,
        Collection,
        Cookie,
        Disclosure,
        Evidence,
        Hsts,
        Intrusion,
        LoginRoute,
        Operator,
        Passwords,
        PolicyError,
        PrivacyPolicy,
        Signup,
        ThirdParty,
    )
    from alpines_privacy.policy.warning import PrivacyWarning
    from alpines_privacy.protection import protect

__all__ = [
    "AgeScreen",
    "Change",
    "Collection",
    "Cookie",
    "Disclosure",
    "Evidence",
    "Hsts",
    "Intrusion",
    "LoginRoute",
    "Operator",
    "Passwords",
    "PolicyError",
    "Privacy",
    "PrivacyPolicy",
    "PrivacyWarning",
    "Signup",
    "ThirdParty",
    "breach",
    "current",
    "protect",
]
__version__ = "0.1.0"

# Imported on first use: a command line that prints its help needs none of it.
__getattr__ = lazy(
    __name__,
    {
        "AgeScreen": "alpines_privacy.policy",
        "Change": "alpines_privacy.policy",
        "Collection": "alpines_privacy.policy",
        "Cookie": "alpines_privacy.policy",
        "Disclosure": "alpines_privacy.policy",
        "Evidence": "alpines_privacy.policy",
        "Hsts": "alpines_privacy.policy",
        "Intrusion": "alpines_privacy.policy",
        "LoginRoute": "alpines_privacy.policy",
        "Operator": "alpines_privacy.policy",
        "Passwords": "alpines_privacy.policy",
        "PolicyError": "alpines_privacy.policy",
        "Privacy": "alpines_privacy.http.privacy",
        "PrivacyPolicy": "alpines_privacy.policy",
        "PrivacyWarning": "alpines_privacy.policy.warning",
        "Signup": "alpines_privacy.policy",
        "ThirdParty": "alpines_privacy.policy",
        "current": "alpines_privacy.http.privacy",
        "protect": "alpines_privacy.protection",
    },
    packages=("breach",),
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
