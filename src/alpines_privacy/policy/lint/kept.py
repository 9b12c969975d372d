"""Promises of a text that a given policy object does not keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from alpines_privacy.policy.lint.contradictions import NOT, affirms
from alpines_privacy.policy.lint.document import Document, Sentence
from alpines_privacy.policy.lint.rule import Finding, Rule, quoted
from alpines_privacy.policy.lint.statute import dates_of_effect, read_date
from alpines_privacy.policy.parts import PrivacyPolicy

__all__ = ["KEPT"]

_MOST_NAMED = 3
_AGE = re.compile(
    r"\b(?:under|below|younger than)(?: the age of)? (\d{1,2})\b|\b(?:at least|minimum age (?:of|is)) (\d{1,2})\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unkept(Rule):
    """A promise of the text, and what the policy lacks to keep it.

    `lack` returns what is missing, in words, or nothing if the policy keeps the promise. A promise
    that itself denies something (`is_denial`) is not looked through for negations.
    """

    promise: re.Pattern[str]
    lack: Callable[[PrivacyPolicy, Sentence], str]
    is_denial: bool = False

    def check(self, text: Document, policy: PrivacyPolicy | None) -> Iterator[Finding]:
        """Yield the first sentence of the text that makes the promise, if nothing keeps it."""
        if policy is None:
            return
        for sentence in text.sentences:
            if self._promises(sentence) and (lack := self.lack(policy, sentence)):
                yield self.found(sentence.line, sentence.end_line, f"{quoted(sentence)}: {lack}")
                return

    def _promises(self, sentence: Sentence) -> bool:
        if self.is_denial:
            return self.promise.search(sentence.said) is not None
        return affirms(sentence.said, self.promise)


def _not_enforced(policy: PrivacyPolicy) -> str:
    return "" if policy.mode == "enforce" else f'mode = "{policy.mode}" enforces nothing'


def _https(policy: PrivacyPolicy, sentence: Sentence) -> str:
    del sentence
    return 'https = "off" does not ask for encryption' if policy.https == "off" else ""


def _cookies(policy: PrivacyPolicy, sentence: Sentence) -> str:
    if why := _not_enforced(policy):
        return why
    if policy.keep_logins == "always":
        return 'keep_logins = "always" sets login cookies under every signal'
    names = [cookie.name for cookie in policy.cookies if cookie.necessary]
    is_literal = not re.search(
        r"\b(?:except|other than|apart from|necessary|essential|unless)\b", sentence.said
    )
    return f"the policy sets {_named(names)} under a signal too" if names and is_literal else ""


def _third_parties(policy: PrivacyPolicy, sentence: Sentence) -> str:
    del sentence
    hosts = [party.host for party in policy.third_parties]
    return f"the policy declares {_named(hosts)}" if hosts else ""


def _tracking(policy: PrivacyPolicy, sentence: Sentence) -> str:
    del sentence
    if why := _not_enforced(policy):
        return why
    if policy.loads == "report":
        return 'loads = "report" stops nothing'
    if allowed := [*policy.trackers.allow_categories, *policy.trackers.allow]:
        return f"the policy lets {_named(allowed)} load"
    return "" if policy.shield else "shield = false leaves what scripts load"


def _ages(policy: PrivacyPolicy, sentence: Sentence) -> str:
    if why := _not_enforced(policy):
        return why
    ages = [int(found[1] or found[2]) for found in _AGE.finditer(sentence.said)]
    if ages and policy.minimum_age < ages[0]:
        return f"minimum_age = {policy.minimum_age} lets younger people sign up"
    if not policy.signups and not policy.detect_signups:
        return "no signup is declared, and detect_signups = false looks for none"
    return ""


def _passwords(policy: PrivacyPolicy, sentence: Sentence) -> str:
    del sentence
    return "" if policy.passwords else "there is no [passwords], which gives the advice"


def _intrusion(policy: PrivacyPolicy, sentence: Sentence) -> str:
    del sentence
    return "" if policy.intrusion else "there is no [intrusion], which counts failed logins"


def _payments(policy: PrivacyPolicy, sentence: Sentence) -> str:
    del sentence
    return "" if policy.payments != "off" else 'payments = "off" looks for no card data'


def _breach(policy: PrivacyPolicy, sentence: Sentence) -> str:
    del sentence
    promises = policy.operator is not None and policy.operator.breach_notice is not None
    return "" if promises else "no operator with a breach_notice is declared, who would send it"


def _logs(policy: PrivacyPolicy, sentence: Sentence) -> str:
    del sentence
    if policy.logs == "off":
        return 'logs = "off" leaves addresses whole'
    keeps = not isinstance(policy.logs, str) and policy.logs.ip == "keep"
    return 'logs.ip = "keep" leaves addresses whole' if keeps else ""


def _evidence(kind: str) -> Callable[[PrivacyPolicy, Sentence], str]:
    def lack(policy: PrivacyPolicy, sentence: Sentence) -> str:
        del sentence
        kinds = {entry.kind for entry in policy.evidence}
        return "" if kind in kinds else f'no [[evidence]] of the kind "{kind}" shows it'

    return lack


def _named(names: list[str]) -> str:
    shown = ", ".join(f'"{name[:60]}"' for name in names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _rule(  # noqa: PLR0913, PLR0917 - a table's columns
    id_: str,
    source: str,
    mend: str,
    promise: str,
    lack: Callable[[PrivacyPolicy, Sentence], str],
    summary: str,
    *,
    is_denial: bool = False,
) -> _Unkept:
    return _Unkept(
        id=id_,
        source=source,
        summary=summary,
        mend=mend,
        promise=re.compile(promise),
        lack=lack,
        is_denial=is_denial,
    )


_SIGNAL = r"(?:do[- ]not[- ]track|\bdnt\b|global privacy control|\bgpc\b|\bsignals?\b)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _OtherDate(Rule):
    """The date of effect in the text against that of the policy."""

    def check(self, text: Document, policy: PrivacyPolicy | None) -> Iterator[Finding]:
        """Yield a finding if the text names dates, and none is the policy's."""
        if policy is None or policy.effective is None:
            return
        dates = [(line, read) for line, date in dates_of_effect(text) if (read := read_date(date))]
        if dates and policy.effective not in [date for _, date in dates]:
            line, date = dates[0]
            message = f"the text says {date}, and the policy effective = {policy.effective}"
            yield self.found(line, line, message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _OtherContact(Rule):
    """The operator's contact, which the text does not name."""

    def check(self, text: Document, policy: PrivacyPolicy | None) -> Iterator[Finding]:
        """Yield a finding if the policy declares a contact that the text lacks."""
        operator = policy.operator if policy else None
        contact = operator.contact.lower() if operator else ""
        said = (*(s.said for s in text.sentences), *(link.lower() for link in text.links))
        if contact and not any(contact in each for each in said):
            message = f"the contact that the policy declares is not named: {quoted(contact)}"
            yield self.found(text.title_line, text.title_line, message)


KEPT: tuple[Rule, ...] = (
    _OtherDate(
        id="effective-date-differs",
        source="Cal. Bus. & Prof. Code \u00a722575(b)(4)",
        summary="the text and the policy have different dates",
        mend="Write the policy's date into the text, or the text's into the policy.",
    ),
    _OtherContact(
        id="contact-differs",
        source="Policy \u00a714",
        summary="the text does not name the contact that the policy declares",
        mend="Write the operator's contact into the text.",
    ),
    _rule(
        "https-not-required", "Policy \u00a76", 'Set https = "require", or do not promise encryption.',
        r"\b(?:ssl|tls|https)\b|\bencrypt\w*\b[^.;]{0,60}?\b(?:transmi|transfer|transit|connection|traffic)|"
        r"\b(?:transmi|connection|traffic|in transit)[^.;]{0,60}?\bencrypt", _https,
        "the text promises encrypted transmission",
    ),
    _rule(
        "cookies-under-signal", "Policy \u00a711",
        'Set mode = "enforce" and name the necessary cookies in the text.',
        rf"\bcookies?\b[^.;]{{0,80}}?{_SIGNAL}|{_SIGNAL}[^.;]{{0,80}}?\bcookies?\b", _cookies,
        "the text promises no cookies under a signal", is_denial=True,
    ),
    _rule(
        "signals-not-honoured", "Policy \u00a711", 'Set mode = "enforce".',
        rf"\b(?:honou?r|respect|comply with|obey)s?\b[^.;]{{0,40}}?{_SIGNAL}", lambda policy, _: _not_enforced(policy),
        "the text promises to honour signals",
    ),
    _rule(
        "third-parties-declared", "Policy \u00a79",
        "Name the declared third parties in the text, or take them out of the policy.",
        rf"{NOT}[^.;]{{0,30}}?\b(?:include|use|offer|embed|load|have|contain|"
        rf"integrate)\b(?!.{{0,200}}\b(?:except|other than|listed|named|declared|"
        r"following|below))[^.;]{0,60}?\bthird[- ]part(?:y|ies)\b(?! (?:\w+ )?(?:track|cookie|advert|behav|"
        r"links?\b|websites?))",
        _third_parties, "the text denies third parties", is_denial=True,
    ),
    _rule(
        "tracking-not-stopped", "Policy \u00a712",
        'Set mode = "enforce", loads = "listed" or "declared", shield = true, and allow no tracker.',
        rf"{NOT}[^.;]{{0,60}}?\b(?:permit|allow|use|engage|load|let)\b[^.;]{{0,60}}?\b(?:behaviou?ral|"
        rf"track(?:ing|ers?))\b|"
        r"\bno (?:third[- ]party )?(?:behaviou?ral )?track(?:ing|ers)\b", _tracking,
        "the text denies tracking by others", is_denial=True,
    ),
    _rule(
        "age-not-checked", "Policy \u00a713", "Set minimum_age to the age of the text, and declare the signups.",
        r"\b(?:child(?:ren)?|minors|persons?|people|anyone|users?|visitors|somebody|"
        r"nobody)\b[^.;]{0,60}?\b(?:under|below|younger than|at least)"
        r"(?: the age of)? \d{1,2}\b", _ages, "the text names an age from which people may sign up", is_denial=True,
    ),
    _rule(
        "passwords-without-advice", "Policy \u00a76", "Declare [passwords], or do not promise it.",
        r"\bstrong(?:er)? (?:\w+ )?(?:passwords?|passphrases?)\b|\bpassword strength\b", _passwords,
        "the text encourages strong passwords",
    ),
    _rule(
        "intruders-not-detected", "Policy \u00a76", "Declare [intrusion], or do not promise it.",
        r"\b(?:monitor|detect|respond to|block)\w*\b[^.;]{0,60}?\b(?:unauthori[sz]ed|intru\w+|break-?ins?|"
        r"failed (?:logins?|access))", _intrusion,
        "the text promises that intruders are detected",
    ),
    _rule(
        "card-data-not-watched", "Policy \u00a76", 'Set payments = "report" or "refuse".',
        rf"{NOT}(?: \w+){{0,2}} (?:store|keep|retain|save|hold|record)\b[^.;]{{0,40}}?\b(?:payment|card|credit)",
        _payments,
        "the text promises that card data is not stored", is_denial=True,
    ),
    _rule(
        "breach-without-sender", "Policy \u00a714",
        "Declare [operator] with breach_notice, and say no other time than that.",
        r"\bbreach\b[^.;]{0,160}?\b(?:notif\w+|inform|tell|alert)\b|\b(?:notif\w+|inform|tell|"
        r"alert)\b[^.;]{0,80}?\bbreach", _breach,
        "the text promises to tell people of a breach",
    ),
    _rule(
        "addresses-in-logs", "Policy \u00a73", 'Set logs = "on", with ip = "truncate" or "mark".',
        r"\b(?:ip )?addresses?\b[^.;]{0,80}?\b(?:truncat|shorten|anonymi|mask)", _logs,
        "the text promises that addresses are shortened",
    ),
    _rule(
        "audits-without-evidence", "Policy \u00a76", 'Add an [[evidence]] with kind = "audit" and its date.',
        r"\b(?:security audits?|audits? (?:are|is)|vulnerability (?:assessments?|scans?)|penetration tests?)\b",
        _evidence("audit"),
        "the text promises audits",
    ),
    _rule(
        "updates-without-evidence", "Policy \u00a76", 'Add an [[evidence]] with kind = "update" and its date.',
        r"\bkeep\b[^.;]{0,40}?\b(?:software|systems?)\b[^.;]{0,40}?\b(?:updated|up to date|patched)\b",
        _evidence("update"),
        "the text promises updates",
    ),
    _rule(
        "access-without-evidence", "Policy \u00a76", 'Add an [[evidence]] with kind = "access review" and its date.',
        r"\baccess controls?\b|\bonly authori[sz]ed (?:personnel|staff|employees|people)\b", _evidence("access review"),
        "the text promises access control",
    ),
)  # fmt: skip
