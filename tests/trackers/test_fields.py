"""Response fields that load from others or report to them: what leaves of each."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from alpines_privacy import PrivacyPolicy
from alpines_privacy.http.heads import Field, ResponseHead, field_name
from alpines_privacy.http.promise import Message
from alpines_privacy.http.url import Address, parse
from alpines_privacy.policy import ThirdParty
from alpines_privacy.trackers import Match, shipped_rules
from alpines_privacy.trackers.blocking import Blocker
from alpines_privacy.trackers.fields import Block, Fields, RemovedField
from alpines_privacy.trackers.markup import PRELOADED, RELATIONS, LoadKinds
from alpines_privacy.trackers.page import Pages
from tests.support.chromium import chromium
from tests.support.origin import Request, origin

POLICY = PrivacyPolicy(
    third_parties=[
        ThirdParty("cdn.example.net", purpose="Style sheets"),
        ThirdParty("*.reports.example.org", purpose="Error reports"),
        ThirdParty("static.hotjar.com", purpose="A tracker the operator declared"),
    ]
)
PAGE = parse("https://www.shop.example/a/page")
assert PAGE is not None
HTML: Field = ("content-type", "text/html")
BLOCKERS = {opted: Blocker(shipped_rules(), POLICY, opted) for opted in (False, True)}

GA = "https://www.google-analytics.com/analytics.js"
ADS = "https://pagead2.googlesyndication.com/pagead/js/adsbygoogle.js"  # EasyList: under a signal
HOTJAR = "https://static.hotjar.com/c/hotjar-1.js"


def page() -> Address:
    assert PAGE is not None
    return PAGE


def blocking(opted_out: bool) -> Block:
    def block(url: str, kinds: LoadKinds) -> Match | None:
        return BLOCKERS[opted_out].match(url, page(), kinds)

    return block


def cleaned(
    *fields: Field, opted_out: bool = False, taken: list[RemovedField] | None = None
) -> ResponseHead:
    """Return the head that is left of a page's with these fields."""
    head = ResponseHead(200, [HTML, *fields])
    Fields(POLICY).clean(
        head,
        blocking(opted_out),
        page=page,
        opted_out=opted_out,
        removals=taken if taken is not None else [],
    )
    return head


ELSEWHERE = '{"url":"https://r.other.example/"}'

SAME = object()
OWN = "</a.css>; rel=preload; as=style"
LINKS: dict[str, object] = {
    OWN: SAME,
    f"<{GA}>; rel=canonical": SAME,
    f'<{GA}>; rel="next"; title="a, b"': SAME,
    f"<{GA}>; rel=preload; as=script": None,
    f"< {GA} >;REL=PreLoad;AS=Script": None,
    f'<{GA}>; rel="dns preload"': None,
    f"<{GA}>; rel=modulepreload": None,
    f"<{GA}>; rel=prefetch": None,
    f"<{GA}>; rel=preload": None,
    f"<{GA}>; rel=preload; as=nonsense": None,
    f'<{GA}>; anchor="x;y,z"; rel=preload; as=script': None,
    "<//www.google-analytics.com/analytics.js>; rel=preload; as=script": None,
    "<https:\\\\WWW.google-analytics.com./analytics.js>; rel=preload; as=script": None,
    "<https://www.googletagmanager.com>; rel=preconnect": None,
    "<//www.googletagmanager.com>; rel=dns-prefetch; crossorigin": None,
    "<https://www.googletagmanager.com/anything/at/all>; rel=preconnect": None,
    f"{OWN}, <{GA}>; rel=preload; as=script": OWN,
    f"<{GA}>; rel=preload; as=script,{OWN}": OWN,
    f"{OWN} ,, <{GA}>; rel=preload; as=script, </b.js>; rel=preload": f"{OWN}, </b.js>; rel=preload",
    f'</a.png>; rel=preload; as=image; imagesrcset="a.png 1x, {GA} 2x"': None,
    '</a.png>; rel=preload; as=image; imagesrcset="a.png 1x, b.png 2x"': SAME,
    # What one browser may divide otherwise than another is judged as if all of it loaded.
    f'</a>; title="x, <{GA}>; rel=preload; as=script': None,
    f"</a, <{GA}>; rel=preload; as=script": None,
    "<https://cdn.example.net/a.css>; rel=stylesheet": SAME,
    "<data:text/css,>; rel=stylesheet": SAME,
    "": SAME,
    "<": SAME,
    ", ,": SAME,
    "no link at all": SAME,
}


@pytest.mark.parametrize("opted_out", [False, True], ids=["no signal", "signal"])
@pytest.mark.parametrize(("value", "leaves"), LINKS.items())
def test_of_a_link_the_members_that_lead_to_trackers_go(
    value: str, leaves: object, opted_out: bool
) -> None:
    head = cleaned(("Link", value), opted_out=opted_out)
    expected = value if leaves is SAME else leaves
    assert head.values("link") == ([] if expected is None else [expected])
    assert head.changed is (leaves is not SAME)


@pytest.mark.parametrize("url", [ADS, HOTJAR], ids=["an ad", "a declared tracker"])
def test_ads_and_declared_trackers_go_under_a_signal(url: str) -> None:
    field = ("link", f"<{url}>; rel=preload; as=script")
    assert cleaned(field).values("link") == [field[1]]
    assert cleaned(field, opted_out=True).values("link") == []


OTHERS: dict[Field, object] = {
    ("refresh", f"5; url={GA}"): None,
    ("Refresh", f"0;URL='{GA}'"): None,
    ("refresh", f'3,"{GA}"'): None,
    ("refresh", f"1 {GA}"): None,
    ("refresh", "5"): SAME,
    ("refresh", "0; url=/next"): SAME,
    ("refresh", "0; url=https://partner.example/"): SAME,
    ("speculation-rules", '"/rules.json"'): SAME,
    ("speculation-rules", f'"/rules.json", "{GA}"'): '"/rules.json"',
    ("speculation-rules", f'"{GA}"'): None,
    ("reporting-endpoints", 'main="/reports", other="https://api.shop.example/r"'): SAME,
    ("reporting-endpoints", 'main="https://x.reports.example.org/r?a=1,2"'): SAME,
    ("reporting-endpoints", 'main="https://reports.other.example/"'): None,
    ("reporting-endpoints", 'a="/r", b="//other.example/r";x=1, c=1'): 'a="/r"',
    ("reporting-endpoints", 'a="https:\\\\\\\\other.example/"'): None,
    ("reporting-endpoints", "nonsense"): None,
    ("report-to", '{"group":"a","max_age":1,"endpoints":[{"url":"/r"}]}'): SAME,
    ("report-to", '{"endpoints":[{"url":"https://r.other.example/"}],"max_age":1}'): None,
    ("report-to", '{"group":"a","max_age":0,"endpoints":[]}'): SAME,
    (
        "report-to",
        f'{{"group":"a","endpoints":[{{"url":"/r"}},{ELSEWHERE}]}},{{"endpoints":[{ELSEWHERE}]}}',
    ): '{"group": "a", "endpoints": [{"url": "/r"}]}',
    ("report-to", "{"): None,
    ("report-to", "1"): None,
    ("nel", '{"report_to":"a","max_age":86400}'): None,
    ("nel", '{"report_to":"a","max_age":0}'): SAME,
    ("attribution-reporting-register-source", "{}"): None,
    ("Attribution-Reporting-Register-Trigger", "{}"): None,
    ("observe-browsing-topics", "?1"): None,
    ("content-language", GA): SAME,
}


@pytest.mark.parametrize("opted_out", [False, True], ids=["no signal", "signal"])
@pytest.mark.parametrize(("field", "leaves"), OTHERS.items())
def test_of_the_other_fields_what_leads_elsewhere_goes(
    field: Field, leaves: object, opted_out: bool
) -> None:
    expected = field[1] if leaves is SAME else leaves
    head = cleaned(field, opted_out=opted_out)
    assert head.fields[1:] == ([] if expected is None else [(field[0], expected)])


def test_a_network_error_policy_stays_with_its_group_of_own_endpoints() -> None:
    nel = '{"report_to":"a","max_age":86400}'
    own = '{"group":"a","max_age":1,"endpoints":[{"url":"https://r.shop.example/"}]}'
    assert cleaned(("nel", nel), ("report-to", own)).values("nel") == [nel]
    other = own.replace('"group":"a"', '"group":"b"')
    assert cleaned(("nel", nel), ("report-to", other)).values("nel") == []
    assert cleaned(("nel", nel), ("report-to", own.replace("shop", "shop2"))).values("nel") == []


@pytest.mark.parametrize("name", ["Accept-CH", "Critical-CH"])
def test_client_hints_are_not_asked_for_under_a_signal(name: str) -> None:
    hints = (name, "Sec-CH-UA-Model")
    assert cleaned(hints, ("link", OWN)).fields == [HTML, hints, ("link", OWN)]
    assert cleaned(hints, opted_out=True).fields == [HTML]


def test_what_is_taken_out_is_told_with_its_rule() -> None:
    taken: list[RemovedField] = []
    cleaned(
        ("link", f"<{GA}>; rel=preload; as=script"),
        ("reporting-endpoints", 'a="https://r.other.example/x"'),
        ("observe-browsing-topics", "?1"),
        taken=taken,
    )
    assert [(what, url, match and match.company) for what, url, match in taken] == [
        ("link header", GA, "Google"),
        ("reporting-endpoints header", "https://r.other.example/x", None),
        ("observe-browsing-topics header", "", None),
    ]


def test_a_head_with_none_of_these_fields_is_not_looked_at() -> None:
    def never(*_: object) -> None:
        raise AssertionError("asked")

    head = ResponseHead(200, [HTML, ("set-cookie", "a=b"), ("accept-ch", "x")])
    Fields(POLICY).clean(head, never, page=never, opted_out=False, removals=[])  # type: ignore[arg-type]
    assert not head.changed


VARIES: dict[str, tuple[list[Field], list[str]]] = {
    "leads to another host": ([("link", f"<{ADS}>; rel=preload; as=script")], ["DNT, Sec-GPC"]),
    "leads to the site": ([("link", OWN)], []),
    "loads nothing": ([("link", "<https://api.example/2>; rel=next")], []),
}


@pytest.mark.parametrize("opted_out", [False, True], ids=["no signal", "signal"])
@pytest.mark.parametrize(("fields", "vary"), VARIES.values(), ids=VARIES)
def test_caches_keep_apart_what_depends_on_the_signal(
    fields: list[Field], vary: list[str], opted_out: bool
) -> None:
    head = ResponseHead(200, [("content-type", "text/css"), *fields])
    Fields(POLICY).clean(head, blocking(opted_out), page=page, opted_out=opted_out, removals=[])
    assert head.values("vary") == vary


BESIDE: dict[str, tuple[Message, list[Field], list[Field]]] = {
    "early hints": (
        "early_hint",
        [("link", OWN), ("link", f"<{GA}>; rel=preload; as=script")],
        [("link", OWN)],
    ),
    "trailers": ("trailers", [("Observe-Browsing-Topics", "?1"), ("x", "y")], [("x", "y")]),
}


@pytest.mark.parametrize(("message", "fields", "leave"), BESIDE.values(), ids=BESIDE)
def test_fields_beside_the_head_are_cleaned_too(
    message: Message, fields: list[Field], leave: list[Field]
) -> None:
    given = list(fields)
    left = Fields(POLICY).clean_beside(message, fields, blocking(False), page=page, removals=[])
    assert (left, fields) == (leave, given)


def test_the_very_list_comes_back_where_all_may_leave() -> None:
    for message in get_args(Message):
        fields: list[Field] = [("link", OWN), ("accept-ch", "DPR")]
        left = Fields(POLICY).clean_beside(message, fields, blocking(True), page=page, removals=[])
        assert left is fields


def of_page(*fields: Field) -> ResponseHead:
    head = ResponseHead(200, [HTML, *fields])
    Fields(POLICY).of_page(head)
    return head


DENIED = "browsing-topics=(), interest-cohort=()"
PERMISSIONS: dict[str, tuple[list[str], list[str]]] = {
    "none": ([], [DENIED]),
    "another feature": (["camera=()"], ["camera=()", DENIED]),
    "one of ours": (
        ["camera=(), browsing-topics=(self)"],
        ["camera=(), browsing-topics=(self)", DENIED.replace("browsing-topics=(), ", "")],
    ),
    "one of ours on another line": (
        ["camera=()", "interest-cohort=*;report-to=a"],
        ["camera=()", "interest-cohort=*;report-to=a", "browsing-topics=()"],
    ),
    "all of ours": ([DENIED], [DENIED]),
    "one of ours in a string": (
        ['camera=("https://a.example,browsing-topics=b")'],
        ['camera=("https://a.example,browsing-topics=b")', DENIED],
    ),
}


@pytest.mark.parametrize(("said", "leaves"), PERMISSIONS.values(), ids=PERMISSIONS)
def test_features_for_advertising_are_denied_unless_the_app_speaks_of_them(
    said: list[str], leaves: list[str]
) -> None:
    head = of_page(*(("Permissions-Policy", value) for value in said))
    assert head.values("permissions-policy") == leaves


def test_a_page_says_how_much_of_its_address_others_see_unless_the_app_does() -> None:
    assert of_page().values("referrer-policy") == ["strict-origin-when-cross-origin"]
    own = ("Referrer-Policy", "no-referrer")
    assert of_page(own).values("referrer-policy") == ["no-referrer"]


@pytest.mark.parametrize("said", [[], ["on"], ["off", "on"]])
def test_a_page_looks_up_no_names_ahead(said: list[str]) -> None:
    head = of_page(*(("X-DNS-Prefetch-Control", value) for value in said))
    assert head.values("x-dns-prefetch-control") == ["off"]


NAMES = [
    *("link", "refresh", "nel", "report-to", "reporting-endpoints", "speculation-rules"),
    *("permissions-policy", "observe-browsing-topics", "accept-ch", "vary", "content-type"),
]
PIECES = [
    *("<", ">", '"', "\\", ",", ";", "=", "rel=preload", "as=script", GA, "{", "}", "[", "]"),
    *('"endpoints":', '"url":', '"report_to":', '"group":', "a", "0", " ", "\t", "\ud800", "\x00"),
    *("imagesrcset", "url=", "//", "https://[::1", "max_age", "\\ud800"),
]
values = st.text() | st.lists(st.sampled_from(PIECES)).map("".join)
any_fields = st.lists(st.tuples(st.sampled_from(NAMES), values))


@given(any_fields, st.booleans())
def test_no_value_makes_it_fail(fields: list[Field], opted_out: bool) -> None:
    head = cleaned(*fields, opted_out=opted_out)
    Fields(POLICY).of_page(head)
    Fields(POLICY).clean_beside("early_hint", fields, blocking(opted_out), page=page, removals=[])


@given(any_fields, st.booleans())
def test_cleaning_twice_changes_nothing(fields: list[Field], opted_out: bool) -> None:
    once = cleaned(*fields, opted_out=opted_out).fields
    assert cleaned(*once[1:], opted_out=opted_out).fields == once


members = st.lists(
    st.sampled_from([OWN, f"<{GA}>; rel=preload; as=script", f'<{GA}>; rel="prefetch"; title=",<"'])
)


@given(members, st.sampled_from([",", ", ", " ,\t", ",,"]))
def test_no_order_of_members_lets_a_tracker_through(links: list[str], comma: str) -> None:
    left = "".join(cleaned(("link", comma.join(links))).values("link"))
    assert "google-analytics" not in left
    assert left.count(OWN) == links.count(OWN)


# Every relation and `as`, for an address that is listed whatever asks for it.
EVERYWHERE = "https://static.doubleclick.net/instream/ad_status.js"
LOADED = [
    *(("rel", relation, "") for relation in sorted(RELATIONS)),
    *(("as", "preload", destination) for destination in sorted(PRELOADED)),
]


@pytest.mark.parametrize(("what", "relation", "destination"), LOADED)
def test_links_in_heads_and_in_markup_are_judged_by_one_table(
    what: str, relation: str, destination: str
) -> None:
    del what
    parameter = f'; as="{destination}"' if destination else ""
    link = f"<{EVERYWHERE}>; rel={relation}{parameter}"
    markup = f'<link rel={relation} as="{destination}" href="{EVERYWHERE}">'.encode()
    filtered = Pages(POLICY, shipped_rules()).begin(url=page().url, opted_out=True)
    left = filtered(markup, last=True)
    assert (cleaned(("link", link), opted_out=True).values("link") == []) is (
        EVERYWHERE.encode() not in left or b"rel=" not in left
    )


@pytest.mark.parametrize("relation", ["mask-icon", "compression-dictionary"])
def test_every_relation_that_loads_is_known_to_both(relation: str) -> None:
    pixel = "https://www.facebook.com/tr?id=1"
    assert cleaned(("link", f"<{pixel}>; rel={relation}")).values("link") == []
    left = Pages(POLICY, shipped_rules()).begin(url=page().url, opted_out=False)
    assert b"facebook" not in left(f'<link rel={relation} href="{pixel}">'.encode(), last=True)


def test_long_values_take_linear_time() -> None:
    for piece in (
        "<",
        "<a>;a=b;",
        '<a>;rel="preload";',
        " preload",
        '"',
        '\\"',
        "<a",
        ";a",
        '"\\',
        ",",
        "{",
        "[",
        "a=",
        "a,",
    ):
        for name in NAMES:
            cleaned((name, piece * 50_000), opted_out=True)


def hosts_asked(browser: Browser, url: str) -> set[str]:
    """Return the hosts a page asked by the time it asked for its own script."""
    shown = browser.new_context().new_page()
    asked: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    with shown.expect_request("**/own.js"):
        shown.goto(url)
    return {address.host for each in asked if (address := parse(each))}


def test_chromium_asks_nobody_a_cleaned_link_named() -> None:
    """Bare, the same head makes it ask: so the test can fail. (Not a host of the HSTS preload list.)"""
    links = [""]

    def answer(request: Request) -> list[bytes]:
        # The site's own comes last, so that what went before it has been asked for.
        tracker = f"http://cdn.mouseflow.com:{port}"
        value = (
            f"<{tracker}/a.js>; rel=preload; as=script, "
            f'<{tracker}/b"c.js>; rel=preload; as=script; title="<>,", </own.js>; rel=preload; as=script'
        )
        links[:] = cleaned(("link", value)).values("link") if request.path == "/clean" else [value]
        return [f"Link: {link}".encode() for link in links if request.path != "/own.js"]

    with origin(answer) as port, chromium() as browser:
        home = f"http://www.shop.example:{port}"
        assert hosts_asked(browser, f"{home}/bare") == {"www.shop.example", "cdn.mouseflow.com"}
        assert hosts_asked(browser, f"{home}/clean") == {"www.shop.example"}


def test_field_names_are_told_apart_as_browsers_do() -> None:
    head = cleaned((" LINK\t", f"<{GA}>; rel=preload; as=script"))
    assert [field_name(name) for name, _ in head.fields] == ["content-type"]


@pytest.mark.parametrize(
    "name", ["link", "refresh", "speculation-rules", "report-to", "reporting-endpoints", "nel"]
)
def test_a_field_too_long_to_be_judged_does_not_leave(name: str) -> None:
    taken: list[RemovedField] = []
    assert name not in cleaned((name, "x" * 8193), taken=taken).names
    assert taken[0][0] == f"{name} header"


@pytest.mark.parametrize("own", ['a="\\', 'a="' + '\\"' * 50])
def test_what_a_quote_opens_and_nothing_closes_names_no_feature(own: str) -> None:
    left = Fields(POLICY)
    head = ResponseHead(200, [HTML, ("permissions-policy", own + ", browsing-topics=()")])
    left.of_page(head)
    assert "browsing-topics=()" in head.values("permissions-policy")[-1]
