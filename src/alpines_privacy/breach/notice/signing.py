"""Signatures of notices (DKIM, RFC 6376): RSA with SHA-256, or Ed25519 (RFC 8463).

dkimpy brings the message into its canonical form and writes the field; OpenSSL signs, since dkimpy's
own RSA takes ten times as long. The key is read once. Neither a time nor a length is signed, so
the same message has the same signature.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path

import dkim
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dkim.canonicalization import Relaxed

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.policy.bounds import read_regular
from alpines_privacy.policy.breach import Dkim
from alpines_privacy.policy.errors import PolicyError

__all__ = ["Signer"]

_LONGEST_KEY = 64 << 10  # bytes of a file
_SHORTEST = 1024  # bits of an RSA key (RFC 8301 §3.2)
_NAME = b"DKIM-Signature"
# What is signed; From once more than it is there, so that nobody can add a second (RFC 6376 §8.15).
_SIGNED = (
    b"from", b"to", b"subject", b"date", b"message-id", b"auto-submitted", b"content-language",
    b"mime-version", b"content-type", b"from",
)  # fmt: skip


class Signer:
    """Signs messages with the key of `[breach.dkim]`."""

    def __init__(self, settings: Dkim) -> None:
        """Read the key; raises `BreachError` that names `breach.dkim.key_file` and the file."""
        key = _key(settings.key_file)
        self._key = key
        algorithm = "rsa" if isinstance(key, RSAPrivateKey) else "ed25519"
        self._fields = (
            f"v=1; a={algorithm}-sha256; c=relaxed/relaxed; d={settings.domain}; "
            f"s={settings.selector}; h={' : '.join(name.decode() for name in _SIGNED)}; bh="
        ).encode()

    def signature(self, head: bytes, body: bytes) -> bytes:
        """Return the field `DKIM-Signature`, with its end, for a message of a head and a body."""
        digest = b64encode(hashlib.sha256(Relaxed.canonicalize_body(body)).digest())
        value = dkim.fold(self._fields + digest + b"; b=", namelen=len(_NAME))
        headers, _ = dkim.rfc822_parse(head)
        hashed = hashlib.sha256()
        field = (_NAME, b" " + value)
        relaxed = Relaxed.canonicalize_headers(headers)
        dkim.hash_headers(hashed, Relaxed, relaxed, _SIGNED, field, {})
        signed = b64encode(self._signed(hashed.digest()))
        whole = dkim.fold(value + signed + b"\r\n", namelen=len(_NAME))
        return _NAME + b": " + bytes(whole)

    def _signed(self, digest: bytes) -> bytes:
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(digest, PKCS1v15(), Prehashed(SHA256()))
        return self._key.sign(digest)


def _key(path: str) -> RSAPrivateKey | Ed25519PrivateKey:
    def problem(text: str) -> BreachError:
        return BreachError(f"breach.dkim.key_file: {path} {text}")

    try:
        data = read_regular(Path(path), _LONGEST_KEY, key="breach.dkim.key_file")
        key = load_pem_private_key(data, password=None)
    except PolicyError as error:
        raise BreachError(str(error)) from None
    except OSError as error:
        raise problem(f"cannot be read: {error.strerror}") from None
    except TypeError:
        raise problem("is protected by a password; expected a key without one") from None
    except (ValueError, UnsupportedAlgorithm):
        raise problem("holds no private key; expected one in PEM, RSA or Ed25519") from None
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey):
        raise problem(
            f"holds a key of another kind ({type(key).__name__}); expected RSA or Ed25519"
        )
    if key.key_size < _SHORTEST:
        raise problem(f"holds an RSA key of {key.key_size} bits; expected at least {_SHORTEST}")
    return key
