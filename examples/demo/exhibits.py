"""The three examples, and what is to be seen at each of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from examples.demo.checks import Check, Differs, Unchanged
from examples.demo.visits import cart, cookies, header, login, resource, websocket_cookies


@dataclass(frozen=True)
class Exhibit:
    name: str
    framework: str
    server: str
    checks: Sequence[Check]


TRACKED = "_ga last_seen"
OLD_COOKIES = "_ga=GA1.1.1.1; last_seen=front"


def pages(front: str, missing: str) -> list[Check]:
    """Return what is to be seen at every example's pages."""
    return [
        Differs("GET /", cookies(front), TRACKED, TRACKED),
        Differs("GET a missing page", cookies(missing), TRACKED, TRACKED),
        Differs(
            "GET /, old cookies",
            cookies(front, holding=OLD_COOKIES),
            "last_seen",
            "last_seen",
            "-_ga -last_seen",
        ),
        Differs(
            "Vary",
            header(front, "Vary"),
            "Cookie",
            "Cookie, DNT, Sec-GPC",
            "Cookie, DNT, Sec-GPC",
            signals=("none", "GPC:1"),
        ),
        Differs("Cache-Control", header(front, "Cache-Control"), "-", "private", signals=("none",)),
        Differs("Tk", header(front, "Tk"), "-", "-", "N", signals=("DNT:1",)),
    ]


# Without a signal `_ga` still follows visitors, and the resource does not deny it.
WELL_KNOWN: list[Check] = [
    Differs(
        ".well-known/gpc.json",
        resource("/.well-known/gpc.json", "gpc"),
        "404",
        "200 gpc: true",
        signals=("none",),
    ),
    Differs(
        ".well-known/dnt/",
        resource("/.well-known/dnt/", "tracking"),
        "404",
        '200 tracking: "T"',
        '200 tracking: "N"',
        signals=("none", "DNT:1"),
    ),
]


def signs_in(form: str, account: str, necessary: str) -> Check:
    """Return the check that people can log in, and hold only what is necessary for it."""
    everything = " ".join(sorted(["_ga", "last_seen", *necessary.split()]))
    return Differs(
        "log in",
        login(form, account),
        everything,
        everything,
        necessary,
    )


EXHIBITS = [
    Exhibit(
        "shop",
        "Flask",
        "waitress",
        [
            *pages("/", "/products/nothing"),
            signs_in("/login", "/orders", "session"),
            Differs(
                "fill the cart",
                cart("mug", "/cart/"),
                "_ga last_seen session",
                "_ga last_seen session",
                "session",
            ),
            *WELL_KNOWN,
            Unchanged("/products.json"),
            Unchanged("/static/shop.css"),
        ],
    ),
    Exhibit(
        "site",
        "Django",
        "waitress",
        [
            *pages("/", "/articles/nothing/"),
            signs_in("/login/", "/account/", "csrftoken sessionid"),
            *WELL_KNOWN,
            Unchanged("/articles.json"),
            Unchanged("/static/ridge.css"),
        ],
    ),
    Exhibit(
        "api",
        "FastAPI",
        "uvicorn",
        [
            *pages("/", "/huts/nothing"),
            signs_in("/login", "/bookings", "session"),
            Differs("websocket handshake", websocket_cookies("/live/beds"), "_ga", "_ga"),
            *WELL_KNOWN,
            Unchanged("/api/huts"),
            Unchanged("/api/weather"),
            Unchanged("/static/board.css"),
        ],
    ),
]
