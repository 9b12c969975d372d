"""One policy for each host: which is taken, how many are compiled, and what a wrong one does."""

from __future__ import annotations

from typing import Any

import pytest

from alpines_privacy import PolicyError, PrivacyPolicy
from alpines_privacy.guard import Guard, HostGuards, guard_for
from alpines_privacy.wsgi import WSGIRequest
from tests.support.sent import Sent
from tests.support.visits import SECRET, TYPE, Driver, Request, Response, both, guard, through_wsgi

REPORTS = PrivacyPolicy(mode="report")
WITH_COOKIE = Response(fields=(*TYPE, ("set-cookie", "id=1")))


@both
@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("shop.example", "shop.example"),
        ("Shop.Example:8000", "shop.example"),
        (" shop.example ", "shop.example"),
        ("[2001:DB8::1]:80", "[2001:db8::1]"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("shop.example:", "shop.example:"),
        (":80", ":80"),
        ("", ""),
    ],
)
def test_a_policy_callable_gets_the_bare_host(host: str, asked: str, through: Driver) -> None:
    hosts: list[str] = []

    def policy_of(name: str) -> PrivacyPolicy:
        hosts.append(name)
        return REPORTS

    through(policy_of, Request(fields=(("host", host),)), Response())
    assert hosts == [asked]


def test_a_policy_that_cannot_be_used_is_told_as_the_operators(
    caplog: pytest.LogCaptureFixture,
) -> None:
    guards = guard_for(lambda host: PrivacyPolicy.from_mapping({"mode": "enforced"}))
    for _ in range(2):
        guards.visit(Sent()).end()
    [told] = [record.getMessage() for record in caplog.records]
    assert told.startswith("A policy of the policy callable cannot be used")
    assert 'did you mean "enforce"?' in told


def _fails(host: str) -> Any:
    raise KeyError(SECRET)


@both
@pytest.mark.parametrize(
    ("policy_of", "cookie_leaves"),
    [
        (lambda host: None, False),
        (lambda host: PrivacyPolicy(), False),
        (lambda host: REPORTS, True),
        (lambda host: {"a": "mapping"}, False),
        (lambda host: "reports", False),
        (_fails, False),
    ],
    ids=["None", "literal", "report", "a mapping", "a string", "raises"],
)
def test_each_host_gets_its_policy_and_the_literal_one_in_doubt(
    policy_of: Any, through: Driver, caplog: pytest.LogCaptureFixture, *, cookie_leaves: bool
) -> None:
    request = Request(fields=(("dnt", "1"),))
    guards = guard_for(policy_of)
    for _ in range(2):
        outcome = through(guards, request, WITH_COOKIE).outcome
        assert (("set-cookie", "id=1") in outcome.fields) is cookie_leaves
        assert outcome.body == b"the body"
    assert SECRET not in caplog.text
    defects = [r for r in caplog.records if "defect" in r.getMessage().lower()]
    assert len(defects) == (1 if policy_of is _fails else len(defects))
    assert len(defects) <= 1


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The endpoints of the policies that are compiled."""
    endpoints: list[str] = []

    def count(self: HostGuards, policy: PrivacyPolicy) -> Guard:
        endpoints.append(policy.endpoint)
        return Guard(policy, promises=[])

    monkeypatch.setattr(HostGuards, "_compiled", count)
    return endpoints


def test_a_hosts_policy_is_compiled_once_and_the_compiled_ones_are_bounded(
    monkeypatch: pytest.MonkeyPatch, compiled: list[str]
) -> None:
    monkeypatch.setattr("alpines_privacy.guard.hosts._MOST_GUARDS", 2)
    monkeypatch.setattr("alpines_privacy.guard.hosts._GUARDS_A_SECOND", 1e6)
    guards = HostGuards(lambda host: PrivacyPolicy(endpoint=f"/{host}/"))
    for host in ["a", "b", "a", "c", "a", "b"]:
        through_wsgi(guards, Request(fields=(("host", host),)), Response())
    assert compiled == ["/a/", "/b/", "/c/", "/b/"]  # the one asked for least lately had to go


def test_hosts_that_visitors_invent_are_compiled_a_few_a_second_and_stand_under_the_literal_policy(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, compiled: list[str]
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("alpines_privacy.guard.hosts.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("alpines_privacy.guard.hosts._MOST_GUARDS", 3)
    monkeypatch.setattr("alpines_privacy.guard.hosts._GUARDS_A_SECOND", 2)
    guards = HostGuards(lambda host: PrivacyPolicy(endpoint=f"/{host}/"))

    def ask(*hosts: str) -> list[bool]:
        visits = [guards.visit(WSGIRequest({"HTTP_HOST": host})) for host in hosts]
        return [visit._guard is guards._literal for visit in visits]

    assert ask("shop", "1", "2", "3", "shop", "4") == [False, False, False, True, False, True]
    assert compiled == ["/shop/", "/1/", "/2/"]
    clock[0] += 1
    assert ask("5", "6", "7", "shop") == [False, False, True, False]
    assert compiled[3:] == ["/5/", "/6/"]
    assert sum("new policies a second" in r.getMessage() for r in caplog.records) == 1


def test_a_host_longer_than_any_is_nobodys() -> None:
    asked: list[str] = []

    def policy_of(host: str) -> None:
        asked.append(host)

    guards = HostGuards(policy_of)
    for host in ("a" * 254, "a" * 250_000 + ":80", "[" + ":" * 300 + "]"):
        through_wsgi(guards, Request(fields=(("host", host),)), Response())
    assert asked == []


@pytest.mark.parametrize("policy", [1, "enforce", PrivacyPolicy, ["a"]])
def test_what_is_no_policy_is_an_error_at_start(policy: Any) -> None:
    with pytest.raises(PolicyError, match=r"expected a PrivacyPolicy.*PrivacyPolicy\.load"):
        guard_for(policy)


def test_a_compiled_policy_is_taken_as_it_is() -> None:
    one, several = guard(), HostGuards(lambda host: None)
    assert guard_for(one) is one
    assert guard_for(several) is several
    made = guard_for({"mode": "report"})
    assert isinstance(made, Guard)
    assert made.mode == "report"
