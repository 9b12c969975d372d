"""No cookies under a signal, but those declared necessary; declared ones hardened (policy §7, §11)."""

from alpines_privacy.cookies.cookies import Cookies
from alpines_privacy.cookies.known import FRAMEWORKS

__all__ = ["FRAMEWORKS", "Cookies"]
