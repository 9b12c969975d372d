"""Objects whose text is another at each call: what was judged is what is written."""

from __future__ import annotations

import io
import itertools
import json
import logging
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest

from alpines_privacy.redaction import Redactor, install
from alpines_privacy.redaction.engine.snapshots import Snapshot, snapshot
from alpines_privacy.redaction.logs.hook import uninstall

MAIL = "ayesha@shop.example"


class Turns:
    """Reads harmless at first, and personal from some call on."""

    def __init__(self, harmless: int = 1) -> None:
        self.calls = 0
        self._harmless = harmless

    def __str__(self) -> str:
        self.calls += 1
        return "harmless" if self.calls <= self._harmless else MAIL

    __repr__ = __str__


class TurnsInRepr(Turns):
    def __str__(self) -> str:
        return "harmless"


class Text(str):
    """A text that says one thing to who looks and another to who formats."""

    __slots__ = ("calls",)

    def __str__(self) -> str:
        self.calls = getattr(self, "calls", 0) + 1
        return "harmless" if self.calls == 1 else MAIL

    def __format__(self, _: str) -> str:
        return MAIL


class ReturnsText:
    def __str__(self) -> str:
        return Text("harmless")


class Number(int):
    def __str__(self) -> str:
        return MAIL


class Real(float):
    def __repr__(self) -> str:
        return MAIL

    __str__ = __repr__


class Day(date):
    def __str__(self) -> str:
        return MAIL


class Raises:
    def __str__(self) -> str:
        raise ValueError(MAIL)

    __repr__ = __str__


class RaisesLater(Turns):
    def __str__(self) -> str:
        self.calls += 1
        if self.calls > 1:
            raise ValueError(MAIL)
        return "harmless"


class LosesItsAttributes:
    def __init__(self) -> None:
        self.shown = "harmless"

    def __str__(self) -> str:
        shown = self.shown
        del self.shown
        return shown

    __repr__ = __str__


class Formats(Turns):
    def __format__(self, _: str) -> str:
        return MAIL


OBJECTS: dict[str, Callable[[], Any]] = {
    "turns": Turns,
    "turns at the third call": lambda: Turns(2),
    "turns at the fifth call": lambda: Turns(4),
    "turns in repr": TurnsInRepr,
    "a text of its own": lambda: Text("harmless"),
    "gives a text of its own": ReturnsText,
    "a number": lambda: Number(7),
    "a float": lambda: Real(7.5),
    "a day": lambda: Day(2026, 11, 27),
    "raises": Raises,
    "raises later": RaisesLater,
    "loses its attributes": LosesItsAttributes,
    "formats": Formats,
    "in a list": lambda: [Turns()],
    "in a table": lambda: {"a": (1, {"b": Turns(2)})},
    "as a key": lambda: {Turns(): 1},
    "an exception's argument": lambda: ValueError(Turns()),
    "an exception's two": lambda: ValueError("x", Turns(2)),
}


@pytest.fixture
def shown() -> Iterator[Callable[[], str]]:
    """Log to a stream whose formatter shows the message, the arguments and `extra`, the hook acting."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        logging.Formatter("%(message)s|%(args)s|%(msg)s|%(thing)s", defaults={"thing": ""})
    )
    log = logging.getLogger("tests.snapshots")
    log.propagate = False
    log.addHandler(handler)
    install(Redactor())
    yield stream.getvalue
    uninstall()
    log.removeHandler(handler)


LOG = logging.getLogger("tests.snapshots")


def _log(way: str, thing: Any) -> None:
    match way:
        case "%s" | "%r" | "%a" | "%.4s" | "a%%b %s":
            LOG.warning(way, thing)
        case "two":
            LOG.warning("%s of %s", thing, thing)
        case "named":
            LOG.warning("%(a)s", {"a": thing})
        case "message":
            LOG.warning(thing)
        case "extra":
            LOG.warning("plain", extra={"thing": thing})
        case "exception":
            try:
                raise RuntimeError(thing)
            except RuntimeError:
                LOG.exception("failed")
        case "note":
            try:
                error = RuntimeError("x")
                error.__notes__ = [thing]
                raise error
            except RuntimeError:
                LOG.exception("failed")


WAYS = [
    "%s",
    "%r",
    "%a",
    "%.4s",
    "a%%b %s",
    "two",
    "named",
    "message",
    "extra",
    "exception",
    "note",
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_no_log_shows_what_was_not_judged(
    make: Callable[[], Any], way: str, shown: Callable[[], str]
) -> None:
    _log(way, make())
    assert "shop.example" not in shown()
    assert shown().strip()


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_redacted_data_reads_as_it_was_judged(make: Callable[[], Any]) -> None:
    for thing in (make(), [make()], {"note": make()}, {"user": {"x": make()}}):
        redacted = Redactor().redact_mapping(thing)
        for _ in range(5):
            assert (
                "ayes"
                not in f"{redacted} {redacted!r} {json.dumps(redacted, default=str, skipkeys=True)}"
            )
    value = Redactor().redact_value("note", make())
    assert all("shop.example" not in f"{value} {value!r} {value:}" for _ in range(5))


def test_an_object_is_asked_once_for_each_text(shown: Callable[[], str]) -> None:
    thing = Turns(99)
    LOG.warning("%s and %r", thing, "x")
    assert thing.calls == 2
    assert "harmless and" in shown()


def test_what_an_object_does_to_its_record_is_undone(shown: Callable[[], str]) -> None:
    record = LOG.makeRecord(LOG.name, 30, "a.py", 1, "%s %s", (), None)

    class Meddles:
        def __str__(self) -> str:
            record.msg = MAIL
            record.args = ()
            record.__dict__["thing"] = MAIL
            del record.__dict__["name"]
            return "harmless"

        __repr__ = __str__

    record.args = (Meddles(), "x")
    LOG.callHandlers(record)
    assert shown().startswith("harmless x|")
    assert MAIL not in shown()
    assert record.name == LOG.name


def test_a_handler_still_finds_the_class_and_the_attributes_of_an_object() -> None:
    thing = Turns(99)
    frozen = snapshot(thing)
    assert type(frozen) is Snapshot
    assert isinstance(frozen, Turns)
    assert frozen.calls == 2
    assert (str(frozen), repr(frozen), f"{frozen:>10}") == ("harmless", "harmless", "  harmless")


KEPT = [
    "text", b"bytes", 7, 7.5, True, None, Decimal("1.5"), date(2026, 11, 27), HTTPStatus.OK, object(), [1, ("x", {2})],
    {"a": 1},
]  # fmt: skip


@pytest.mark.parametrize("value", KEPT, ids=lambda value: type(value).__name__)
def test_what_cannot_read_otherwise_stays_itself(value: Any) -> None:
    assert snapshot(value) is value
    assert Redactor().redact_mapping(value) is value


def test_a_number_of_a_class_of_its_own_fits_its_conversion(shown: Callable[[], str]) -> None:
    class Plain(int):
        pass

    LOG.warning("%d %x %.1f", Plain(10), HTTPStatus.OK, 2.5)
    assert shown().startswith("10 c8 2.5|")


def test_data_that_holds_itself_has_an_end() -> None:
    holds: list[Any] = [Turns()]
    holds.append(holds)
    for _ in itertools.repeat(None, 3):
        assert "shop.example" not in str(Redactor().redact_mapping(holds))
