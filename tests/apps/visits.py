"""What a person does at each app, and what of it worked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from playwright.sync_api import FilePayload, Page, expect

__all__ = ["APPS", "App"]

_PATIENCE = 20_000  # milliseconds; a busy machine takes its time
_FILE: FilePayload = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"hello"}


def _datasette(page: Page, address: str) -> set[str]:
    page.goto(f"{address}/-/auth-token?token=for-everyone")
    worked = {"login"} if page.get_by_text("root", exact=True).count() else set()
    page.goto(f"{address}/peaks?sql=select+metres+from+peaks+where+name+%3D+%3Aname&name=Rakaposhi")
    worked |= {"query"} if page.get_by_role("cell", name="7788").count() else set()
    page.goto(f"{address}/-/messages")
    page.locator("input[name=message]").fill("Snow above 3000 m")
    with page.expect_navigation():
        page.get_by_role("button", name="Add message").click()
    return worked | ({"form"} if page.get_by_text("Snow above 3000 m").count() else set())


def _gradio(page: Page, address: str) -> set[str]:
    page.goto(address)
    page.get_by_label("username").fill("ayesha")
    page.get_by_label("password").fill("mountain-lake")
    with page.expect_navigation():  # to the same page: its own script reloads it
        page.get_by_role("button", name="Login").click()
    greet, login = page.get_by_role("button", name="Greet"), page.get_by_label("username")
    expect(greet.or_(login)).to_be_visible(timeout=_PATIENCE)
    if login.count():
        return set()
    page.get_by_label("Name").fill("Mira")
    greet.click()
    expect(page.get_by_label("Greeting")).to_have_value("Good morning, Mira", timeout=_PATIENCE)
    page.set_input_files("input[type=file]", files=[_FILE])
    expect(page.get_by_label("Size")).to_have_value("5 bytes", timeout=_PATIENCE)
    return {"login", "answer", "upload"}


def _streamlit(page: Page, address: str) -> set[str]:
    page.goto(address)
    page.get_by_label("Your name").fill("Mira")
    page.get_by_label("Your name").press("Enter")
    page.get_by_role("button", name="Greet").click()
    expect(page.get_by_text("Good morning, Mira")).to_be_visible(timeout=_PATIENCE)
    page.set_input_files("input[type=file]", files=[_FILE])
    taken, refused = page.get_by_text("5 bytes"), page.get_by_text("status code 403")
    expect(taken.or_(refused)).to_be_visible(timeout=_PATIENCE)
    return {"answer", "upload"} if taken.count() else {"answer"}


class App(NamedTuple):
    """An app, what a person does there, and what works for one who sends DNT and nothing is declared."""

    module: str
    visit: Callable[[Page, str], set[str]]
    everything: frozenset[str]
    without_cookies: frozenset[str]


APPS: Mapping[str, App] = {
    "datasette": App(
        "datasette_site", _datasette, frozenset({"login", "query", "form"}), frozenset({"query"})
    ),
    "gradio": App("gradio_site", _gradio, frozenset({"login", "answer", "upload"}), frozenset()),
    "streamlit": App(
        "streamlit_site", _streamlit, frozenset({"answer", "upload"}), frozenset({"answer"})
    ),
}
