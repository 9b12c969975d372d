"""Signatures, which dkimpy verifies with the public key that DNS would have."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.notice.signing import Signer
from alpines_privacy.policy import Breach, Dkim
from tests.breach.notice.keys import ED25519, RSA, Key, pem
from tests.breach.notice.support import UR, claim, notices, read


def record(key: Key) -> bytes:
    """The record in the DNS (RFC 6376 §3.6.1, RFC 8463 §4)."""
    if isinstance(key, RSAPrivateKey):
        data = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b"v=DKIM1; k=rsa; p=" + b64encode(data)
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return b"v=DKIM1; k=ed25519; p=" + b64encode(raw)


def settings_with(path: Path, data: bytes) -> Breach:
    path.write_bytes(data)
    signed = Dkim(domain="example.com", selector="mail2026", key_file=str(path))
    return Breach(zone="UTC", dkim=signed)


def verified(content: bytes, key: Key) -> bool:
    names: list[bytes] = []

    def dns(name: bytes, timeout: float = 0) -> bytes:
        names.append(name)
        return record(key)

    found = bool(dkim.verify(content, dnsfunc=dns))
    assert names == [b"mail2026._domainkey.example.com."]
    return found


KEYS: dict[str, tuple[Key, bytes]] = {
    "RSA, PKCS #8": (RSA, pem(RSA)),
    "RSA, PKCS #1": (RSA, pem(RSA, PrivateFormat.TraditionalOpenSSL)),
    "RSA, lines of DOS": (RSA, pem(RSA).replace(b"\n", b"\r\n")),
    "Ed25519": (ED25519, pem(ED25519)),
}


@pytest.mark.parametrize("kind", KEYS)
def test_letters_are_verified_and_no_change_is(kind: str, tmp_path: Path) -> None:
    key, data = KEYS[kind]
    made = notices(settings_with(tmp_path / "key.pem", data), translations={"ur": UR})
    assert verified(made.letter(claim("用户@example.net")).content, key)
    for language in ("en", "ur"):
        letter = made.letter(claim(name="Khan, Åsa", language=language))
        assert verified(letter.content, key)
        assert letter.content == made.letter(claim(name="Khan, Åsa", language=language)).content
        for field in ("From", "To", "Subject", "Date", "Message-ID", "Content-Type"):
            line = f"{field}: x\r\n".encode()
            forged = letter.content.replace(f"\r\n{field}: ".encode(), b"\r\n" + line + b"X-Was: ")
            assert not verified(forged, key), field
        assert not verified(b"From: Somebody Else <a@example.com>\r\n" + letter.content, key)
        assert not verified(letter.content.replace(b"--=_notice--", b"Pay\r\n--=_notice--"), key)
        head = letter.content.partition(b"\r\n\r\n")[0].split(b"\r\n")
        assert max(map(len, head)) <= 78
        signature = read(letter)["DKIM-Signature"]
        assert read(letter).keys()[0] == "DKIM-Signature"
        assert signature.count("from") == 2  # so that no second one can be added
        assert not {" l=", " t=", " x="} & set(re.findall(r" \w=", signature))


def test_whatever_the_name_the_signature_holds(tmp_path: Path) -> None:
    made = notices(settings_with(tmp_path / "key.pem", pem(ED25519)), translations={"ur": UR})

    @given(st.text(max_size=100), st.sampled_from([None, "ur"]))
    @settings(max_examples=40)
    def holds(name: str, language: str | None) -> None:
        content = made.letter(claim(name=name, language=language)).content
        assert verified(content, ED25519)
        # Servers on the way fold lines anew, and add spaces at their ends (RFC 6376 §3.4).
        assert verified(content.replace(b"\r\nTo: ", b"\r\nTo:   "), ED25519)

    holds()


WRONG: dict[str, tuple[bytes | None, str]] = {
    "absent": (None, "cannot be read: No such file"),
    "empty": (b"", "holds no private key"),
    "no key": (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "holds no private key"),
    "a public key": (
        RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "holds no private key",
    ),
    "under a password": (
        RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")), "by a password",
    ),
    "of a curve": (
        ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "another kind",
    ),
    "too long": (b"a" * 70_000, "is larger than"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_key_is_told_at_the_start_with_its_name(case: str, tmp_path: Path) -> None:
    data, problem = WRONG[case]
    signed = Dkim(domain="example.com", selector="a", key_file=str(tmp_path / "key.pem"))
    if data is not None:
        (tmp_path / "key.pem").write_bytes(data)
    with pytest.raises(BreachError, match=problem) as raised:
        notices(Breach(zone="UTC", dkim=signed))
    assert str(raised.value).startswith("breach.dkim.key_file: ")
    assert "key.pem" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_folder_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(BreachError, match=r"breach\.dkim\.key_file: "):
        Signer(Dkim(domain="example.com", selector="a", key_file=str(tmp_path)))
