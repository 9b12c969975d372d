"""The policy's operator, its versions, and the dated evidence of care."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.language_tag import LANGUAGE_TAG
from alpines_privacy.policy.part import Part

__all__ = ["NOTICE_DAYS", "Change", "Evidence", "Operator"]

NOTICE_DAYS = 30
"""For so many days the policy's page announces a change (Cal. Bus. & Prof. Code §22575(b)(3))."""

_LONGEST = 20_000  # characters of a text
Said = Annotated[str, Meta(min_length=1, max_length=_LONGEST)]

_MAILBOX = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@[^\s@<>()\[\]\\,;:\"/?#]{1,253}")
# Two slashes would lead to another host, a backslash too in browsers.
_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_PAGE = re.compile(r"(?:/[A-Za-z0-9._~-]+)+/?")
_WEB = re.compile(r"https?://[^\s/?#\\]++[!-\[\]-~]*")


class Operator(Part, frozen=True, kw_only=True):
    """The operator of the site, and where people reach them. It publishes the policy at `page`.

    - `name`, `contact`: the operator, and an e-mail address of theirs.
    - `address`, `web_form`: where else they are reached: by post, and at a path or address.
    - `account`: a path or address where people see and change their data.
    - `redress`, `jurisdiction`: what somebody who was wronged can do, and before whose courts.
    - `breach_notice`: within how many business days those a data breach affects are told by e-mail.
    - `page`: the path of the policy's page, below the app's mount point.
    - `languages`: the page's languages, the first for visitors who ask for none of them.
    - `catalogues`: a folder of gettext catalogues that go before the shipped ones
      (`<language>/LC_MESSAGES/alpines_privacy.mo`).
    - `template`: a file of the app's (UTF-8, Python's `string.Template`) with `$content`; `$title`,
      `$language`, `$direction` and `$style` may stand in it too.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    contact: Annotated[str, Meta(min_length=1, max_length=320)]
    address: Said | None = None
    web_form: Said | None = None
    account: Said | None = None
    redress: Said | None = None
    jurisdiction: Said | None = None
    breach_notice: Annotated[int, Meta(ge=1, le=60)] | None = None
    page: str = "/privacy"
    languages: Sequence[str] = ("en",)
    catalogues: str | None = None
    template: str | None = None

    def check(self) -> None:
        """Check what the types cannot say."""
        for key in ("name", "address", "redress", "jurisdiction"):
            _refuse_blank(key, getattr(self, key))
        if not _MAILBOX.fullmatch(self.contact):
            raise PolicyError(
                f"{self.contact!r} is no e-mail address; expected one such as privacy@example.com",
                key="contact",
            )
        if not _PAGE.fullmatch(self.page):
            raise PolicyError(
                f"{self.page!r} is no path of a page; expected one such as /privacy", key="page"
            )
        for key in ("web_form", "account"):
            _refuse_unfollowed(key, getattr(self, key))
        self._check_languages()

    def _check_languages(self) -> None:
        if not self.languages:
            raise PolicyError("is empty; expected at least one, such as en", key="languages")
        for index, language in enumerate(self.languages):
            key = f"languages[{index}]"
            if not LANGUAGE_TAG.fullmatch(language):
                raise PolicyError(
                    f"{language!r} is no language tag; expected one such as en or pt-BR", key=key
                )
            if language.lower() in map(str.lower, self.languages[:index]):
                raise PolicyError(f'"{language}" is named twice', key=key)


class Change(Part, frozen=True):
    """A version of the policy: from which day it is in force, and what it changed, in a sentence."""

    date: dt.date
    summary: Said

    def check(self) -> None:
        """Check what the type cannot say."""
        _refuse_blank("summary", self.summary)

    @property
    def announced_until(self) -> dt.date:
        """The day from which the page announces the change no longer."""
        return _after(self.date, NOTICE_DAYS)


class Evidence(Part, frozen=True):
    """Something done for the safety of data: what, when, and for how many days it counts.

    - `kind`: `"audit"`, `"update"` (of software) or `"access review"`.
    - `date`: the day it was done.
    - `max_age`: the page names it for so many days; when it is older, a warning at start-up says so.
    - `note`: by whom or of what, in words.
    - `file`: instead of a date, for an audit: what `alpines-privacy audit --record FILE` wrote. What
      it found broken, the site's claims do not say is kept (`policy.claims`).
    """

    kind: Literal["audit", "update", "access review"]
    date: dt.date | None = None
    max_age: Annotated[int, Meta(ge=1, le=3660)] = 365
    note: Said | None = None
    file: Annotated[str, Meta(min_length=1)] | None = None

    def check(self) -> None:
        """Check what the types cannot say."""
        _refuse_blank("note", self.note)
        if self.file is None and self.date is None:
            raise PolicyError(
                "is missing; expected a day, or for an audit the `file` that `audit --record` wrote",
                key="date",
            )
        if self.file is not None and self.date is not None:
            raise PolicyError("is given beside `file`, which has a date; expected one", key="date")
        if self.file is not None and self.kind != "audit":
            raise PolicyError(
                f'is given for the kind "{self.kind}"; only an audit has one', key="file"
            )

    @property
    def stale_from(self) -> dt.date:
        """The first day on which it no longer counts; never, as far as a policy alone can tell, for a file."""
        return self.stale_after(self.date) if self.date else dt.date.max

    def stale_after(self, done: dt.date) -> dt.date:
        """Return the first day on which it no longer counts, if it was done on a given day."""
        return _after(done, self.max_age + 1)


def _after(day: dt.date, days: int) -> dt.date:
    """Return the day so many days later, or the calendar's last."""
    return day + min(dt.timedelta(days), dt.date.max - day)


def _refuse_blank(key: str, text: str | None) -> None:
    if text is not None and not text.strip():
        raise PolicyError("is blank; expected words", key=key)


def _refuse_unfollowed(key: str, target: str | None) -> None:
    """Refuse what is neither a path of the site nor an address of the web: other schemes run code."""
    if target is not None and not (_PATH.fullmatch(target) or _WEB.fullmatch(target)):
        raise PolicyError(
            f"{target[:60]!r} is no path and no web address; expected one such as /account or https://example.com/account",
            key=key,
        )
