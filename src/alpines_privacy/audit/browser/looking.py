"""A site's pages looked at in a browser: from what the crawl has found to verdicts and files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from alpines_privacy.atomic_file import USUAL, Replacement
from alpines_privacy.audit.browser.har import har
from alpines_privacy.audit.browser.observed import BrowserVisit
from alpines_privacy.audit.browser.scope import Scope
from alpines_privacy.audit.checks.browser import verdicts_in_browser
from alpines_privacy.audit.model import Verdict
from alpines_privacy.audit.observations import Observations
from alpines_privacy.audit.options import AuditError, Options, Progress
from alpines_privacy.audit.visits import path_shown
from alpines_privacy.http.heads import Field
from alpines_privacy.policy import PrivacyPolicy

__all__ = ["Looked", "look"]

_ARCHIVE = "requests.har"
_PICTURED = 12  # pages
_WORDS = re.compile("[a-z0-9]+")
_LONGEST_NAME = 80
_OWN_PATH = PrivacyPolicy().endpoint


class Looked(NamedTuple):
    """What a browser adds to a report: verdicts by requirement, and the names of files in the folder."""

    verdicts: Mapping[str, Verdict]
    files: tuple[str, ...]


def look(
    app: Any,
    seen: Observations,
    cookies: Sequence[Field],
    options: Options,
    progress: Progress,
) -> Looked:
    """Visit the pages that a crawl has seen in a browser; `app` is what answers, or None for a URL's server.

    `cookies` are those of whoever is logged in. Screenshots and the archive of requests go into `options.files`.
    Raises `BrowserMissing`.
    """
    # It needs the packages of an extra, which are only looked for with --browser.
    from alpines_privacy.audit.browser.tour import Tour, visit_pages  # noqa: PLC0415

    home = seen.site.home
    pages = [page.url for page in seen.pages if page.plain.is_page]
    policy = seen.policy
    with _address(app, home) as address:
        visits = visit_pages(
            Tour(
                pages=pages,
                scope=Scope.of(home, address=address),
                cookies=[{"name": name, "value": value, "url": home} for name, value in cookies],
                known=(options.login.user, options.login.password) if options.login else (),
                screenshots=_PICTURED if options.files else 0,
                progress=progress,
                own_path=policy.endpoint if policy else _OWN_PATH,
            )
        )
    return Looked(verdicts_in_browser(seen.site, visits), tuple(_files(visits, options.files)))


@contextmanager
def _address(app: Any, home: str) -> Iterator[tuple[str, int] | None]:
    if app is None:
        yield None
        return
    from alpines_privacy.audit.browser.serving import served  # noqa: PLC0415 - only for apps

    with served(app, home.partition(":")[0]) as address:
        yield address


def _files(visits: Sequence[BrowserVisit], folder: Path | None) -> Iterator[str]:
    """Write the screenshots and the archive, and yield their names."""
    if folder is None:
        return
    pictured = [visit for visit in visits if visit.screenshot]
    for number, visit in enumerate(pictured, start=1):
        name = f"{number:02}-{_slug(visit)}.png"
        _write(folder / name, visit.screenshot)
        yield name
    _write(folder / _ARCHIVE, har(visits))
    yield _ARCHIVE


def _write(file: Path, data: bytes) -> None:
    """Write a file whole; a link is replaced. Raises `AuditError` where it cannot be."""
    try:
        with Replacement(file, mode=USUAL) as new:
            new.write(data)
            new.commit()
    except OSError as error:
        raise AuditError(f"{file} cannot be written: {error.strerror}") from None


def _slug(visit: BrowserVisit) -> str:
    """Return a visit as a file's name says it: `tea-black-no-signal`."""
    said = f"{path_shown(visit.page)} {visit.signal.value}".lower()
    return "-".join(_WORDS.findall(said))[:_LONGEST_NAME]
