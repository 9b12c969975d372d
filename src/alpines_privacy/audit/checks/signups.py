"""§13: nobody under 13 signs up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from alpines_privacy.audit.checks.attempts import not_to_be_taken, to_be_taken
from alpines_privacy.audit.checks.verdicts import judged, unknown
from alpines_privacy.audit.forms import SignupPage, is_of_age, signup_pages
from alpines_privacy.audit.model import Evidence, Verdict
from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.reading.markup import Control
from alpines_privacy.audit.visits import path_shown, shown_name

__all__ = ["CHECKS"]

_NONE_FOUND = "no sign-up form was found"
# What tells somebody which age to enter (FTC, COPPA FAQ, "neutral manner").
_HINT = re.compile(
    r"\b(?:at least|over|above|older than|not? (?:younger|less) than|minimum age(?: of| is|:)?|under|below|aged?)\s+"
    r"(?:1[0-9]|thirteen|sixteen|eighteen)\b(?!\s*(?:characters?|letters?|digits?|symbols?|signs?|%|percent|minutes?|"
    r"hours?|days?|words?|\$|€|£|dollars?|euros?))|"
    r"\b(?:1[3-9]|thirteen|sixteen|eighteen)\s*"
    r"(?:\+|years?(?: old| of age)?\b|or (?:older|over|above)\b|and (?:older|over)\b)"
    r"(?=[^.]{0,80}\b(?:old|older|age|over|parent|consent|sign|register|join|account|must|child)|\s*$|\+)|"
    r"\b(?:ask|permission of|consent of) (?:your )?parents?\b|\bparental consent\b",
    re.IGNORECASE,
)
_YOUNGEST_OFFERED = 1  # years: a list of years that begins earlier hints at an age


def _asked(seen: Observations) -> Verdict:
    key = "13.asked"
    found = signup_pages(seen)
    if not found:
        return unknown(key, _NONE_FOUND)
    told = (
        page.visit.evidence(
            f"the form to {path_shown(page.form.action)} asks for no date of birth",
            rule="Policy §13",
        )
        for page in found
        if not page.is_screened and not any(map(is_of_age, page.form.controls))
    )
    return judged(key, told)


def _neutral(seen: Observations) -> Verdict:
    key = "13.neutral"
    found = signup_pages(seen)
    if not found:
        return unknown(key, _NONE_FOUND)
    return judged(key, (told for page in found for told in _hints(page, seen)))


def _hints(page: SignupPage, seen: Observations) -> Iterator[Evidence]:
    rule = "FTC, COPPA FAQ: ask age in a neutral manner"
    if hint := _HINT.search(page.visit.markup.text):
        yield page.visit.evidence(f"the text says: {hint[0]}", rule=rule)
    for control in page.form.controls:
        if is_of_age(control) and (told := _limit(control, seen)):
            yield page.visit.evidence(f"the field {shown_name(control.name)} {told}", rule=rule)


def _limit(control: Control, seen: Observations) -> str:
    """Return how a field of an age or a birth date tells which one is wanted."""
    if control.kind == "checkbox":
        return "asks to confirm an age"
    years = [int(option) for option in control.options if re.fullmatch(r"(?:19|20)\d\d", option)]
    if years and max(years) < seen.today.year - _YOUNGEST_OFFERED:
        return f"offers no year after {max(years)}"
    for limit in control.limits:
        year = re.match(r"((?:19|20)\d\d)-\d\d-\d\d\Z", limit)
        if year and seen.today.year - 30 < int(year[1]) < seen.today.year - _YOUNGEST_OFFERED:
            return f"has the limit {limit}"
    return ""


CHECKS: dict[str, Callable[[Observations], Verdict]] = {
    "13.asked": _asked,
    "13.neutral": _neutral,
    "13.under": partial(not_to_be_taken, key="13.under"),
    "13.of-age": partial(to_be_taken, key="13.of-age"),
    "13.leap-day": partial(to_be_taken, key="13.leap-day"),
    "13.impossible": partial(not_to_be_taken, key="13.impossible"),
    "13.missing": partial(not_to_be_taken, key="13.missing"),
    "13.retry": partial(not_to_be_taken, key="13.retry"),
}
