"""Settings of the protected site: the bare ones and three lines."""

from datetime import date

from examples import databases
from examples.site.settings import *  # noqa: F403 - a Django site's usual way to vary its settings
from examples.site.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = ["alpines_privacy.django", *INSTALLED_APPS]
MIDDLEWARE = ["alpines_privacy.django.PrivacyMiddleware", *MIDDLEWARE]
ALPINES_PRIVACY = {
    "effective": date(2026, 11, 1),
    # Who stands behind it: with this the policy is served at /privacy, and linked on the front page.
    "operator": {
        "name": "The Ridge Journal",
        "contact": "privacy@ridge-journal.example",
        "account": "/account/",
        "breach_notice": 1,
    },
    # Under a privacy signal the necessary ones alone leave.
    "cookies": [
        {
            "name": "sessionid",
            "purpose": "Keeps you signed in",
            "necessary": True,
            "lifetime": 1_209_600,
        },
        {
            "name": "csrftoken",
            "purpose": "Makes sure that what you send comes from a form of ours",
            "necessary": True,
            "lifetime": 31_449_600,
        },
        {
            "name": "last_seen",
            "purpose": "Shows you the article you read last",
            "lifetime": 2_592_000,
        },
        {"name": "_ga", "purpose": "Counts how many people come", "lifetime": 34_560_000},
    ],
    # The lists name Crisp and the advertisements: declared, they load for visitors who send no signal.
    "third_parties": [
        {"host": "client.crisp.chat", "purpose": "Chat with the club"},
        {"host": "www.paypal.com", "purpose": "Takes donations"},
        {
            "host": "securepubads.g.doubleclick.net",
            "purpose": "Advertisements, which pay for the site",
        },
    ],
    "site_preference": True,
    "signups": [{"path": "/signup/", "birth_date": "birth_date"}],
    # Who signs up is told how easy the new password is to guess; who guesses passwords waits.
    "passwords": {},
    "intrusion": {"logins": [{"path": "/login/", "account": "username"}]},
    # Other sites do not learn from which page somebody comes.
    "disclosure": {"links": "noreferrer"},
}

DATABASES = {"default": DATABASES["default"] | {"NAME": databases.place("site-protected.sqlite3")}}
