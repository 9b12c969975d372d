"""Makes Django run the layer's system checks."""

from django.apps import AppConfig
from django.core import checks

from alpines_privacy.django.checks import check_privacy

__all__ = ["AlpinesPrivacyConfig"]


class AlpinesPrivacyConfig(AppConfig):
    """The app `"alpines_privacy.django"`: no models, only checks."""

    name = "alpines_privacy.django"
    label = "alpines_privacy"
    verbose_name = "Alpines Privacy"

    def ready(self) -> None:
        """Register the checks."""
        checks.register(check_privacy, checks.Tags.security)
