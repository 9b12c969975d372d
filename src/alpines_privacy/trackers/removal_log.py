"""Log messages about removed loads: each host once, with the rule and the way to keep it.

They name listed hosts, fields and ad slots, and neither addresses nor pages. A host that looks made for
one visitor is named by its registrable domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from alpines_privacy.http.report import Notices, Removal
from alpines_privacy.http.site import registrable_domain
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.trackers.declared import DeclaredHosts
from alpines_privacy.trackers.markup import SENDING

__all__ = ["RemovalLog", "looks_made_up"]

_MOST = 50  # hosts and fields, in the log
_LONGEST_HOST = 100  # characters
# A name made for one visitor has a part as long as a key, or mostly of digits.
_MADE_UP = re.compile(r"[^.]{25}|[^.]*(?:[0-9][^.]*){8}|(?=[^.]*[0-9])[0-9a-f]{12}")
_LONGEST_WHAT = 40  # characters
_NO_NAME = re.compile(r"[^a-z0-9 :_-]")
# Targets of forms: logged, and left as they are.
_LEFT = frozenset(f"{name} {attribute}" for name, attribute in SENDING.items())

_TAKEN = "%s is taken out of responses (%s%s).%s"
_TO_KEEP = (
    ' To keep it for visitors who send no signal: ThirdParty("{0}", purpose="..."), or in a policy file '
    '[[third_parties]] with host = "{0}" and its purpose.'
)
_DECLARED = " The policy declares it, so visitors who send no signal keep it."
_ENOUGH = "The log names no more than %s hosts and fields; current().report has all of a response."


class RemovalLog:
    """Logs each host, field or ad slot once in the life of a guard."""

    def __init__(self, policy: PrivacyPolicy) -> None:
        """Read the declared hosts of `policy`."""
        self._declared = DeclaredHosts(party.host for party in policy.third_parties)
        self._logged: set[str] = set()

    def log(self, removals: Iterable[Removal], notices: Notices) -> None:
        """Log removals that were not logged before."""
        if len(self._logged) >= _MOST:
            return
        for removal in removals:
            name = _named(removal.host) if removal.host else removal.rule or removal.what
            if name and name not in self._logged and removal.what not in _LEFT:
                self._log_host(name, removal, notices)

    def _log_host(self, name: str, removal: Removal, notices: Notices) -> None:
        if len(self._logged) >= _MOST:
            return
        self._logged.add(name)
        # A rule holds no text of a page.
        rule = f"; {removal.list}: {removal.rule}" if removal.rule else ""
        notices.once(_TAKEN, name, _plain(removal.what), rule, self._advice(name, removal))
        if len(self._logged) == _MOST:
            notices.once(_ENOUGH, str(_MOST))

    def _advice(self, name: str, removal: Removal) -> str:
        if not removal.host:
            return ""
        return _DECLARED if removal.host in self._declared else _TO_KEEP.format(name)


def _named(host: str) -> str | None:
    """Return a host as a policy would declare it, None if none would."""
    site = registrable_domain(host) if len(host) <= _LONGEST_HOST else None
    return f"*.{site}" if site and looks_made_up(host, site) else site and host


def _plain(what: str) -> str:
    """Return the name of an element or field, safe for a log line: a page may invent elements."""
    return _NO_NAME.sub("?", what[:_LONGEST_WHAT])


def looks_made_up(host: str, site: str) -> bool:
    """Tell whether a subdomain's name looks made for one visitor."""
    return any(map(_MADE_UP.match, host.removesuffix(site).split(".")))
