"""§6: payment data, intruders, passwords, evidence of care."""

from __future__ import annotations

from collections.abc import Iterator

from alpines_privacy.audit.checks.attempts import not_to_be_taken
from alpines_privacy.audit.checks.verdicts import judged, unknown
from alpines_privacy.audit.model import Evidence, Verdict
from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.reading.markup import Control, Form
from alpines_privacy.audit.visits import path_shown, shown_name
from alpines_privacy.http.key_names import KeyNames
from alpines_privacy.http.site import is_same_site
from alpines_privacy.http.url import parse
from alpines_privacy.policy import Logs

__all__ = ["CHECKS"]

_TOKENS = frozenset({"cc-number", "cc-csc"})
_NOT_SENT = frozenset({"", "dialog"})  # a form that a gateway's script sends has no method
_CARDS = frozenset({"CARD", "CVV"})
_WIDE = frozenset({"card", "pan"})  # they mean a gift card, or a frying pan, as well


def _payment_forms(seen: Observations) -> Verdict:
    return judged("6.payment-forms", _card_forms(seen))


def _card_forms(seen: Observations) -> Iterator[Evidence]:
    names = KeyNames(Logs())
    for page in seen.pages:
        here = parse(page.url)
        for form in page.plain.markup.forms:
            target = parse(form.action)
            if form.method in _NOT_SENT or not here or not target:
                continue
            if is_same_site(target.host, here.host) and (fields := _card_fields(form, names)):
                told = f"the form to {path_shown(form.action)} sends {', '.join(fields)}"
                yield page.plain.evidence(told, rule="WHATWG HTML §4.10.18.7; PCI DSS 3.2.1")


def _card_fields(form: Form, names: KeyNames) -> list[str]:
    return [shown_name(control.name) for control in form.controls if _is_of_card(control, names)]


def _is_of_card(control: Control, names: KeyNames) -> bool:
    """Whether a field is sent (it has a name) and holds a card's number or code."""
    if not control.name or control.kind in {"hidden", "submit", "button"}:
        return False
    if _TOKENS & set(control.autocomplete.split()):
        return True
    return control.name.lower() not in _WIDE and names.kind(control.name) in _CARDS


def _intruders(seen: Observations) -> Verdict:
    return not_to_be_taken(seen, "6.intruders")


def _passwords(seen: Observations) -> Verdict:
    return not_to_be_taken(seen, "6.passwords")


def _dated_evidence(seen: Observations) -> Verdict:
    key = "6.evidence"
    if seen.policy is None or not seen.policy.evidence:
        return unknown(key, "no [[evidence]] is declared")
    stale = (
        Evidence("the policy", f"{each.kind} of {each.date}, for {each.max_age} days", "Policy §6")
        for each in seen.policy.evidence
        if each.stale_from <= seen.today
    )
    return judged(key, stale)


CHECKS = {
    "6.payment-forms": _payment_forms,
    "6.intruders": _intruders,
    "6.passwords": _passwords,
    "6.evidence": _dated_evidence,
}
