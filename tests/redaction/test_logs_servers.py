"""Real servers' log files, read back: access lines, error lines and the app's own hold nothing personal."""

from __future__ import annotations

import base64
import http.client
import sys
import time
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from tests.support.processes import free_port, program

ROOT = Path(__file__).parents[2]

# All that an access line can be asked for.
_ATOMS = "%(h)s %(r)s %(s)s %(f)s %(a)s %(U)s %(q)s %({cookie}i)s %({x-forwarded-for}i)s"
_ASGI, _WSGI = "tests.support.served_logs:asgi", "tests.support.served_logs:wsgi"
_TO_STDERR = ["--access-logfile", "-"]
COMMANDS = {
    "uvicorn": ["uvicorn", _ASGI, "--port", "{port}", "--http", "h11"],
    "uvicorn with httptools": ["uvicorn", _ASGI, "--port", "{port}"],
    "hypercorn": [
        *("hypercorn", _ASGI, "--bind", "127.0.0.1:{port}"),
        *(*_TO_STDERR, "--access-logformat", _ATOMS),
    ],
    "granian over ASGI": [
        *("granian", _ASGI, "--port", "{port}", "--interface", "asgi", "--access-log"),
        *("--access-log-fmt", "%(addr)s %(method)s %(path)s %(query_string)s %(status)d"),
    ],
    "granian over WSGI": [
        *("granian", _WSGI, "--port", "{port}", "--interface", "wsgi", "--access-log"),
        *("--blocking-threads", "2"),
    ],
    "gunicorn": [
        *("gunicorn", _WSGI, "--bind", "127.0.0.1:{port}", "--log-level", "debug"),
        *(*_TO_STDERR, "--access-logformat", _ATOMS),
    ],
    "gunicorn with threads": [
        *("gunicorn", _WSGI, "--bind", "127.0.0.1:{port}", "--threads", "2", *_TO_STDERR)
    ],
    "waitress": ["waitress", "--listen", "127.0.0.1:{port}", _WSGI],
    "werkzeug": ["tests.support.served_logs", "{port}"],
}
# What each writes of its own accord, the app apart.
ACCESS_LINES = COMMANDS.keys() - {"waitress"}

MAIL, PHONE, CARD = "zarqa.bibi@example.com", "+92 300 1234567", "4111 1111 1111 1111"
NAME, STREET = "Zarqa Bibi-Noor", "House 7, Made-up Street"
PASSWORD, TOKEN, SESSION = "corréct-horse%battery", "s3cr3tt0ken9911", "8d7f4b1c99aa"
ADDRESS, AGENT = (
    "203.0.113.77",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.7) Gecko/20100101 Firefox/128.7",
)
FORM = {"name": NAME, "address": STREET, "password": PASSWORD, "card": CARD, "mobile": PHONE}
QUERY = {"email": MAIL, "token": TOKEN, "full_name": NAME, "page": "7"}
HEADERS = {
    "User-Agent": AGENT,
    "X-Forwarded-For": ADDRESS,
    "Referer": f"https://shop.example/from?{urlencode(QUERY)}",
    "Authorization": "Basic " + base64.b64encode(f"zarqa_84:{PASSWORD}".encode()).decode(),
    "Cookie": f"sessionid={SESSION}; theme=dark",
    "Content-Type": "application/x-www-form-urlencoded",
}
PERSONAL = [
    *(MAIL, PHONE, CARD, NAME, STREET, PASSWORD, TOKEN, SESSION, ADDRESS, AGENT, "zarqa_84"),
    *("zarqa", "Bibi", "Made-up", "1234567", "Firefox/128.7", HEADERS["Authorization"][6:]),
]


def _visit(port: int, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", f"{path}?{urlencode(QUERY)}", urlencode(FORM), HEADERS)
        connection.getresponse().read()
    except http.client.HTTPException:
        pass  # a server may hang up on a broken app
    finally:
        connection.close()


def _wait_for(log: Path, *texts: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        said = log.read_text("utf-8", "replace").lower()
        if all(text in said for text in texts):
            return
        time.sleep(0.02)


def _looks(value: str) -> set[str]:
    """The ways a value may stand in a log, in lower case."""
    encoded = value.encode()
    looks = {value, quote(value), quote(value, safe=""), urlencode({"": value})[1:]}
    return {look.lower() for look in [*looks, repr(encoded)[2:-1], repr(value)[1:-1]]}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_log_file_holds_what_visitors_sent(name: str, tmp_path: Path) -> None:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        *(word.replace("{port}", str(port)) for word in COMMANDS[name]),
    ]
    with program(command, port, tmp_path, env={"PYTHONPATH": str(ROOT)}):
        _visit(port, f"/order/{quote(MAIL)}")
        _visit(port, f"/broken/{quote(MAIL)}")
        (log,) = tmp_path.glob("*.log")
        access = ["/order/[email]"] if name in ACCESS_LINES else []
        _wait_for(log, "lookuperror: ", *access)  # some answer first and log then
    said = log.read_text("utf-8", "replace").lower()
    found = {value for value in PERSONAL if any(look in said for look in _looks(value))}
    assert not found, said
    assert "shop: and said" in said  # the app was heard
    assert "lookuperror: no account for /broken/[email]" in said
    if name in ACCESS_LINES:
        assert "page=7" in said or "granian" in name
        assert "/order/[email]" in said
