"""Response fields that make a browser load from other hosts or report to them (policy §8, §9, §12).

- `Link` (RFC 8288; in early hints too), `Refresh` and `Speculation-Rules` load: members that lead to
  a tracker are removed, the others stay as they are.
- `Report-To`, `Reporting-Endpoints` and `NEL` (W3C Reporting API, Network Error Logging) make browsers
  send reports: third parties get them only if the policy declares them.
- `Attribution-Reporting-*` and `Observe-Browsing-Topics` serve advertising only and are removed.
- `Accept-CH` and `Critical-CH` ask for data that distinguishes devices; they are removed under a signal.

A value that cannot be read is removed if it could report; browsers ignore such values anyway.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

from alpines_privacy.http.cache_control import signal_fields
from alpines_privacy.http.heads import Field, ResponseHead, field_name
from alpines_privacy.http.promise import Message
from alpines_privacy.http.site import is_same_site
from alpines_privacy.http.url import Address, parse
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.trackers import srcset
from alpines_privacy.trackers.declared import DeclaredHosts
from alpines_privacy.trackers.markup import (
    NAVIGATING,
    RELATIONS,
    REPORTED,
    RULES,
    LoadKinds,
    linked,
)
from alpines_privacy.trackers.refresh import refresh_address
from alpines_privacy.trackers.rules import Match

__all__ = ["ALWAYS_CLEANED", "Block", "Fields", "RemovedField"]

Block: TypeAlias = "Callable[[str, LoadKinds], Match | None]"
"""Returns the match that stops a load of an address, as written in a head, as one of some kinds; or None."""

RemovedField: TypeAlias = "tuple[str, str, Match | None]"
"""The field that was edited, the address that was removed (or empty), the match that stops it (or None)."""

_LINKS = frozenset({"link", "refresh", "speculation-rules"})
_REPORTS = frozenset({"nel", "report-to", "reporting-endpoints"})
_ADS = frozenset(
    {
        "attribution-reporting-info",
        "attribution-reporting-register-os-source",
        "attribution-reporting-register-os-trigger",
        "attribution-reporting-register-source",
        "attribution-reporting-register-trigger",
        "observe-browsing-topics",
    }
)
_HINTS = frozenset({"accept-ch", "critical-ch"})
ALWAYS_CLEANED: frozenset[str] = _LINKS | _REPORTS | _ADS
_OPTED_OUT = ALWAYS_CLEANED | _HINTS

# Features that follow visitors across sites, among those that browsers know: a page's console warns of
# any other. The app's own directive for one stays.
_FEATURES = ("browsing-topics", "interest-cohort")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_FEATURE = re.compile(r"(?:^|,)[ \t]*+([a-z*][a-z0-9_.*-]*+)")

# A member ends at a comma outside <> and quotes; an open bracket or quote runs to the end.
_MEMBER = re.compile(r"(?:<[^>]*+(?:>|\Z)|\"(?:[^\"\\]|\\.)*+(?:\"|\\?\Z)|[^,<\"])++", re.DOTALL)
_TARGET = re.compile(r"<([^<>]*+)>?")
_PARAMETER = re.compile(r";\s*+([^\s=;,]++)\s*+(?:=\s*+(\"(?:[^\"\\]|\\.)*+\"|[^;\"]*+))?")
_ENDPOINT = re.compile(
    r"[ \t]*+[a-z*][a-z0-9_.*-]*+[ \t]*+=[ \t]*+\"((?:[^\"\\]|\\[\"\\])*+)\"[ \t]*+(?:;.*)?",
    re.DOTALL,
)
_STRING = re.compile(r"[ \t]*+\"((?:[^\"\\]|\\[\"\\])*+)\"")

_LONGEST = 8192  # characters of a value that loads or reports; a longer one is removed unread


class Fields:
    """Cleans response fields by a policy; compiled once and shared by all requests."""

    def __init__(self, policy: PrivacyPolicy) -> None:
        self._vary = signal_fields(policy)
        self.declared = DeclaredHosts(party.host for party in policy.third_parties)

    @staticmethod
    def concern(head: ResponseHead) -> bool:
        """Tell whether a head has a field to clean."""
        return not _OPTED_OUT.isdisjoint(head.names)

    def clean(
        self,
        head: ResponseHead,
        block: Block,
        *,
        page: Callable[[], Address],
        opted_out: bool,
        removals: list[RemovedField],
    ) -> None:
        """Remove from a response's head what loads from trackers or reports to others; add it to `removals`.

        `page` returns the response's own address; it is called only if a field needs it.
        """
        if (_OPTED_OUT if opted_out else ALWAYS_CLEANED).isdisjoint(head.names):
            return
        # Browsers read hints in responses to navigations only, which vary by the signal anyway.
        hints = opted_out and (head.is_html or not head.media_type)
        cleaning = _Cleaning(self, block, page, removals, opted_out=hints)
        left = self._left(head.fields, cleaning)
        if left is not head.fields:
            head.replace(left)
        if cleaning.leads_elsewhere and not head.is_html and head.status >= 200:
            head.merge("vary", self._vary)

    def clean_beside(
        self,
        message: Message,
        fields: list[Field],
        block: Block,
        *,
        page: Callable[[], Address],
        removals: list[RemovedField],
    ) -> list[Field]:
        """Return the cleaned fields of early hints and trailers: the same list if nothing changes.

        A push has request fields, for a path of the site itself: they stay.
        """
        if message == "push":
            return fields
        return self._left(fields, _Cleaning(self, block, page, removals, opted_out=False))

    def of_page(self, head: ResponseHead) -> None:
        """Set the fields that a shown page needs; the app's own directive for a feature stays."""
        own = ",".join(head.values("permissions-policy"))
        named = set(_FEATURE.findall(_QUOTED.sub("", own))) if own else ()
        denied = ", ".join(f"{feature}=()" for feature in _FEATURES if feature not in named)
        if denied:
            # Lines of one name are one dictionary (RFC 9651 §4.2), so the app's line stays as it is.
            head.append("permissions-policy", denied)
        if "referrer-policy" not in head.names:
            head.append("referrer-policy", "strict-origin-when-cross-origin")
        if "x-dns-prefetch-control" in head.names:
            head.replace(f for f in head.fields if field_name(f[0]) != "x-dns-prefetch-control")
        head.append("x-dns-prefetch-control", "off")

    @staticmethod
    def _left(fields: list[Field], cleaning: _Cleaning) -> list[Field]:
        """Return the cleaned fields: the same list if nothing changes."""
        left: list[Field] = []
        changed = False
        for field in fields:
            name, value = field
            kept = cleaning.kept(field_name(name), value)
            changed = changed or kept != value
            if kept is not None:
                left.append(field if kept == value else (name, kept))
        if any(field_name(name) == "nel" for name, _ in left):
            remaining = cleaning.without_stray_policies(left)
            left, changed = remaining, changed or len(remaining) < len(left)
        return left if changed else fields


class _Cleaning:
    """The cleaning of one message's fields."""

    def __init__(
        self,
        fields: Fields,
        block: Block,
        page: Callable[[], Address],
        removals: list[RemovedField],
        *,
        opted_out: bool,
    ) -> None:
        self._fields = fields
        self._block = block
        self._page = page
        self._removals = removals
        self._opted_out = opted_out
        self.leads_elsewhere = False  # so the result may depend on the visitor's signal

    def kept(self, name: str, value: str) -> str | None:
        """Return the cleaned value, None to remove the field."""
        if len(value) > _LONGEST and name in ALWAYS_CLEANED:
            self._note(name, "", None)
            return None
        if refused := _LISTS.get(name):
            return self._members(name, value, refused)
        if name in _ADS or (name in _HINTS and self._opted_out):
            self._note(name, "", None)
            return None
        if name == "refresh":
            return self._refresh(value)
        return self._report_to(value) if name == "report-to" else value

    def without_stray_policies(self, fields: list[Field]) -> list[Field]:
        """Return the fields without NEL policies that name no remaining group of endpoints.

        A policy that ends an earlier one (`max_age` 0) stays.
        """
        groups = {
            group.get("group", "default")
            for name, value in fields
            if field_name(name) == "report-to"
            for group in _json(f"[{value}]") or ()
            if isinstance(group.get("group", "default"), str)
        }
        left = []
        for field in fields:
            if field_name(field[0]) == "nel" and not _may_report(_json(field[1]), groups):
                self._note("nel", "", None)
            else:
                left.append(field)
        return left

    def _members(self, name: str, value: str, refused: _Judge) -> str | None:
        """Return a list without refused members, unchanged if none is refused."""
        left, found = [], False
        for text in _MEMBER.findall(value):
            if text.strip() and (why := refused(self, text)):
                found = True
                self._note(name, why.url, why.match)
            elif text.strip():
                left.append(text.strip())
        if not found:
            return value
        return ", ".join(left) or None

    def _refused_link(self, member: str) -> _Refused | None:
        targets = _TARGET.findall(member)
        if not targets:
            return None
        if len(targets) > 1 or member.count('"') % 2:  # a browser may divide this member otherwise
            return self._first_refused((target.strip(), RELATIONS["preload"]) for target in targets)
        return self._first_refused(_loads(targets[0].strip(), _parameters(member)))

    def _refused_rules(self, member: str) -> _Refused | None:
        string = _STRING.match(member)
        return self._first_refused([(_unescaped(string[1]), RULES)]) if string else None

    def _refused_endpoint(self, member: str) -> _Refused | None:
        endpoint = _ENDPOINT.fullmatch(member)
        if endpoint is None:
            return _Refused("", None)
        return self._refused_reports(_unescaped(endpoint[1]))

    def _first_refused(self, loads: Iterable[tuple[str, LoadKinds]]) -> _Refused | None:
        for url, kinds in loads:
            if not self.leads_elsewhere:
                address = parse(url, self._page())
                self.leads_elsewhere = address is not None and address.host != self._page().host
            if match := self._block(url, kinds):
                return _Refused(url, match)
        return None

    def _refused_reports(self, url: str) -> _Refused | None:
        """Refuse reports to an address of a third party that is not declared or that is listed."""
        page = self._page()
        address = parse(url, page)
        if address is None or is_same_site(address.host, page.host):
            return None
        match = self._block(address.url, REPORTED)
        if match is None and address.host in self._fields.declared:
            return None
        return _Refused(address.url, match)

    def _refresh(self, value: str) -> str | None:
        url = refresh_address(value)
        if url and (why := self._first_refused([(url, NAVIGATING)])):
            self._note("refresh", url, why.match)
            return None
        return value

    def _report_to(self, value: str) -> str | None:
        """Return the groups with their allowed endpoints, without groups that have none."""
        groups = _json(f"[{value}]")
        if not isinstance(groups, list):
            self._note("report-to", "", None)
            return None
        left = [kept for group in groups if (kept := self._group(group))]
        if left == groups:
            return value
        return ", ".join(map(json.dumps, left)) or None

    def _group(self, group: Any) -> dict[str, Any] | None:
        if not isinstance(group, dict):
            return None
        if group.get("max_age") == 0:  # the browser forgets this group
            return group
        endpoints = group.get("endpoints")
        left = (
            [e for e in endpoints if self._may_get_reports(e)]
            if isinstance(endpoints, list)
            else []
        )
        return {**group, "endpoints": left} if left else None

    def _may_get_reports(self, endpoint: Any) -> bool:
        url = endpoint.get("url") if isinstance(endpoint, dict) else None
        if not isinstance(url, str):
            return False
        if why := self._refused_reports(url):
            self._note("report-to", why.url, why.match)
        return why is None

    def _note(self, name: str, url: str, match: Match | None) -> None:
        self._removals.append((f"{name} header", url, match))


class _Refused(NamedTuple):
    url: str
    match: Match | None


_Judge: TypeAlias = "Callable[[_Cleaning, str], _Refused | None]"

_LISTS: dict[str, _Judge] = {
    "link": _Cleaning._refused_link,  # noqa: SLF001 - the table belongs to the class
    "speculation-rules": _Cleaning._refused_rules,  # noqa: SLF001
    "reporting-endpoints": _Cleaning._refused_endpoint,  # noqa: SLF001
}


def _may_report(policy: Any, groups: set[str]) -> bool:
    """Tell whether a NEL policy ends an earlier one, or names one of the groups."""
    if not isinstance(policy, dict):
        return False
    group = policy.get("report_to")
    return policy.get("max_age") == 0 or (isinstance(group, str) and group in groups)


def _json(text: str) -> Any:
    """Return the value of a JSON text, None if it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _parameters(member: str) -> dict[str, str]:
    """Return a link's parameters by lower-case name; the values of a repeated one are joined."""
    parameters: dict[str, list[str]] = {}
    for name, value in _PARAMETER.findall(member[member.rindex("<") :].partition(">")[2]):
        text = _unescaped(value[1:-1]) if value.startswith('"') else value.strip()
        parameters.setdefault(name.lower(), []).append(text)
    return {name: " ".join(values) for name, values in parameters.items()}


def _loads(target: str, parameters: dict[str, str]) -> Iterator[tuple[str, LoadKinds]]:
    """Yield the loads of a link: the address, and the kinds it may load as."""
    relations = set()
    for relation, address, kinds in linked(
        parameters.get("rel", ""), target, parameters.get("as", "")
    ):
        relations.add(relation)
        yield address, kinds
    if "preload" in relations:
        for candidate in _candidates(parameters.get("imagesrcset", "")):
            yield candidate, ("image",)


def _candidates(text: str) -> list[str]:
    """Return the addresses of a `srcset`."""
    found: list[str] = []

    def note(address: str) -> bool:
        found.append(address)
        return False

    srcset.without(text, note)
    return found
