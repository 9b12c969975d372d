"""Texts with personal data that others wrote: sentences, numbers and the labels they give them.

- presidio-evaluator (MIT): its sentences, with the people of its table and Faker's numbers in them;
- Faker (MIT): telephone numbers, accounts and cards of many countries;
- phonenumbers (Apache-2.0): the example numbers of every region, as they are written there and abroad.

Nothing is imported from presidio-evaluator: `pip install --no-deps presidio-evaluator` is enough.
"""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from typing import NamedTuple

import phonenumbers
from faker import Faker

from alpines_privacy.redaction.engine.spans import Span

__all__ = ["Sample", "everybody", "examples", "locales"]

_FIELD = re.compile(r"\{\{([a-z_0-9]+)\}\}")
_KINDS = {
    "credit_card_number": "CARD",
    "phone_number": "PHONE",
    "email": "EMAIL",
    "iban": "IBAN",
    "ssn": "SSN",
    "ip_address": "IP",
    "date_of_birth": "BIRTH_DATE",
}
_LOCALES = (
    *(
        "en_US",
        "en_GB",
        "en_AU",
        "en_CA",
        "en_IN",
        "en_NZ",
        "en_IE",
        "en_PK",
        "de_DE",
        "de_AT",
        "de_CH",
    ),
    *(
        "fr_FR",
        "fr_CH",
        "it_IT",
        "es_ES",
        "es_MX",
        "pt_BR",
        "pt_PT",
        "nl_NL",
        "nl_BE",
        "sv_SE",
        "da_DK",
    ),
    *("no_NO", "fi_FI", "pl_PL", "cs_CZ", "hu_HU", "ro_RO", "tr_TR", "ja_JP", "ko_KR", "zh_CN"),
)


class Sample(NamedTuple):
    """A text and the personal data in it."""

    text: str
    spans: list[Span]


def everybody(count: int) -> Iterator[Sample]:
    """Give presidio-evaluator's sentences about the people of its table."""
    fake = Faker("en_US")
    people = [*csv.DictReader(_raw("FakeNameGenerator.com_3000.csv").splitlines())]
    choose = random.Random(1)  # noqa: S311 - which sentence is about whom
    Faker.seed(1)
    for _ in range(count):
        person = choose.choice(people)
        known = {
            "phone_number": person["TelephoneNumber"],
            "email": person["EmailAddress"],
            "date_of_birth": person["Birthday"],
            "ip_address": choose.choice((fake.ipv4, fake.ipv6))(),
        }
        yield filled(choose.choice(_sentences()), fake, known)


def locales(count: int) -> Iterator[Sample]:
    """Give the same sentences with the numbers Faker makes for other countries."""
    choose = random.Random(2)  # noqa: S311
    Faker.seed(2)
    fakes = [Faker(locale) for locale in _LOCALES]
    for _ in range(count):
        fake = choose.choice(fakes)
        known = {
            "phone_number": fake.phone_number(),
            "iban": fake.iban(),
            "ip_address": fake.ipv4(),
        }
        yield filled(choose.choice(_sentences()), Faker("en_US"), known)


def examples() -> Iterator[Sample]:
    """Give the example numbers of every region, in its own form and in the international one."""
    choose = random.Random(3)  # noqa: S311
    sentences = [sentence for sentence in _sentences() if "{{phone_number}}" in sentence]
    fake = Faker("en_US")
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is None:
                continue
            for form in (
                phonenumbers.PhoneNumberFormat.NATIONAL,
                phonenumbers.PhoneNumberFormat.INTERNATIONAL,
            ):
                written = phonenumbers.format_number(number, form)
                yield filled(choose.choice(sentences), fake, {"phone_number": written})


def filled(sentence: str, fake: Faker, known: Mapping[str, str]) -> Sample:
    """Return a sentence with its fields filled, and where those are that are personal data."""
    parts, length, place, spans = [], 0, 0, []
    for field in _FIELD.finditer(sentence):
        name = field[1]
        value = known.get(name) or str(_maker(fake, name)())
        before = sentence[place : field.start()]
        parts += [before, value]
        length += len(before)
        if name in _KINDS:
            spans.append(Span(length, length + len(value), _KINDS[name]))
        length += len(value)
        place = field.end()
    return Sample("".join([*parts, sentence[place:]]), spans)


def _maker(fake: Faker, name: str) -> Callable[[], object]:
    return getattr(fake, name, fake.name)


_read: dict[str, list[str]] = {}


def _sentences() -> list[str]:
    if not _read:
        lines = _raw("templates.txt").splitlines()
        _read["templates.txt"] = [line.replace("\\n", "\n").replace("\\,", ",") for line in lines]
    return _read["templates.txt"]


def _raw(name: str) -> str:
    for path in metadata.files("presidio-evaluator") or ():
        if path.name == name:
            return path.locate().read_text(encoding="utf-8-sig", errors="replace")  # type: ignore[attr-defined,no-any-return]
    raise SystemExit(f"presidio-evaluator has no {name}; this was written for 0.3.")
