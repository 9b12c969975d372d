"""Trackers: filter rules say which loads of a page are trackers."""

from alpines_privacy.trackers.request import KINDS, LoadKind
from alpines_privacy.trackers.rules import Explanation, Match, Rules
from alpines_privacy.trackers.shipped import rules_for, shipped_rules
from alpines_privacy.trackers.subscription import Subscription

__all__ = [
    "KINDS",
    "Explanation",
    "LoadKind",
    "Match",
    "Rules",
    "Subscription",
    "rules_for",
    "shipped_rules",
]
