"""The shield: a script of the site's own that refuses loads of listed addresses in a page (policy §9, §11, §12)."""

from alpines_privacy.shield.element import Shield

__all__ = ["Shield"]
