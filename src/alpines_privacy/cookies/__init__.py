"""No cookies under a signal, but those declared necessary; declared ones hardened (policy §7, §11)."""

from alpines_privacy.cookies.known import FRAMEWORKS
from alpines_privacy.cookies.promise import Cookies

__all__ = ["FRAMEWORKS", "Cookies"]
