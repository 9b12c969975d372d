"""Other redactors as engines that give spans: each as its own documentation sets it up, without a language model."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from alpines_privacy.redaction.spans import Span

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

    config = {"applications": {"$string": ["@common"]}}
    kinds = {
        "email": "EMAIL",
        "creditcard": "CARD",
        "iban": "IBAN",
        "usssn": "SSN",
        "ip": "IP",
        "mac": "MAC",
    }

    def spans(text: str) -> list[Span]:
        event = pii_strip_event(config, {"logentry": {"formatted": text}})
        entry = event.get("_meta", {}).get("logentry", {}).get("formatted", {}).get("", {})
        return [
            Span(remark[2], remark[3], kinds.get(remark[0].lstrip("@").split(":")[0], "OTHER"))
            for remark in entry.get("rem", ())
            if len(remark) > 3
        ]

    return spans


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
