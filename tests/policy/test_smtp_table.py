"""`[breach.smtp]` of the policy: what it takes, and what a wrong one says."""

from __future__ import annotations

from typing import Any

import pytest

from alpines_privacy.policy import PolicyError, PrivacyPolicy, Smtp


def test_a_host_is_enough() -> None:
    smtp = Smtp(host="mail.example.com")
    assert (smtp.security, smtp.address, smtp.connections) == (
        "starttls",
        ("mail.example.com", 587),
        4,
    )
    assert Smtp(host="mail.example.com", security="tls").address == ("mail.example.com", 465)
    assert Smtp(host="mail.example.com", port=2525).address == ("mail.example.com", 2525)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "127.0.0.1", "127.8.9.1", "::1"])
def test_this_machine_may_be_spoken_to_unencrypted(host: str) -> None:
    assert Smtp(host=host, security="none").security == "none"


@pytest.mark.parametrize(
    "host", ["mail", "mail_server", "10.0.0.1", "2001:db8::1", "a.b.example.com."]
)
def test_hosts(host: str) -> None:
    assert Smtp(host=host).host == host


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no host": ({}, "host", "is missing"),
    "a URL": ({"host": "smtp://mail.example.com"}, "host", "is no host"),
    "the port in the host": ({"host": "mail.example.com:587"}, "host", "the port apart"),
    "a space": ({"host": "mail example"}, "host", "is no host"),
    "an empty label": ({"host": "mail..example.com"}, "host", "is no host"),
    "a long label": ({"host": f"{'a' * 64}.example.com"}, "host", "is no host"),
    "a forged command": ({"host": "x\r\nQUIT"}, "host", "is no host"),
    "unencrypted to elsewhere": ({"host": "mail.example.com", "security": "none"}, "security", "unencrypted"),
    "unencrypted to a network": ({"host": "192.168.1.1", "security": "none"}, "security", "unencrypted"),
    "a name like this machine's": ({"host": "localhost.example.com", "security": "none"}, "security", "unencrypted"),
    "another security": ({"host": "m", "security": "ssl"}, "security", "starttls"),
    "a port": ({"host": "m", "port": 70_000}, "port", "a whole number from 1 to 65535"),
    "no connections": ({"host": "m", "connections": 0}, "connections", "1"),
    "no rate": ({"host": "m", "rate": 0}, "rate", "a number above 0, at most 100000"),
    "a rate without an end": ({"host": "m", "rate": float("inf")}, "rate", "100000"),
    "a rate that is no number": ({"host": "m", "domain_rate": float("nan")}, "domain_rate", ""),
    "a share above one": ({"host": "m", "refusals": 1.5}, "refusals", "1"),
    "a password": ({"host": "m", "password": "hunter22"}, "password", "unknown"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_table_is_one_error_with_its_key(case: str) -> None:
    values, key, problem = WRONG[case]
    with pytest.raises(PolicyError) as raised:
        PrivacyPolicy.from_mapping({"breach": {"zone": "UTC", "smtp": values}})
    assert raised.value.key == f"breach.smtp.{key}"
    assert problem in raised.value.problem
    assert "hunter22" not in str(raised.value)
