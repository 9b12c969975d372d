"""Other redactors as engines that give spans: each as its own documentation sets it up, without a language model."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from alpines_privacy.redaction.engine.spans import Span

__all__ = ["PEERS", "Engine"]

Engine: TypeAlias = "Callable[[str], list[Span]]"


def _presidio() -> Engine:
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Blank(SpacyNlpEngine):  # type: ignore[misc]
        """A tokenizer alone: the pattern recognizers need no more."""

        def __init__(self) -> None:
            super().__init__()
            self.nlp = {"en": spacy.blank("en")}

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    registry.remove_recognizer("SpacyRecognizer")
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])
    kinds = {
        "EMAIL_ADDRESS": "EMAIL",
        "PHONE_NUMBER": "PHONE",
        "CREDIT_CARD": "CARD",
        "IBAN_CODE": "IBAN",
        "US_SSN": "SSN",
        "IP_ADDRESS": "IP",
    }

    def spans(text: str) -> list[Span]:
        results = engine.analyze(text, language="en", entities=[*kinds])
        return [Span(found.start, found.end, kinds[found.entity_type]) for found in results]

    return spans


def _scrubadub() -> Engine:
    import scrubadub

    scrubber = scrubadub.Scrubber()
    kinds = {
        "email": "EMAIL",
        "phone": "PHONE",
        "credit_card": "CARD",
        "social_security_number": "SSN",
    }

    def spans(text: str) -> list[Span]:
        return [
            Span(filth.beg, filth.end, kinds.get(filth.type, filth.type.upper()))
            for filth in scrubber.iter_filth(text)
        ]

    return spans


def _datafog() -> Engine:
    from datafog.processing.text_processing.regex_annotator import RegexAnnotator

    annotator = RegexAnnotator()
    kinds = {"CREDIT_CARD": "CARD", "IP_ADDRESS": "IP", "DOB": "BIRTH_DATE"}

    def spans(text: str) -> list[Span]:
        _, result = annotator.annotate_with_spans(text)
        return [Span(one.start, one.end, kinds.get(one.label, one.label)) for one in result.spans]

    return spans


def _relay() -> Engine:
    from sentry_relay.processing import pii_strip_event

    rules = ["@common", "@ip", "@email", "@creditcard", "@iban", "@mac", "@usssn"]
    config = {"applications": {"$string": rules}}
    kinds = {
        "email": "EMAIL",
        "creditcard": "CARD",
        "iban": "IBAN",
        "usssn": "SSN",
        "ip": "IP",
        "mac": "MAC",
    }

    def spans(text: str) -> list[Span]:
        event = pii_strip_event(config, {"extra": {"text": text}})
        entry = event.get("_meta", {}).get("extra", {}).get("text", {}).get("", {})
        found, shift = [], 0  # its remarks count in the stripped text
        for rule, _, start, end in (remark for remark in entry.get("rem", ()) if len(remark) == 4):
            kind = rule.lstrip("@").split(":")[0]
            length = _length(text, event["extra"]["text"], start, end, shift)
            found.append(Span(start + shift, start + shift + length, kinds.get(kind, kind.upper())))
            shift += length - (end - start)
        return found

    return spans


def _length(text: str, stripped: str, start: int, end: int, shift: int) -> int:
    """Return how long the original of a mark is: up to where the texts agree again."""
    rest = stripped[end:].partition("[")[0]
    place = text.find(rest, start + shift) if rest else len(text)
    return (place if place >= 0 else len(text)) - start - shift


def _loggingredactor() -> Engine:
    import loggingredactor

    patterns = [
        re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),
        re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),
        re.compile(r"\b(?:\d[ -]?){13,16}\b"),
    ]
    redactor = loggingredactor.RedactingFilter(patterns)

    def spans(text: str) -> list[Span]:
        record: Any = logging.makeLogRecord({"msg": text, "args": ()})
        redactor.filter(record)
        return []

    return spans


PEERS: dict[str, Callable[[], Engine]] = {
    "presidio, patterns": _presidio,
    "scrubadub": _scrubadub,
    "datafog, patterns": _datafog,
    "sentry-relay": _relay,
    "loggingredactor, 3": _loggingredactor,
}
