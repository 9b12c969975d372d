"""Typed texts are found again however they are sent, and nowhere else."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.audit.browser.markers import Keys, Markers, keys_in, moves_in, spelled

WAYS: dict[str, tuple[Callable[[str], bytes], str]] = {
    "as it is": (str.encode, "plain"),
    "upper case": (lambda text: text.upper().encode(), "plain"),
    "in JSON": (lambda text: json.dumps({"value": text}).encode(), "plain"),
    "percent-encoded twice": (
        lambda text: quote(quote("".join(f"%{ord(each):02x}" for each in text))).encode(),
        "plain",
    ),
    "Base64": (lambda text: base64.b64encode(text.encode()), "base64"),
    "Base64 of JSON": (
        lambda text: base64.b64encode(json.dumps({"some": "thing", "v": text}).encode()),
        "base64",
    ),
    "Base64 for addresses, unpadded": (
        lambda text: b"?d=" + base64.urlsafe_b64encode(b"??>>" + text.encode()).rstrip(b"="),
        "base64",
    ),
    "gzip": (lambda text: gzip.compress(text.encode()), "compressed"),
    "zlib in Base64": (
        lambda text: base64.b64encode(zlib.compress(json.dumps([text]).encode())),
        "base64",
    ),
    "MD5": (lambda text: hashlib.md5(text.encode()).hexdigest().encode(), "md5"),  # noqa: S324 - as trackers do
    "SHA-1, upper case": (
        lambda text: hashlib.sha1(text.encode()).hexdigest().upper().encode(),  # noqa: S324 - as trackers do
        "sha1",
    ),
    "SHA-256 in an address": (
        lambda text: b"https://x/?h=" + hashlib.sha256(text.encode()).hexdigest().encode() + b"&a",
        "sha256",
    ),
    "SHA-256 in Base64": (
        lambda text: b"h=" + base64.b64encode(hashlib.sha256(text.encode()).digest()),
        "sha256",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_marker_is_found(way: str) -> None:
    markers = Markers()
    sent, encoding = WAYS[way][0](markers.text("field q", 100)), WAYS[way][1]
    (found,) = markers.find(b"before", sent)
    assert (found.what, found.encoding) == ("field q", encoding)


def test_the_hash_of_a_whole_address_is_found() -> None:
    markers = Markers()
    marker = markers.text("mail", 100)
    markers.typed(marker, f"{marker}@example.com", "mail")
    digest = hashlib.sha256(f"{marker}@example.com".encode()).hexdigest()
    assert {found.encoding for found in markers.find(digest.encode())} == {"sha256"}


@given(st.binary(max_size=4000))
def test_nothing_is_found_by_chance(data: bytes) -> None:
    markers = Markers(["Ayesha Khan"])
    markers.text("q", 100)
    markers.text("phone", 100, digits=True)
    assert markers.find(data) == frozenset()


def test_deep_and_large_bodies_take_linear_time() -> None:
    markers = Markers()
    markers.text("q", 100)
    body = base64.b64encode(gzip.compress(b"%25" * 1_000_000, 9)) * 20
    assert markers.find(body, b"%" * 1_000_000, b"A" * 3_000_000) == frozenset()


KEYS = {
    "names": '{"key":"%s","type":"keydown","time":1718}',
    "names between other single letters": '{"t":"k","key":"%s"}',
    "a query": "https://x.example/k?c=%s&n=17",
    "alone": "%s",
}


@pytest.mark.parametrize("form", KEYS)
def test_single_keys_spell_a_marker(form: str) -> None:
    markers, keys = Markers(), Keys()
    for letter in markers.text("q", 100):
        keys = keys.followed_by(keys_in((KEYS[form] % letter).encode()))
    assert {found.encoding for found in markers.spelled(keys)} == {"single keys"}


def test_codes_and_numbers_of_keys_spell_a_marker() -> None:
    for form in ('{{"code":"Key{0}"}}', '{{"keyCode":{1},"x":5}}', '{{"down":{1}}},{{"up":{1}}}'):
        markers = Markers()
        text = markers.text("q", 100)
        sent = ",".join(form.format(each.upper(), ord(each.upper())) for each in text)
        assert markers.spelled(keys_in(sent.encode())), form


@pytest.mark.parametrize(
    ("keys", "is_spelled"),
    [("tea", True), ("tteeaa", True), ("xtxexax", True), ("txxxea", False), ("ate", False)],
)
def test_spelling(keys: str, is_spelled: bool) -> None:
    assert spelled("tea", keys) is is_spelled


def test_a_field_too_short_for_a_marker_gets_none() -> None:
    assert Markers().text("q", 5) == ""
    assert len(Markers().text("q", 8)) == 8


def test_points_of_a_path_are_pairs() -> None:
    path = ((317, 233), (431, 271))
    assert moves_in(path, b'[{"x":317,"y":233},{"x":431,"t":5,"y":271}]') == 2
    assert moves_in(path, b"317, 1, 2, 233, 271, 431") == 0
