"""Advice about passwords (policy §6): how good one is, an address to ask, a meter on pages, and refusals."""

from __future__ import annotations

from alpines_privacy.passwords.advice import PasswordAdvice
from alpines_privacy.passwords.refusal import WeakPasswords
from alpines_privacy.passwords.routes import is_chosen_at
from alpines_privacy.passwords.strength import Strength
from alpines_privacy.policy import Passwords, PrivacyPolicy

__all__ = ["PasswordAdvice", "WeakPasswords", "advice_for"]


def advice_for(
    policy: PrivacyPolicy, rule: Passwords
) -> tuple[PasswordAdvice, WeakPasswords | None]:
    """Return the promise of advice, and of refusals if the policy asks for them.

    Raises `PolicyError` if nothing tells where passwords are chosen, or a library is missing.
    """
    is_chosen = is_chosen_at(policy, rule)
    strength = Strength(rule)
    refusing = WeakPasswords(rule, strength, is_chosen) if rule.refuse else None
    return PasswordAdvice(policy, rule, strength, is_chosen), refusing
