"""Response fields that make a browser load from, or report to, others (policy §8, §9, §12).

- `Link` (RFC 8288; early hints too), `Refresh` and `Speculation-Rules` load: a member that leads
  to a tracker goes, the others stay as they are.
- `Report-To`, `Reporting-Endpoints` and `NEL` (W3C Reporting API, Network Error Logging) send
  what visitors' browsers see to somebody: third parties are told only if the policy declares them.
- `Attribution-Reporting-*` and `Observe-Browsing-Topics` serve advertising and nothing else.
- `Accept-CH` and `Critical-CH` ask for what tells one device from another: not under a signal.

Where a value cannot be read, it goes too if it could report; browsers ignore such values anyway.
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
"""What stops a load, of any of some kinds, of an address as a head has it; or None."""

RemovedField: TypeAlias = "tuple[str, str, Match | None]"
"""What was taken out, the address it led to if to one, and the rule that stops it if one does."""

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

# Features that exist for following visitors across sites, as far as browsers know them: of any other
# the console of each page would warn. The app's own word on one stands.
_FEATURES = ("browsing-topics", "interest-cohort")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_FEATURE = re.compile(r"(?:^|,)[ \t]*+([a-z*][a-z0-9_.*-]*+)")

# A member ends at a comma outside <> and quotes; what is not closed runs to the end.
_MEMBER = re.compile(r"(?:<[^>]*+(?:>|\Z)|\"(?:[^\"\\]|\\.)*+(?:\"|\\?\Z)|[^,<\"])++", re.DOTALL)
_TARGET = re.compile(r"<([^<>]*+)>?")
_PARAMETER = re.compile(r";\s*+([^\s=;,]++)\s*+(?:=\s*+(\"(?:[^\"\\]|\\.)*+\"|[^;\"]*+))?")
_ENDPOINT = re.compile(
    r"[ \t]*+[a-z*][a-z0-9_.*-]*+[ \t]*+=[ \t]*+\"((?:[^\"\\]|\\[\"\\])*+)\"[ \t]*+(?:;.*)?",
    re.DOTALL,
)
_STRING = re.compile(r"[ \t]*+\"((?:[^\"\\]|\\[\"\\])*+)\"")

_LONGEST = 8192  # characters of a value that loads or reports; a longer one is not judged, and goes


class Fields:
    """The policy's word on response fields, compiled; shared by all requests."""

    def __init__(self, policy: PrivacyPolicy) -> None:
        self._vary = signal_fields(policy)
        self.declared = DeclaredHosts(party.host for party in policy.third_parties)

    @staticmethod
    def concern(head: ResponseHead) -> bool:
        """Tell whether a head has any field that is ours to look at."""
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
        """Take out of a response's head what leads or reports to others; note each in `removals`.

        `page` tells the response's own address; it is asked for only if a field needs it.
        """
        if (_OPTED_OUT if opted_out else ALWAYS_CLEANED).isdisjoint(head.names):
            return
        # Browsers heed hints in answers to navigations only, and those vary by the signal anyway.
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
        """Return what may leave of the fields of early hints and trailers; the same list where all may.

        A push carries request fields, to a path of the site itself: none of them is ours.
        """
        if message == "push":
            return fields
        return self._left(fields, _Cleaning(self, block, page, removals, opted_out=False))

    def of_page(self, head: ResponseHead) -> None:
        """Set what a page that is shown must say; what the app says of a feature stands."""
        own = ",".join(head.values("permissions-policy"))
        named = set(_FEATURE.findall(_QUOTED.sub("", own))) if own else ()
        denied = ", ".join(f"{feature}=()" for feature in _FEATURES if feature not in named)
        if denied:
            # Lines of one name are one dictionary (RFC 9651 §4.2): the app's stays as it is.
            head.append("permissions-policy", denied)
        if "referrer-policy" not in head.names:
            head.append("referrer-policy", "strict-origin-when-cross-origin")
        if "x-dns-prefetch-control" in head.names:
            head.replace(f for f in head.fields if field_name(f[0]) != "x-dns-prefetch-control")
        head.append("x-dns-prefetch-control", "off")

    @staticmethod
    def _left(fields: list[Field], cleaning: _Cleaning) -> list[Field]:
        """Return the fields that may leave, changed where only a part of one may."""
        left: list[Field] = []
        changed = False
        for field in fields:
            name, value = field
            kept = cleaning.kept(field_name(name), value)
            changed = changed or kept != value
            if kept is not None:
                left.append(field if kept == value else (name, kept))
        if any(field_name(name) == "nel" for name, _ in left):
            told = cleaning.without_strays(left)
            left, changed = told, changed or len(told) < len(left)
        return left if changed else fields


class _Cleaning:
    """One message's fields on their way out."""

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
        self.leads_elsewhere = False  # so what leaves may depend on the visitor's signal

    def kept(self, name: str, value: str) -> str | None:
        """Return what may leave of a value, None if nothing may."""
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

    def without_strays(self, fields: list[Field]) -> list[Field]:
        """Return the fields without the NEL policies that name no group of endpoints left here.

        One that ends an earlier policy (`max_age` 0) may always leave.
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
            if field_name(field[0]) == "nel" and not _may_tell(_json(field[1]), groups):
                self._note("nel", "", None)
            else:
                left.append(field)
        return left

    def _members(self, name: str, value: str, refused: _Judge) -> str | None:
        """Return a list without the members that are refused; as it was if none is."""
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
        if len(targets) > 1 or member.count('"') % 2:  # which a browser may divide otherwise
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
        """Return why nothing may be reported to an address: it is a third party's, undeclared or listed."""
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
        """Return the groups with the endpoints that may be told, a group without any left out."""
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
        left = [e for e in endpoints if self._may_be_told(e)] if isinstance(endpoints, list) else []
        return {**group, "endpoints": left} if left else None

    def _may_be_told(self, endpoint: Any) -> bool:
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


def _may_tell(policy: Any, groups: set[str]) -> bool:
    """Whether a NEL policy ends one, or names one of the groups."""
    if not isinstance(policy, dict):
        return False
    group = policy.get("report_to")
    return policy.get("max_age") == 0 or (isinstance(group, str) and group in groups)


def _json(text: str) -> Any:
    """Read a JSON value; None for what is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _parameters(member: str) -> dict[str, str]:
    """Return a link's parameters by lower-case name; of one that is repeated, every value."""
    parameters: dict[str, list[str]] = {}
    for name, value in _PARAMETER.findall(member[member.rindex("<") :].partition(">")[2]):
        text = _unescaped(value[1:-1]) if value.startswith('"') else value.strip()
        parameters.setdefault(name.lower(), []).append(text)
    return {name: " ".join(values) for name, values in parameters.items()}


def _loads(target: str, parameters: dict[str, str]) -> Iterator[tuple[str, LoadKinds]]:
    """Return every load a link makes a browser do: the address, and the kinds it may be of."""
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
