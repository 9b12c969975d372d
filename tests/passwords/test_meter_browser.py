"""Policy §6, passwords: the meter in Chromium, at two widths, in light and dark, under strict pages' policies."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.chromium import chromium
from tests.support.processes import free_port, program

ROOT = Path(__file__).parents[2]
GOOD = "violet harbour seventeen lamps"
WEAK = "password12345678"
# The folder for pictures of each page, for a person to look at; without it none are taken.
PICTURES = os.environ.get("PASSWORD_PICTURES")

APP = textwrap.dedent(
    """
    import secrets

    from flask import Flask, request

    from alpines_privacy import Passwords, PrivacyPolicy, protect

    STYLE = (
        ":root { color-scheme: light dark } body { font: 1rem/1.5 system-ui; margin: 1rem; max-width: 32rem }"
        "label { display: block; margin-top: 1rem } input { font: inherit; width: 100%; box-sizing: border-box }"
    )
    FORM = '''<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width">
    <title>Join</title><style nonce="NONCE">STYLE</style></head><body><main><h1>Join</h1><form method="post">
    <label for="name">Name</label><input id="name" name="name">
    <label for="password">Password</label>
    <input id="password" name="password" type="password" autocomplete="new-password" aria-describedby="hint">
    <p id="hint">You can use any characters.</p>
    <label for="old">Old password</label><input id="old" name="old" type="password">
    <button>Join</button></form><div id="later"></div>
    <script nonce="NONCE">
    addEventListener("securitypolicyviolation", (event) => { document.title = event.violatedDirective; });
    </script></main></body></html>'''
    app = Flask(__name__)

    @app.route("/<kind>/register", methods=["GET", "POST"])
    def register(kind):
        if request.method == "POST":
            return "<title>Welcome</title>"
        nonce = secrets.token_urlsafe(16)
        sources = {"nonce": "'strict-dynamic'", "self": "'self'"}.get(kind)
        own = f"'nonce-{nonce}'"
        policy = sources and (
            f"default-src 'none'; script-src {sources} {own}; style-src {own}; connect-src 'self'; form-action 'self'"
        )
        page = FORM.replace("NONCE", nonce).replace("STYLE", STYLE)
        return page, 200, ({"Content-Security-Policy": policy} if policy else {})

    protect(app, PrivacyPolicy(passwords=Passwords(paths=["/{kind}/register"], refuse=REFUSE, per_minute=6000)))
    """
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("meter")
    addresses = {}
    with ExitStack() as stack:
        browser = stack.enter_context(chromium())
        for name, refuses in (("advises", False), ("refuses", True)):
            (folder / f"{name}.py").write_text(APP.replace("REFUSE", str(refuses)), "utf-8")
            port = free_port()
            command = [
                sys.executable,
                "-m",
                "waitress",
                "--listen",
                f"127.0.0.1:{port}",
                f"{name}:app",
            ]
            log = folder / name
            log.mkdir()
            environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{folder}"}
            stack.enter_context(program(command, port, log, env=environment))
            addresses[name] = f"http://127.0.0.1:{port}"
        yield browser, addresses


def opened(
    world: tuple[Browser, dict[str, str]], path: str, name: str = "advises", **options: Any
) -> Page:
    browser, addresses = world
    page = browser.new_context(**options).new_page()
    page.goto(addresses[name] + path)
    return page


def advice(page: Page) -> Any:
    return page.get_by_role("status")


LOOKS = [(width, scheme) for width in (320, 1280) for scheme in ("light", "dark")]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_meter_says_in_words_how_good_a_password_is(
    world: tuple[Browser, dict[str, str]], width: int, scheme: Any
) -> None:
    page = opened(
        world, "/any/register", viewport={"width": width, "height": 720}, color_scheme=scheme
    )
    field = page.get_by_label("Password", exact=True)
    said = {
        "short": "Use at least 15 characters: 10 more.",
        WEAK: re.compile("easy to guess", re.IGNORECASE),
        GOOD: "Very good",
    }
    for password, text in said.items():
        field.fill(password)
        expect(advice(page)).to_contain_text(text)
        expect(page.get_by_role("meter", name="Password strength")).to_be_visible()
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{width}-{scheme}-{len(password)}.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    described = field.get_attribute("aria-describedby") or ""
    assert described.split()[0] == "hint"
    assert page.locator(f"#{described.split()[1]}").count() == 1
    field.fill("")
    expect(advice(page)).to_have_text("")
    expect(page.get_by_role("meter")).to_have_count(0)


@pytest.mark.parametrize("kind", ["nonce", "self"])
def test_a_strict_policy_of_the_page_lets_the_meter_work(
    world: tuple[Browser, dict[str, str]], kind: str
) -> None:
    page = opened(world, f"/{kind}/register")
    page.get_by_label("Password", exact=True).fill(GOOD)
    expect(advice(page)).to_have_text("Very good")
    expect(page).to_have_title("Join")  # no violation


def test_only_declared_fields_have_a_meter_also_those_made_later(
    world: tuple[Browser, dict[str, str]],
) -> None:
    page = opened(world, "/any/register")
    page.get_by_label("Old password").fill(WEAK)
    expect(advice(page)).to_have_count(0)
    page.evaluate("later.innerHTML = '<label>New <input type=password name=new_password></label>'")
    page.get_by_label("New").fill(WEAK)
    expect(advice(page)).to_contain_text("easy to guess", ignore_case=True)


def test_the_other_fields_of_the_form_count_and_no_address_holds_the_password(
    world: tuple[Browser, dict[str, str]],
) -> None:
    page = opened(world, "/any/register")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("Name").fill("Zarghuna Yusufzai")
    page.get_by_label("Password", exact=True).fill("ZarghunaYusufzai")
    expect(advice(page)).to_contain_text("It is made of what stands in this form.")
    assert [url.rpartition("/_privacy/")[2] for url in asked] == ["password"]
    assert page.context.cookies() == []


def test_a_form_is_sent_whatever_the_advice(world: tuple[Browser, dict[str, str]]) -> None:
    page = opened(world, "/any/register")
    page.get_by_label("Password", exact=True).fill("a")
    page.get_by_role("button").click()
    expect(page).to_have_title("Welcome")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_where_the_policy_refuses_a_page_says_so_and_leads_back(
    world: tuple[Browser, dict[str, str]], width: int, scheme: Any
) -> None:
    page = opened(
        world,
        "/any/register",
        "refuses",
        viewport={"width": width, "height": 720},
        color_scheme=scheme,
    )
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button").click()
    expect(page.get_by_role("heading")).to_have_text("Please choose another password")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{width}-{scheme}-refused.png")
    page.get_by_role("link").click()
    expect(page).to_have_title("Join")
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.get_by_role("button").click()
    expect(page).to_have_title("Welcome")
