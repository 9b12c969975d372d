"""The built-in promises of a policy, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from alpines_privacy.cookies import Cookies
from alpines_privacy.guard.claims import claims_at_start
from alpines_privacy.headers import Headers
from alpines_privacy.http.context import RequestContext
from alpines_privacy.http.html import TagEdits
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.seen import Seen
from alpines_privacy.payments import payments_for
from alpines_privacy.policy import (
    Disclosure,
    Intrusion,
    Logs,
    PolicyError,
    PrivacyPolicy,
    SecretKeys,
)
from alpines_privacy.policy.claims import Claims
from alpines_privacy.preference import ChoicePage, StoredChoice, WellKnown
from alpines_privacy.shield import Shield
from alpines_privacy.shield.element import Knowledge, ShieldCookies
from alpines_privacy.signups import signups_for
from alpines_privacy.trackers import Rules, Subscription
from alpines_privacy.trackers.known import known
from alpines_privacy.trackers.nothing import Nothing
from alpines_privacy.trackers.reports import LoadReports
from alpines_privacy.trackers.responses import (
    AdditionTo,
    Banner,
    ShieldTag,
    TrackersInResponses,
)
from alpines_privacy.trackers.subscription import FreshLists

if TYPE_CHECKING:
    from alpines_privacy.collected import KindOfValue

__all__ = ["promises_for"]


def promises_for(
    policy: PrivacyPolicy,
    choices: StoredChoice | None,
    logins: Iterable[str],
    keys: Callable[[], SecretKeys],
    kind_of_value: KindOfValue,
) -> list[Promise]:
    """Return the built-in promises in the order of their hooks; `policy.mode` is the one in force.

    `Headers` comes before all that edit a head, because it reads the app's own. `WellKnown` comes
    last, because its resources leave without any cookie, even a deletion of ours.
    """
    lists = Subscription(policy.trackers)
    rules = lists.rules
    claims = claims_at_start(policy, rules)
    cookies = Cookies(policy, logins)
    shield = Shield(policy, _knowledge(policy, rules), ShieldCookies(*cookies.for_scripts))
    reports = LoadReports(policy, SecretKeys.given(), rules)
    passwords, meter = _passwords(policy)
    notices, banner = _onsite_notice(policy)
    pages, link = _operators_page(policy, claims, banner)
    trackers = TrackersInResponses(
        policy, rules, _tags(shield.tag, *meter), *link, banner=banner, tag_edits=_relations(policy)
    )
    promises: list[Promise] = [
        *payments_for(policy),
        *_collections(policy, kind_of_value),
        *signups_for(policy, keys),
        *_transport(policy),
        *passwords,
        reports,
        Nothing(policy),
        Headers(policy, claims),
        cookies,
        shield,
        trackers,
        *pages,
        *notices,
        WellKnown(policy, claims),
    ]
    if policy.intrusion is not None:
        promises.insert(0, _intruders(policy, policy.intrusion))
    if policy.disclosure is not None:
        promises.append(_outgoing(policy, policy.disclosure, lists))
    if lists.has_files:
        lists.use(lambda rules: shield.use(_knowledge(policy, rules)), trackers.use, reports.use)
        promises.insert(0, FreshLists(lists))
    return [ChoicePage(policy, choices), *promises] if choices else promises


def _outgoing(policy: PrivacyPolicy, disclosure: Disclosure, lists: Subscription) -> Promise:
    """Return the promise about disclosure: filter rules name the trackers, log rules the personal data."""
    from alpines_privacy.disclosure import Outgoing  # noqa: PLC0415 - only where it is declared
    from alpines_privacy.redaction import Redactor  # noqa: PLC0415 - as above
    from alpines_privacy.redaction.logs.submitted import disclosed_values_of  # noqa: PLC0415 - as above

    logs = policy.logs if isinstance(policy.logs, Logs) else Logs()
    redactor = Redactor(PrivacyPolicy(logs=Logs(keys=logs.keys, safe_keys=logs.safe_keys)))

    def tracker(host: str, opted_out: bool) -> str | None:  # noqa: FBT001 - `Tracker` says so
        match = lists.rules.match(f"https://{host}/", "invalid", "xmlhttprequest")
        if match is None or (match.when == "signal" and not opted_out):
            return None
        return match.company or match.list

    def personal(context: RequestContext) -> Callable[[str], bool]:
        known = disclosed_values_of(context, redactor)
        return lambda text: known.redact(text) != text

    return Outgoing(policy, disclosure, tracker, personal)


def _relations(policy: PrivacyPolicy) -> TagEdits | None:
    """Return the edits of links to other sites, where a policy asks for them."""
    disclosure = policy.disclosure
    if disclosure is None or disclosure.links == "off":
        return None
    from alpines_privacy.disclosure.links import Relations  # noqa: PLC0415 - as above

    return Relations(disclosure, enforces=policy.mode == "enforce")


def _intruders(policy: PrivacyPolicy, intrusion: Intrusion) -> Promise:
    """Return the promise about intruders; only a policy with `[intrusion]` needs its storage."""
    try:
        from alpines_privacy.intrusion import intruders_for  # noqa: PLC0415 - as the docstring says
    except ModuleNotFoundError as error:
        if error.name != "limits":
            raise
        raise PolicyError(
            "needs a package that is not installed: pip install 'alpines-privacy[intrusion]'",
            key="intrusion",
        ) from None
    return intruders_for(policy, intrusion)


def _collections(policy: PrivacyPolicy, kind_of_value: KindOfValue) -> list[Promise]:
    """Return the promise about collections; nothing where none is declared, and nothing is to be written down."""
    if not (policy.strict or policy.collections or Seen.asked().is_kept):
        return []
    from alpines_privacy.collected import collections_for  # noqa: PLC0415 - only where it is declared

    return collections_for(policy, kind_of_value)


def _transport(policy: PrivacyPolicy) -> list[Promise]:
    """Return the promises about transport; nothing where none is declared."""
    if policy.https != "require" and policy.hsts is None and not policy.upgrade_insecure_requests:
        return []
    from alpines_privacy.transport import transport_for  # noqa: PLC0415 - only where it is declared

    return transport_for(policy)


def _passwords(policy: PrivacyPolicy) -> tuple[list[Promise], list[ShieldTag]]:
    """Return the promises about passwords, and the writer of the meter's element; nothing without `passwords`."""
    if policy.passwords is None:
        return [], []
    from alpines_privacy.passwords import advice_for  # noqa: PLC0415 - only where it is declared

    advice, refusing = advice_for(policy, policy.passwords)
    return [advice, *([refusing] if refusing else [])], [advice.tag]


def _tags(first: ShieldTag, *more: ShieldTag) -> ShieldTag:
    """Return a function that writes all elements that go before a page's first code."""
    if not more:
        return first
    return lambda context, head: b"".join(tag(context, head) for tag in (first, *more))


def _operators_page(
    policy: PrivacyPolicy, claims: Claims, banner: Banner | None
) -> tuple[list[Promise], list[AdditionTo]]:
    """Return the promises of the policy's page, and the home page's link to it; nothing without an operator."""
    operator = policy.operator
    if operator is None:
        return [], []
    from alpines_privacy.policy_page import (  # noqa: PLC0415 - only where an operator is declared
        ChangeEvents,
        HomeLink,
        PolicyPage,
    )

    pages: list[Promise] = [PolicyPage(policy, operator, claims, banner)]
    if policy.changes:
        pages.append(ChangeEvents(policy, operator))
    return pages, [HomeLink(policy, operator)]


def _onsite_notice(policy: PrivacyPolicy) -> tuple[list[Promise], Banner | None]:
    """Return the promise of the notice on the site, and the banner it writes; nothing without a file of it."""
    if policy.breach is None or policy.breach.announcement is None:
        return [], None
    from alpines_privacy.onsite_notice import OnsiteNotice  # noqa: PLC0415 - only where it is declared

    notice = OnsiteNotice(policy, policy.breach.announcement)
    return [notice], notice.banner


def _knowledge(policy: PrivacyPolicy, rules: Rules) -> dict[bool, Knowledge]:
    """Return the shield's extract of the rules, by whether the visitor opted out."""
    both = {opted_out: known(rules, policy, opted_out=opted_out) for opted_out in (False, True)}
    return {opted_out: Knowledge(k.tables, k.exceptions_on) for opted_out, k in both.items()}
