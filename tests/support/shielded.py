"""Pages with the shield in Chromium, served without a network: what is asked for is told, not fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Error, Page, Route

from alpines_privacy.guard import Guard
from alpines_privacy.http.heads import Field, ResponseHead
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.shield import Shield
from tests.support.chromium import wait_until
from tests.support.sent import Sent

__all__ = ["HOST", "Site", "shield_of", "sites"]

HOST = "www.shop.example"
HTML: Field = ("content-type", "text/html; charset=utf-8")
SIGNALS: Mapping[str, tuple[Field, ...]] = {
    "": (),
    "gpc": (("sec-gpc", "1"),),
    "dnt": (("dnt", "1"),),
}


@cache
def shield_of(policy: PrivacyPolicy) -> tuple[Guard, Shield]:
    """Return a policy's guard, and the shield in it."""
    guard = Guard(policy)
    shield = next(
        page[0] for _, page in [("", guard.page_at(policy.endpoint + "shield.old.js"))] if page
    )
    assert isinstance(shield, Shield)
    return guard, shield


class Site:
    """A host's pages in one tab; every other host answers nothing and is noted in `asked`."""

    def __init__(self, context: BrowserContext, policy: PrivacyPolicy, host: str) -> None:
        self.page = context.new_page()
        self.asked: list[str] = []
        self.ever_asked: list[str] = []  # also what a page before asked for late
        self.errors: list[str] = []
        self.files: dict[str, tuple[str, str]] = {}
        self.fields: dict[str, str] = {}
        self.host = host
        self._guard, self._shield = shield_of(policy)
        context.route(re.compile(".*"), self._answer)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def tag(self, signal: str = "", fields: list[Field] | None = None) -> str:
        """Return the shield's element for a page of this host."""
        host: Field = ("host", self.host)
        visit = self._guard.visit(Sent(host, *SIGNALS[signal], scheme="https"))
        try:
            head = ResponseHead(200, [HTML, *(fields or [])])
            return self._shield.tag(visit.context, head).decode()
        finally:
            visit.end()

    def script(self, signal: str = "") -> str:
        """Return the text of the file that the element names."""
        path = self.tag(signal).partition('src="')[2].partition('"')[0]
        return str(self.answered(path).body.decode())

    def wait_for(self, *parts: str) -> None:
        """Wait until an address with all these parts was asked for."""
        wait_until(
            self.page, lambda: any(all(part in url for part in parts) for url in self.ever_asked)
        )

    def open(
        self, body: str = "", *, head: str | None = None, signal: str = "", bare: bool = False
    ) -> Page:
        """Show a page with `body`; `head` stands before it in place of the shield's element."""
        fields = [(name.lower(), value) for name, value in self.fields.items()]
        start = "" if bare else self.tag(signal, fields) if head is None else head
        self.files["/"] = (
            f"<!doctype html><html><head>{start}</head><body>{body}</body></html>",
            HTML[1],
        )
        self.asked.clear()
        self.errors.clear()
        self.page.goto(f"https://{self.host}/")
        return self.page

    def _answer(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        try:
            if url.hostname != self.host:
                self.asked.append(route.request.url)
                self.ever_asked.append(route.request.url)
                route.abort("connectionrefused")
            elif url.path in self.files:
                text, kind = self.files[url.path]
                route.fulfill(status=200, body=text, headers={"content-type": kind, **self.fields})
            else:
                self._own(route, url.path)
        except Error:
            pass  # the tab has gone on

    def _own(self, route: Route, path: str) -> None:
        answer = self.answered(path)
        if answer is None:
            route.fulfill(status=404, body="", headers={"content-type": "text/plain"})
            return
        headers = {name: value for name, value in answer.fields if name != "content-length"}
        route.fulfill(status=answer.status, body=answer.body, headers=headers)

    def answered(self, path: str) -> Any:
        """Return the answer of a page of the layer's own, None for another path."""
        page = self._guard.page_at(path)
        if page is None:
            return None
        visit = self._guard.visit(Sent(path=path))
        try:
            return page[1](visit.context)
        finally:
            visit.end()


@contextmanager
def sites(
    browser: Browser, policy: PrivacyPolicy | None = None, host: str = HOST
) -> Iterator[Site]:
    """Give a site of a policy in a profile of its own."""
    context = browser.new_context()
    try:
        yield Site(context, policy or PrivacyPolicy(), host)
    finally:
        context.close()
