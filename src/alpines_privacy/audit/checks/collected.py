"""§1-§3: which personal data forms ask for, and what is logged of visitors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from urllib.parse import urlsplit

from alpines_privacy.audit.checks.verdicts import judged, unknown
from alpines_privacy.audit.forms import signup_of
from alpines_privacy.audit.model import Evidence, Verdict
from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.reading.markup import Form
from alpines_privacy.audit.visits import Visit, path_shown, shown_name
from alpines_privacy.collected.fields import Declared, PersonalFields, declared_by
from alpines_privacy.http.key_names import KeyNames
from alpines_privacy.http.site import is_same_site
from alpines_privacy.http.url import parse
from alpines_privacy.policy import Logs, PrivacyPolicy
from alpines_privacy.policy.signup_paths import expression_of, plain

__all__ = ["CHECKS"]

_GIVEN = "given"  # stands for a value; only names are judged
_NOT_TYPED = frozenset({"hidden", "submit", "button", "image", "reset", "file", "checkbox"})


def _forms(seen: Observations, *, with_password: bool) -> Verdict:
    key = "2.forms" if with_password else "1.forms"
    found = list(_personal_forms(seen, with_password=with_password))
    if not found:
        return judged(key, ())
    if seen.policy is None or not seen.policy.collections:
        why = "no [[collections]] are declared, so what forms may ask for is not known"
        return unknown(key, why, found)
    return judged(key, found)


def _personal_forms(seen: Observations, *, with_password: bool) -> Iterator[Evidence]:
    """Yield evidence of forms that ask for personal data that is not declared."""
    policy = seen.policy or PrivacyPolicy()
    logs = policy.logs if isinstance(policy.logs, Logs) else Logs()
    fields = PersonalFields(policy, KeyNames(logs), lambda _: None)
    told: set[tuple[str, str]] = set()
    for page in seen.pages:
        for form in page.plain.markup.forms:
            if not _is_own(form, page.url) or bool(form.of_kind("password")) != with_password:
                continue
            found = _undeclared(page.plain, form, policy, fields)
            listed = ", ".join(f"{shown_name(name)} ({kind})" for name, kind in found.items())
            if found and (form.action, listed) not in told:
                told.add((form.action, listed))
                said = f"the form to {path_shown(form.action)} asks for {listed}"
                yield page.plain.evidence(said, rule="Policy §1, §2")


def _is_own(form: Form, page: str) -> bool:
    """Whether a form is sent to the site; where scripts send one, they send it there too."""
    target, here = parse(form.action), parse(page)
    return target is not None and here is not None and is_same_site(target.host, here.host)


def _undeclared(
    visit: Visit, form: Form, policy: PrivacyPolicy, fields: PersonalFields
) -> dict[str, str]:
    """Return the personal fields of a form that are not declared for the path it is sent to, with their kinds."""
    path, within = urlsplit(form.action).path, ""
    signup = signup_of(visit, form, policy)
    if signup and signup.declared and signup.is_sent_by_script:
        path, within = signup.declared.path, signup.within
    names = [c.name for c in form.controls if c.name and c.kind not in _NOT_TYPED]
    given = ((f"{within}.{name}" if within else name, _GIVEN) for name in names)
    return fields.undeclared(given, _declared(policy, path), is_form=not within)


def _declared(policy: PrivacyPolicy, path: str) -> Declared:
    """Return what is declared for a path."""
    collections = [
        each for each in policy.collections if re.fullmatch(expression_of(each.path), plain(path))
    ]
    return declared_by([*collections, *policy.signups])


def _logged(seen: Observations, *, key: str, what: str) -> Verdict:
    logged = seen.logged
    if logged is None:
        return unknown(key, "an app's log is seen only if it runs in the audit's process")
    if not logged.records:
        return unknown(key, "the app logged nothing while it was visited")
    loggers: Sequence[str] = logged.with_address if key == "3.addresses" else logged.with_agent
    told = (
        Evidence(
            "a record during the visits",
            f"the logger {name} wrote the visitor's {what}",
            "Policy §3",
        )
        for name in dict.fromkeys(loggers)
    )
    return judged(key, told)


CHECKS = {
    "1.forms": partial(_forms, with_password=False),
    "2.forms": partial(_forms, with_password=True),
    "3.addresses": partial(_logged, key="3.addresses", what="network address"),
    "3.browsers": partial(_logged, key="3.browsers", what="User-Agent"),
}
