"""The written policy as data: its parts, how they are loaded, what is wrong with them."""

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.parts import Cookie, LogKey, Logs, PrivacyPolicy, ThirdParty
from alpines_privacy.policy.secrets import SecretKeys

__all__ = ["Cookie", "LogKey", "Logs", "PolicyError", "PrivacyPolicy", "SecretKeys", "ThirdParty"]
