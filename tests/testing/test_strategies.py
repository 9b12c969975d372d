"""The strategies: what they draw is what they say, and it covers what they are for."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from alpines_privacy import PrivacyPolicy, protect
from alpines_privacy.http.body import read_fields
from alpines_privacy.http.content_type import read_content_type
from alpines_privacy.http.setcookie import parse
from alpines_privacy.http.url import parse as parse_url
from alpines_privacy.policy.age import age_on, read_birth
from alpines_privacy.preference.signals import PreferenceReader
from alpines_privacy.redaction import Redactor
from alpines_privacy.testing import strategies, visitor
from alpines_privacy.testing.page_loads import loads_of
from alpines_privacy.trackers import shipped_rules
from tests.support.sent import Sent

TODAY = date(2026, 11, 25)
REDACTOR = Redactor()
SHOP = "https://shop.example/shoes/"
FINDING = settings(max_examples=5000, derandomize=True, database=None, phases=[Phase.generate])


# Each shows that something can be drawn which the strategy is for.
DRAWN: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], bool]]] = {
    "no signal": (strategies.signals(), lambda signal: signal == (None, False)),
    "both signals": (strategies.signals(), lambda signal: signal == ("1", True)),
    "an odd DNT": (strategies.opt_outs(), lambda signal: signal == ("1xyz", False)),
    "a cookie for a year": (strategies.set_cookies(), lambda line: "Max-Age=31536000" in line),
    "a deletion": (strategies.set_cookies(), lambda line: "Max-Age=0" in line),
    "a cookie with an odd part": (strategies.odd_set_cookies(), lambda line: ";Max-Age" in line),
    "the thirteenth birthday": (
        strategies.birth_dates(TODAY), lambda birth: birth == date(2013, 11, 25),
    ),
    "the day after": (strategies.birth_dates(TODAY), lambda birth: birth == date(2013, 11, 26)),
    "29 February": (strategies.birth_dates(TODAY), lambda birth: (birth.month, birth.day) == (2, 29)),
    "a form without a date": (
        strategies.signup_bodies(), lambda body: "form-url" in body.content_type and not body.birth,
    ),
    "JSON": (strategies.signup_bodies(), lambda body: body.content_type == "application/json"),
    "multipart": (strategies.signup_bodies(), lambda body: b"form-data" in body.content),
    "a page with a tracker and a third party": (
        strategies.pages(), lambda page: bool(page.urls("tracker") and page.urls("third party")),
    ),
    "a page without embeds": (strategies.pages(), lambda page: not page.embeds and "<p>" in page.html),
    "an app whose page sets a cookie": (
        strategies.apps(),
        lambda app: {"Content-Type", "Set-Cookie"} <= dict(app.replies["/"].fields).keys(),
    ),
    "an app that redirects": (strategies.apps(), lambda app: app.replies["/"].status == 302),
    "a log record with a card": (
        strategies.log_records(), lambda record: any(len(text) == 16 for text in record.hidden),
    ),
    "a field with a line break": (
        strategies.odd_fields(), lambda fields: any("\n" in value for _, value in fields),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_what_a_strategy_is_for_is_drawn(name: str) -> None:
    strategy, is_it = DRAWN[name]
    find(strategy, is_it, settings=FINDING)


@given(strategies.signals())
def test_a_signal_says_what_the_layer_reads(signal: strategies.Signal) -> None:
    read = PreferenceReader(PrivacyPolicy(), None).read(Sent(*signal.fields))
    assert read.opted_out == signal.opted_out
    seen: list[dict[str, str]] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append({key: environ[key] for key in ("HTTP_DNT", "HTTP_SEC_GPC") if key in environ})
        start_response("204 No Content", [])
        return []

    visitor(app, **signal.options).get("/")
    assert list(seen[0].values()) == [value for _, value in signal.fields]


@given(strategies.opt_outs())
def test_an_opt_out_opts_out(signal: strategies.Signal) -> None:
    assert signal.opted_out


@given(strategies.set_cookies(st.just("cart"), deletions=False))
def test_a_cookie_as_apps_write_it_is_set(line: str) -> None:
    cookie = parse(line)
    assert cookie is not None
    assert (cookie.name, cookie.is_deletion(1_900_000_000)) == ("cart", False)


TODAYS = st.dates(date(2000, 1, 1), date(2040, 12, 31))


@given(TODAYS, st.integers(13, 18), st.data())
def test_children_are_too_young_and_adults_are_not(
    today: date, age: int, data: st.DataObject
) -> None:
    child = data.draw(strategies.children(today, age))
    adult = data.draw(strategies.adults(today, age))
    assert age_on(child, today) < age <= age_on(adult, today)
    assert child <= today
    anybody = data.draw(strategies.birth_dates(today, age))
    assert anybody <= today
    assert strategies.is_old_enough(anybody, today, age) == (age_on(anybody, today) >= age)


@given(strategies.odd_birth_dates())
def test_an_odd_date_is_nobodys(text: str) -> None:
    birth = read_birth(text)
    day = birth and birth.latest
    assert day is None or day > date.today() - timedelta(days=2) or day.year < 1800  # noqa: DTZ011


@given(strategies.signup_bodies("user.dob"))
def test_a_signups_body_holds_its_date(body: strategies.SignupBody) -> None:
    fields = dict(read_fields(read_content_type(body.content_type), body.content))
    assert fields.get("user.dob") == (body.birth and body.birth.isoformat())
    assert fields["name"] == "Ayesha Khan"
    if body.content_type == "application/json" and body.birth:
        assert json.loads(body.content)["user"] == {"dob": body.birth.isoformat()}


@given(strategies.signup_bodies(("year", "month", "day"), undated=False))
def test_a_date_in_three_fields_is_the_date(body: strategies.SignupBody) -> None:
    fields = dict(read_fields(read_content_type(body.content_type), body.content))
    assert body.birth is not None
    assert date(*(int(fields[name]) for name in ("year", "month", "day"))) == body.birth


@given(strategies.embeds())
def test_an_embed_loads_its_address_and_only_trackers_are_listed(embed: strategies.Embed) -> None:
    page = parse_url(SHOP)
    assert page is not None
    loads = [load for load in loads_of(embed.markup, page) if load.url != "/pixel.png"]
    [load] = loads
    address = parse_url(load.url, page)
    assert address is not None
    listed = any(shipped_rules().match(address.url, page.host, kind) for kind in load.kinds)
    assert listed == (embed.party == "tracker")


@given(strategies.pages())
def test_a_page_loads_its_embeds_and_nothing_else(page: strategies.Page) -> None:
    address = parse_url(SHOP)
    assert address is not None
    found = [load.url for load in loads_of(page.html, address) if load.url != "/pixel.png"]
    expected = [embed.url.replace("&amp;", "&") for embed in page.embeds]
    assert found == expected


@pytest.mark.parametrize("protocol", ["wsgi", "asgi"])
@given(strategies.apps(), strategies.signals())
def test_an_app_answers_with_its_reply_over_both_protocols(
    protocol: str, app: strategies.App, signal: strategies.Signal
) -> None:
    response = visitor(getattr(app, protocol), **signal.options).get("/about")
    reply = app.replies["/about"]
    assert (response.status_code, response.content) == (reply.status, reply.body)
    assert [(name.lower(), value) for name, value in response.fields] == [
        (name.lower(), value) for name, value in reply.fields
    ]
    assert app.seen[-1] == ("GET", "/about")
    assert visitor(getattr(app, protocol)).get("/nowhere").status_code == 404


@given(strategies.wsgi_apps(), strategies.asgi_apps(), strategies.signals())
def test_whatever_an_app_answers_the_policy_is_kept(
    wsgi: Any, asgi: Any, signal: strategies.Signal
) -> None:
    for app in (wsgi, asgi):
        response = visitor(protect(app), **signal.options).get("/")
        if signal.opted_out and signal.dnt:
            assert set(response.plants) <= (
                {"session", "sessionid", "csrftoken"} if signal.gpc else set()
            )


class Kept(logging.Logger):
    """A logger that keeps its records, before any hook and handler."""

    def __init__(self) -> None:
        super().__init__("alone", logging.INFO)
        self.records: list[logging.LogRecord] = []

    def handle(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@given(strategies.log_records())
def test_a_record_shows_what_is_to_be_hidden_and_a_redactor_hides_it(
    record: strategies.LogRecord,
) -> None:
    logger = Kept()
    record.log(logger)
    [made] = logger.records
    assert made.levelno == record.level
    assert record.extra.items() <= made.__dict__.items()
    line = made.getMessage()
    for value in record.hidden:
        assert value in line
    redacted = REDACTOR.redact(line)
    assert record.seen in redacted
    for value in record.hidden:
        assert value not in redacted


@given(strategies.personal_values())
def test_a_value_is_of_its_kind(personal: strategies.Personal) -> None:
    found = {span.kind for span in REDACTOR.findall(f"by {personal.written} now")}
    assert personal.kind in found


@given(st.binary(max_size=50), st.data())
def test_pieces_are_the_whole(body: bytes, data: st.DataObject) -> None:
    pieces = data.draw(strategies.chunked(st.just(body), most=4))
    assert (b"".join(pieces), len(pieces) <= 4) == (body, True)


def test_hypothesis_is_loaded_only_by_who_uses_it() -> None:
    script = (
        "import sys, alpines_privacy.testing; assert 'hypothesis' not in sys.modules; "
        "from alpines_privacy.testing import strategies; assert 'hypothesis' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)  # noqa: S603 - our own words


@pytest.mark.parametrize("module", ["strategies", "machine"])
def test_without_hypothesis_the_error_says_what_to_install(module: str) -> None:
    script = (
        "import sys; sys.modules['hypothesis'] = None\n"
        f"try:\n    import alpines_privacy.testing.{module}\n"
        "except ModuleNotFoundError as error:\n    print(error)"
    )
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == (
        f"alpines_privacy.testing.{module} needs hypothesis: pip install 'alpines-privacy[testing]'"
    )
