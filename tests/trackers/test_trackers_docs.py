"""What docs/trackers.md tells a developer to declare, asked of the rules that ship."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from alpines_privacy import PrivacyPolicy
from alpines_privacy.http.url import Address, parse
from alpines_privacy.trackers import Match, rules_for, shipped_rules
from alpines_privacy.trackers.blocking import Blocker
from alpines_privacy.trackers.reports import listed

TEXT = (Path(__file__).parents[2] / "docs" / "trackers.md").read_text("utf-8")
_TABLE = TEXT.partition("| Embed | Hosts |")[2].partition("\n\n")[0]
FREE = [line.split("|")[1:3] for line in _TABLE.splitlines() if line.startswith("| ")]
MINOR = ("r.stripe.com", "m.stripe.com", "events.mapbox.com", "insights.algolia.io")
BLOCKS = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)]
DECLARED = [entry["host"] for entry in BLOCKS[0]["third_parties"]]
# What each of the declared hosts is asked for, where it is not `/`.
ASKED = {
    "*.intercom.io": "https://widget.intercom.io/widget/abc",
    "*.crisp.chat": "https://client.crisp.chat/l.js",
    "*.tawk.to": "https://embed.tawk.to/abc/default",
}


def page() -> Address:
    address = parse("https://www.shop.example/")
    assert address is not None
    return address


def stopped(host: str, policy: PrivacyPolicy, *, opted_out: bool = False) -> Match | None:
    url = ASKED.get(host, f"https://{host}/a.js")
    return Blocker(shipped_rules(), policy, opted_out).match(url, page(), ("script",))


@pytest.mark.parametrize(("embed", "hosts"), FREE, ids=[embed.strip() for embed, _ in FREE])
def test_what_is_said_to_need_no_entry_is_listed_nowhere(embed: str, hosts: str) -> None:
    del embed
    named = re.findall(r"`([a-z0-9.-]+)`", hosts)
    assert named
    for host in named:
        assert listed(shipped_rules(), host, "www.shop.example") is None, host
        PrivacyPolicy.from_mapping({"third_parties": [{"host": host, "purpose": "x"}]})


def test_twenty_embeds_are_told_of() -> None:
    assert len(FREE) >= 20


@pytest.mark.parametrize("host", MINOR)
def test_what_they_send_besides_is_listed(host: str) -> None:
    assert f"`{host}`" in TEXT
    assert listed(shipped_rules(), host, "www.shop.example") is not None


@pytest.mark.parametrize("host", DECLARED)
def test_what_is_said_to_need_an_entry_is_stopped_without_it_and_under_a_signal(host: str) -> None:
    declared = PrivacyPolicy.from_mapping(BLOCKS[0])
    assert stopped(host, PrivacyPolicy()) is not None
    assert stopped(host, declared) is None
    assert stopped(host, declared, opted_out=True) is not None


def test_what_a_rule_allows_loads_under_a_signal_too() -> None:
    rules = PrivacyPolicy.from_mapping(BLOCKS[1])
    for url in (
        "https://browser.sentry-cdn.com/8/bundle.min.js",
        "https://o1.ingest.us.sentry.io/api/1/envelope/",
    ):
        assert Blocker(shipped_rules(), rules, opted_out=True).match(url, page(), ("script",))
        blocker = Blocker(rules_for(rules.trackers), rules, opted_out=True)
        assert blocker.match(url, page(), ("script",)) is None
