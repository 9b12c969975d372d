"""`Guard`: a policy compiled once, for all requests."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import partial
from typing import get_args

import msgspec

from alpines_privacy.guard.kinds import kind_of_value
from alpines_privacy.guard.promises import promises_for
from alpines_privacy.guard.visit import RequestHook, Visit
from alpines_privacy.http.client import ProxyTrust
from alpines_privacy.http.context import Preference, Runtime
from alpines_privacy.http.heads import RequestHead
from alpines_privacy.http.paths import PathSet
from alpines_privacy.http.promise import Promise
from alpines_privacy.http.report import Notices, logger
from alpines_privacy.policy import Logs, PolicyError, PrivacyPolicy, SecretKeys
from alpines_privacy.policy.age import AgeRule
from alpines_privacy.policy.errors import nearest
from alpines_privacy.policy.parts import Mode
from alpines_privacy.policy.warning import warn
from alpines_privacy.preference import PreferenceReader, StoredChoice
from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.exporters import unhooked
from alpines_privacy.redaction.logs.hook import install_for
from alpines_privacy.redaction.requests import VisitorsInLogs

__all__ = ["MODE_VARIABLE", "Guard"]

MODE_VARIABLE = "ALPINES_PRIVACY_MODE"


class Guard:
    """A compiled policy: the promises, the hooks they override, and the state all requests share."""

    def __init__(
        self,
        policy: PrivacyPolicy,
        *,
        logins: Iterable[str] = (),
        app_keys: Iterable[str | bytes] = (),
        promises: Sequence[Promise] | None = None,
    ) -> None:
        """Compile `policy`. `logins` and `app_keys` come from the framework's configuration.

        `logins` are names of cookies; `app_keys` are secret keys, newest first, from which ours are
        derived if the environment has none. `promises` replace the built-in ones. Raises
        `PolicyError` for a wrong mode or key in the environment and for a file that cannot be used.
        """
        self.policy = policy
        self.mode = _mode(policy)
        self.reports = self.mode == "report"
        keys = partial(SecretKeys.of_site, tuple(app_keys))
        choices = StoredChoice(keys()) if policy.site_preference else None
        self.read_preference = (
            PreferenceReader(policy, choices).read if self.mode != "off" else _unread
        )
        self.exempt = PathSet(policy.exempt if self.mode != "off" else ("*",))
        redacts = self.mode == "enforce" and policy.logs != "off"
        if promises is None:
            in_force = msgspec.structs.replace(policy, mode=self.mode)
            promises = promises_for(in_force, choices, logins, keys, kind_of_value)
            if redacts:
                promises.append(VisitorsInLogs())
        parts = frozenset(
            part for promise in promises for part in (promise.part, *promise.parts) if part
        )
        notices = Notices("Only reported (mode is report): " if self.reports else "")
        self.runtime = Runtime(
            ProxyTrust(policy.trusted_proxies),
            notices,
            parts,
            AgeRule(policy.minimum_age, policy.age_zone),
            enforces=self.mode == "enforce",
        )
        self.trusts_peers = bool(policy.trusted_proxies)
        # Bound once, each with its promise.
        self.pages: dict[str, RequestHook] = {
            path: (p, p.page) for p in promises for path in p.pages
        }
        self.pages_below: list[tuple[str, RequestHook]] = [
            (beginning, (p, p.page)) for p in promises for beginning in p.below
        ]
        self.beginnings = tuple(beginning for beginning, _ in self.pages_below)
        asked = sorted(_overriding("request", promises), key=lambda p: not p.precedes_pages)
        self.on_request = [(p, p.request) for p in asked]
        self.on_request_without_input = [(p, p.request) for p in asked if not p.reads_input]
        self.ahead_of_pages = sum(p.precedes_pages for p in asked)
        self.on_response = [(p, p.response) for p in _overriding("response", promises)]
        self.on_fill = [(p, p.fill) for p in _overriding("fill", promises)]
        self.on_plain = [(p, p.plain) for p in _overriding("plain", promises)]
        self.on_fields = [(p, p.fields) for p in _overriding("fields", promises)]
        self.on_raised = [(p, p.raised) for p in _overriding("raised", promises)]
        ending = _overriding("end", promises)
        self.on_end = [(p, p.end) for p in ending]
        self.on_end_without_input = [(p, p.end) for p in ending if not p.reads_input]
        self.fields_read = _fields_read(promise for promise, _ in self.on_response)
        if redacts:
            asks = isinstance(policy.logs, Logs) and policy.logs.asks_for_keys
            install_for(self.runtime, Redactor(policy, keys=keys() if asks else None))
            for sentence in unhooked():
                warn(sentence)

    def visit(self, head: RequestHead) -> Visit:
        """Begin the visit of a request."""
        return Visit(self, head)

    def page_at(self, path: str) -> RequestHook | None:
        """Return the hook of a page of ours at a path below the mount point: an exact match before a prefix."""
        below = (page for beginning, page in self.pages_below if path.startswith(beginning))
        return self.pages.get(path) or next(below, None)


def _overriding(hook: str, promises: Sequence[Promise]) -> tuple[Promise, ...]:
    return tuple(p for p in promises if getattr(type(p), hook) is not getattr(Promise, hook))


def _fields_read(promises: Iterable[Promise]) -> frozenset[str] | None:
    """Return the fields of plain responses that any promise reads; None if one reads all responses."""
    named = [promise.fields_read for promise in promises]
    return None if None in named else frozenset().union(*(names or () for names in named))


def _unread(_: RequestHead, silent: Preference = Preference(None)) -> Preference:  # noqa: B008 - one for all
    """Return no preference, whatever the head says: the mode is off."""
    return silent


def _mode(policy: PrivacyPolicy) -> Mode:
    """Return the environment's mode (a kill switch, a way to roll out), else the policy's."""
    mode = os.environ.get(MODE_VARIABLE, "").strip().lower()
    if not mode:
        return policy.mode
    if mode not in get_args(Mode):
        raise PolicyError(
            f'found "{mode:.40}"{nearest(mode, get_args(Mode))}; expected one of {", ".join(get_args(Mode))}',
            source="environment",
            key=MODE_VARIABLE,
        )
    if mode != policy.mode:
        logger.warning("%s=%s overrides the policy's mode %s.", MODE_VARIABLE, mode, policy.mode)
    return mode  # type: ignore[return-value]  # one of Mode's literals, just checked
