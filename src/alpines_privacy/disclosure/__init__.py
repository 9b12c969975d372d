"""The promise about disclosure: what the site's own process tells other companies (policy §8)."""

from alpines_privacy.disclosure.outgoing import Outgoing

__all__ = ["Outgoing"]
