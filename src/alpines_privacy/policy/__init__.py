"""The written policy as data: its parts, how they are loaded, what is wrong with them."""

from alpines_privacy.policy.breach import Breach, Calendar, Dkim
from alpines_privacy.policy.collection import Collection
from alpines_privacy.policy.disclosure import Disclosure
from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.intrusion import Intrusion, LoginRoute
from alpines_privacy.policy.operator import Change, Evidence, Operator
from alpines_privacy.policy.parts import (
    AgeScreen,
    Cookie,
    LogKey,
    Logs,
    PrivacyPolicy,
    Signup,
    ThirdParty,
)
from alpines_privacy.policy.passwords import Passwords
from alpines_privacy.policy.secrets import SecretKeys
from alpines_privacy.policy.smtp import Smtp
from alpines_privacy.policy.transport import Hsts

__all__ = [
    "AgeScreen",
    "Breach",
    "Calendar",
    "Change",
    "Collection",
    "Cookie",
    "Disclosure",
    "Dkim",
    "Evidence",
    "Hsts",
    "Intrusion",
    "LogKey",
    "LoginRoute",
    "Logs",
    "Operator",
    "Passwords",
    "PolicyError",
    "PrivacyPolicy",
    "SecretKeys",
    "Signup",
    "Smtp",
    "ThirdParty",
]
