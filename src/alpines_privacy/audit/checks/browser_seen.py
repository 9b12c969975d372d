"""What the checks of a browser's visits look at, and how they name what they found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from alpines_privacy.audit.browser.observed import BrowserVisit, Request
from alpines_privacy.audit.checks.blocked import blocker_of
from alpines_privacy.audit.model import Evidence
from alpines_privacy.audit.observations import Site
from alpines_privacy.audit.visits import path_shown, shown_url
from alpines_privacy.http.site import is_same_site
from alpines_privacy.http.url import Address, parse
from alpines_privacy.trackers import LoadKind, Match
from alpines_privacy.trackers.declared import DeclaredHosts
from alpines_privacy.trackers.shipped import shipped_rules

__all__ = ["InBrowser", "by_script", "company_of", "evidence", "named"]

# A page that goes to a tracker by itself asks it as a frame, an image or a script's request would.
_LEAVING: tuple[LoadKind, ...] = ("document", "subdocument", "xmlhttprequest", "image")


@dataclass(frozen=True)
class InBrowser:
    """A site and the visits of its pages in a browser."""

    site: Site
    visits: Sequence[BrowserVisit]

    @property
    def opened(self) -> Sequence[BrowserVisit]:
        """The visits that got an answer."""
        return [visit for visit in self.visits if visit.status]

    @cached_property
    def declared(self) -> DeclaredHosts:
        """The hosts that the policy declares; none if nobody said what is declared."""
        parties = self.site.policy.third_parties if self.site.policy else ()
        return DeclaredHosts(party.host for party in parties)

    def sent_away(self) -> Iterator[tuple[BrowserVisit, Request]]:
        """Yield the requests of all visits to hosts of other sites."""
        for visit in self.visits:
            here = parse(visit.page)
            for request in visit.sent_away:
                if here is None or not is_same_site(request.host, here.host):
                    yield visit, request

    def match(self, visit: BrowserVisit, request: Request) -> Match | None:
        """Return the rule by which a request is a tracker's or an advertisement's for its visitor."""
        here: Address | None = parse(visit.page)
        if here is None or request.is_own or request.kind == "preflight":
            return None
        blocker = blocker_of(self.site.policy, opted_out=visit.signal.opts_out)
        kinds = _LEAVING if request.load_kind == "document" else (request.load_kind,)
        return blocker.match(request.url, here, kinds)

    def stopped(self) -> Iterator[tuple[BrowserVisit, Request, Match]]:
        """Yield the requests that the rules stop, with their rules; subdomains of the site's own among them."""
        for visit in self.visits:
            for request in visit.sent_away:
                if match := self.match(visit, request):
                    yield visit, request, match


def evidence(visit: BrowserVisit, excerpt: str, rule: str = "", company: str = "") -> Evidence:
    """Return a piece of evidence from a visit."""
    said = f" ({visit.signal.value})" if visit.signal.opts_out else ""
    return Evidence(f"GET {path_shown(visit.page)}{said}", excerpt, rule, company)


def named(request: Request) -> str:
    """Return a request in words: its kind, where it goes, and who asks for it."""
    return f"{request.kind} {shown_url(request.url)}{by_script(request.by)}"


def by_script(script: str) -> str:
    """Return which script did something, in words; nothing where that is not known."""
    return f", by {shown_url(script)}" if script else ""


def company_of(host: str) -> str:
    """Return the company behind a host; empty if nobody knows."""
    service = shipped_rules().companies.of(host)
    return service.company if service else ""
