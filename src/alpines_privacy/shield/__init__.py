"""A script of the site's own that refuses loads of listed addresses in the page (policy §9, §11, §12)."""

from alpines_privacy.shield.promise import Shield

__all__ = ["Shield"]
