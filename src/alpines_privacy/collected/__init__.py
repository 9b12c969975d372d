"""Collections: personal data that is sent to the site is declared, or reported (policy §1-§5)."""

from alpines_privacy.collected.collected import KindOfValue, collections_for

__all__ = ["KindOfValue", "collections_for"]
