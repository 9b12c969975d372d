"""The three examples, and what is to be seen at each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from examples.demo.checks import Check, Differs, Unchanged
from examples.demo.visits import (
    ADULT,
    CHILD,
    SignUp,
    behind_screen,
    by_form,
    by_json,
    cart,
    cookies,
    header,
    login,
    resource,
    signup,
    websocket_cookies,
)


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


def signs_up(
    sign_up: SignUp, account: str, *, undated: str, asked: str = "422, no account"
) -> list[Check]:
    """Return the checks that adults can sign up and children cannot, whatever they try next.

    Without a date of birth the bare app says `undated`, and the protected one asks for it.
    """

    def tries(what: str, *births: date | None, bare: str, protected: str) -> Check:
        look = signup(sign_up, account, *births)
        return Differs(what, look, bare, protected, protected, signals=("none", "DNT:1"))

    inside, refused = "signed in", "403, no account"
    return [
        tries("sign up", ADULT, bare=inside, protected=inside),
        tries("sign up at 12", CHILD, bare=inside, protected=refused),
        tries("at 12, then as adult", CHILD, ADULT, bare=inside, protected=refused),
        tries("sign up, no date", None, bare=undated, protected=asked),
    ]


EXHIBITS = [
    Exhibit(
        "shop",
        "Flask",
        "waitress",
        [
            *pages("/", "/products/nothing"),
            signs_in("/login", "/orders", "session"),
            *signs_up(
                behind_screen("/signup"), "/orders", undated="signed in", asked="303, no account"
            ),
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
            *signs_up(by_form("/signup/"), "/account/", undated="200, no account"),
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
            *signs_up(by_json("/api/guests"), "/bookings", undated="422, no account"),
            Differs("websocket handshake", websocket_cookies("/live/beds"), "_ga", "_ga"),
            *WELL_KNOWN,
            Unchanged("/api/huts"),
            Unchanged("/api/weather"),
            Unchanged("/static/board.css"),
        ],
    ),
]
