"""An operator, and a policy that switches on all that the policy's page can say."""

from __future__ import annotations

from datetime import date

from alpines_privacy import (
    Change,
    Cookie,
    Evidence,
    Operator,
    PrivacyPolicy,
    Signup,
    ThirdParty,
)

__all__ = ["FULL", "OPERATOR", "TODAY"]

TODAY = date(2026, 11, 28)
OPERATOR = Operator(
    name="Alpines Internet",
    contact="privacy@alpines.example",
    address="12 Mall Road\nLahore 54000",
    web_form="https://alpines.example/form",
    account="/account",
    redress="You may complain to the National Commission.",
    jurisdiction="The courts of Lahore, Pakistan",
    breach_notice=1,
    languages=("en", "ur"),
)
FULL = PrivacyPolicy(
    operator=OPERATOR,
    effective=date(2026, 11, 1),
    changes=[Change(date(2025, 3, 1), "First version."), Change(TODAY, "Names cookies.")],
    evidence=[Evidence("audit", date(2026, 9, 1), 365, "By Example Ltd.")],
    cookies=[
        Cookie("session", purpose="Keeps you signed in", necessary=True, lifetime=1_209_600),
        Cookie("theme", purpose="Remembers your colours", readable_by_scripts=True),
    ],
    third_parties=[ThirdParty("cdn.example.net", purpose="Style sheets")],
    signups=[
        Signup("/register", birth_date="dob"),
        Signup("/enter", screen=True),
    ],
    ad_slots=[".ad"],
    site_preference=True,
)
