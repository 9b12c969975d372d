"""The policy of the two gates: failures are counted in the Redis that the environment names."""

from alpines_privacy import Intrusion, LoginRoute, PrivacyPolicy
from tests.support.workers import FAILURES

__all__ = ["POLICY"]

POLICY = PrivacyPolicy(
    intrusion=Intrusion(
        logins=[LoginRoute(path="/login", account="username")],
        account_failures=FAILURES,
        client_failures=1000,
        storage="redis",
        timeout=5_000,  # the machine is busy at times
    )
)
