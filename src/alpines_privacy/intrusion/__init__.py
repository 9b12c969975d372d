"""The promise about intruders: failed logins are counted, and too many of them answered 429 (policy §6)."""

from alpines_privacy.intrusion.intruders import Intruders, intruders_for

__all__ = ["Intruders", "intruders_for"]
