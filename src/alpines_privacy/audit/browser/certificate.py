"""A certificate for every host at once, which the audit's own browser is told to take."""

from __future__ import annotations

import base64
import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

__all__ = ["Certificate", "make_certificate"]

_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "alpines-privacy audit")])


class Certificate(NamedTuple):
    """A server's TLS context, and the key's hash, by which Chromium knows the certificate.

    `key_hash` is the Base64 of the SHA-256 of the SubjectPublicKeyInfo (RFC 7469 §2.4).
    """

    context: ssl.SSLContext
    key_hash: str


def make_certificate() -> Certificate:
    """Make a key and a self-signed certificate, both gone with the process."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(_NAME, _NAME, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Certificate(
        _context(made, key), base64.b64encode(hashlib.sha256(public).digest()).decode()
    )


def _context(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    """Return a context; `ssl` reads files only, so there is one for a moment."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with TemporaryDirectory() as folder:
        file = Path(folder) / "audit.pem"
        file.touch(mode=0o600)
        file.write_bytes(private + certificate.public_bytes(pem))
        context.load_cert_chain(file)
    return context
