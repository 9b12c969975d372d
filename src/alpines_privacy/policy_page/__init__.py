"""The policy's page: what the policy says in words, made from what it does (policy §10)."""

from alpines_privacy.policy_page.changes import ChangeEvents
from alpines_privacy.policy_page.link import HomeLink
from alpines_privacy.policy_page.page import PolicyPage, Renderings

__all__ = ["ChangeEvents", "HomeLink", "PolicyPage", "Renderings"]
