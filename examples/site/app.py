"""The site's start: settings chosen, tables made, first content written."""

import os

import django
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command

from examples.offline import OfflineWsgi


def create_app(settings: str) -> OfflineWsgi:
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    django.setup(set_prefix=False)
    call_command("migrate", verbosity=0)

    # Models exist only once Django is set up.
    from examples.site.journal import content  # noqa: PLC0415

    content.fill()
    return OfflineWsgi(WSGIHandler())
