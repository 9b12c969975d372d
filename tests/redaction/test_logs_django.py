"""Django's own logs, its error mails included, hold nothing of the visitor's."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import django
import pytest
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils.log import AdminEmailHandler

from alpines_privacy import redaction
from tests.frameworks.django_site import OURS

# Since Django 6 these are addresses; 5.2 takes the second of each pair.
_ADMIN = "admin@site.example"
ADMINS: Any = [_ADMIN] if django.VERSION >= (6, 0) else [("Admin", _ADMIN)]

NAME, MAIL, PASSWORD = "Zarqa Bibi-Noor", "zarqa@example.com", "corréct-horse<battery>"
FORM = {"name": NAME, "email": MAIL, "password": PASSWORD, "nickname": "Zak", "page": "seventh"}
QUERY = {"token": "s3cr3tt0ken9911", "full_name": NAME, "mobile": "+92 300 1234567"}
PERSONAL = [NAME, MAIL, PASSWORD, QUERY["token"], "1234567", "Zak", "8d7f4b1c99aa", "203.0.113.77"]


class Shop(Exception):  # noqa: N818 - an app's own name
    """An app's error."""


def _broken(request: HttpRequest, who: str) -> HttpResponse:
    held = dict(request.POST.items())
    raise Shop(f"no account of {held['name']} in {request.get_full_path()}")


def _missing(request: HttpRequest, who: str) -> HttpResponse:
    return HttpResponse(status=404)


urlpatterns = [path("broken/<str:who>", _broken), path("missing/<str:who>", _missing)]


@pytest.fixture(params=[False, True], ids=["text", "HTML"])
def handler(request: pytest.FixtureRequest) -> Iterator[AdminEmailHandler]:
    """Send error mails, as a site does."""
    logger = logging.getLogger("django")
    with override_settings(
        ROOT_URLCONF=__name__,
        MIDDLEWARE=[OURS],
        ALPINES_PRIVACY={},
        ADMINS=ADMINS,
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
    ):
        made = AdminEmailHandler(include_html=request.param)
        made.setLevel(logging.ERROR)  # it renders templates, which log in turn
        before, logger.handlers = logger.handlers, [made]
        mail.outbox = []
        yield made
        logger.handlers = before


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a plain handler writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("django")
    logger.addHandler(handler)
    before = logger.level
    logger.setLevel(logging.INFO)
    yield stream
    logger.setLevel(before)
    logger.removeHandler(handler)


def _visit(where: str) -> None:
    client = Client(raise_request_exception=False)
    client.cookies.load({"sessionid": "8d7f4b1c99aa", "theme": "dark"})
    client.post(
        f"/{where}/{quote(MAIL)}?{urlencode(QUERY)}",
        FORM,
        headers={"X-Forwarded-For": "203.0.113.77", "Authorization": "Bearer k9-opaque-key"},
    )


def _found(text: str) -> list[str]:
    looks = {
        value: {value, quote(value), urlencode({"": value})[1:], repr(value)[1:-1]}
        | {value.replace("<", "&lt;").replace(">", "&gt;")}
        for value in [*PERSONAL, "k9-opaque-key"]
    }
    return [value for value, forms in looks.items() if any(form in text for form in forms)]


def test_request_logs(handler: AdminEmailHandler, written: io.StringIO) -> None:
    _visit("missing")
    _visit("broken")
    said = written.getvalue()
    assert "Not Found: /missing/[EMAIL]" in said
    assert "Internal Server Error: /broken/[EMAIL]" in said
    assert "Shop: no account of [NAME] in /broken/[EMAIL]?token=[SECRET]" in said
    assert not _found(said)


def test_error_mails(handler: AdminEmailHandler) -> None:
    _visit("broken")
    sent, *_ = [m for m in mail.outbox if "Internal Server Error" in m.subject]
    pages = [str(content) for content, _ in getattr(sent, "alternatives", ())]
    assert bool(pages) is handler.include_html
    for text in (str(sent.subject), str(sent.body), *pages):
        assert not _found(text)
    whole = str(sent.body)
    assert "no account of [NAME]" in whole
    assert "seventh" in whole  # what is nobody's stays
    assert "test_logs_django.py" in whole  # and so does the traceback
    assert "HTTP_AUTHORIZATION" in whole


def test_uninstalled_mails_are_as_django_makes_them(handler: AdminEmailHandler) -> None:
    with override_settings(ALPINES_PRIVACY={"logs": "off"}):
        redaction.uninstall()
        try:
            _visit("broken")
        finally:
            redaction.install()
    sent, *_ = [m for m in mail.outbox if "Internal Server Error" in m.subject]
    assert NAME in str(sent.body)


def test_a_mail_that_cannot_be_cleaned_is_withheld(
    handler: AdminEmailHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> Any:
        raise RuntimeError(NAME)

    monkeypatch.setattr(sys.modules["alpines_privacy.django.mails"], "_value", fail)
    _visit("broken")
    monkeypatch.setattr("alpines_privacy.redaction.logs.cleaning.known_values_of", fail)
    _visit("broken")
    assert len(mail.outbox) == 2
    for sent in mail.outbox:
        assert not _found(f"{sent.subject} {sent.body} {getattr(sent, 'alternatives', '')}")
