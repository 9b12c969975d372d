"""Looking at a server as a browser does: each look is one new visitor and ends in a few words."""

import json
import re
import socket
import ssl
from collections.abc import Callable, Iterable

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

NOTHING = "-"
PATIENCE = 30.0  # seconds; a busy machine takes its time over a password

# No certificate is ever looked at here, and reading the system's takes longer than all visits.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

# A look takes a visitor's client and returns what a cell of the table says.
Look = Callable[[httpx.Client], str]


def visitor(address: str, headers: dict[str, str]) -> httpx.Client:
    """Return the client of a browser that has never been here and sends these headers."""
    return httpx.Client(
        base_url=address,
        headers=headers,
        trust_env=False,
        verify=NO_CERTIFICATES,
        timeout=PATIENCE,
    )


def seen(look: Look, address: str, headers: dict[str, str]) -> str:
    """Return what `look` sees; a visit that fails is seen as well."""
    with visitor(address, headers) as client:
        try:
            return look(client)
        except (httpx.TransportError, WebSocketException, OSError) as error:
            return f"no answer: {type(error).__name__}"


def cookies(path: str, *, holding: str = "") -> Look:
    """Look which cookies a page sets, and (`-name`) takes away from a browser `holding` some."""

    def look(client: httpx.Client) -> str:
        headers = {"Cookie": holding} if holding else {}
        return _names(client.get(path, headers=headers).headers.get_list("set-cookie"))

    return look


def websocket_cookies(path: str) -> Look:
    """Look which cookies come with the handshake of a websocket that then says something."""

    def look(client: httpx.Client) -> str:
        url = client.base_url.copy_with(scheme="ws", path=path)
        signal = {
            name: client.headers[name] for name in ("DNT", "Sec-GPC") if name in client.headers
        }
        # A socket of our own: no proxy that the environment names is asked.
        with (
            socket.create_connection((url.host, url.port), timeout=PATIENCE) as line,
            connect(str(url), sock=line, additional_headers=signal) as websocket,
        ):
            websocket.recv(timeout=PATIENCE)
            head = websocket.response
            return _names(head.headers.get_all("Set-Cookie") if head else [])

    return look


def header(path: str, name: str) -> Look:
    """Look at one header of a page."""
    return lambda client: client.get(path).headers.get(name, NOTHING)


def resource(path: str, member: str) -> Look:
    """Look at the status of a JSON resource and one of its members."""

    def look(client: httpx.Client) -> str:
        response = client.get(path)
        if response.status_code != httpx.codes.OK:
            return str(response.status_code)
        return f"{response.status_code} {member}: {json.dumps(response.json().get(member))}"

    return look


def login(form: str, account: str) -> Look:
    """Look which cookies the browser holds after logging in, and whether the account page opens."""

    def look(client: httpx.Client) -> str:
        fields = _hidden_fields(client.get(form).text)
        client.post(form, data=fields | {"username": "ayesha", "password": "mountain-lake"})
        signed_in = "Ayesha" in client.get(account).text
        return _held(client) if signed_in else "refused"

    return look


def cart(product: str, cart: str) -> Look:
    """Look whether what one puts into the cart is there on the next page."""

    def look(client: httpx.Client) -> str:
        client.post(cart + product)
        return _held(client) if product in client.get(cart).text else "lost"

    return look


Fingerprint = tuple[int, list[tuple[bytes, bytes]], bytes]


def whole(address: str, headers: dict[str, str], path: str) -> Fingerprint:
    """Return all that a response consists of, but for the time it was made at."""
    with visitor(address, headers) as client, client.stream("GET", path) as response:
        fields = [field for field in response.headers.raw if field[0].lower() != b"date"]
        if response.headers["content-type"].partition(";")[0] != "text/event-stream":
            return response.status_code, fields, response.read()
        # It never ends, and its numbers change: that an event arrives at once is what counts.
        first = next(response.iter_raw())
        return response.status_code, fields, re.sub(rb"[0-9.]+", b"0", first)


def _hidden_fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w*)"', page))


def _held(client: httpx.Client) -> str:
    return " ".join(sorted({cookie.name for cookie in client.cookies.jar})) or NOTHING


def _names(set_cookies: Iterable[str]) -> str:
    names = {
        ("-" if "max-age=0" in line.lower() else "") + line.split("=")[0].strip()
        for line in set_cookies
    }
    return " ".join(sorted(names)) or NOTHING
