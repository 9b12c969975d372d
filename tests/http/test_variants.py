"""ETags of a page's variants: marked for the browser, mapped back for the app."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpines_privacy.http.variants import MARK, mapped_back, marked, named_as_asked

V, OTHER = "1f2e3d4c", "00000000"
OURS, THEIRS = "~aps" + V, "~aps" + OTHER

MARKED = [
    ('"abc"', f'W/"abc{OURS}"'),
    ('W/"abc"', f'W/"abc~apw{V}"'),
    ('  "abc"\t', f'W/"abc{OURS}"'),
    ('""', f'W/"{OURS}"'),
    ('"a b"', None),  # no blanks in a tag, RFC 9110 §8.8.3
    ("abc", None),
    ('"abc', None),
    ('w/"abc"', None),  # the W is told by its case
    ('"a"b"', None),
    ("", None),
]

MAPPED = [
    (f'W/"abc{OURS}"', '"abc"'),
    (f'"abc{OURS}"', '"abc"'),  # a strong one: caches have been seen to drop the W/
    (f'W/"abc~apw{V}"', 'W/"abc"'),
    (f'W/"abc{THEIRS}"', None),
    ('"abc"', None),
    ("*", None),
    ("", None),
    ("no tag at all", None),
    (f'W/"a{OURS}", "b", W/"c{THEIRS}", W/"d~apw{V}"', '"a", W/"d"'),
    (f'W/"a{OURS}",W/"b{OURS}"', '"a", "b"'),  # no blank is needed
    (f'W/"a,b{OURS}"', '"a,b"'),  # a comma in a tag
    (f'W/"abc{OURS}-gzip"', None),  # a proxy's coding of it
    (f'W/"abc{THEIRS}{OURS}"', f'"abc{THEIRS}"'),  # a layer behind this one
    (f'W/"abc~apx{V}"', None),
    (f'W/"abc{OURS[:-1]}"', None),
]

MEANT = [
    ('"a"', '"a"', '"a"'),
    ('"a"', '"b", W/"a"', 'W/"a"'),  # compressed, the page's tag was weak: a 304 is not compressed
    ('W/"a"', '"a"', '"a"'),
    ('"c"', '"a", "b"', '"c"'),
    ("c", '"a"', "c"),
    ('"a"', "", '"a"'),
]


@pytest.mark.parametrize(("etag", "asked", "expected"), MEANT)
def test_a_304_means_one_of_the_tags_the_app_was_asked_about(
    etag: str, asked: str, expected: str
) -> None:
    assert named_as_asked(etag, asked) == expected


etags = st.builds(
    "{}{}".format,
    st.sampled_from(["", "W/"]),
    st.text(
        st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters='"\x7f'),
        max_size=12,
    ).map('"{}"'.format),
)
variants = st.integers(0, 2**32 - 1).map("{:08x}".format)


@pytest.mark.parametrize(("etag", "expected"), MARKED)
def test_an_etag_names_its_variant_and_is_weak(etag: str, expected: str | None) -> None:
    assert marked(etag, V) == expected


@pytest.mark.parametrize(("if_none_match", "expected"), MAPPED)
def test_the_app_sees_the_tags_of_this_variant_as_it_made_them(
    if_none_match: str, expected: str | None
) -> None:
    assert mapped_back(if_none_match, V) == expected


@given(etag=etags, variant=variants, other=variants)
def test_what_is_marked_is_mapped_back_for_its_own_variant_only(
    etag: str, variant: str, other: str
) -> None:
    tag = marked(etag, variant)
    assert tag is not None
    assert tag.startswith('W/"')
    assert MARK in tag
    assert mapped_back(tag, variant) == etag
    assert (mapped_back(tag, other) is None) is (variant != other)


@given(tags=st.lists(etags, min_size=1, max_size=5), strange=st.text(max_size=20))
def test_a_list_is_mapped_tag_by_tag(tags: list[str], strange: str) -> None:
    sent = [tag for tag in (marked(tag, V) for tag in tags) if tag]
    assert mapped_back(", ".join(sent), V) == ", ".join(tags)
    mapped_back(strange, V)  # whatever comes


def test_an_if_none_match_longer_than_its_window_is_taken_for_none() -> None:
    tag = marked('"a"', "0" * 8)
    assert tag is not None
    assert mapped_back(tag, "0" * 8) == '"a"'
    assert mapped_back(tag + ", " * 5000, "0" * 8) is None
