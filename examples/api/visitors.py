"""What many services do to their visitors: a number for each, and a note of what they saw."""

import secrets
import time

from starlette.requests import HTTPConnection
from starlette.responses import Response

TWO_YEARS = 63_072_000
A_YEAR = 31_536_000


def remember(request: HTTPConnection, response: Response) -> None:
    if "_ga" not in request.cookies:
        response.set_cookie("_ga", new_visitor(), max_age=TWO_YEARS)
    seen = request.path_params.get("slug", "front")
    response.set_cookie("last_seen", seen, max_age=A_YEAR)


def greeting(websocket: HTTPConnection) -> list[tuple[bytes, bytes]]:
    """Return the headers that accept a websocket: a cookie can leave there too."""
    if "_ga" in websocket.cookies:
        return []
    return [(b"set-cookie", f"_ga={new_visitor()}; Max-Age={TWO_YEARS}; Path=/".encode())]


def new_visitor() -> str:
    """Return an id in the form of Google Analytics' first-party cookie."""
    return f"GA1.1.{secrets.randbelow(2**31)}.{int(time.time())}"
