"""Lint of policy texts: every defect that a text has, with its line, and none that it has not."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.policy import (
    Cookie,
    Intrusion,
    LoginRoute,
    Logs,
    Passwords,
    PrivacyPolicy,
    ThirdParty,
)
from alpines_privacy.policy.lint import RULES, lint, read

TEXTS = Path(__file__).with_name("texts")


def found(name: str, policy: PrivacyPolicy | None = None) -> list[tuple[int, str]]:
    text = (TEXTS / name).read_text("utf-8")
    return [(finding.line, finding.rule) for finding in lint(text, policy).findings]


# Each text, and all that is wrong with it: what is not named here is right, and not reported.
DEFECTS = [
    (
        "alpines.txt",
        [
            (1, "change-notice"), (1, "contact"), (1, "effective-date"), (1, "review"), (1, "third-parties"),
            (10, "repeated-text"), (44, "forced-rotation"), (47, "empty-list"), (49, "transfer-denied"),
            (51, "third-parties-denied"), (54, "empty-list"), (55, "empty-list"), (55, "repeated-text"),
            (57, "automatic-collection"), (57, "cookies-and-logins"), (57, "personalisation"),
            (59, "personalisation"), (63, "breach-by-email-alone"),
        ],
    ),
    ("complete.md", []),
    ("complete.html", []),
    (
        "shop.md",
        [
            (11, "repeated-text"), (16, "cookies-denied"), (28, "empty-section"), (32, "payment-storage"),
        ],
    ),
    (
        "blog.txt",
        [
            (1, "change-notice"), (1, "do-not-track"), (1, "effective-date"), (1, "others-tracking"), (1, "review"),
            (1, "third-parties"), (3, "collection-denied"),
        ],
    ),
    ("api.md", [(15, "location-denied"), (20, "empty-list")]),
    (
        "association.html",
        [
            (2, "change-notice"), (7, "empty-list"), (10, "children"), (16, "security-guaranteed"),
            (19, "empty-section"),
        ],
    ),
    (
        "legalese.txt",
        [(1, "effective-date"), (22, "repeated-text"), (42, "forced-rotation"), (46, "placeholder")],
    ),
    ("german-english.md", [(45, "empty-section")]),
    ("urdu.txt", [(9, "empty-list"), (15, "empty-section")]),
    ("german.txt", [(7, "empty-list"), (12, "repeated-text")]),
    ("startup.txt", [(18, "advertising-denied"), (20, "sale")]),
    ("municipality.txt", [(23, "automatic-collection")]),
    (
        "hospital.md",
        [
            (1, "third-parties"), (12, "repeated-text"), (16, "third-parties-denied"), (20, "location-denied"),
            (36, "breach-by-email-alone"),
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "defects"), DEFECTS, ids=[name for name, _ in DEFECTS])
def test_a_text_has_the_defects_that_it_has_and_no_others(
    name: str, defects: list[tuple[int, str]]
) -> None:
    assert found(name) == defects


def test_every_text_is_in_the_table() -> None:
    assert {path.name for path in TEXTS.iterdir()} == {name for name, _ in DEFECTS}


def test_a_contradiction_names_both_sides() -> None:
    findings = lint((TEXTS / "alpines.txt").read_text("utf-8")).findings
    related = {(finding.line, finding.rule): finding.related for finding in findings}
    assert related[51, "third-parties-denied"] == (40,)  # the gateway
    assert related[49, "transfer-denied"] == (40,)
    assert related[57, "automatic-collection"] == (19,)
    assert 22 in related[59, "personalisation"]
    assert {8, 17, 30} <= set(related[57, "cookies-and-logins"])
    assert related[10, "repeated-text"] == (8,)


def test_every_rule_says_where_it_comes_from_and_how_to_mend_it() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.source and rule.summary and rule.mend.endswith(".") for rule in RULES)


# One sentence each way: what a rule finds in a text that is complete otherwise, and what it lets stand.
BASE = (TEXTS / "complete.md").read_text("utf-8")
ADDED = [
    # (what is added as a section, the rule that finds it)
    ("We do not work with third-party services.", "third-parties-denied"),
    ("We don\u2019t embed any third-party content on our pages.", "third-parties-denied"),
    ("We do not work with third-party services except those listed here.", None),
    ("We do not allow third-party behavioral tracking.", None),
    ("Our pages have links to third-party websites.", None),
    ("We never disclose your data to anyone.", "transfer-denied"),
    ("We do not share your data with third parties for their marketing.", None),
    ("We do not sell, trade, or transfer your data to outside parties. This does not include couriers.", None),
    ("This website sets no cookies. Our cookies help us.", "cookies-denied"),
    ("We do not use third-party cookies.", None),
    ("We do not use cookies to track you.", None),
    ("We use cookies only where they are necessary.", None),
    ("Please change your password every three months.", "forced-rotation"),
    ("We never ask you to change your password regularly.", None),
    ("We update our software regularly, and your password stays yours.", None),
    ("We store your credit card details for your next order.", "payment-storage"),
    ("We keep the last four digits of your card number.", None),
    ("Your data is completely secure with us.", "security-guaranteed"),
    ("No website is completely secure.", None),
    ("We do not sell your data. We may sell your information to partners.", "sale"),
    ("We will not sell your information.", None),
    ("We do not collect personal information. We ask for your name.", "collection-denied"),
    ("We do not collect personal information from children.", None),
    ("We do not record your IP address. Our firewall keeps a log of each IP address.", "address-logging"),
    ("We do not store full IP addresses.", None),
    ("Our kids\u2019 club welcomes new members. Children can register here.", "children"),
    ("We use Example Analytics. We do not use analytics.", "analytics-denied"),
    ("We do not use behavioral analytics. We use server analytics.", None),
    ("We do not link to other sites. Our blog contains links to other sites.", "links-denied"),
    ("We do not respond to Do Not Track. We respect DNT.", "signals-denied"),
    ("In the event of a data breach, we inform you by email.", "breach-by-email-alone"),
    ("In the event of a data breach, we inform you by email or phone.", None),
    ("Cookies are used to:", "empty-list"),
    ("Cookies are used to:\n\n- remember your cart", None),
    ("Cookies are used to:\n\nWe also use local storage.", "empty-list"),
    ("Contact:\n\nNorthwind Ltd\n12 Harbour Street", None),
    ("You can write to [Company Name].", "placeholder"),
    ("### Details", "empty-section"),
    ("### Details\n\nThere are none.", None),
    ("We send parcels with a courier. We send parcels with a courier.", "repeated-text"),
    ("- one thing\n- another thing\n- one thing", "repeated-text"),
    ("| one | year |\n|---|---|\n| two | year |", None),
    ("We want your name for an order of any bicycle in the shop. We do not want your name for one.", None),
    (
        "It is a name, address, telephone number, order history, receipt, invoice, rating or wish. "  # noqa: ISC004
        "It is a name, address, telephone number, order history, receipt, invoice or wish.",
        "repeated-text",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("added", "rule"), ADDED)
def test_one_sentence_is_a_defect_and_another_is_none(added: str, rule: str | None) -> None:
    findings = lint(f"{BASE}\n## Further words\n\n{added}\n").findings
    assert [finding.rule for finding in findings][:1] == ([rule] if rule else [])


# The statute's items: each is missing once its section is gone.
SECTIONS = [
    ("2. What we collect", "categories"),
    ("5. Who else gets it", "third-parties"),
    ("9. Your rights", "review"),
    ("11. Changes", "change-notice"),
    ("6. Do Not Track", "others-tracking"),
]


@pytest.mark.parametrize(("heading", "rule"), SECTIONS)
def test_an_item_of_the_statute_is_missing_without_its_section(heading: str, rule: str) -> None:
    without = re.sub(rf"## {re.escape(heading)}\n.*?(?=\n## |\Z)", "", BASE, flags=re.DOTALL)
    assert rule in {finding.rule for finding in lint(without).findings}


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("Privacy Policy of", "Data Policy of", "title"),
        ("Effective 1 November 2026. ", "", "effective-date"),
        ("[privacy@northwind.example](mailto:privacy@northwind.example)", "us", "contact"),
    ],
)
def test_an_item_of_the_statute_is_missing_without_its_words(old: str, new: str, rule: str) -> None:
    assert [finding.rule for finding in lint(BASE.replace(old, new)).findings] == [rule]


# The same text in other forms has the same structure.
FORMS = [
    "# Privacy\n\n## Cookies\n\nCookies help us:\n\n## Children\n\nNone.\n",
    "Privacy\n=======\n\nCookies\n-------\n\nCookies help us:\n\nChildren\n--------\n\nNone.\n",
    "**Privacy**\n\n**Cookies**\n\nCookies help us:\n\n**Children**\n\nNone.\n",
    "PRIVACY\n\nCOOKIES\n\nCookies help us:\n\nCHILDREN\n\nNone.\n",
    "Privacy\n\n1. Cookies\n\nCookies help us:\n\n2. Children\n\nNone.\n",
    "Privacy\n1) Cookies\nCookies help us:\n2) Children\nNone.\n".replace(")", "."),
    "Privacy\n\nI. Cookies\n\nCookies help us:\n\nII. Children\n\nNone.\n",
    "<h1>Privacy</h1><h2>Cookies</h2><p>Cookies help us:</p><h2>Children</h2><p>None.</p>",
    "<div><p><b>Privacy</b></p><p><b>Cookies</b></p><p>Cookies help us:</p><ul></ul><p><b>Children</b></p>None.</div>",
    "\ufeffPrivacy\r\n\r\n1. Cookies\r\n\r\nCookies help us:\r\n\r\n2. Children\r\n\r\nNone.\r\n".lstrip(
        "\ufeff"
    ),
]


@pytest.mark.parametrize("text", FORMS)
def test_sections_are_found_however_headings_are_written(text: str) -> None:
    titles = [section.title.lstrip("I12. ") for section in read(text).sections]
    assert [title.lower() for title in titles] == ["privacy", "cookies", "children"]
    assert [f.rule for f in lint(text).findings if f.rule.startswith("empty")] == ["empty-list"]


MARKS = ["- ", "* ", "\u2022 ", "\u2013 ", "a) ", "(a) ", "1. ", "2) ", "  - ", "<li>"]


@pytest.mark.parametrize("mark", MARKS)
def test_items_are_found_however_they_are_marked(mark: str) -> None:
    text = f"Privacy\n\nWe collect:\n\n{mark}your name;\n"
    text = f"<ul>{text}</ul>" if mark == "<li>" else text
    items = [s.said for s in read(text).sentences if s.kind == "item"]
    assert items in (["we collect: your name;"], ["privacy we collect: your name;"])


def test_an_item_is_read_with_what_leads_it_in() -> None:
    said = [
        sentence.said for sentence in read("We do not share:\n\n- names\n- addresses\n").sentences
    ]
    assert said == ["we do not share:", "we do not share: names", "we do not share: addresses"]


@pytest.mark.parametrize("lead", ["us:", f"{'very ' * 380}long:"], ids=["short", "long"])
@pytest.mark.parametrize("form", ["{lead}\n\n{items}", "<p>{lead}</p><ul>{items}</ul>"])
def test_thousands_of_items_are_read_as_a_few_times_their_length(form: str, lead: str) -> None:
    """A lead-in is said again before each item, which a hostile text could have done without end."""
    item = "- a\n" if form.startswith("{") else "<li>a"
    text = form.format(lead=lead, items=item * 5_000)
    assert sum(len(sentence.said) for sentence in read(text).sentences) < 30_000 + 5 * len(text)


def test_the_words_of_a_page_keep_their_spaces_once() -> None:
    text = "<html><title>A<b> </b>title</title><p>We<b> <b> <i>\t</i>collect <b> it."
    document = read(text)
    assert document.title == "Atitle"
    assert [sentence.text for sentence in document.sentences] == ["We collect it."]


def test_sentences_know_their_lines_in_wrapped_paragraphs() -> None:
    text = "Privacy\n\nWe keep your\nname, e.g. J. Smith, in the\nU.S. We delete it. And then\nno more.\n"
    lines = [(s.line, s.end_line) for s in read(text).sentences]
    assert lines == [(3, 5), (5, 5), (5, 6)]


# What the policy object does not keep


TEXT = (TEXTS / "alpines.txt").read_text("utf-8")
COMPLETE = (TEXTS / "complete.md").read_text("utf-8")
LOGS = f"{COMPLETE}\n## Logs\n\nAddresses are truncated.\n"
LAST = COMPLETE.count("\n") + 4
UNKEPT = [
    (TEXT, PrivacyPolicy(mode="report"), (57, "signals-not-honoured")),
    (TEXT, PrivacyPolicy(mode="report"), (57, "cookies-under-signal")),
    (TEXT, PrivacyPolicy(mode="off"), (59, "tracking-not-stopped")),
    (TEXT, PrivacyPolicy(keep_logins="always"), (57, "cookies-under-signal")),
    (TEXT, PrivacyPolicy(cookies=[Cookie("s", purpose="x", necessary=True)]), (57, "cookies-under-signal")),
    (TEXT, PrivacyPolicy(third_parties=[ThirdParty("cdn.example", purpose="x")]), (51, "third-parties-declared")),
    (TEXT, PrivacyPolicy(shield=False), (59, "tracking-not-stopped")),
    (TEXT, PrivacyPolicy(loads="report"), (59, "tracking-not-stopped")),
    (TEXT.replace("under 13", "under 16"), PrivacyPolicy(), (61, "age-not-checked")),
    (TEXT, PrivacyPolicy(detect_signups=False), (61, "age-not-checked")),
    (TEXT, PrivacyPolicy(), (37, "https-not-required")),
    (TEXT, PrivacyPolicy(), (44, "passwords-without-advice")),
    (TEXT, PrivacyPolicy(payments="off"), (40, "card-data-not-watched")),
    (TEXT, PrivacyPolicy(), (42, "intruders-not-detected")),
    (TEXT, PrivacyPolicy(), (39, "audits-without-evidence")),
    (TEXT, PrivacyPolicy(), (41, "updates-without-evidence")),
    (TEXT, PrivacyPolicy(), (38, "access-without-evidence")),
    (TEXT, PrivacyPolicy(), (63, "breach-without-sender")),
    (COMPLETE, PrivacyPolicy(effective=date(2026, 1, 1)), (8, "effective-date-differs")),
    (LOGS, PrivacyPolicy(logs="off"), (LAST, "addresses-in-logs")),
    (LOGS, PrivacyPolicy(logs=Logs(ip="keep")), (LAST, "addresses-in-logs")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "policy", "finding"), UNKEPT)
def test_a_promise_that_the_policy_does_not_keep_is_found(
    text: str, policy: PrivacyPolicy, finding: tuple[int, str]
) -> None:
    assert finding in [(f.line, f.rule) for f in lint(text, policy).findings]


KEPT = [
    (TEXT, PrivacyPolicy(), "cookies-under-signal"),
    (f"{COMPLETE}\n## More\n\nSee https://shop.example/tls-analytics for more.\n", PrivacyPolicy(), "analytics-denied"),
    ("# Privacy\n\nFor all of you the form is at https://shop.example/form.", PrivacyPolicy(), "https-not-required"),
    (TEXT, PrivacyPolicy(), "signals-not-honoured"),
    (TEXT, PrivacyPolicy(), "tracking-not-stopped"),
    (TEXT, PrivacyPolicy(), "third-parties-declared"),
    (TEXT, PrivacyPolicy(), "card-data-not-watched"),
    (TEXT, PrivacyPolicy(https="require"), "https-not-required"),
    (TEXT, PrivacyPolicy(passwords=Passwords(paths=["/register"])), "passwords-without-advice"),
    (TEXT, PrivacyPolicy(intrusion=Intrusion(logins=[LoginRoute(path="/login")])), "intruders-not-detected"),
    (TEXT, PrivacyPolicy(minimum_age=16), "age-not-checked"),
    (COMPLETE, PrivacyPolicy(effective=date(2026, 11, 1)), "effective-date-differs"),
    (COMPLETE, PrivacyPolicy(cookies=[Cookie("session", purpose="x", necessary=True)]), "cookies-under-signal"),
    (COMPLETE, PrivacyPolicy(third_parties=[ThirdParty("cdn.example.net", purpose="x")]), "third-parties-declared"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "policy", "rule"), KEPT)
def test_a_promise_that_the_policy_keeps_is_not_reported(
    text: str, policy: PrivacyPolicy, rule: str
) -> None:
    assert rule not in [f.rule for f in lint(text, policy).findings]


# Whatever a text holds


PARTS = [
    "1. A\n", "- a\n", "#", "## ", "*", "**a**\n", "<", "<a ", "<!--", "<p>", "<li>", "<ul>", "</ul>",
    "<main>", "</main>", "<script>", "<title>", "|", "|a|\n", "===\n", "We collect:\n",
    "We do not use cookies. ", "[", "](", "\n", "\t", " ", "\u2019", "a", ".", "é", "---\n",
    "In a breach we notify you by e-mail. ", "We share data with third parties. ", "not ", "\u0130", "<td>",
    "<br>", "&amp;", "1.1 ",
]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=40).map("".join))
def test_any_text_is_read_and_every_finding_stands_on_a_line_of_it(text: str) -> None:
    lines = text.count("\n") + 1
    for finding in lint(text, PrivacyPolicy(mode="report")).findings:
        assert 1 <= finding.line <= finding.end_line <= lines
        assert all(1 <= line <= lines for line in finding.related)


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join))
def test_the_same_text_has_the_same_findings(text: str) -> None:
    assert lint(text) == lint(text.replace("\n", "\r\n"))


def test_the_docs_name_every_rule() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "policy-lint.md").read_text("utf-8")
    assert {rule.id for rule in RULES} - set(re.findall(r"`([a-z-]+)`", page)) == set()
