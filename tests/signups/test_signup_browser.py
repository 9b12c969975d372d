"""Signing up at the examples in Chromium: a refusal holds until the browser is closed, however one turns back."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from examples import databases
from playwright.sync_api import Browser, Locator, Page, expect

from alpines_privacy.policy.secrets import VARIABLE
from tests.support.certificate import make_certificate
from tests.support.chromium import chromium, cookie_jar
from tests.support.processes import free_port, program
from tests.support.secret_keys import KEY

ROOT = Path(__file__).parents[2]
ADULT, CHILD = "1990-05-17", "2019-03-01"
PASSWORD = "four-words-in-a-row"

# The shop over https: there the cookies have the prefix that Chromium itself is strict about.
SERVERS = {
    "shop": "granian examples.shop.protected:app --interface wsgi --port {port}"
    " --ssl-certificate {cert} --ssl-keyfile {key}",
    "site": "waitress --listen 127.0.0.1:{port} examples.site.protected:app",
    "api": "uvicorn examples.api.protected:app --port {port}",
}
TABLES = {"shop": "customers", "site": "auth_user", "api": "guests"}
DATE_FIELDS = ("Day", "Month", "Year")
PREFIX = "__Host-alpines-privacy-age-"

browsers = pytest.mark.parametrize(
    "options",
    [{}, {"extra_http_headers": {"DNT": "1"}}, {"extra_http_headers": {"Sec-GPC": "1"}}],
    ids=["no signal", "DNT", "GPC"],
)
usernames = (f"mira-{number}" for number in count())


@dataclass
class World:
    """A browser and the three examples: where each is, and how many accounts its app holds."""

    browser: Browser
    addresses: dict[str, str]
    folder: Path

    @contextmanager
    def profile(self, **options: Any) -> Iterator[Page]:
        """Open a browser that was never here, and close it at the end."""
        context = self.browser.new_context(ignore_https_errors=True, **options)
        try:
            yield context.new_page()
        finally:
            context.close()

    def accounts(self, example: str) -> int:
        (file,) = self.folder.glob(f"{example}-*.sqlite3")
        with closing(sqlite3.connect(file)) as database:
            (number,) = database.execute(f"SELECT count(*) FROM {TABLES[example]}").fetchone()  # noqa: S608
        return int(number)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("signups")
    made = make_certificate(folder)
    environment = {**os.environ, databases.VARIABLE: str(folder), "PYTHONPATH": str(ROOT)}
    environment[VARIABLE] = KEY
    addresses = {}
    with ExitStack() as stack:
        browser = stack.enter_context(chromium())
        for example, command in SERVERS.items():
            port = free_port()
            words = command.format(port=port, cert=made.cert, key=made.key).split()
            log = folder / example
            log.mkdir()
            stack.enter_context(program([sys.executable, "-m", *words], port, log, env=environment))
            scheme = "https" if example == "shop" else "http"
            addresses[example] = f"{scheme}://127.0.0.1:{port}"
        yield World(browser, addresses, folder)


def heading(page: Page, text: str) -> Locator:
    return page.get_by_role("heading", name=text, exact=True)


def expect_refused(page: Page) -> None:
    expect(heading(page, "We cannot create an account")).to_be_visible()


def enter_date(page: Page, born: str) -> None:
    """Fill in the age screen, and send it."""
    for label, number in zip(DATE_FIELDS, reversed(born.split("-")), strict=True):
        page.get_by_label(label, exact=True).fill(number)
    with page.expect_navigation():
        page.get_by_role("button", name="Continue").click()


def sign_up_at_the_shop(page: Page) -> None:
    page.get_by_label("Your name").fill("Mira Rossi")
    page.get_by_label("User name").fill(next(usernames))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()


def sign_up_at_the_site(page: Page, born: str) -> None:
    page.get_by_label("Username").fill(next(usernames))
    page.get_by_label("Date of birth").fill(born)
    page.get_by_label("Password:", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()


def sign_up_at_the_api(page: Page, born: str) -> int:
    """Return the status of the answer that the page's script gets."""
    page.get_by_label("Your name").fill("Mira Rossi")
    page.get_by_label("Date of birth").fill(born)
    page.get_by_label("User name").fill(next(usernames))
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_response("**/api/guests") as answer:
        page.get_by_role("button", name="Sign up").click()
    return answer.value.status


@browsers
def test_a_form_with_a_date(world: World, options: dict[str, Any]) -> None:
    url, before = world.addresses["site"] + "/signup/", world.accounts("site")
    with world.profile(**options) as page:
        page.goto(url)
        sign_up_at_the_site(page, CHILD)
        expect_refused(page)
        page.go_back()
        sign_up_at_the_site(page, ADULT)
        expect_refused(page)
        tab = page.context.new_page()
        tab.goto(url)
        sign_up_at_the_site(tab, ADULT)
        expect_refused(tab)
        tab.goto(world.addresses["site"] + "/login/")
        expect(heading(tab, "Log in")).to_be_visible()
    assert world.accounts("site") == before
    with world.profile(**options) as page:
        page.goto(url)
        sign_up_at_the_site(page, ADULT)
        expect(page.get_by_role("status")).to_have_text("Welcome. You are signed in.")
    assert world.accounts("site") == before + 1


@browsers
def test_a_page_that_sends_json(world: World, options: dict[str, Any]) -> None:
    url, before = world.addresses["api"] + "/signup", world.accounts("api")
    with world.profile(**options) as page:
        page.goto(url)
        assert sign_up_at_the_api(page, CHILD) == 403
        expect(page.get_by_role("alert")).to_contain_text("not able to create an account")
        assert sign_up_at_the_api(page, ADULT) == 403
        page.reload()
        assert sign_up_at_the_api(page, ADULT) == 403
        expect(page.get_by_role("alert")).to_contain_text("not able to create an account")
    assert world.accounts("api") == before
    with world.profile(**options) as page:
        page.goto(url)
        assert sign_up_at_the_api(page, ADULT) == 201
        expect(page.get_by_role("status")).to_have_text("Welcome, Mira Rossi. You are signed in.")
    assert world.accounts("api") == before + 1


@browsers
def test_the_age_screen(world: World, options: dict[str, Any]) -> None:
    url, before = world.addresses["shop"] + "/signup?from=cart", world.accounts("shop")
    with world.profile(**options) as page:
        page.goto(url)
        enter_date(page, CHILD)
        expect_refused(page)
        (lock,) = own_cookies(page)
        page.go_back()
        if page.get_by_label("Year").is_visible():  # as the browser kept it; or it asked anew
            enter_date(page, ADULT)
        expect_refused(page)
        page.goto(url)
        expect_refused(page)
    assert world.accounts("shop") == before
    with world.profile(**options) as page:
        page.goto(url)
        enter_date(page, ADULT)
        expect(heading(page, "Sign up")).to_be_visible()
        assert page.url == url
        (passed,) = own_cookies(page)
        sign_up_at_the_shop(page)
        expect(page.get_by_role("status")).to_have_text("Welcome, Mira Rossi. You are signed in.")
    assert world.accounts("shop") == before + 1
    assert lock["name"] == PREFIX + "lock"
    assert lock["session"]
    assert passed["name"] == PREFIX + "pass"
    assert all(cookie["httpOnly"] and cookie["secure"] for cookie in (lock, passed))


@pytest.mark.parametrize("born", [CHILD, ADULT])
def test_the_screen_and_the_form_without_scripts(world: World, born: str) -> None:
    with world.profile(java_script_enabled=False) as page:
        page.goto(world.addresses["shop"] + "/signup")
        enter_date(page, born)
        if born == CHILD:
            expect_refused(page)
            return
        sign_up_at_the_shop(page)
        expect(page.get_by_role("status")).to_be_visible()


def test_the_screen_by_keyboard(world: World) -> None:
    with world.profile() as page:
        page.goto(world.addresses["shop"] + "/signup")
        order = []
        for keys in (["1", "7"], ["5"], ["1", "9", "0", "ArrowLeft", "9"], []):
            page.keyboard.press("Tab")
            order.append(focused(page))
            for key in keys:
                page.keyboard.press(key)
        assert order == ["day", "month", "year", "Continue"]
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Enter")
        expect(heading(page, "Sign up")).to_be_visible()


def test_a_slip_is_told_and_can_be_mended_by_keyboard(world: World) -> None:
    with world.profile() as page:
        page.goto(world.addresses["shop"] + "/signup")
        enter_date(page, "90-05-17")
        expect(page.get_by_role("alert")).to_be_visible()
        for label in DATE_FIELDS:
            expect(page.get_by_label(label, exact=True)).to_have_accessible_description(
                re.compile("in numbers")
            )
        for number in ("17", "5", "1990"):
            page.keyboard.press("Tab")
            page.keyboard.type(number)
        page.keyboard.press("Enter")
        expect(heading(page, "Sign up")).to_be_visible()


@pytest.mark.parametrize("example", SERVERS)
def test_every_signup_page_fits_a_narrow_window(world: World, example: str) -> None:
    path = "/signup/" if example == "site" else "/signup"
    with world.profile(viewport={"width": 320, "height": 640}) as page:
        page.goto(world.addresses[example] + path)
        if example == "shop":
            enter_date(page, ADULT)
        expect(heading(page, "Sign up")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def focused(page: Page) -> str:
    """Return what has the focus: a field's name, or a button's words."""
    name: str = page.evaluate("document.activeElement.name || document.activeElement.innerText")
    return name


def own_cookies(page: Page) -> list[dict[str, Any]]:
    return [cookie for cookie in cookie_jar(page) if cookie["name"].startswith(PREFIX)]
