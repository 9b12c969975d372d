"""Everything an audit has seen, for the checks, which look at nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from alpines_privacy.audit.fetching.exchange import Exchange
from alpines_privacy.audit.model import Evidence, Signal
from alpines_privacy.audit.visits import Page, Visit
from alpines_privacy.http.local import is_loopback_host
from alpines_privacy.http.url import parse
from alpines_privacy.policy import PrivacyPolicy

__all__ = ["Attempt", "Logged", "Observations", "Revalidation", "Site"]


class Site(NamedTuple):
    """What is audited: its origin, whether it runs in this process, and what is known of it.

    `policy` is what is declared, None if nobody said. `protected` tells that this library was seen.
    """

    home: str
    in_process: bool = False
    framework: str = ""
    protected: bool = False
    policy: PrivacyPolicy | None = None

    @property
    def host(self) -> str:
        """The host's name, an IPv6 address in brackets."""
        address = parse(self.home)
        return address.host if address else ""

    @property
    def is_local(self) -> bool:
        """Whether it is this machine, where nobody encrypts."""
        return is_loopback_host(self.host)


class Revalidation(NamedTuple):
    """An answer to a visitor with a signal whose browser holds the page from before the signal."""

    url: str
    signal: Signal
    got: Exchange


class Logged(NamedTuple):
    """What the app logged while it was visited: records, and which of them held what."""

    records: int
    with_address: Sequence[str] = ()
    with_agent: Sequence[str] = ()


class Attempt(NamedTuple):
    """The outcome of one try with `--active`: what was done, and what the site did.

    `taken` is None if that cannot be told.
    """

    done: Evidence
    taken: bool | None


@dataclass(frozen=True)
class Observations:
    """What was seen of a site. Tries that were not made are missing from `attempts`, with the reason in `untried`."""

    site: Site
    pages: Sequence[Page]
    home: Page
    today: date
    policy_page: Visit | None = None
    over_http: Visit | None = None
    gpc_json: Exchange | None = None
    dnt_status: Exchange | None = None
    revalidations: Sequence[Revalidation] = ()
    logged: Logged | None = None
    attempts: Mapping[str, Sequence[Attempt]] = field(default_factory=dict)
    untried: Mapping[str, str] = field(default_factory=dict)

    @property
    def policy(self) -> PrivacyPolicy | None:
        """What is declared, None if nobody said."""
        return self.site.policy

    def visits(self, *signals: Signal) -> Iterator[Visit]:
        """Yield the visits of all pages under these signals; under any, without one."""
        for page in self.pages:
            for signal, visit in page.visits.items():
                if not signals or signal in signals:
                    yield visit
