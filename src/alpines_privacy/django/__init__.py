"""Django: add `"alpines_privacy.django"` to INSTALLED_APPS and its middleware first in MIDDLEWARE.

    MIDDLEWARE = ["alpines_privacy.django.PrivacyMiddleware", ...]
    ALPINES_PRIVACY = {"cookies": [{"name": "sessionid", "purpose": "Keeps you signed in", "necessary": True}]}

Templates see the visitor as `privacy` with the context processor
`"alpines_privacy.django.context_processors.privacy"`.
"""

from alpines_privacy.django.middleware import PrivacyMiddleware

__all__ = ["PrivacyMiddleware"]
