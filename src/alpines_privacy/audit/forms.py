"""The forms of a site that matter: where people sign up and in, and which fields ask for an age."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.reading.markup import Control, Form
from alpines_privacy.audit.visits import Visit
from alpines_privacy.policy import PrivacyPolicy, Signup
from alpines_privacy.policy.signup_paths import expression_of, plain
from alpines_privacy.signups.detection import WORDS
from alpines_privacy.signups.names import NameKind, kind_of

__all__ = ["LoginPage", "SignupPage", "is_of_age", "login_pages", "signup_of", "signup_pages"]

_BIRTH = frozenset(
    {NameKind.DATE, NameKind.BIRTHDAY, NameKind.YEAR, NameKind.MONTH, NameKind.DAY, NameKind.WITHIN}
)
_SIGN_UP = re.compile(
    r"\b(?:sign ?up|register|create (?:an |your |my )?account|join (?:us|now|free)?|registr)",
    re.IGNORECASE,
)
_FORMER = re.compile(r"old|current|existing", re.IGNORECASE)
_AGE = re.compile(r"\bage\b|\byears? old\b|\bborn\b|\bbirth", re.IGNORECASE)


class SignupPage(NamedTuple):
    """A page where people sign up: its form, and whether an age screen stands before it.

    `declared` is the policy's signup that takes it: a script may send the form to another path, as JSON.
    """

    visit: Visit
    form: Form
    is_screened: bool = False
    declared: Signup | None = None

    @property
    def is_sent_by_script(self) -> bool:
        """Whether the form goes to another path than its own, as a script sends it."""
        if self.declared is None or self.is_screened:
            return False
        return not _leads_to(self.form.action, self.declared.path)

    @property
    def within(self) -> str:
        """The object of JSON that a script puts the fields into: `user` of `user.birth_date`."""
        fields = self.declared.fields if self.declared and self.is_sent_by_script else ()
        return fields[0].rpartition(".")[0] if fields else ""


class LoginPage(NamedTuple):
    """A page where people sign in, and its form."""

    visit: Visit
    form: Form


def signup_pages(seen: Observations) -> list[SignupPage]:
    """Return the pages where people sign up, each form once."""
    found: dict[str, SignupPage] = {}
    for page in seen.pages:
        for form in page.plain.markup.forms:
            if signup := signup_of(page.plain, form, seen.policy):
                found.setdefault(form.action, signup)
    return list(found.values())


def signup_of(visit: Visit, form: Form, policy: PrivacyPolicy | None) -> SignupPage | None:
    """Return a form as that of a sign-up, None for any other."""
    declared = _declared(visit, form, policy)
    passwords = form.of_kind("password")
    if not passwords:
        is_screen = any(map(is_of_age, form.controls)) and (
            _names_signup(visit.last.url) or (declared is not None and declared.screen)
        )
        return SignupPage(visit, form, is_screened=True, declared=declared) if is_screen else None
    if any(_is_former(control) for control in passwords):
        return None
    is_new = any("new-password" in control.autocomplete for control in passwords)
    is_signup = (
        is_new
        or len(passwords) > 1
        or declared is not None
        or any(map(is_of_age, form.controls))
        or _names_signup(form.action)
        or (_names_signup(visit.last.url) and not _is_login(form))
    )
    return SignupPage(visit, form, declared=declared) if is_signup else None


def login_pages(seen: Observations) -> Iterator[LoginPage]:
    """Yield the pages where people sign in."""
    for page in seen.pages:
        for form in page.plain.markup.forms:
            is_login = len(form.of_kind("password")) == 1 and form.method == "post"
            if is_login and signup_of(page.plain, form, seen.policy) is None:
                yield LoginPage(page.plain, form)


def is_of_age(control: Control) -> bool:
    """Whether a field asks for a birth date, a part of one, or an age."""
    if control.kind in {"hidden", "submit", "password"} or not control.name:
        return False
    if control.autocomplete.split()[-1:] and control.autocomplete.split()[-1].startswith("bday"):
        return True
    if kind_of(control.name) in _BIRTH or control.name.lower() in {"age", "user_age"}:
        return True
    return control.kind == "checkbox" and _AGE.search(control.texts) is not None


def _declared(visit: Visit, form: Form, policy: PrivacyPolicy | None) -> Signup | None:
    """Return the policy's signup that a form is sent to, by its path, or by the names of its fields."""
    signups: Sequence[Signup] = policy.signups if policy else ()
    for signup in signups:
        if _leads_to(form.action, signup.path) or _leads_to(visit.url, signup.path):
            return signup
    names = {control.name for control in form.controls}
    for signup in signups:
        last = {field.rpartition(".")[2] for field in signup.fields}
        if last and last <= names:
            return signup
    return None


def _leads_to(url: str, path: str) -> bool:
    return re.fullmatch(expression_of(path), plain(urlsplit(url).path)) is not None


def _names_signup(url: str) -> bool:
    segments = urlsplit(url).path.lower().split("/")
    return any(segment in WORDS for segment in segments)


def _is_former(control: Control) -> bool:
    return "current-password" in control.autocomplete or _FORMER.search(control.name) is not None


def _is_login(form: Form) -> bool:
    buttons = " ".join(control.value or control.texts for control in form.controls)
    return len(form.of_kind("password")) == 1 and not _SIGN_UP.search(f"{form.text} {buttons}")
