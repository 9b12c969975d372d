"""The promise of the policy's page: served where the app has none (policy §10).

All languages and formats are written at start-up, and again on a day on which the text is another
(a notice ends, evidence becomes too old): a request costs a look-up.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from email.utils import formatdate
from typing import ClassVar, NamedTuple

from alpines_privacy.http.conditional import has_current
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.heads import Field, ResponseHead
from alpines_privacy.http.outcomes import Answer, Replace
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.template import read_template
from alpines_privacy.policy import Operator, PrivacyPolicy
from alpines_privacy.policy.claims import NOTHING_KNOWN, Claims
from alpines_privacy.policy.warning import warn
from alpines_privacy.policy_page.announced import Banner, announced
from alpines_privacy.policy_page.html import HtmlWriter, content_policy
from alpines_privacy.policy_page.language import Language
from alpines_privacy.policy_page.markdown import markdown
from alpines_privacy.policy_page.negotiation import FORMATS, format_for, language_for
from alpines_privacy.policy_page.plain_text import plain_text
from alpines_privacy.policy_page.text import text_of
from alpines_privacy.policy_page.writing import Today

__all__ = ["PolicyPage", "Renderings"]

_MOST_NAMED = 3  # untranslated sentences in a warning


class Renderings:
    """The policy in each of its languages and formats, on any day."""

    def __init__(
        self, policy: PrivacyPolicy, operator: Operator, claims: Claims = NOTHING_KNOWN
    ) -> None:
        """Read catalogues and template; raises `PolicyError` for one that cannot be used."""
        self._policy = policy
        self._claims = claims
        self._operator = operator
        key = "operator.template"
        self.template = read_template(operator.template, key) if operator.template else None
        self.languages = {tag: Language(tag, operator.catalogues) for tag in operator.languages}
        names = {tag: language.word("English") for tag, language in self.languages.items()}
        self._html = HtmlWriter(operator.page, names, operator.name, self.template)

    def written(self, today: Today) -> dict[tuple[str, str], str]:
        """Return the texts by format and language."""
        texts = {}
        for tag, language in self.languages.items():
            document = text_of(self._policy, self._operator, language, today, self._claims)
            texts["html", tag] = self._html(document)
            texts["markdown", tag] = markdown(document)
            texts["text", tag] = plain_text(document)
        return texts


class _Sent(NamedTuple):
    """One rendering: what answers a request for it, and its tag."""

    answer: Answer
    unchanged: Answer
    etag: str


class _Edition(NamedTuple):
    """All renderings, when they were made, and until when they hold (Unix time, seconds)."""

    sent: dict[tuple[str, str], _Sent]
    modified: int
    until: float


class PolicyPage(Promise):
    """Serves the policy at the operator's `page` in the place of the app's 404."""

    part: ClassVar[str] = "policy_page"
    parts: ClassVar[frozenset[str]] = frozenset({"policy_link"})
    fields_read: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        policy: PrivacyPolicy,
        operator: Operator,
        claims: Claims = NOTHING_KNOWN,
        banner: Banner | None = None,
    ) -> None:
        """Write the policy, and warn of what the page cannot say; `policy.mode` is the one in force.

        `banner` is what all pages of the site show while a breach is announced.
        """
        self._banner = banner
        self._path = operator.page
        self._renderings = Renderings(policy, operator, claims)
        self._tags = operator.languages
        self._asked = {f"language={tag}": tag for tag in self._tags}
        self._edition = self._written(_now())
        _warn(policy, self._renderings, claims)

    def response(self, context: RequestContext, head: ResponseHead) -> Replace | None:
        """Replace the app's 404 at the page's path."""
        request = context.request
        if head.status != 404 or request.method not in {"GET", "HEAD"}:
            return None
        if request.kind != "http" or request.local_path != self._path:
            return None
        return Replace(self._answer(context))

    def _answer(self, context: RequestContext) -> Answer:
        request = context.request
        edition, now = self._edition, _now()
        if now.timestamp() >= edition.until:
            edition = self._edition = self._written(now)
        wanted = format_for(",".join(request.values("accept")))
        tag = self._asked.get(request.query)
        if tag is None:
            tag = language_for(",".join(request.values("accept-language")), self._tags)
        sent = edition.sent[wanted, tag]
        if wanted == "html" and self._banner is not None:
            shown = announced(context, sent.answer, self._banner)
            if shown is not None:
                return shown
        return sent.unchanged if has_current(request, sent.etag, edition.modified) else sent.answer

    def _written(self, now: datetime) -> _Edition:
        today = Today(now.date())
        modified = int(now.timestamp())
        texts = self._renderings.written(today)
        sent = {key: self._sent(*key, text, modified) for key, text in texts.items()}
        return _Edition(sent, modified, _midnight(today.next))

    def _sent(self, form: str, tag: str, text: str, modified: int) -> _Sent:
        body = text.encode("utf-8", "replace")
        etag = f'"{hashlib.blake2s(body, digest_size=8).hexdigest()}"'
        varying = ["Accept", *(["Accept-Language"] if len(self._tags) > 1 else [])]
        kept: list[Field] = [
            ("etag", etag),
            ("last-modified", formatdate(modified, usegmt=True)),
            ("cache-control", "no-cache"),  # kept, and asked for anew each time
            ("vary", ", ".join(varying)),
        ]
        fields: list[Field] = [
            ("content-type", f"{FORMATS[form]}; charset=utf-8"),
            ("content-language", tag),
            ("content-security-policy", content_policy(self._renderings.template)),
            ("referrer-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            *kept,
        ]
        return _Sent(Answer(200, fields, body), Answer(304, kept), etag)


def _now() -> datetime:
    return datetime.now(UTC)


def _midnight(day: date | None) -> float:
    """Return when a day begins (UTC), never if there is none."""
    if day is None:
        return float("inf")
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _warn(policy: PrivacyPolicy, renderings: Renderings, claims: Claims) -> None:
    if not (policy.effective or policy.changes):
        warn(
            "The policy's page names no date on which the policy takes effect, which CalOPPA asks for: "
            "declare `effective`."
        )
    for tag, language in renderings.languages.items():
        if missing := language.untranslated:
            shown = ", ".join(f'"{text:.60}"' for text in missing[:_MOST_NAMED])
            warn(
                f'The catalogues of "{tag}" lack {len(missing)} sentences of the policy\'s page, which stand there in '
                f"English: {shown}{', …' if len(missing) > _MOST_NAMED else ''}."
            )
    today = _now().date()
    for index, evidence in enumerate(policy.evidence):
        date = claims.date_of(evidence)
        if date is not None and today >= evidence.stale_after(date):
            age = (today - date) // timedelta(days=1)
            warn(
                f"evidence[{index}] ({evidence.kind} of {date}) is {age} days old and counts for "
                f"{evidence.max_age}: the policy's page does not name it."
            )
