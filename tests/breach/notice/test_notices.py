"""Letters: each read back by readers of messages that are not ours, whoever they are to."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parsedate_to_datetime
from typing import Any

import aiosmtpd.smtp
import aiosmtplib
import html5lib  # type: ignore[import-untyped]
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.notice import Letter
from alpines_privacy.breach.notice.words import Words
from alpines_privacy.policy import Breach
from tests.breach.notice.support import NOW, UR, body_of, claim, incident, notices, read

BOUNCES = Breach(zone="Asia/Karachi", bounces="bounces+{key}@bounces.example.com", sender="Shop")
BOTH = notices(BOUNCES, translations={"ur": UR}, sender="Alpines, Inc.")
HEADINGS = ("what_happened", "what_information", "what_we_do", "what_you_can_do", "more")


def test_a_letter_has_these_fields_and_no_others() -> None:
    message = read(BOTH.letter(claim(name="Khan, Ayesha")))
    assert list(message.items()) == [
        ("From", '"Alpines, Inc." <Privacy@example.com>'),
        ("To", '"Khan, Ayesha" <ayesha@example.net>'),
        ("Subject", "Notice of Data Breach"),
        ("Date", "Sun, 29 Nov 2026 14:30:00 +0500"),
        ("Message-ID", f"<{'0a' * 12}.5a5a5a5a@example.com>"),
        ("Auto-Submitted", "auto-generated"),
        ("Content-Language", "en"),
        ("MIME-Version", "1.0"),
        ("Content-Type", 'multipart/alternative; boundary="=_notice"'),
    ]
    assert parsedate_to_datetime(message["Date"]) == NOW


def test_the_same_person_gets_the_same_letter_and_another_day_changes_the_date_alone() -> None:
    one, again = (BOTH.letter(claim(name="A")) for _ in range(2))
    assert one == again
    later = notices(BOUNCES, translations={"ur": UR}, sender="Alpines, Inc.")
    later._clock = lambda: NOW.timestamp() + 86_400
    other = later.letter(claim(name="A")).content.decode()
    changed = set(one.content.decode().split("\r\n")) ^ set(other.split("\r\n"))
    assert sorted(changed) == [
        "<li>Date of this notice: 29 November 2026</li>", "<li>Date of this notice: 30 November 2026</li>",
        "Date of this notice: 29 November 2026", "Date of this notice: 30 November 2026",
        "Date: Mon, 30 Nov 2026 14:30:00 +0500", "Date: Sun, 29 Nov 2026 14:30:00 +0500",
    ]  # fmt: skip


def test_it_says_the_same_as_one_that_the_standard_library_makes() -> None:
    for language in ("en", "ur"):
        letter = BOTH.letter(claim(name="عائشہ خان", language=language))
        ours = read(letter)
        theirs = EmailMessage(policy=SMTP)
        for name in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"):
            theirs[name] = ours[name]
        theirs.set_content(body_of(letter, "plain"))
        theirs.add_alternative(body_of(letter, "html"), subtype="html")
        theirs["Content-Language"] = language
        same = Letter("", "", theirs.as_bytes(), is_international=False)
        for kind in ("plain", "html"):
            assert body_of(same, kind) == body_of(letter, kind)
        assert {*read(same).items()} >= {*list(ours.items())[:7]}


LANGUAGES = {
    None: "en", "": "en", "ur": "ur", "UR": "ur", "ur-PK": "ur", "ur-Arab-PK": "ur", "en-GB": "en", "sd": "en",
    "u": "en", "urdu": "en", "*": "en", "-": "en",
}  # fmt: skip


@pytest.mark.parametrize("wanted", LANGUAGES)
def test_the_best_language_is_chosen(wanted: str | None) -> None:
    assert BOTH.language_for(wanted) == LANGUAGES[wanted]


def test_a_language_of_a_region_serves_those_who_want_the_language() -> None:
    texts: dict[str, Any] = {"kinds": ["EMAIL"], "translations": {"pt-BR": UR, "fr-CA": UR}}
    texts["translations"] = {
        tag: {key: UR[key] for key in UR if key != "kinds"} for tag in ("fr-CA", "pt-BR")
    }
    made = notices(**texts)
    assert made.languages == ("en", "fr-CA")  # there are no headings in Portuguese
    assert made.language_for("fr") == "fr-CA"
    assert made.language_for("pt") == "en"


def test_an_incomplete_language_is_not_used() -> None:
    made = notices(translations={"ur": {"what_happened": "x"}})
    assert made.languages == ("en",)
    assert read(made.letter(claim(language="ur")))["Content-Language"] == "en"


def headings(letter: Letter) -> list[str]:
    tree = html5lib.parse(body_of(letter, "html"), namespaceHTMLElements=False)
    return [each.text for each in tree.iter("h2")]


@pytest.mark.parametrize("tag", ["en", "ur", "de", "es", "fr", "ar"])
def test_every_language_has_the_five_headings_and_the_items_in_this_order(tag: str) -> None:
    said = {
        "what_happened": "AAA",
        "what_we_do": "BBB",
        "what_you_can_do": "CCC",
        "contact": "DDD 021 111 222",
    }
    made = notices(
        None, **said, language=tag, kinds=["EMAIL", "PASSWORD"], consequences="EEE", occurred="FFF", sender="GGG"
    )  # fmt: skip
    words = Words(tag)
    expected = [
        words.all.title, "GGG", "FFF", words.day(incident().discovered.date()), words.day(NOW.date()),
        words.all.what_happened, "AAA", words.all.what_information, *words.kinds(["EMAIL", "PASSWORD"]),
        words.all.consequences, "EEE", words.all.what_we_do, "BBB", words.all.what_you_can_do,
        words.all.change_passwords, "CCC", words.all.more, "GGG", "DDD", "Privacy@Example.com",
    ]  # fmt: skip
    letter = made.letter(claim(name="Ayesha"))
    page = html5lib.parse(body_of(letter, "html"), namespaceHTMLElements=False)
    body = page.find("body")
    for content in (body_of(letter, "plain"), "".join(body.itertext())):
        place = 0
        for each in expected:
            assert each in content[place:], each
            place = content.index(each, place) + len(each)
    assert headings(letter) == [getattr(words.all, name) for name in HEADINGS]
    assert (page.get("lang"), page.get("dir")) == (tag, words.direction)
    assert [each.get("dir") for each in body.iter("main")] == [words.direction]
    assert read(letter)["Content-Language"] == tag


def test_passwords_are_to_be_changed_only_if_they_leaked() -> None:
    assert "Change your password now." not in body_of(BOTH.letter(claim()), "plain")
    leaked = notices(kinds=["PASSWORD"]).letter(claim())
    for kind in ("plain", "html"):
        assert "Change your password now." in body_of(leaked, kind)


def test_numbers_keep_their_order_among_letters_that_run_to_the_left() -> None:
    urdu = BOTH.letter(claim(language="ur"))
    for kind in ("plain", "html"):
        assert "، \u2066021 111 222 333\u2069" in body_of(urdu, kind)
        assert "\u2066" not in body_of(BOTH.letter(claim()), kind)


def test_people_without_a_name_are_greeted_too() -> None:
    assert "\nHello,\n" in body_of(BOTH.letter(claim()), "plain")
    assert "\nDear Ayesha,\n" in body_of(BOTH.letter(claim(name="Ayesha")), "plain")
    assert read(BOTH.letter(claim()))["To"] == "ayesha@example.net"


ADDRESSES = {
    "a@example.net": ("a@example.net", False),
    "A.B+c@EXAMPLE.net": ("A.B+c@example.net", False),
    "a@bücher.example.com": ("a@xn--bcher-kva.example.com", False),
    "用户@example.net": ("用户@example.net", True),
    '"a b"@example.net': ('"a b"@example.net', False),
    f"{'a' * 64}@example.net": (f"{'a' * 64}@example.net", False),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_only_an_international_local_part_needs_smtputf8(address: str) -> None:
    letter = BOTH.letter(claim(address, "Åsa, Ö"))
    recipient, is_international = ADDRESSES[address]
    assert (letter.recipient, letter.is_international) == (recipient, is_international)
    assert letter.content.isascii() is not is_international
    (to,) = read(letter)["To"].addresses
    assert (to.display_name, to.addr_spec) == ("Åsa, Ö", recipient)


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@b\r\nRCPT TO:<c@example.com>", f"{'a' * 300}@example.com", "a@localhost", "\ud800@x.com"],
)  # fmt: skip
def test_an_address_that_is_none_costs_that_person_alone_and_is_not_shown(address: str) -> None:
    with pytest.raises(BreachError) as raised:
        BOTH.letter(claim(address, "Zafar"))
    assert not {"a@b", "aaa", "localhost", "Zafar"} & set(str(raised.value).split())


def test_bounces_come_back_to_an_address_of_each_person() -> None:
    assert BOTH.letter(claim()).sender == f"bounces+{'0a' * 12}@bounces.example.com"
    assert notices().letter(claim()).sender == "Privacy@example.com"


def test_an_international_sender_makes_every_letter_international() -> None:
    letter = notices(email="prüfung@example.com").letter(claim())
    assert letter.is_international
    assert read(letter)["From"] == "prüfung@example.com"


def test_the_sender_is_the_incident_s_else_the_policy_s() -> None:
    assert read(BOTH.letter(claim()))["From"].addresses[0].display_name == "Alpines, Inc."
    assert read(notices(BOUNCES).letter(claim()))["From"].addresses[0].display_name == "Shop"
    assert read(notices().letter(claim()))["From"] == "Privacy@example.com"


def test_a_test_letter_is_what_people_get_each_with_an_id_of_its_own() -> None:
    one, other = (BOTH.test_letter("me@example.com", "ur") for _ in range(2))
    assert one.recipient == "me@example.com"
    assert read(one)["Message-ID"] != read(other)["Message-ID"]
    assert read(one)["Content-Language"] == "ur"
    assert "Ayesha Khan" in body_of(one, "plain")
    assert one.sender.startswith("bounces+test-")


def test_the_digest_is_that_of_what_people_are_told() -> None:
    made = {
        "as it is": notices(translations={"ur": UR}),
        "without Urdu": notices(),
        "another text": notices(translations={"ur": UR | {"contact": "x"}}),
        "another sender": notices(translations={"ur": UR}, sender="A"),
    }
    assert made["as it is"].digest == notices(translations={"ur": UR}).digest
    assert len({each.digest for each in made.values()}) == 4
    assert len(made["as it is"].digest) == 64


_NAMES = st.text(
    st.one_of(st.characters(), st.sampled_from(list('\r\n\0,;:<>"\\@.=?_ \u202e\u2028'))),
    max_size=80,
)


@given(_NAMES, st.sampled_from([None, "ur"]))
@example("a\r\nBcc: victim@example.com\r\n\r\nbody", None)
@example("=?utf-8?q?a=0d=0aBcc:_x=40y.zz?=", None)
@example("--=_notice--", "ur")
@example("{{ 7 * 7 }}{% raw %}", None)
@example("<script>alert(1)</script>", None)
@settings(max_examples=60)
def test_no_name_changes_anything_but_itself(name: str, language: str | None) -> None:
    letter = BOTH.letter(claim(name=name, language=language))
    plain = BOTH.letter(claim(name="Ayesha", language=language))
    message, other = read(letter), read(plain)
    assert message.keys() == other.keys()
    assert [each for each in message.items() if each[0] != "To"] == [
        each for each in other.items() if each[0] != "To"
    ]
    assert [each.addr_spec for each in message["To"].addresses] == ["ayesha@example.net"]
    assert headings(letter) == headings(plain)
    lines, others = (body_of(each, "plain").split("\n") for each in (letter, plain))
    assert len(lines) == len(others)
    assert sum(one != another for one, another in zip(lines, others, strict=True)) <= 1
    assert "49" not in body_of(letter, "plain").partition(",")[0] or "49" in name


async def _through_a_server(
    letters: list[Letter], *, knows_8_bits: bool
) -> list[aiosmtpd.smtp.Envelope]:
    """Send letters to a real server, and return what it took."""
    taken: list[aiosmtpd.smtp.Envelope] = []

    class Keep:
        async def handle_DATA(  # noqa: N802 - aiosmtpd's
            self, server: Any, session: Any, envelope: aiosmtpd.smtp.Envelope
        ) -> str:
            taken.append(envelope)
            return "250 OK"

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: aiosmtpd.smtp.SMTP(Keep(), enable_SMTPUTF8=knows_8_bits, loop=loop), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False)
    async with server, client:
        for letter in letters:
            options = ["SMTPUTF8", "BODY=8BITMIME"] if letter.is_international else []
            await client.sendmail(
                letter.sender, [letter.recipient], letter.content, mail_options=options
            )
    return taken


@pytest.mark.parametrize("knows_8_bits", [True, False])
def test_a_server_takes_letters_as_they_are(knows_8_bits: bool) -> None:
    people = [
        claim("a@example.net", 'Khan, "Ash" Ö\r\nX: y', "ur"),
        claim('"a b"@example.net', "عائشہ"),
        claim("a@xn--bcher-kva.example.com"),
    ]
    if knows_8_bits:
        people.append(claim("用户@example.net", "用户"))
    letters = [
        BOTH._letter(each.address, each.name, BOTH.language_for(each.language), each.key)
        for each in people
    ]
    taken = asyncio.run(_through_a_server(letters, knows_8_bits=knows_8_bits))
    assert [(each.mail_from, each.rcpt_tos, each.content) for each in taken] == [
        (letter.sender, [letter.recipient], letter.content) for letter in letters
    ]
