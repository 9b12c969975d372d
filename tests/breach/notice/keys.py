"""Keys of signatures, made anew for each run."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

__all__ = ["ED25519", "RSA", "Key", "pem"]

Key = RSAPrivateKey | Ed25519PrivateKey
RSA = generate_private_key(65537, 2048)
ED25519 = Ed25519PrivateKey.generate()


def pem(key: Key, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    """Return a private key as a file holds it."""
    return key.private_bytes(Encoding.PEM, form, NoEncryption())
