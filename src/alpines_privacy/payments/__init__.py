"""Payment data: card numbers and security codes are not taken by the site itself (policy §6)."""

from alpines_privacy.payments.payments import payments_for

__all__ = ["payments_for"]
