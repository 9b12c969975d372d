"""What many shops do to their visitors: a number for each of them, and a note of what they saw."""

import secrets
import time

from flask import Flask, Response, request

TWO_YEARS = 63_072_000
A_YEAR = 31_536_000


def init_app(app: Flask) -> None:
    app.after_request(remember)


def remember(response: Response) -> Response:
    if response.mimetype != "text/html":
        return response
    if "_ga" not in request.cookies:
        response.set_cookie("_ga", new_visitor(), max_age=TWO_YEARS)
    seen = (request.view_args or {}).get("slug", "front")
    response.set_cookie("last_seen", seen, max_age=A_YEAR)
    return response


def new_visitor() -> str:
    """Return an id in the form of Google Analytics' first-party cookie."""
    return f"GA1.1.{secrets.randbelow(2**31)}.{int(time.time())}"
