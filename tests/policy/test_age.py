"""Birth dates read strictly, and years counted as law counts them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy import PolicyError, PrivacyPolicy, Signup, current
from alpines_privacy.policy.age import (
    AgeRule,
    Birth,
    age_on,
    read_age,
    read_birth,
    read_parts,
)
from tests.support.clock import stop_clock

TODAY = date(2026, 11, 25)
DAY = timedelta(days=1)


def whole(year: int, month: int, day: int) -> Birth:
    return Birth(date(year, month, day), date(year, month, day))


# Born, the day, and the age on it.
AGES: dict[str, tuple[date, date, int]] = {
    "the day before the birthday": (date(2013, 11, 26), date(2026, 11, 25), 12),
    "on the birthday": (date(2013, 11, 25), date(2026, 11, 25), 13),
    "the day after": (date(2013, 11, 24), date(2026, 11, 25), 13),
    "twelve years and 364 days": (date(2013, 11, 26), date(2013, 11, 26) + 364 * DAY + 12 * 365 * DAY, 12),
    "born on 29 February, 28 February of a common year": (date(2012, 2, 29), date(2025, 2, 28), 12),
    "born on 29 February, 1 March of a common year": (date(2012, 2, 29), date(2025, 3, 1), 13),
    "born on 29 February, 28 February of a leap year": (date(2008, 2, 29), date(2024, 2, 28), 15),
    "born on 29 February, 29 February of a leap year": (date(2008, 2, 29), date(2024, 2, 29), 16),
    "born on 1 March, 28 February": (date(2012, 3, 1), date(2025, 2, 28), 12),
    "born today": (TODAY, TODAY, 0),
    "the turn of the year": (date(2013, 12, 31), date(2026, 12, 30), 12),
    "New Year's Eve": (date(2013, 12, 31), date(2026, 12, 31), 13),
}  # fmt: skip


@pytest.mark.parametrize(("born", "day", "years"), AGES.values(), ids=AGES)
def test_years_are_counted_by_birthdays(born: date, day: date, years: int) -> None:
    assert age_on(born, day) == years


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.integers(0, 60_000))
def test_nobody_grows_older_but_on_one_day_of_a_year(born: date, days: int) -> None:
    day = born + days * DAY
    grown = age_on(born, day + DAY) - age_on(born, day)
    tomorrow = (day + DAY).month, (day + DAY).day
    is_leap_born = (born.month, born.day) == (2, 29)
    has_birthday = tomorrow == (born.month, born.day) or (
        is_leap_born
        and tomorrow == (3, 1)
        and day != date(day.year, 3, 1) - DAY * 0
        and day.day == 28
    )
    assert grown == int(has_birthday)


READ: dict[str, tuple[str, Birth]] = {
    "ISO": ("2012-02-29", whole(2012, 2, 29)),
    "blanks around": (" 2012-02-29\t", whole(2012, 2, 29)),
    "a month": ("2012-05", Birth(date(2012, 5, 1), date(2012, 5, 31))),
    "a month of a leap year": ("2012-02", Birth(date(2012, 2, 1), date(2012, 2, 29))),
    "a year": ("2012", Birth(date(2012, 1, 1), date(2012, 12, 31))),
}
NO_DATES = (
    "", " ", "20131123", "2013-W47-6", "2013-327", "2012-13-01", "2012-00-10", "2012-02-30", "2013-02-29", "0000-01-01",
    "12-01-01", "012-01-01", "2012-1-1", "2012/01/01", "01.02.2012", "2012-01-01T", "2012-01-01Z",
    "+2012-01-01",
    "-2012-01-01", "1325376000", "1325376000000", "1325376000 00:00",
    "2012-01-01T24:00", "2012-01-01T23:60", "2012-01-01T00:00:60", "2012-01-01T0:00", "2012-01-01T00",
    "2012-01-01T00:00:",
    "2012-01-01T00:00+15:00", "2012-01-01T00:00-13:00", "2012-01-01T00:00+5", "2012-01-01T00:00 05:00",
    "2012-01-01T00:00:00.Z", "2012-01-01T00:00:00.0000000000Z", "2012-01-01T00:00ZZ", "2012-01-01T00:00Z+01:00",
    "2012-01-01TT00:00", "2012-01-01  00:00", "2012-01T00:00", "2012 00:00", "2012-02-30T00:00Z", "T00:00Z",
    "2012-01-01T00:00T00:00", "2012-01-01T\u0660\u0660:00", "9999-12-31T23:59Z",
    "1 Jan 2012 00:00", "\u0662\u0660\u0661\u0662-\u0660\u0661-\u0660\u0661",
    "\uff12\uff10\uff11\uff12-01-01", "2012-01-0²", "2012\u201001\u201001",
    "2012-01-01\n", "2012-01-01\0", "1 Jan 2012", "null", "NaN", "2012-01-01,2001-01-01", "20.12", "2012-", "2012-01-",
)  # fmt: skip


@pytest.mark.parametrize(("text", "birth"), READ.values(), ids=READ)
def test_a_date_is_read_as_iso_8601_writes_it(text: str, birth: Birth) -> None:
    assert read_birth(text) == birth


@pytest.mark.parametrize("text", NO_DATES)
def test_anything_else_is_no_date(text: str) -> None:
    assert read_birth(text) is None


def days(earliest: date, latest: date) -> Birth:
    return Birth(earliest, latest)


SECOND, THIRD = date(1996, 1, 2), date(1996, 1, 3)
# A date with a time, and the days it may mean: the one written, and the one it is at UTC+14.
TIMES: dict[str, Birth] = {
    "1996-01-02T00:00:00.000Z": whole(1996, 1, 2),
    "1996-01-02t00:00:00z": whole(1996, 1, 2),
    "1996-01-02T00:00Z": whole(1996, 1, 2),
    "1996-01-02T00:00:00": whole(1996, 1, 2),
    "1996-01-02 00:00": whole(1996, 1, 2),
    "1996-01-02 00:00:00 +0000": whole(1996, 1, 2),
    "1996-01-02 00:00:00 UTC": whole(1996, 1, 2),
    "1996-01-02T00:00:00.000000": whole(1996, 1, 2),
    "1996-01-02T05:00:00.000Z": whole(1996, 1, 2),  # midnight in New York
    "1996-01-02T09:59:59.999Z": whole(1996, 1, 2),
    "1996-01-02T10:00:00.000Z": days(SECOND, THIRD),  # midnight of the 3rd on Kiritimati
    "1996-01-02T19:00:00.000Z": days(SECOND, THIRD),  # midnight of the 3rd in Karachi
    "1996-01-02T23:00:00,5Z": days(SECOND, THIRD),
    "1996-01-02 19:00:00": days(SECOND, THIRD),  # it may be UTC
    "1996-01-02T12:00": days(SECOND, THIRD),
    "1996-01-02T00:00:00+05:00": whole(1996, 1, 2),
    "1996-01-02T00:00:00+0500": whole(1996, 1, 2),
    "1996-01-02T00:00:00-05": whole(1996, 1, 2),
    "1996-01-02T00:00:00+14:00": whole(1996, 1, 2),
    "1996-01-02T00:00:00-12:00": days(SECOND, THIRD),
    "1996-01-02T23:59:59-12:00": days(SECOND, date(1996, 1, 4)),
    "1996-12-31T19:00:00Z": days(date(1996, 12, 31), date(1997, 1, 1)),
    "1996-02-28T19:00:00Z": days(date(1996, 2, 28), date(1996, 2, 29)),
}


@pytest.mark.parametrize(("text", "birth"), TIMES.items())
def test_a_date_with_a_time_is_the_latest_day_it_may_mean(text: str, birth: Birth) -> None:
    assert read_birth(text) == birth


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2026, 1, 1)),  # noqa: DTZ001 - a clock, of any zone
    st.integers(-12 * 4, 14 * 4),
    st.integers(-12 * 4, 14 * 4),
)
def test_no_time_makes_anybody_older_wherever_it_was_written_and_is_read(
    local: datetime, quarters: int, others: int
) -> None:
    """Whoever writes the instant, in whatever zone: their day is never later than the one that counts."""
    zone, other = (timezone(timedelta(minutes=15 * count)) for count in (quarters, others))
    born = local.replace(tzinfo=zone)
    for written in (born, born.astimezone(UTC), born.astimezone(other)):
        texts = [
            written.isoformat(),
            written.isoformat(sep=" "),
            written.isoformat(timespec="minutes"),
        ]
        if written.tzinfo is UTC:
            plain = written.replace(tzinfo=None).isoformat()
            texts += [plain, f"{plain}Z"]
        for text in texts:
            birth = read_birth(text)
            assert birth is not None
            assert born.date() <= birth.latest <= born.date() + 2 * DAY
            assert birth.earliest == written.date() <= birth.latest


def test_a_time_may_stand_behind_a_declared_format() -> None:
    assert read_birth("02.01.1996 00:00:00", ("DD.MM.YYYY",)) == whole(1996, 1, 2)
    assert read_birth("02.01.1996 00:00:00") is None


FORMATS: dict[str, tuple[str, str, Birth | None]] = {
    "German": ("DD.MM.YYYY", "29.02.2012", whole(2012, 2, 29)),
    "American": ("MM/DD/YYYY", "02/29/2012", whole(2012, 2, 29)),
    "short": ("D/M/YYYY", "3/4/2012", whole(2012, 4, 3)),
    "short, both digits": ("D/M/YYYY", "03/04/2012", whole(2012, 4, 3)),
    "not so short": ("DD/MM/YYYY", "3/4/2012", None),
    "no separator": ("YYYYMMDD", "20120229", whole(2012, 2, 29)),
    "a month and a year": ("MM/YYYY", "02/2012", Birth(date(2012, 2, 1), date(2012, 2, 29))),
    "impossible": ("DD.MM.YYYY", "30.02.2012", None),
    "the other order": ("DD.MM.YYYY", "02.29.2012", None),
    "ISO beside it": ("DD.MM.YYYY", "2012-02-29", whole(2012, 2, 29)),
    "a dot is a dot": ("DD.MM.YYYY", "29-02-2012", None),
    "two digits of a year": ("DD.MM.YYYY", "29.02.12", None),
    "digits of another script": (
        "DD.MM.YYYY",
        "\u0662\u0669.\u0660\u0662.\u0662\u0660\u0661\u0662",
        None,
    ),
}


@pytest.mark.parametrize(("form", "text", "birth"), FORMATS.values(), ids=FORMATS)
def test_declared_formats_are_read_and_no_others(form: str, text: str, birth: Birth | None) -> None:
    assert read_birth(text, (form,)) == birth


PARTS: dict[str, tuple[tuple[str, ...], Birth | None]] = {
    "all": (("2012", "02", "29"), whole(2012, 2, 29)),
    "one digit": (("2012", "2", "9"), whole(2012, 2, 9)),
    "a year and a month": (("2012", "2"), Birth(date(2012, 2, 1), date(2012, 2, 29))),
    "a year": (("2012",), Birth(date(2012, 1, 1), date(2012, 12, 31))),
    "an empty day": (("2012", "2", ""), None),
    "an empty year": (("", "2", "1"), None),
    "month 13": (("2012", "13", "1"), None),
    "year 0": (("0000", "1", "1"), None),
    "two digits of a year": (("12", "1", "1"), None),
    "a sign": (("2012", "+2", "1"), None),
    "a fraction": (("2012.0", "2", "1"), None),
    "digits of another script": (("\u0662\u0660\u0661\u0662", "1", "1"), None),
    "an impossible day": (("2013", "2", "29"), None),
}


@pytest.mark.parametrize(("parts", "birth"), PARTS.values(), ids=PARTS)
def test_fields_of_a_date_are_read_alike(parts: tuple[str, ...], birth: Birth | None) -> None:
    assert read_parts(*parts) == birth


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("0", 0), ("12", 12), ("13", 13), (" 99 ", 99), ("130", 130), ("131", None), ("999", None), ("-1", None),
        ("1e1", None), ("13.0", None), ("012", None), ("", None), ("true", None), ("\u0661\u0663", None), ("1³", None),
        ("0x0d", None),
    ],
)  # fmt: skip
def test_an_age_is_a_whole_number_of_years(text: str, age: int | None) -> None:
    assert read_age(text) == age


# A date as it is read, and whether who has it may sign up on 25 November 2026.
ALLOWED: dict[str, bool | None] = {
    "2013-11-25": True, "2013-11-26": False, "2013-11-24": True, "2026-11-25": False, "2026-11-26": None,
    "2013-11": False, "2013-10": True, "2013": False, "2012": True, "2026": False, "2026-11": False, "2026-12": None,
    "2027": None, "1896-11-25": True, "1895-11-26": True, "1895-11-25": None, "1895": True, "1894": None,
    "0999-01-01": None,
}  # fmt: skip


@pytest.mark.parametrize(("text", "allowed"), ALLOWED.items())
def test_the_youngest_reading_counts(
    monkeypatch: pytest.MonkeyPatch, text: str, allowed: bool | None
) -> None:
    stop_clock(monkeypatch, TODAY)
    birth = read_birth(text)
    assert birth is not None
    assert AgeRule().allows(birth) is allowed


NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "moment", "allowed"),
    [
        (None, NOON - timedelta(seconds=1), False),  # still the 24th at UTC-12
        (None, NOON, True),
        ("UTC", NOON.replace(hour=0), True),
        ("UTC", NOON.replace(hour=0) - timedelta(seconds=1), False),
        ("Asia/Karachi", datetime(2026, 11, 24, 19, tzinfo=UTC), True),
        ("Asia/Karachi", datetime(2026, 11, 24, 18, 59, tzinfo=UTC), False),
        ("Pacific/Kiritimati", datetime(2026, 11, 24, 10, tzinfo=UTC), True),
    ],
)
def test_a_day_begins_where_it_does_last_unless_a_zone_is_given(
    monkeypatch: pytest.MonkeyPatch, zone: str | None, moment: datetime, allowed: bool
) -> None:
    stop_clock(monkeypatch, moment)
    policy = PrivacyPolicy(age_zone=zone)
    assert policy.may_sign_up(date(2013, 11, 25)) is allowed


def test_an_app_asks_for_dates_no_form_told_the_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, TODAY)
    privacy = current()
    assert privacy.may_sign_up(date(2013, 11, 25))
    assert not privacy.may_sign_up(date(2013, 11, 26))
    assert privacy.may_sign_up(datetime(2013, 11, 25, 23, tzinfo=UTC))
    for impossible in (date(2026, 11, 26), date(1800, 1, 1)):
        assert not privacy.may_sign_up(impossible)


@pytest.mark.parametrize("odd", ["1990-01-01", "", None, 1990, 631152000.0, (1990, 1, 1)], ids=str)
def test_what_is_no_date_is_a_mistake_and_not_too_young(odd: Any) -> None:
    for asked in (current(), PrivacyPolicy()):
        with pytest.raises(TypeError, match=r"expected a datetime\.date") as error:
            asked.may_sign_up(odd)
        assert "1990" not in str(error.value)


def test_a_higher_minimum_counts_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, TODAY)
    policy = PrivacyPolicy(minimum_age=16)
    assert policy.may_sign_up(date(2010, 11, 25))
    assert not policy.may_sign_up(date(2010, 11, 26))


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "no path": ({"path": "register", "birth_date": "dob"}, "path: 'register' is no path"),
    "a query": ({"path": "/register?x", "birth_date": "dob"}, "is no path"),
    "a doubled slash": ({"path": "/a//b", "birth_date": "dob"}, "is no path"),
    "a parameter of another framework": ({"path": "/a/{b:int}", "birth_date": "dob"}, "is no path"),
    "a parameter of Flask's": ({"path": "/a/<b>/join", "birth_date": "dob"}, "is no path"),
    "a parameter of Express's": ({"path": "/a/:b/join", "birth_date": "dob"}, "is no path"),
    "a star": ({"path": "/a/*/join", "birth_date": "dob"}, "is no path"),
    "nothing asked": ({"path": "/a"}, "birth_date: nothing tells how old"),
    "both asked": ({"path": "/a", "birth_date": "dob", "age": "age"}, "age: a signup asks for a birth date or an age"),
    "a blank name": ({"path": "/a", "birth_date": " "}, "birth_date: is blank"),
    "no names": ({"path": "/a", "birth_date": []}, "birth_date: [] are no fields of a date"),
    "four names": ({"path": "/a", "birth_date": ["a", "b", "c", "d"]}, "are no fields of a date"),
    "a name twice": ({"path": "/a", "birth_date": ["a", "a"]}, "are no fields of a date"),
    "a method that creates nothing": ({"path": "/a", "birth_date": "dob", "methods": ["GET"]}, "methods[0]: 'GET'"),
    "a method in small letters": ({"path": "/a", "birth_date": "dob", "methods": ["post"]}, "methods[0]: 'post'"),
    "no method": ({"path": "/a", "birth_date": "dob", "methods": []}, "methods: is empty"),
    "no body": ({"path": "/a", "birth_date": "dob", "max_body": 0}, "max_body: found 0"),
    "a format with two digits of a year": ({"path": "/a", "birth_date": "dob", "formats": ["DD.MM.YY"]}, "formats: "),
    "formats that look alike": (
        {"path": "/a", "birth_date": "dob", "formats": ["DD/MM/YYYY", "MM/DD/YYYY"]}, "cannot be told from",
    ),
    "a format without bounds": ({"path": "/a", "birth_date": "dob", "formats": ["DMYYYY"]}, "is no format of a date"),
}  # fmt: skip


@pytest.mark.parametrize(("given_", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_signup_is_one_error_at_start_up(given_: dict[str, object], says: str) -> None:
    with pytest.raises(PolicyError) as by_name:
        Signup(**given_)  # type: ignore[arg-type]  # what is wrong with it
    assert says in str(by_name.value)
    with pytest.raises(PolicyError) as loaded:
        PrivacyPolicy.from_mapping({"signups": [given_]})
    assert str(loaded.value).startswith("signups[0].")


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ({"minimum_age": 12}, "minimum_age: found 12 (whole number); expected a whole number of at least 13"),
        ({"age_zone": "Asia/Karachy"}, 'age_zone: \'Asia/Karachy\' is no time zone (did you mean "Asia/Karachi"?)'),
        ({"age_zone": "../etc/passwd"}, "is no time zone"),
        ({"signups": [Signup("/a", "b"), Signup("/a", "c")]}, 'signups[1].path: "/a" is declared twice'),
        ({"age_screen": {"titel": "x"}}, 'age_screen.titel: unknown key (did you mean "title"?)'),
        ({"age_screen": {"order": ["day", "month"]}}, "age_screen.order: "),
        ({"age_screen": {"language": "e n"}}, "age_screen.language: "),
    ],
)  # fmt: skip
def test_a_wrong_policy_about_age_is_one_error(given_: dict[str, object], says: str) -> None:
    with pytest.raises(PolicyError) as error:
        PrivacyPolicy.from_mapping(given_)
    assert says in str(error.value)


# Two paths that many routers take for one.
ONE_PATH = [
    ("/register", "/register/"), ("/register/", "/register"), ("/register", "/Register"),
    ("/clubs/{club}/join", "/clubs/{name}/join"), ("/clubs/{club}/join", "/Clubs/{club}/join/"),
    ("/reg\u0131ster", "/register"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ONE_PATH, ids=str)
@pytest.mark.parametrize(
    "rules",
    [
        {"birth_date": "born"},
        {"age": "age"},
        {"screen": True},
        {"birth_date": "dob", "max_body": 9},
    ],
    ids=str,
)
def test_one_path_in_two_spellings_has_one_rule(
    one: str, other: str, rules: dict[str, Any]
) -> None:
    with pytest.raises(PolicyError, match="different rules") as error:
        PrivacyPolicy(signups=[Signup(one, "dob"), Signup(other, **rules)])
    assert str(error.value).startswith("signups[1].path: ")
    PrivacyPolicy(
        signups=[Signup(one, "dob"), Signup(other, "dob")]
    )  # both spellings, no contradiction
    PrivacyPolicy(signups=[Signup(one, "dob"), Signup(other, "born", methods=["PUT"])])


def test_paths_that_are_not_the_same_have_rules_of_their_own() -> None:
    for other in ("/registers", "/register/{club}", "/{any}", "/x/register"):
        PrivacyPolicy(signups=[Signup("/register", "dob"), Signup(other, age="age")])
