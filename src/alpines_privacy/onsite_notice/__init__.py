"""The notice of a data breach on the site's own pages, while one is announced (policy §14)."""

from alpines_privacy.onsite_notice.notice import OnsiteNotice

__all__ = ["OnsiteNotice"]
