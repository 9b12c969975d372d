"""Looking at what a page embeds: as an HTML parser reads it, and by sending its forms."""

import socket
import ssl
from urllib.parse import urlencode

import httpx

from examples.demo.internet import Asked, internet
from examples.demo.markup import names, read
from examples.demo.vendors import Kind, vendor_of
from examples.demo.visits import EMAIL, NOTHING, Look

__all__ = ["in_markup", "loaders", "relation", "subscribes"]


def in_markup(path: str, kind: Kind) -> Look:
    """Look which companies of a kind a page's markup loads from, `noscript` included."""
    return lambda client: names(read(client.get(path).text).loaded, kind)


def loaders(path: str) -> Look:
    """Look which companies the page's scripts would load from, or whether the shield runs first."""

    def look(client: httpx.Client) -> str:
        page = read(client.get(path).text)
        if "/_privacy/shield." in (page.first_script or ""):
            return "behind the shield"
        companies = {vendor.name for host in page.in_scripts if (vendor := vendor_of(host))}
        return " ".join(sorted(companies)) or NOTHING

    return look


def subscribes(path: str) -> Look:
    """Look whether the page's newsletter form, filled in and sent, arrives at its company."""

    def look(client: httpx.Client) -> str:
        forms = read(client.get(path).text).forms
        sent = [_arrives(form.action, form.fields | {"EMAIL": EMAIL}) for form in forms
                if form.action.startswith("https://")]  # fmt: skip
        return "arrives" if sent == [True] else "does not arrive"

    return look


def relation(path: str) -> Look:
    """Look which relation the page's form has that sends to another company."""

    def look(client: httpx.Client) -> str:
        forms = read(client.get(path).text).forms
        found = {form.rel for form in forms if form.action.startswith("https://")}
        return " ".join(filter(None, found)) or NOTHING

    return look


def _arrives(action: str, fields: dict[str, str]) -> bool:
    """Send a form to what stands in for the company's host, and tell whether it came there whole."""
    url = httpx.URL(action)
    path = url.raw_path.decode()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with socket.create_server(("127.0.0.1", 0)) as listener, internet(tls, listener) as others:
        address = f"http://127.0.0.1:{others.port}{path}"
        httpx.post(address, data=fields, headers={"Host": url.host}, trust_env=False)
        return Asked(url.host, path, urlencode(fields)) in others.asked
