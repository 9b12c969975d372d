"""Hypothesis strategies for what visitors and apps send: `from alpines_privacy.testing import strategies`.

@given(strategies.signals(), strategies.pages())
def test_no_page_loads_a_tracker(signal, page): ...

They need hypothesis (`pip install 'alpines-privacy[testing]'`); nothing else of this package imports it.
"""

try:
    import hypothesis as _hypothesis  # noqa: F401 - only to say what is missing
except ModuleNotFoundError as error:
    if error.name != "hypothesis":
        raise
    raise ModuleNotFoundError(
        "alpines_privacy.testing.strategies needs hypothesis: pip install 'alpines-privacy[testing]'",
        name="hypothesis",
    ) from None

from alpines_privacy.testing.strategies.apps import (
    App,
    Reply,
    apps,
    asgi_apps,
    odd_fields,
    odd_texts,
    replies,
    wsgi_apps,
)
from alpines_privacy.testing.strategies.births import (
    adults,
    birth_dates,
    children,
    is_old_enough,
    odd_birth_dates,
)
from alpines_privacy.testing.strategies.cookies import odd_set_cookies, set_cookies
from alpines_privacy.testing.strategies.logs import LogRecord, log_records
from alpines_privacy.testing.strategies.pages import Embed, Page, embeds, pages
from alpines_privacy.testing.strategies.personal import (
    Personal,
    card_numbers,
    emails,
    ip_addresses,
    people,
    personal_values,
    phone_numbers,
)
from alpines_privacy.testing.strategies.pieces import chunked, json_values
from alpines_privacy.testing.strategies.signals import Signal, opt_outs, signals
from alpines_privacy.testing.strategies.signups import (
    SignupBody,
    multipart,
    odd_signup_bodies,
    part,
    signup_bodies,
)

__all__ = [
    "App",
    "Embed",
    "LogRecord",
    "Page",
    "Personal",
    "Reply",
    "Signal",
    "SignupBody",
    "adults",
    "apps",
    "asgi_apps",
    "birth_dates",
    "card_numbers",
    "children",
    "chunked",
    "emails",
    "embeds",
    "ip_addresses",
    "is_old_enough",
    "json_values",
    "log_records",
    "multipart",
    "odd_birth_dates",
    "odd_fields",
    "odd_set_cookies",
    "odd_signup_bodies",
    "odd_texts",
    "opt_outs",
    "pages",
    "part",
    "people",
    "personal_values",
    "phone_numbers",
    "replies",
    "set_cookies",
    "signals",
    "signup_bodies",
    "wsgi_apps",
]
