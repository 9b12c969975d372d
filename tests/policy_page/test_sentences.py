"""Clause 1 of the operator's page: nothing is claimed that the policy object does not do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest

from alpines_privacy import (
    Change,
    Collection,
    Cookie,
    Disclosure,
    Evidence,
    Hsts,
    Intrusion,
    LoginRoute,
    Operator,
    Passwords,
    PrivacyPolicy,
    Signup,
    ThirdParty,
)
from alpines_privacy.policy import Logs
from alpines_privacy.policy.breach import Breach, Calendar
from alpines_privacy.policy.lint import lint
from alpines_privacy.policy.parts import Trackers
from alpines_privacy.policy_page import Renderings
from alpines_privacy.policy_page.document import Document
from alpines_privacy.policy_page.language import Language
from alpines_privacy.policy_page.plain_text import plain_text
from alpines_privacy.policy_page.text import SECTIONS, text_of
from alpines_privacy.policy_page.writing import Today
from tests.support.operators import FULL, OPERATOR, TODAY


def document_of(policy: PrivacyPolicy, today: date = TODAY) -> Document:
    assert policy.operator is not None
    return text_of(policy, policy.operator, Language("en"), Today(today))


@cache
def said(policy: PrivacyPolicy, today: date = TODAY) -> str:
    """Return the policy's text on one line."""
    return " ".join(plain_text(document_of(policy, today)).split())


def changed(**fields: Any) -> PrivacyPolicy:
    return msgspec.structs.replace(FULL, **fields)


def by(**fields: Any) -> PrivacyPolicy:
    return changed(operator=msgspec.structs.replace(OPERATOR, **fields))


UNLISTED = msgspec.structs.replace(FULL, third_parties=())
ENFORCED = [
    "The home page has a link with the word “Privacy” in it.",
    "Yes. Do Not Track (DNT: 1) and Global Privacy Control (Sec-GPC: 1) opt you out.",
    "sets necessary cookies only",
    "takes out of its pages what lists name",
    "keeps scripts of its pages from loading",
    "hides the places of its own advertising",
    "is taken out of its pages before they reach you",
    "Scripts of its pages are kept from loading it as well.",
    "Nobody under 13 can sign up",
    "Forms that create accounts and are not declared to us are checked",
    "Before the form we ask for your date of birth",
    "The answer is not stored.",
    "replaced by a mark",
    "cut short to their network (/24 or /48)",
    "are sent back over secure connections only",
    "are hidden from scripts that do not need them",
    "your browser tells other sites only this site's name",
    "only to visitors who have not opted out",
    "load only for visitors who have not opted out",
    "You can choose on this site, too",
    "alpines-privacy-age-lock",
    "Kept: at most 14 days",
    "These measures protect your data",
]

# switch: the policy with it off, what then no longer stands, what may stand instead
SWITCHES: Mapping[str, tuple[PrivacyPolicy, list[str], list[str]]] = {
    "mode off": (
        changed(mode="off"),
        ENFORCED,
        ["is switched off", "No. The site does not answer Do Not Track", "may set other cookies"],
    ),
    "mode report": (changed(mode="report"), ENFORCED, ["it only reports what it would do"]),
    "exempt": (
        changed(exempt=["/static/*"]),
        [],
        ["does not hold for these paths of the site: /static/*"],
    ),
    "cookies": (
        changed(cookies=()),
        [
            "Keeps you signed in",
            "Cookie: session",
            "What each cookie is for",
            "hidden from scripts",
        ],
        [],
    ),
    "no cookies at all": (
        changed(cookies=(), signups=(), detect_signups=False, site_preference=False),
        ["Yes. The cookies", "__Host-", "Necessary cookies"],
        ["This policy declares none."],
    ),
    "cookie.necessary": (
        changed(cookies=[Cookie("session", purpose="Keeps you signed in")]),
        ["Purpose: Keeps you signed in Necessary: yes"],
        ["Purpose: Keeps you signed in Necessary: no"],
    ),
    "cookie.lifetime": (
        changed(cookies=[Cookie("session", purpose="Keeps you signed in")]),
        ["at most 14 days"],
        ["Kept: as long as the site sets"],
    ),
    "cookie.readable_by_scripts": (
        changed(cookies=[Cookie("theme", purpose="Colours", readable_by_scripts=True)]),
        ["hidden from scripts"],
        [],
    ),
    "third_parties": (
        UNLISTED,
        ["cdn.example.net", "takes out companies of section 9", "your browser sends them your IP"],
        [
            "declares no other companies that pages load from",
            "This policy allows no other company to collect data",
        ],
    ),
    "trackers.lists": (
        changed(trackers=Trackers(lists=["own.txt"])),
        ["EasyPrivacy"],
        ["What this site's own lists name as trackers"],
    ),
    "trackers.allow": (
        changed(trackers=Trackers(allow=["||stats.example^"])),
        [],
        ["what these rules name may load: ||stats.example^"],
    ),
    "trackers.allow_categories": (
        changed(trackers=Trackers(allow_categories=["error-monitoring"])),
        [],
        ["Services of these kinds may load: error-monitoring."],
    ),
    "ad_slots": (changed(ad_slots=()), ["hides the places"], []),
    "loads declared": (
        changed(loads="declared"),
        ["Pages may load from elsewhere too"],
        ["Browsers are told to load from this site and these companies only."],
    ),
    "loads declared, nothing else": (
        msgspec.structs.replace(UNLISTED, loads="declared"),
        ["Pages may load from elsewhere too"],
        ["Browsers are told to load from this site only."],
    ),
    "loads report": (changed(loads="report"), [], ["browsers report to us from where"]),
    "loads declared, mode report": (
        changed(loads="declared", mode="report"),
        ["Browsers are told"],
        ["Pages may load from elsewhere too."],
    ),
    "shield": (
        changed(shield=False),
        ["keeps scripts of its pages from", "Scripts of its pages are kept from"],
        ["takes out of its pages what lists name"],
    ),
    "logs": (
        changed(logs="off"),
        ["replaced by a mark", "cut short", "recognised in the application's logs"],
        ["logs may hold personal data as it was sent"],
    ),
    "logs.ip": (
        changed(logs=Logs(ip="keep")),
        ["cut short"],
        ["IP addresses: as they were sent"],
    ),
    "logs.user_agent": (
        changed(logs=Logs(user_agent="pseudonym")),
        ["only browser, system"],
        ["names of browsers (User-Agent): replaced by a pseudonym"],
    ),
    "logs.password": (
        changed(logs=Logs(password="keep")),
        ["passwords that are recognised"],
        ["passwords: as they were sent"],
    ),
    "logs.card": (
        changed(logs=Logs(card="keep")),
        ["card numbers that are recognised"],
        ["card numbers: as they were sent"],
    ),
    "logs.email": (
        changed(logs=Logs(email="partial")),
        [],
        ["e-mail addresses: only a small part"],
    ),
    "logs.safe_keys": (
        changed(logs=Logs(safe_keys=["order_name"])),
        [],
        ["Values under these names are not redacted: order_name."],
    ),
    "signups": (
        changed(signups=()),
        ["Nobody under 13 can sign up", "/register", "The form asks", "when you sign up;"],
        ["If you create an account on this site"],
    ),
    "signup.screen": (
        changed(signups=[Signup("/register", birth_date="dob")]),
        ["The answer is not stored", "alpines-privacy-age-pass"],
        ["The form asks for your date of birth"],
    ),
    "signup.birth_date": (
        changed(signups=[Signup("/enter", screen=True)]),
        ["The form asks for your date of birth"],
        ["Before the form we ask"],
    ),
    "detect_signups": (
        changed(detect_signups=False),
        ["are not declared to us are checked"],
        ["Nobody under 13"],
    ),
    "no signup is checked": (
        changed(detect_signups=False, signups=()),
        ["can sign up: what they sent", "alpines-privacy-age-lock", "A birthday counts"],
        ["The age of people who sign up is not checked."],
    ),
    "minimum_age": (changed(minimum_age=16), ["under 13 "], ["Nobody under 16 can sign up"]),
    "age_zone": (
        changed(age_zone="Asia/Karachi"),
        ["everywhere on Earth"],
        ["the time zone Asia/Karachi"],
    ),
    "keep_logins always": (
        changed(keep_logins="always"),
        ["unless your browser sends Do Not Track"],
        ["keep you signed in, until you close the browser;"],
    ),
    "keep_logins never": (changed(keep_logins="never"), ["still sets the cookies"], []),
    "site_preference": (
        changed(site_preference=False),
        ["You can choose on this site", "/_privacy/preference", "Remembers the privacy preference"],
        [],
    ),
    "endpoint": (
        changed(endpoint="/_own/"),
        ["/_privacy/preference"],
        ["/_own/preference"],
    ),
    "without_signal": (
        changed(without_signal="opt-out"),
        ["only to visitors who have not opted out. "],
        ["treated as if they opted out", "but to visitors who allow it"],
    ),
    "https require": (
        changed(https="require"),
        ["cookies that are set over a secure connection"],
        ["takes encrypted connections (https) only;", "all cookies are sent back over secure"],
    ),
    "https require, report": (
        changed(https="require", hsts=Hsts(max_age=300), mode="report"),
        ["takes encrypted connections (https) only", "all cookies are sent back", "told to use"],
        [],
    ),
    "https secure-cookies": (
        changed(https="secure-cookies"),
        ["takes encrypted connections (https) only"],
        ["all cookies are sent back over secure connections only"],
    ),
    "https_exempt": (
        changed(https="require", https_exempt=["/healthz"]),
        ["(https) only;"],
        ["(https) only, but for these paths: /healthz;"],
    ),
    "hsts": (
        changed(hsts=Hsts(max_age=300)),
        [],
        ["told to use no other for 5 minutes;"],
    ),
    "hsts taken back": (changed(hsts=Hsts(max_age=0)), ["told to use no other"], []),
    "upgrade_insecure_requests": (
        changed(upgrade_insecure_requests=True),
        [],
        ["told to load the parts of its pages over secure connections"],
    ),
    "intrusion": (
        changed(
            intrusion=Intrusion(
                logins=[LoginRoute(path="/login", account="name")], client_failures=20
            )
        ),
        [],
        [
            "failed logins at /login are counted: after 20 from one network within 15 minutes",
            "after 10 for one account within 15 minutes",
        ],
    ),
    "intrusion.account": (
        changed(intrusion=Intrusion(logins=[LoginRoute(path="/login")])),
        ["for one account"],
        ["failed logins at /login"],
    ),
    "intrusion, report": (
        changed(intrusion=Intrusion(logins=[LoginRoute(path="/login")]), mode="report"),
        ["failed logins"],
        [],
    ),
    "payments": (
        changed(payments="refuse"),
        [],
        [
            "card numbers and security codes that are recognised in what is sent to the site are refused"
        ],
    ),
    "payment_callbacks": (
        changed(payments="refuse", payment_callbacks=["/hooks/pay"]),
        [],
        ["but from payment services at /hooks/pay;"],
    ),
    "payments, mode report": (
        changed(payments="refuse", mode="report"),
        ["card numbers and security codes that are recognised in what is sent"],
        [],
    ),
    "payments off": (changed(payments="off"), ["security codes that are recognised in what"], []),
    "passwords": (
        changed(passwords=Passwords(paths=["/password"])),
        ["is refused there"],
        ["where you choose a password, at /password, you are told how good it is;"],
    ),
    "passwords at signups": (
        changed(passwords=Passwords()),
        [],
        ["where you choose a password, at /register, /enter, you are told"],
    ),
    "passwords nowhere": (
        changed(passwords=Passwords(), signups=()),
        ["where you choose a password"],
        [],
    ),
    "passwords.refuse": (
        changed(passwords=Passwords(refuse=True)),
        [],
        ["a password of less than 15 characters, or one that is easy to guess, is refused there"],
    ),
    "passwords, mode off": (
        changed(passwords=Passwords(refuse=True), mode="off"),
        ["you are told how good it is", "is refused there"],
        [],
    ),
    "disclosure": (
        changed(disclosure=Disclosure()),
        ["connects to no other hosts", "sends no address with your", "is taken out of the address"],
        [],
    ),
    "disclosure.connections": (
        changed(disclosure=Disclosure(connections="refuse", allow=["mail.example"])),
        ["sends no address with your"],
        [
            "connects to no other hosts of the internet",
            "It may connect to these hosts: mail.example.",
        ],
    ),
    "disclosure.urls": (
        changed(disclosure=Disclosure(urls="refuse")),
        ["connects to no other hosts", "It may connect"],
        ["To other hosts it sends no address with your personal data in it"],
    ),
    "disclosure.redirects": (
        changed(disclosure=Disclosure(redirects="strip")),
        [],
        ["personal data that it recognises is taken out of the address"],
    ),
    "disclosure, mode report": (
        changed(
            disclosure=Disclosure(connections="refuse", urls="refuse", redirects="strip"),
            mode="report",
        ),
        ["connects to no other hosts", "sends no address", "is taken out of the address"],
        [],
    ),
    "collections": (
        changed(
            collections=[
                Collection("/contact", "To answer you", fields=["mail"], retention="a year"),
                Collection("/register", "To keep your account", kinds=["NAME", "EMAIL"]),
                Collection("/enter", "To write to you", kinds=["EMAIL"]),
            ]
        ),
        ["This policy lists no purposes"],
        [
            "Where: /contact What: mail Purpose: To answer you Kept: a year",
            "What: names, e-mail addresses Purpose: To keep your account Kept: not stated",
            "For these purposes: - To answer you What data is used for when you sign up stands in",
            "The table in section 1 names it.",
            "What else you enter is for these purposes: - To keep your account - To write to you",
        ],
    ),
    "collections elsewhere": (
        changed(collections=[Collection("/contact", "To answer you", fields=["mail"])]),
        ["The table in section 1 names it"],
        ["lists no purposes for what else you enter when you sign up"],
    ),
    "strict": (
        changed(strict=True),
        [],
        ["Other personal data that is recognised in what is sent to the site is refused."],
    ),
    "strict, mode report": (
        changed(strict=True, mode="report"),
        ["in what is sent to the site is refused"],
        [],
    ),
    "breach": (
        changed(breach=Breach(zone="Asia/Karachi")),
        [],
        ["Business days are Monday to Friday, in the time zone Asia/Karachi."],
    ),
    "breach.calendars": (
        changed(breach=Breach(zone="Asia/Karachi", calendars=[Calendar(country="PK")])),
        ["Monday to Friday"],
        ["Business days are those of PK, in the time zone Asia/Karachi."],
    ),
    "breach without a promise": (
        msgspec.structs.replace(by(breach_notice=None), breach=Breach(zone="Asia/Karachi")),
        ["data breach", "Business days"],
        [],
    ),
    "effective": (
        changed(effective=None),
        ["In force since 1 November 2026."],
        ["In force since 28 November 2026."],
    ),
    "effective, no changes": (
        changed(effective=None, changes=()),
        ["In force", "The date it takes effect", "Changes:"],
        ["No earlier version is recorded."],
    ),
    "effective to come": (
        changed(effective=date(2027, 1, 1)),
        ["In force since"],
        ["In force from 1 January 2027."],
    ),
    "changes": (changed(changes=()), ["Names cookies."], ["No earlier version is recorded."]),
    "change to come": (
        changed(changes=[Change(date(2026, 12, 24), "Shorter.")]),
        ["changed on"],
        ["This policy changes on 24 December 2026: Shorter."],
    ),
    "evidence": (changed(evidence=()), ["Security audit", "By Example Ltd."], []),
    "evidence too old": (
        changed(evidence=[Evidence("update", TODAY - timedelta(days=31), 30, "Kernel")]),
        ["Update of software", "Kernel"],
        [],
    ),
    "evidence to come": (
        changed(evidence=[Evidence("update", TODAY + timedelta(days=1), 30, "Kernel")]),
        ["Kernel"],
        [],
    ),
    "operator.name": (by(name="Other Ltd."), ["Alpines Internet"], ["Other Ltd. collects"]),
    "operator.contact": (by(contact="a@b.example"), ["privacy@alpines.example"], ["a@b.example"]),
    "operator.address": (by(address=None), ["Address:", "12 Mall Road, Lahore 54000"], []),
    "operator.web_form": (by(web_form=None), ["Form:", "our form"], []),
    "operator.account": (by(account=None), ["your account"], []),
    "operator.redress": (by(redress=None), ["National Commission"], []),
    "operator.jurisdiction": (by(jurisdiction=None), ["Law and courts"], []),
    "operator.breach_notice": (
        by(breach_notice=None),
        ["data breach", "within 1 business day:"],
        [],
    ),
    "operator.breach_notice 3": (
        by(breach_notice=3),
        ["business day:"],
        ["within 3 business days:"],
    ),
}
# Fields that promise visitors nothing, or of which another part tells.
SILENT = {"operator", "age_screen", "trackers", "debug", "trusted_proxies", "dnt_policy", "mode"}
SILENT_OF_OPERATOR = {"page", "languages", "catalogues", "template"}


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_clause_that_is_switched_off_is_not_claimed(switch: str) -> None:
    policy, gone, instead = SWITCHES[switch]
    text = said(policy)
    assert [sentence for sentence in gone if sentence in text] == []
    assert [sentence for sentence in instead if sentence not in text] == []


# A sentence that stands where the policy is full, so that its absence elsewhere means something.
@pytest.mark.parametrize("switch", SWITCHES)
def test_what_a_switch_takes_away_stood_there(switch: str) -> None:
    _, gone, _ = SWITCHES[switch]
    fresh = changed(
        evidence=[Evidence("update", TODAY, 30, "Kernel")],
        loads="declared",
        https="require",
        hsts=Hsts(max_age=300),
        intrusion=Intrusion(logins=[LoginRoute(path="/login", account="name")]),
        payments="refuse",
        strict=True,
        breach=Breach(zone="Asia/Karachi"),
        passwords=Passwords(refuse=True),
        disclosure=Disclosure(
            connections="refuse", urls="refuse", redirects="strip", allow=["a.example"]
        ),
        collections=[Collection("/register", "To keep your account", fields=["mail"])],
    )
    texts = said(FULL) + said(UNLISTED) + said(fresh)
    assert [sentence for sentence in gone if sentence not in texts] == []


def test_every_switch_of_the_policy_is_in_the_table() -> None:
    named = {switch.split()[0].split(".")[0].rstrip(",") for switch in SWITCHES}
    assert set(PrivacyPolicy.__struct_fields__) - named - SILENT == set()
    named = {switch.split()[0].partition(".")[2] for switch in SWITCHES}
    assert set(Operator.__struct_fields__) - named - SILENT_OF_OPERATOR == set()


def test_the_fourteen_sections_come_in_the_policys_order() -> None:
    sections = document_of(FULL).sections
    assert [section.number for section in sections] == [*range(1, 15), None, None]
    assert [section.key for section in sections[:14]] == list(SECTIONS)
    least = document_of(PrivacyPolicy(operator=Operator(name="A", contact="a@b.example")))
    for document in (document_of(FULL), least):
        assert all(section.blocks for section in document.sections)


def test_no_section_repeats_itself_or_ends_in_an_empty_list() -> None:
    for policy, _, _ in SWITCHES.values():
        for section in document_of(policy).sections:
            assert len(set(section.blocks)) == len(section.blocks), section.key
            assert all(all(block) for block in section.blocks), section.key


DAYS = {
    -1: "This policy changes on 28 November 2026: Names cookies.",
    0: "This policy changed on 28 November 2026: Names cookies.",
    29: "This policy changed on 28 November 2026: Names cookies.",
    30: "",
}


@pytest.mark.parametrize("days", DAYS)
def test_a_change_is_announced_for_thirty_days(days: int) -> None:
    text = said(FULL, TODAY + timedelta(days=days))
    assert (" Changes: " in text) == bool(DAYS[days])
    assert DAYS[days] in text
    assert "28 November 2026: Names cookies." in text.rpartition("Versions of this policy")[2]


def test_the_day_on_which_the_text_changes_next_is_known() -> None:
    today = Today(TODAY)
    text_of(FULL, OPERATOR, Language("en"), today)
    assert today.next == TODAY + timedelta(days=30)
    same = said(FULL, TODAY + timedelta(days=29))
    assert same == said(FULL, TODAY)
    assert said(FULL, TODAY + timedelta(days=30)) != same


# What a policy lacks by its own switches, the linter says too.
LACKS = {"effective, no changes": {"effective-date"}}


@pytest.mark.parametrize("form", ["html", "markdown", "text"])
@pytest.mark.parametrize("switch", SWITCHES)
def test_the_linter_finds_nothing_in_what_is_rendered(switch: str, form: str) -> None:
    policy, _, _ = SWITCHES[switch]
    assert policy.operator
    english = msgspec.structs.replace(policy.operator, languages=("en",))
    texts = Renderings(policy, english).written(Today(TODAY))
    found = {finding.rule for finding in lint(texts[form, "en"], policy).findings}
    assert found - LACKS.get(switch, set()) == set()


def test_third_parties_and_cookies_stand_with_their_purposes() -> None:
    policy = changed(
        cookies=[Cookie(f"c{n}", purpose=f"Purpose {n}") for n in range(9)],
        third_parties=[ThirdParty(f"h{n}.example", purpose=f"Reason {n}") for n in range(9)],
    )
    for n in range(9):
        assert f"Cookie: c{n} Purpose: Purpose {n}" in said(policy)
        assert f"Host: h{n}.example Purpose: Reason {n}" in said(policy)
