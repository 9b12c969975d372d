"""What many sites do to their visitors: a number for each of them, and a note of what they read."""

import secrets
import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

TWO_YEARS = 63_072_000
A_YEAR = 31_536_000

View = Callable[[HttpRequest], HttpResponseBase]


def remember(get_response: View) -> View:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            if "_ga" not in request.COOKIES:
                response.set_cookie("_ga", new_visitor(), max_age=TWO_YEARS)
            match = request.resolver_match
            seen = match.kwargs.get("slug", "front") if match else "front"
            response.set_cookie("last_seen", seen, max_age=A_YEAR)
        return response

    return middleware


def new_visitor() -> str:
    """Return an id in the form of Google Analytics' first-party cookie."""
    return f"GA1.1.{secrets.randbelow(2**31)}.{int(time.time())}"
