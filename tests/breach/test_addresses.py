"""Mail addresses: which are valid, and which name one mailbox."""

from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from alpines_privacy.breach.addresses import read_address, read_domain

VALID = [
    ("Jane@Example.COM", "Jane@example.com", "jane@example.com"),
    (" jane@example.com\n", "jane@example.com", "jane@example.com"),
    ("\ufeffjane@example.com\u00a0", "jane@example.com", "jane@example.com"),
    ("j@MÜNCHEN.example.de", "j@xn--mnchen-3ya.example.de", "j@xn--mnchen-3ya.example.de"),
    ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v", "用户@xn--fsqu00a.xn--4rr70v"),
    ("Müller@example.com", "Müller@example.com", "müller@example.com"),
    ('"a b"@example.com', '"a b"@example.com', '"a b"@example.com'),
    ("Jane Doe <Jane@example.com>", "Jane@example.com", "jane@example.com"),
    ("jane+tag@example.com", "jane+tag@example.com", "jane+tag@example.com"),
    (f"{'x' * 64}@example.com", f"{'x' * 64}@example.com", f"{'x' * 64}@example.com"),
]  # fmt: skip


@pytest.mark.parametrize("index", range(len(VALID)))
def test_a_valid_address_is_kept_as_given_and_compared_without_case(index: int) -> None:
    text, written, mailbox = VALID[index]
    address = read_address(text)
    assert address is not None
    assert (address.written, address.mailbox) == (written, mailbox)


def test_unicode_s_two_forms_of_a_letter_are_one_mailbox() -> None:
    composed, apart = (
        read_address("m\u00fcller@example.com"),
        read_address("mu\u0308ller@example.com"),
    )
    assert composed is not None
    assert apart is not None
    assert composed.mailbox == apart.mailbox


@pytest.mark.parametrize(("one", "other"), [("ma\u00df", "mass"), ("\u017f", "s"), ("\u0130", "i")])
def test_letters_that_only_fold_alike_are_two_mailboxes(one: str, other: str) -> None:
    """Telling somebody twice is a smaller harm than not telling somebody."""
    first, second = read_address(f"{one}@example.com"), read_address(f"{other}@example.com")
    assert first is not None
    assert second is not None
    assert first.mailbox != second.mailbox


INVALID = [
    "", "@", "a", "a@", "@b.com", "a@b", "a@localhost", "a@x.test", "a@x.invalid", "a..b@x.com", ".a@x.com",
    "a@x..com", "a@-x.com", "a@x.com.", "a@[127.0.0.1]", "a b@x.com", "a@x.com,b@x.com", "a@x.com; b@x.com",
    f"{'x' * 65}@example.com", f"{'x' * 300}@example.com", f"a@{'x' * 64}.com", f"a@{'x.' * 130}com",
    "a@x.com\r\nBcc: b@x.com", "a\r\n@x.com", "a\0@x.com", "a@x\0.com", "a@x.com\0", '"a\r\nb"@x.com',
    "a@x.com>", "<a@x.com", "a@\ud800.com", "a@xn--a.com", "x" * 100_000, "@" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("index", range(len(INVALID)))
def test_what_no_mail_can_be_sent_to_is_no_address(index: int) -> None:
    assert read_address(INVALID[index]) is None


@pytest.mark.parametrize(("text", "domain"), [
    (" Example.COM\n", "example.com"), ("M\u00dcNCHEN.example", "xn--mnchen-3ya.example"),
    ("XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"), ("", None), ("localhost", None), ("a b.com", None),
    ("b@example.com", None), ("x <b@example.com>", None), ("x@y <b@example.com>", None), (f"{'x.' * 200}com", None),
])  # fmt: skip
def test_a_domain_is_read_as_addresses_have_it(text: str, domain: str | None) -> None:
    assert read_domain(text) == domain


_LOCALS = st.text("abzAZ09.!#'+-_\"@ ü\r\n\0", max_size=70)
_HOSTS = st.text("abzAZ09.-xn_ ü\n", max_size=70)


@given(_LOCALS, _HOSTS)
@example("a", "x.test")
@example("a", "ab--c.com")
@example("a", "xn--a.com")
@example("a", "x.1")
@example("a", "x.1a")
@example("a" * 64, ("b" * 61 + ".") * 3 + "com")
def test_the_short_way_accepts_what_the_library_does(local: str, host: str) -> None:
    """Common addresses are read by two patterns, since the library takes longer than a database."""
    text = f"{local}@{host}".strip()
    try:
        library = validate_email(
            text, check_deliverability=False, allow_quoted_local=True, strict=True
        )
    except EmailNotValidError:
        library = None
    ours = read_address(text)
    assert (ours is None) is (library is None)
    if ours is not None and library is not None:
        assert ours.written == f"{library.local_part}@{library.ascii_domain}"


@given(st.text(max_size=40))
def test_nothing_that_is_read_can_break_a_head(text: str) -> None:
    address = read_address(f"{text}@example.com")
    assert address is None or address.written.isprintable()
