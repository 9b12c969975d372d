"""What is tried with `--active`: sign-ups of several ages, a burst of failed logins, a weak password."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urljoin

from alpines_privacy.audit.fetching.exchange import Ask, Exchange
from alpines_privacy.audit.fetching.fetcher import Fetcher, Followed, Session
from alpines_privacy.audit.filling import Born, Person, fill, fill_as_json
from alpines_privacy.audit.forms import SignupPage, is_of_age, login_pages, signup_of, signup_pages
from alpines_privacy.audit.model import Evidence, Signal
from alpines_privacy.audit.observations import Attempt, Observations
from alpines_privacy.audit.reading.markup import Control, Form
from alpines_privacy.audit.visits import Visit, path_shown

__all__ = ["Tries", "ask_for_advice", "try_all"]

_WEAK = "password"
_ADULT = 30  # years
_OF_AGE = 13
_MOST_STEPS = 4  # forms of one sign-up, the age screen among them
_MOST_LOGINS = 25  # wrong ones
_STOPPED = frozenset({403, 423, 429, 503})
_TOO_MANY = 429
_NOT_FOUND = frozenset({404, 405})
_METER = (b"zxcvbn", b"strength", b"meter")
_METER_SCRIPT = re.compile(rb"""<script src=["']?([^"'<> ]{1,200}/passwords\.[0-9a-f]{1,64}\.js)""")
_LATEST, _EARLIEST = (
    timedelta(hours=-12),
    timedelta(hours=14),
)  # zones where a day begins last and first

_SIGNUPS = ("13.under", "13.of-age", "13.leap-day", "13.impossible", "13.missing", "13.retry")


class Tries(NamedTuple):
    """The attempts by requirement, and why others were not made."""

    attempts: Mapping[str, list[Attempt]]
    untried: Mapping[str, str]


class _Outcome(NamedTuple):
    """How one sign-up ended: the last response, the visitor, and whether an account was made."""

    last: Exchange
    session: Session
    taken: bool | None
    where: str
    is_asked: bool = False

    @property
    def told(self) -> str:
        """The outcome in words."""
        words = {True: "an account was made", False: "refused", None: "unclear"}
        return f"{self.last.status}: {words[self.taken]}"


def try_all(seen: Observations, fetcher: Fetcher) -> Tries:
    """Try everything; the burst of logins comes last, since it may lock the audit out."""
    attempts: dict[str, list[Attempt]] = {}
    untried: dict[str, str] = {}
    trial = _SignupTrial(seen, fetcher)
    for key, what in trial.run():
        if isinstance(what, str):
            untried[key] = what
        else:
            attempts.setdefault(key, []).append(what)
    for attempt in _burst(seen, fetcher):
        attempts.setdefault("6.intruders", []).append(attempt)
    if "6.intruders" not in attempts:
        untried["6.intruders"] = "no login form was found"
    return Tries(attempts, untried)


class _SignupTrial:
    """Signs up at the first sign-up page of a site, as several people."""

    def __init__(self, seen: Observations, fetcher: Fetcher) -> None:
        self._seen = seen
        self._fetcher = fetcher
        self._found = _best(signup_pages(seen))

    def run(self) -> Iterator[tuple[str, Attempt | str]]:
        """Yield each attempt with its requirement, or why there is none."""
        found = self._found
        if found is None:
            for key in (*_SIGNUPS, "6.passwords"):
                yield key, "no sign-up form was found"
            return
        adult = self._sign_up(Person.made_up(_years_ago(_ADULT)))
        if not adult.taken:
            why = f"the audit's own sign-up as an adult was not taken ({adult.told})"
            for key in (*_SIGNUPS, "6.passwords"):
                yield key, why
            return
        yield from self._ages(is_asked=adult.is_asked)
        yield "6.passwords", self._weak_password()

    def _ages(self, *, is_asked: bool) -> Iterator[tuple[str, Attempt | str]]:
        refused = self._sign_up(Person.made_up(_thirteen_tomorrow()))
        yield "13.under", _attempt(refused, "aged 12 years and 364 days")
        if refused.taken is False:
            again = self._sign_up(Person.made_up(_years_ago(_ADULT)), refused.session)
            yield "13.retry", _attempt(again, f"aged {_ADULT}, after a refusal in the same session")
        else:
            yield "13.retry", "nobody was refused, so no refusal could be got around"
        today = datetime.now(UTC) + _LATEST
        of_age = self._sign_up(Person.made_up(_born(today.date(), _OF_AGE)))
        yield "13.of-age", _attempt(of_age, "13 years old today")
        yield "13.missing", self._with(None, "without a date of birth")
        for key, born in (("13.leap-day", Born(1996, 2, 29)), ("13.impossible", Born(1997, 2, 29))):
            if is_asked:
                yield key, self._with(born, f"born on 29 February {born.year}")
            else:
                yield key, "the sign-up asks for no date of birth"

    def _with(self, born: Born | None, who: str) -> Attempt:
        return _attempt(self._sign_up(Person.made_up(born)), who)

    def _weak_password(self) -> Attempt:
        outcome = self._sign_up(Person.made_up(_years_ago(_ADULT), _WEAK))
        attempt = _attempt(outcome, f"with the password {_WEAK!r}")
        assert self._found is not None
        page = self._found.visit.last.body.lower()
        has_meter = any(word in page for word in _METER)
        return attempt._replace(taken=None) if attempt.taken and has_meter else attempt

    def _sign_up(self, person: Person, session: Session | None = None) -> _Outcome:
        """Sign up, through an age screen and what follows it."""
        found = self._found
        assert found is not None
        session = session or Session(self._fetcher.home, Signal.NONE)
        got = self._fetcher.get(found.visit.url, session).last
        sent: set[tuple[str, bool] | None] = set()
        is_asked = False
        for _ in range(_MOST_STEPS):
            step = _next_form(got, self._seen)
            key = step and (step.form.action, step.is_screened)
            if step is None or key in sent:  # the form again: something in it was not taken
                taken = False if step else _was_taken(got, was_sent=bool(sent))
                return _Outcome(got, session, taken, found.visit.url, is_asked)
            sent.add(key)
            is_asked = is_asked or any(map(is_of_age, step.form.controls))
            got = self._send(step, person, session)
            if step.is_sent_by_script:
                taken = _was_taken(got, was_sent=True)
                return _Outcome(got, session, taken, found.visit.url, is_asked)
        return _Outcome(got, session, None, found.visit.url, is_asked)

    def _send(self, step: SignupPage, person: Person, session: Session) -> Exchange:
        if not step.is_sent_by_script:
            ask = _ask_of(step.form, fill(step.form, person))
            return self._fetcher.follow(ask, session).last
        declared = step.declared
        assert declared is not None
        document = fill_as_json(step.form, person, step.within)
        url = urljoin(self._fetcher.home, declared.path)
        ask = Ask(
            declared.methods[0],
            url,
            (("Accept", "application/json"),),
            json=json.dumps(document).encode(),
        )
        return self._fetcher.ask(ask, session)


def _next_form(got: Exchange, seen: Observations) -> SignupPage | None:
    """Return the form of a sign-up in a response; that of the account before that of an age screen."""
    if got.status >= 400 and got.status not in {400, 422}:
        return None
    visit = Visit(got.url, Signal.NONE, Followed((got,)), 0.0)
    found = [page for form in visit.markup.forms if (page := signup_of(visit, form, seen.policy))]
    screens = [
        SignupPage(visit, form, is_screened=True)
        for form in visit.markup.forms
        if not form.of_kind("password") and any(map(is_of_age, form.controls))
    ]
    return _best([*found, *screens])


def _best(pages: Iterable[SignupPage]) -> SignupPage | None:
    """Return the first page where an account is made, else the first age screen."""
    return next(iter(sorted(pages, key=lambda page: page.is_screened)), None)


def _was_taken(got: Exchange, *, was_sent: bool) -> bool | None:
    """Tell whether the response to a sign-up says that an account was made; none is where no form is shown."""
    if got.status in _NOT_FOUND or not got.status or got.status >= 500:
        return None
    return was_sent and got.status < 400


def _attempt(outcome: _Outcome, who: str) -> Attempt:
    done = Evidence(f"sign-up at {path_shown(outcome.where)}, {who}", outcome.told, "Policy §13")
    return Attempt(done, outcome.taken)


def _ask_of(form: Form, fields: tuple[tuple[str, str], ...]) -> Ask:
    return Ask("POST" if form.method == "post" else "GET", form.action, form=fields)


# -- Ages


def _born(day: date, years: int) -> date:
    """Return the birth date of who has had their birthday of so many years on a day."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return date(day.year - years, 3, 1)


def _years_ago(years: int) -> date:
    return _born(datetime.now(UTC).date() - timedelta(days=40), years)


def _thirteen_tomorrow() -> date:
    """Return the birth date of who is 13 tomorrow wherever it is day already."""
    return _born((datetime.now(UTC) + _EARLIEST).date() + timedelta(days=1), _OF_AGE)


# -- Logins


def _burst(seen: Observations, fetcher: Fetcher) -> Iterator[Attempt]:
    """Fail to log in as somebody who does not exist, until the site stops it."""
    for page in login_pages(seen):
        session = Session(fetcher.home, Signal.NONE)
        person = Person.made_up(None, "wrong-password-of-nobody")
        first: int | None = None
        for count in range(1, _MOST_LOGINS + 1):
            got = _log_in(page.visit.url, page.form, person, fetcher, session)
            if got.status == _TOO_MANY or (
                first not in {None, got.status} and got.status in _STOPPED
            ):
                yield _burst_ended(
                    page.form, f"{got.status} after {count} wrong logins", taken=False
                )
                return
            first = first or got.status
        said = f"{first} to each of {_MOST_LOGINS} wrong logins"
        yield _burst_ended(page.form, said, taken=None if first in _NOT_FOUND else True)
        return


def _log_in(url: str, form: Form, person: Person, fetcher: Fetcher, session: Session) -> Exchange:
    """Send a login form, with the tokens that the page has for this visitor."""
    got = fetcher.get(url, session).last
    visit = Visit(got.url, Signal.NONE, Followed((got,)), 0.0)
    fresh = next((each for each in visit.markup.forms if each.action == form.action), form)
    return fetcher.ask(_ask_of(fresh, tuple(_credentials(fresh.controls, person))), session)


def _credentials(controls: Iterable[Control], person: Person) -> Iterator[tuple[str, str]]:
    for control in controls:
        if not control.name or control.kind in {"submit", "button", "image", "checkbox"}:
            continue
        if control.kind == "password":
            yield control.name, person.password
        elif control.kind == "hidden":
            yield control.name, control.value
        else:
            yield (
                control.name,
                f"{person.name}@example.org" if control.kind == "email" else person.name,
            )


def _burst_ended(form: Form, said: str, *, taken: bool | None) -> Attempt:
    return Attempt(Evidence(f"POST {path_shown(form.action)}", said, "Policy §6"), taken)


# -- Passwords


def ask_for_advice(seen: Observations, fetcher: Fetcher) -> Attempt | None:
    """Ask the layer's address for advice what it thinks of a weak password; None where no page offers it."""
    for page in seen.pages:
        for script in _meters(page.plain.last.body):
            url = urljoin(page.url, urljoin(script, "password"))
            ask = Ask("POST", url, json=json.dumps({"password": _WEAK}).encode())
            got = fetcher.ask(ask, Session(fetcher.home, Signal.NONE))
            said = f"{got.status}: " + ("advice" if _is_advice(got) else "no advice")
            done = Evidence(f"POST {path_shown(url)}, a weak password", said, "Policy §6")
            return Attempt(done, taken=not _is_advice(got))
    return None


def _meters(page: bytes) -> list[str]:
    return [match[1].decode("latin-1") for match in _METER_SCRIPT.finditer(page)]


def _is_advice(got: Exchange) -> bool:
    try:
        said = json.loads(got.body)
    except ValueError:
        return False
    return got.status == 200 and isinstance(said, dict) and bool(said)
