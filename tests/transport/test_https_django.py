"""Policy §6, transport: Django's own adapter, alone and beside `SECURE_SSL_REDIRECT`."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.test import AsyncClient, Client
from django.test.utils import override_settings

from tests.frameworks.django_site import OURS, SITE_MIDDLEWARE

SECURITY = "django.middleware.security.SecurityMiddleware"
PROXY = ("HTTP_X_FORWARDED_PROTO", "https")
POLICY: dict[str, Any] = {
    "https": "require",
    "https_exempt": ["/healthz"],
    "hsts": {"max_age": 300},
    "upgrade_insecure_requests": True,
}
BOTH = pytest.mark.parametrize("kind", [Client, AsyncClient], ids=["sync", "async"])
ORDERS = {
    "alone": [OURS, *SITE_MIDDLEWARE],
    "before Django's": [OURS, SECURITY, *SITE_MIDDLEWARE],
    "after Django's": [SECURITY, OURS, *SITE_MIDDLEWARE],
}
orders = pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)


def settings(order: list[str], **more: Any) -> Any:
    return override_settings(
        MIDDLEWARE=order, ALPINES_PRIVACY=POLICY, SECURE_SSL_REDIRECT=SECURITY in order,
        SECURE_HSTS_SECONDS=60 if SECURITY in order else 0, **more,
    )  # fmt: skip


async def asked(kind: type[Any], method: str, path: str, *, secure: bool, **fields: str) -> Any:
    client = kind()
    call = getattr(client, method.lower())
    extra: dict[str, Any] = {"headers": fields, "secure": secure}
    if kind is Client:
        extra |= {"REMOTE_ADDR": "203.0.113.9", "HTTP_HOST": "testserver"}  # as servers tell
        return call(path, **extra)
    return await call(path, **extra)


def run(coroutine: Any) -> Any:
    return asyncio.run(coroutine)


@BOTH
@orders
def test_a_page_over_http_is_redirected_once(kind: type[Any], order: list[str]) -> None:
    with settings(order):
        first = run(asked(kind, "GET", "/page?q=%20", secure=False))
        assert first.status_code in ({301, 308} if order[0] == SECURITY else {308})
        assert first["Location"] == "https://testserver/page?q=%20"
        then = run(asked(kind, "GET", "/page?q=%20", secure=True))
        assert then.status_code not in {301, 308}


@BOTH
@orders
def test_a_form_over_http_is_refused(kind: type[Any], order: list[str]) -> None:
    with settings(order):
        refused = run(asked(kind, "POST", "/page", secure=False))
        assert refused.status_code == (
            301 if order[0] == SECURITY else 403
        )  # Django sends all there


@BOTH
@pytest.mark.parametrize("order", [ORDERS["alone"], ORDERS["before Django's"]])
def test_behind_a_proxy_that_django_trusts_there_is_no_circle(
    kind: type[Any], order: list[str]
) -> None:
    with settings(order, SECURE_PROXY_SSL_HEADER=PROXY):
        told = {"x-forwarded-proto": "https"}
        page = run(asked(kind, "GET", "/page", secure=False, **told))
        assert page.status_code not in {301, 308, 403}
        assert run(asked(kind, "GET", "/page", secure=False)).status_code == 308


@BOTH
def test_behind_a_proxy_that_nobody_trusts_there_is_none_either(kind: type[Any]) -> None:
    with settings(ORDERS["alone"]):
        told = {"x-forwarded-proto": "https"}
        assert run(asked(kind, "GET", "/page", secure=False, **told)).status_code == 403


@BOTH
@orders
def test_one_field_of_each_leaves(kind: type[Any], order: list[str]) -> None:
    with settings(order):
        page = run(asked(kind, "GET", "/", secure=True))
        inner = "max-age=60" if order[1] == SECURITY else "max-age=300"
        assert page["Strict-Transport-Security"] == inner  # whoever is outside leaves it
        assert page["Content-Security-Policy"] == "upgrade-insecure-requests"


@BOTH
def test_a_health_check_passes(kind: type[Any]) -> None:
    with settings(ORDERS["alone"]):
        assert (
            run(asked(kind, "GET", "/healthz", secure=False)).status_code == 404
        )  # the site has none
