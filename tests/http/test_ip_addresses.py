"""IP addresses in all their forms, and the networks of customers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.http.ip_addresses import customer_network, read_ip

READ = [
    ("203.0.113.9", "203.0.113.9"),
    ("::ffff:203.0.113.9", "203.0.113.9"),
    ("::FFFF:cb00:7109", "203.0.113.9"),
    ("2001:DB8::0001", "2001:db8::1"),
    ("", None),
    ("localhost", None),
    ("203.0.113", None),
    ("203.0.113.9:80", None),
    ("[::1]", None),
    (" ::1", None),
]


@pytest.mark.parametrize(("text", "address"), READ)
def test_an_address_is_the_same_in_all_its_forms(text: str, address: str | None) -> None:
    ip = read_ip(text)
    assert (None if ip is None else str(ip)) == address


NETWORKS = [
    ("203.0.113.9", "203.0.113.0/24"),
    ("::ffff:203.0.113.77", "203.0.113.0/24"),
    ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
    ("fe80::1%eth0", "fe80::/56"),
    ("64:ff9b::cb00:7109", "203.0.113.0/24"),
    ("64:ff9b:1::cb00:7109", "64:ff9b:1::/56"),
    ("", "None"),
    ("unix:/run/app.sock", "None"),
]


@pytest.mark.parametrize(("address", "network"), NETWORKS)
def test_a_customer_has_one_network(address: str, network: str) -> None:
    assert str(customer_network(address)) == network


@given(st.ip_addresses().filter(lambda ip: not str(ip).startswith("64:ff9b::")))
def test_each_address_lies_in_its_customer_s_network(ip: object) -> None:
    read, network = read_ip(str(ip)), customer_network(str(ip))
    assert read is not None
    assert network is not None
    assert read in network


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_none(text: str) -> None:
    assert (read_ip(text) is None) == (customer_network(text) is None)
