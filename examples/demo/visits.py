"""Looking at a server as a browser does: each look is one new visitor and ends in a few words."""

import json
import re
import secrets
import socket
import ssl
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

NOTHING = "-"
PATIENCE = 30.0  # seconds; a busy machine takes its time over a password

# No certificate is ever looked at here, and reading the system's takes longer than all visits.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

NAME = "Mira Rossi"
EMAIL = "mira.rossi@example.org"
PHONE = "+41 79 555 01 23"
ADDRESS = "203.0.113.77"  # as a proxy before the app tells it
ELSEWHERE = "198.51.100.9"  # where nobody has ever logged in
CARD = "4242 4242 4242 4242"  # a test number of Stripe's
CNIC = "35202-1234567-1"

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


def policy_page(front: str) -> Look:
    """Look for the front page's link to the privacy policy, and at the sections of what it leads to."""

    def look(client: httpx.Client) -> str:
        link = re.search(r'<a href="([^"]+)">Privacy</a>', client.get(front).text)
        page = client.get(link[1] if link else "/privacy", headers={"Accept": "text/html"})
        sections = len(re.findall(r"<h2 id=[^>]+>\d+\. ", page.text))
        return f"link, {sections} sections" if link and sections else str(page.status_code)

    return look


def chooses(path: str, front: str) -> Look:
    """Look what a page sets once its visitor has chosen "Do not track me here" on another."""

    def look(client: httpx.Client) -> str:
        if (page := client.get(path)).status_code != httpx.codes.OK:
            return str(page.status_code)
        origin = str(client.base_url).rstrip("/")
        client.post(path, data={"choice": "opt-out"}, headers={"Origin": origin})
        return "kept; " + _names(client.get(front).headers.get_list("set-cookie"))

    return look


def orders(product: str) -> Look:
    """Log in and order: a name, an e-mail address and a phone number are told."""

    def look(client: httpx.Client) -> str:
        client.post("/login", data={"username": "ayesha", "password": "mountain-lake"})
        client.post(f"/cart/{product}")
        client.post("/orders", data={"name": NAME, "email": EMAIL, "phone": PHONE})
        return client.get("/orders").reason_phrase

    return look


def login(form: str, account: str) -> Look:
    """Look which cookies the browser holds after logging in, and whether the account page opens."""

    def look(client: httpx.Client) -> str:
        fields = _hidden_fields(client.get(form).text)
        client.post(form, data=fields | {"username": "ayesha", "password": "mountain-lake"})
        signed_in = "Ayesha" in client.get(account).text
        return _held(client) if signed_in else "refused"

    return look


# Fills in an app's signup, with a date of birth if it is given one, and returns the last answer.
SignUp = Callable[[httpx.Client, date | None], httpx.Response]

PASSWORD = "four-words-in-a-row"
ADULT = date(1990, 5, 17)
CHILD = date(datetime.now(UTC).year - 12, 1, 1)


def signup(sign_up: SignUp, account: str, *births: date | None) -> Look:
    """Look whether a browser that tries one date of birth after the other ends up signed in."""

    def look(client: httpx.Client) -> str:
        answers = [sign_up(client, birth) for birth in births]
        signed_in = NAME in client.get(account).text
        return "signed in" if signed_in else f"{answers[-1].status_code}, no account"

    return look


def new_account(sign_up: SignUp) -> Look:
    """Sign up as an adult, and see nothing but that it was answered."""
    return lambda client: sign_up(client, ADULT).reason_phrase


def by_form(path: str) -> SignUp:
    """Sign up with a form that has a field for the date of birth."""

    def sign_up(client: httpx.Client, birth: date | None) -> httpx.Response:
        first, last = NAME.split()
        fields = {"first_name": first, "last_name": last, "username": _new_username()}
        fields |= {"password1": PASSWORD, "password2": PASSWORD, "birth_date": _iso(birth)}
        return client.post(path, data=_hidden_fields(client.get(path).text) | fields)

    return sign_up


def by_json(path: str) -> SignUp:
    """Sign up with a JSON document that holds the date of birth."""

    def sign_up(client: httpx.Client, birth: date | None) -> httpx.Response:
        user = {"name": NAME, "username": _new_username(), "password": PASSWORD}
        return client.post(path, json={"user": user | {"birth_date": _iso(birth)}})

    return sign_up


def behind_screen(path: str) -> SignUp:
    """Sign up where nobody's age is asked, or where the layer asks it before the signup page."""

    def sign_up(client: httpx.Client, birth: date | None) -> httpx.Response:
        if birth and (screen := _age_screen(page := client.get(path))):
            date_fields = {
                "year": str(birth.year),
                "month": str(birth.month),
                "day": str(birth.day),
            }
            client.post(
                page.url.join(screen),
                data=_hidden_fields(page.text) | date_fields,
                headers={"Origin": str(client.base_url).rstrip("/")},
            )
        return client.post(
            path, data={"name": NAME, "username": _new_username(), "password": PASSWORD}
        )

    return sign_up


def cart(product: str, cart: str) -> Look:
    """Look whether what one puts into the cart is there on the next page."""

    def look(client: httpx.Client) -> str:
        client.post(cart + product)
        return _held(client) if product in client.get(cart).text else "lost"

    return look


def pays(product: str) -> Look:
    """Look whether the app keeps the number of a card that a visitor sends with an order."""

    def look(client: httpx.Client) -> str:
        client.post("/login", data={"username": "ayesha", "password": "mountain-lake"})
        client.post(f"/cart/{product}")
        answer = client.post("/orders", data={"name": NAME, "note": CARD})
        kept = "stored" if CARD in client.get("/orders").text else "not stored"
        return f"{answer.status_code}, {kept}"

    return look


def orders_with_identity(product: str) -> Look:
    """Order, and send the number of an identity card, for which no form asks."""

    def look(client: httpx.Client) -> str:
        client.post("/login", data={"username": "ayesha", "password": "mountain-lake"})
        client.post(f"/cart/{product}")
        return client.post("/orders", data={"name": NAME, "cnic": CNIC}).reason_phrase

    return look


def registers_with_phone(path: str) -> Look:
    """Sign up over JSON, and send a phone number, for which nothing asks."""

    def look(client: httpx.Client) -> str:
        user = {"name": NAME, "username": _new_username(), "password": PASSWORD, "phone": PHONE}
        user["birth_date"] = _iso(ADULT)
        return client.post(path, json={"user": user}).reason_phrase

    return look


def guesses(form: str, account: str) -> Look:
    """Look how the app answers who, from elsewhere, guesses the password of one who is signed in.

    The tenth guess that fails is followed by the right one.
    """

    def look(client: httpx.Client) -> str:
        elsewhere = {"X-Forwarded-For": ELSEWHERE}
        fields = _hidden_fields(client.get(form).text) | {"username": "ayesha"}
        for guess in range(10):
            wrong = {"password": f"mountain-{guess}"}
            client.post(form, data=fields | wrong, headers=elsewhere)
        right = {"password": "mountain-lake"}
        answer = client.post(form, data=fields | right, headers=elsewhere)
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            return "429, Retry-After" if "retry-after" in answer.headers else "429"
        return "signed in" if "Ayesha" in client.get(account).text else str(answer.status_code)

    return look


def signed_in(form: str, account: str) -> Look:
    """Look whether the account's owner can log in."""

    def look(client: httpx.Client) -> str:
        fields = _hidden_fields(client.get(form).text)
        client.post(form, data=fields | {"username": "ayesha", "password": "mountain-lake"})
        return "signed in" if "Ayesha" in client.get(account).text else "refused"

    return look


def advice(password: str) -> Look:
    """Look what the layer says about a password that somebody is choosing."""

    def look(client: httpx.Client) -> str:
        origin = {"Origin": str(client.base_url).rstrip("/")}
        question = {"password": password, "inputs": [NAME]}
        answer = client.post("/_privacy/password", json=question, headers=origin)
        told = answer.json()["text"] if answer.status_code == httpx.codes.OK else ""
        return f"{answer.status_code} {told}".strip()

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


def _new_username() -> str:
    return f"mira-{secrets.token_hex(8)}"


def _iso(birth: date | None) -> str:
    return birth.isoformat() if birth else ""


def _age_screen(page: httpx.Response) -> str | None:
    """Return where the layer's form is sent, if it stands in place of the page."""
    form = re.search(r'<form method="post" action="([^"]*_privacy/[^"]*)"', page.text)
    return form and form[1]


def _hidden_fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def _held(client: httpx.Client) -> str:
    return " ".join(sorted({cookie.name for cookie in client.cookies.jar})) or NOTHING


def _names(set_cookies: Iterable[str]) -> str:
    names = {
        ("-" if "max-age=0" in line.lower() else "") + line.split("=")[0].strip()
        for line in set_cookies
    }
    return " ".join(sorted(names)) or NOTHING
