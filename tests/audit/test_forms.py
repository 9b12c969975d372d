"""Forms filled in as people would, and which of them are sign-ups and logins."""

from __future__ import annotations

import pytest

from alpines_privacy import PrivacyPolicy, Signup
from alpines_privacy.audit.fetching.exchange import Exchange
from alpines_privacy.audit.fetching.fetcher import Followed
from alpines_privacy.audit.filling import STRONG, Born, Person, fill, fill_as_json
from alpines_privacy.audit.forms import signup_of
from alpines_privacy.audit.model import Signal
from alpines_privacy.audit.reading.markup import Form, read_markup
from alpines_privacy.audit.visits import Visit

URL = "https://shop.example/signup"
BORN = Born(2013, 2, 3)
MONTHS = "<option>" + "<option>".join(["Jan", "Feb", *(f"Month {n}" for n in range(3, 13))])


def form_of(markup: str) -> Form:
    return read_markup(f"<form method=post>{markup}</form>".encode(), URL).forms[0]


@pytest.mark.parametrize(
    ("markup", "sent"),
    [
        ("<input type=date name=dob>", {"dob": "2013-02-03"}),
        ("<input name=birth_date>", {"birth_date": "2013-02-03"}),
        ("<input name=birthday placeholder=DD/MM/YYYY>", {"birthday": "03/02/2013"}),
        ("<input name=birthday placeholder=mm/dd/yyyy>", {"birthday": "02/03/2013"}),
        ("<input name=birth_year><input name=birth_month><input name=birth_day>",
         {"birth_year": "2013", "birth_month": "2", "birth_day": "3"}),
        ("<input name=y autocomplete=bday-year><input name=m autocomplete=bday-month>", {"y": "2013", "m": "2"}),
        ("<input name=d autocomplete='section-a bday-day'>", {"d": "3"}),
        ("<select name=birth_month><option value=''>Month<option>01<option>02</select>", {"birth_month": "02"}),
        (f"<select name=birth_month>{MONTHS}</select>", {"birth_month": "Feb"}),
        ("<input type=email name=e><input type=tel name=t><input name=user_name>",
         {"e": "audit1@example.org", "t": "+12025550143", "user_name": "audit1"}),
        ("<input type=password name=a><input type=password name=b>", {"a": STRONG, "b": STRONG}),
        ("<input type=hidden name=csrf value=x1><input type=checkbox name=terms value=yes>",
         {"csrf": "x1", "terms": "yes"}),
        ("<select name=country><option value=''>?<option value=PK>Pakistan</select>", {"country": "PK"}),
        ("<input type=radio name=r value=1><input type=radio name=r value=2 checked>", {"r": "2"}),
        ("<button name=go value=1>Go</button><input type=file name=f><input>", {}),
        ("<input name=kept value=given>", {"kept": "given"}),
    ],
)  # fmt: skip
def test_each_field_gets_what_it_asks_for(markup: str, sent: dict[str, str]) -> None:
    assert dict(fill(form_of(markup), Person(BORN, name="audit1"))) == sent


def test_a_date_can_be_left_out() -> None:
    form = form_of("<input type=date name=dob><input name=a>")
    assert dict(fill(form, Person(None))) == {"a": "Audit"}


def test_a_script_puts_the_fields_where_the_policy_says() -> None:
    form = form_of("<input type=date name=birth_date>")
    assert fill_as_json(form, Person(BORN), "a.b") == {"a": {"b": {"birth_date": "2013-02-03"}}}
    assert fill_as_json(form, Person(BORN), "") == {"birth_date": "2013-02-03"}


def found(markup: str, url: str = URL, policy: PrivacyPolicy | None = None) -> str:
    page = f"<form method=post>{markup}</form>".encode()
    got = Exchange(url, 200, (("content-type", "text/html"),), page)
    visit = Visit(url, Signal.NONE, Followed((got,)), 0.0)
    signup = signup_of(visit, visit.markup.forms[0], policy)
    if signup is None:
        return "none"
    return "screen" if signup.is_screened else "signup"


PASSWORD = "<input type=password name=password>"


@pytest.mark.parametrize(
    ("markup", "path", "kind"),
    [
        (PASSWORD + "<button>Sign up</button>", "/register", "signup"),
        ("<input type=password name=p autocomplete=new-password>", "/start", "signup"),
        (PASSWORD * 2, "/welcome", "signup"),
        (PASSWORD + "<input type=date name=dob>", "/welcome", "signup"),
        (PASSWORD + "<button>Log in</button>", "/login", "none"),
        (PASSWORD, "/", "none"),
        ("<input type=password name=old_password><input type=password name=new_password>", "/signup", "none"),
        ("<input type=email name=email>", "/signup", "none"),
        ("<input name=day autocomplete=bday-day><input name=year autocomplete=bday-year>", "/signup", "screen"),
        ("<input name=dob>", "/profile", "none"),
    ],
)  # fmt: skip
def test_a_signup_is_told_by_its_fields_and_words(markup: str, path: str, kind: str) -> None:
    assert found(markup, f"https://shop.example{path}") == kind


def test_a_declared_signup_is_one_whatever_it_is_called() -> None:
    policy = PrivacyPolicy(signups=[Signup("/api/people", birth_date="user.dob")])
    form = PASSWORD + "<input name=dob type=date>"
    page = f"<form method=post>{form}</form>".encode()
    got = Exchange(URL, 200, (("content-type", "text/html"),), page)
    visit = Visit(URL, Signal.NONE, Followed((got,)), 0.0)
    signup = signup_of(visit, visit.markup.forms[0], policy)
    assert signup is not None
    assert (signup.is_sent_by_script, signup.within) == (True, "user")
