"""Quart: templates, the session's name, and streams; it is a Flask that speaks ASGI."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import quart

from alpines_privacy import Cookie, PrivacyPolicy, PrivacyWarning, current, protect

SIGNED_IN = PrivacyPolicy(cookies=[Cookie("basket", purpose="Keeps you signed in", necessary=True)])
TEMPLATE = '{{ "ads" if privacy.allows("advertising") else "no ads" }}: {{ privacy.signal }}'


def shop(**config: str) -> quart.Quart:
    app = quart.Quart("shop")
    app.config.from_mapping(config)

    @app.get("/")
    async def home() -> str:
        return await quart.render_template_string(TEMPLATE)

    @app.get("/sign-in")
    async def sign_in() -> str:
        quart.session["user"] = "made up"
        return "in"

    @app.get("/stream")
    async def stream() -> Any:
        async def chunks() -> Any:
            for number in ("one", "two"):
                yield f"{number} {current().signal};"

        return chunks()

    return app


def get(app: quart.Quart, path: str, **headers: str) -> tuple[str, list[str]]:
    async def ask() -> tuple[str, list[str]]:
        response = await app.test_client().get(path, headers=headers)
        cookies = response.headers.getlist("Set-Cookie")
        text = await response.get_data(as_text=True)
        return text, [cookie.partition("=")[0] for cookie in cookies]

    return asyncio.run(ask())


def test_templates_see_the_visitor() -> None:
    app = protect(shop())
    assert get(app, "/") == ("ads: None", [])
    assert get(app, "/", DNT="1") == ("no ads: DNT", [])


def test_a_declared_session_of_any_name_stays_under_dnt() -> None:
    app = protect(shop(SECRET_KEY="made up", SESSION_COOKIE_NAME="basket"), SIGNED_IN)
    assert get(app, "/sign-in", DNT="1") == ("in", ["basket"])


def test_an_undeclared_session_is_told_of_and_stays_under_gpc_alone() -> None:
    app = shop(SECRET_KEY="made up", SESSION_COOKIE_NAME="basket")
    with pytest.warns(PrivacyWarning, match='"basket" is not declared necessary'):
        protect(app)
    assert get(app, "/sign-in", **{"Sec-GPC": "1"}) == ("in", ["basket"])
    assert get(app, "/sign-in", DNT="1") == ("in", [])


def test_a_stream_is_made_inside_the_visit() -> None:
    assert get(protect(shop()), "/stream", DNT="1")[0] == "one DNT;two DNT;"
