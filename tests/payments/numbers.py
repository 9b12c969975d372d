"""Numbers of many kinds, made up alike each time: cards, and what is none."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import phonenumbers
from faker import Faker

__all__ = ["OTHERS", "cards", "with_check_digit"]

_NETWORKS = ["visa16", "mastercard", "amex", "discover"]


def cards(count: int) -> list[str]:
    """Return card numbers that networks could issue."""
    fake = Faker()
    fake.seed_instance(6)
    return [fake.credit_card_number(_NETWORKS[n % len(_NETWORKS)]) for n in range(count)]


def with_check_digit(digits: str) -> str:
    """Return digits with the check digit that Luhn's sum asks for."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _orders(rng: random.Random) -> Iterator[tuple[str, str]]:
    """As shops number them; every second one has the check digit, and the first digits of a card."""
    names = ["order_id", "orderNumber", "order", "order_no", "order[reference]", "invoice", "cart.order_id",
             "transaction_id", "payment_reference", "ticket", "booking_number", "bestellnummer"]  # fmt: skip
    while True:
        start = rng.choice(["4", "51", "55", "6011", "37"])
        length = 15 if start == "37" else 16
        number = start + _digits(rng, length - 1 - len(start))
        yield rng.choice(names), with_check_digit(number)
        yield rng.choice(names), _digits(rng, rng.choice([13, 14, 15, 16, 17, 18, 19]))


def _phones(rng: random.Random) -> Iterator[tuple[str, str]]:
    names = [
        "phone",
        "tel",
        "mobile",
        "contact[phone_number]",
        "whatsapp",
        "billing_phone",
        "fax",
        "number",
    ]
    regions = sorted(phonenumbers.SUPPORTED_REGIONS)
    formats = [
        phonenumbers.PhoneNumberFormat.E164,
        phonenumbers.PhoneNumberFormat.INTERNATIONAL,
        phonenumbers.PhoneNumberFormat.NATIONAL,
    ]
    while True:
        number = phonenumbers.example_number(rng.choice(regions))
        if number is not None:
            text = phonenumbers.format_number(number, rng.choice(formats))
            yield rng.choice(names), text
            yield rng.choice(names), "00" + text.removeprefix("+")


def _imeis(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Each has the check digit (3GPP TS 23.003 annex B)."""
    while True:
        start = rng.choice(["35", "86", "01", "99", "45", "49", "52", "53", "54", "33", "44", "50"])
        yield (
            rng.choice(["imei", "device.imei", "number", "device_id"]),
            with_check_digit(start + _digits(rng, 12)),
        )


def _trackings(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Of USPS, FedEx, DHL, UPS and the Universal Postal Union."""
    names = ["tracking", "tracking_number", "trackingId", "shipment[tracking]", "parcel_id"]
    while True:
        yield rng.choice(names), "94" + _digits(rng, 20)
        yield rng.choice(names), _digits(rng, 12)
        yield rng.choice(names), _digits(rng, 15)
        yield rng.choice(names), with_check_digit("4" + _digits(rng, 14))
        yield rng.choice(names), "1Z" + _digits(rng, 16)
        yield rng.choice(names), f"RR{_digits(rng, 9)}PK"


def _identities(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Of people and companies; a Pakistani one of Sindh begins like a card of 13 digits."""
    while True:
        yield rng.choice(["cnic", "national_id", "number", "id_card"]), f"4{_digits(rng, 12)}"
        cnic = _digits(rng, 13)
        yield "cnic", f"{cnic[:5]}-{cnic[5:12]}-{cnic[12]}"
        yield (
            rng.choice(["iban", "account_number", "account", "bank.account"]),
            f"PK{_digits(rng, 22)}",
        )
        yield rng.choice(["tax_id", "ntn"]), _digits(rng, 13)


def _products(rng: random.Random) -> Iterator[tuple[str, str]]:
    while True:
        yield rng.choice(["ean", "gtin", "barcode", "value", "q"]), _digits(rng, 13)
        yield rng.choice(["isbn", "q"]), "978" + _digits(rng, 10)
        yield rng.choice(["gtin14", "sku"]), _digits(rng, 14)


def _times(rng: random.Random) -> Iterator[tuple[str, str]]:
    """In milliseconds, microseconds and nanoseconds, and what is made of them (snowflakes)."""
    names = ["ts", "timestamp", "value", "created", "data", "id", "number"]
    while True:
        now = rng.randrange(1_500_000_000, 1_899_999_999)
        yield rng.choice(names), f"{now}{_digits(rng, 3)}"
        yield rng.choice(names), f"{now}{_digits(rng, 6)}"
        yield rng.choice(names), f"{now}{_digits(rng, 9)}"
        yield rng.choice(names), f"1{_digits(rng, 18)}"


def _codes(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Short numbers that are no card's code."""
    while True:
        yield rng.choice(["security_code", "code", "otp", "pin", "csc"]), _digits(rng, 4)
        yield rng.choice(["cvv_enabled", "has_cvv", "cvc_count"]), rng.choice(["1", "true", "123"])
        yield rng.choice(["cvv", "cvc"]), rng.choice(["", "***", "12", "12345", "yes"])


OTHERS: dict[str, Callable[[random.Random], Iterator[tuple[str, str]]]] = {
    "orders": _orders,
    "phones": _phones,
    "IMEIs": _imeis,
    "trackings": _trackings,
    "identities": _identities,
    "products": _products,
    "times": _times,
    "codes": _codes,
}
