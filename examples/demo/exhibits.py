"""The three examples, and what is to be seen at each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from examples.demo.checks import Check, Differs, InChromium, Logged, Reported, Unchanged
from examples.demo.embedded import in_markup, loaders, relation, subscribes
from examples.demo.vendors import Kind
from examples.demo.visits import (
    ADDRESS,
    ADULT,
    CHILD,
    CNIC,
    EMAIL,
    NAME,
    NOTHING,
    PHONE,
    SignUp,
    advice,
    behind_screen,
    by_form,
    by_json,
    cart,
    chooses,
    cookies,
    guesses,
    header,
    login,
    new_account,
    orders,
    orders_with_identity,
    pays,
    policy_page,
    registers_with_phone,
    resource,
    signed_in,
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
        Differs(
            "privacy policy",
            policy_page(front),
            "404",
            "link, 14 sections",
            "link, 14 sections",
            signals=("none", "DNT:1"),
        ),
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


def embeds(companies: Mapping[Kind, str], *, markup: str, scripts: str) -> list[Check]:
    """Return what is to be seen of the companies that the front page embeds.

    `markup` names the trackers that the page's markup loads, `scripts` whom its scripts load.
    """
    ads, payment = companies["ad"], companies["payment"]
    signals = ("none", "DNT:1", "GPC:1")
    shielded = "behind the shield"
    return [
        Differs("trackers in markup", in_markup("/", "tracker"), markup, NOTHING, signals=signals),
        Differs("loaders in scripts", loaders("/"), scripts, shielded, shielded, signals),
        Differs("ads in markup", in_markup("/", "ad"), ads, ads, signals=signals),
        Differs("payment in markup", in_markup("/", "payment"), payment, payment, payment, signals),
        Differs("newsletter form", subscribes("/"), "arrives", "arrives", "arrives", signals),
        InChromium("/", companies),
        Differs(
            "choose: no tracking", chooses(PREFERENCE, "/"), "404", "kept; -", signals=("none",)
        ),
    ]


PREFERENCE = "/_privacy/preference"


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


def guarded(form: str, account: str) -> list[Check]:
    """Return the checks that an account cannot be guessed, nor its owner locked out by guesses."""
    return [
        Differs(
            "guess a password",
            guesses(form, account),
            "signed in",
            "429, Retry-After",
            signals=("none",),
        ),
        Differs(
            "log in meanwhile",
            signed_in(form, account),
            "signed in",
            "signed in",
            signals=("none",),
        ),
    ]


EXHIBITS = [
    Exhibit(
        "shop",
        "Flask",
        "waitress",
        [
            *pages("/", "/products/nothing"),
            *embeds(
                {
                    "tracker": "Google Meta",
                    "ad": "AdSense",
                    "chat": "Intercom",
                    "payment": "Stripe",
                },
                markup="Google Meta",
                scripts="Intercom Meta",
            ),
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
            Logged(
                "log of an order",
                orders("mug"),
                {"name": NAME, "mail": EMAIL, "phone": PHONE, "address": ADDRESS},
                line="order for",
            ),
            *WELL_KNOWN,
            Unchanged("/products.json"),
            Unchanged("/static/shop.css"),
            Differs(
                "pay by card", pays("mug"), "303, stored", "422, not stored", signals=("none",)
            ),
            Reported("data nobody declared", orders_with_identity("mug"), CNIC, "cnic (CNIC)"),
            *guarded("/login", "/orders"),
        ],
    ),
    Exhibit(
        "site",
        "Django",
        "waitress",
        [
            *pages("/", "/articles/nothing/"),
            *embeds(
                {
                    "tracker": "Google Hotjar",
                    "ad": "AdManager",
                    "chat": "Crisp",
                    "payment": "PayPal",
                },
                markup="Google",
                scripts="Crisp Google Hotjar",
            ),
            signs_in("/login/", "/account/", "csrftoken sessionid"),
            *signs_up(by_form("/signup/"), "/account/", undated="200, no account"),
            Logged(
                "log of a signup",
                new_account(by_form("/signup/")),
                {"name": NAME, "born": str(ADULT), "address": ADDRESS},
                line="new member",
            ),
            *WELL_KNOWN,
            Unchanged("/articles.json"),
            Unchanged("/static/ridge.css"),
            *guarded("/login/", "/account/"),
            Differs(
                "a weak password",
                advice("mira-rossi-1990"),
                "404",
                "200 Easy to guess. It is made of what stands in this form.",
                signals=("none",),
            ),
            Differs(
                "form to others: rel",
                relation("/"),
                NOTHING,
                "noopener noreferrer",
                "noopener noreferrer",
                signals=("none", "DNT:1"),
            ),
        ],
    ),
    Exhibit(
        "api",
        "FastAPI",
        "uvicorn",
        [
            *pages("/", "/huts/nothing"),
            *embeds(
                {
                    "tracker": "Clarity LinkedIn",
                    "ad": "EthicalAds",
                    "chat": "Tawk",
                    "payment": "Stripe",
                },
                markup="LinkedIn",
                scripts="Clarity LinkedIn Tawk",
            ),
            signs_in("/login", "/bookings", "session"),
            *signs_up(by_json("/api/guests"), "/bookings", undated="422, no account"),
            Differs("websocket handshake", websocket_cookies("/live/beds"), "_ga", "_ga"),
            Logged(
                "log of a signup",
                new_account(by_json("/api/guests")),
                {"name": NAME, "user": "mira-", "born": str(ADULT), "address": ADDRESS},
                line="new guest",
            ),
            *WELL_KNOWN,
            Unchanged("/api/huts"),
            Unchanged("/api/weather"),
            Unchanged("/static/board.css"),
            Reported(
                "data nobody declared",
                registers_with_phone("/api/guests"),
                PHONE,
                "user.phone (PHONE)",
            ),
        ],
    ),
]
