"""A self-signed certificate, good for two days."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.conftest import need

__all__ = ["Certificate", "make_certificate"]


class Certificate(NamedTuple):
    """Its two files and a server's context made of them."""

    cert: Path
    key: Path
    context: ssl.SSLContext


def make_certificate(folder: Path, *hosts: str) -> Certificate:
    """Write a certificate and its key into `folder`; `hosts` are as openssl names them, `IP:127.0.0.1`."""
    openssl = shutil.which("openssl")
    need("openssl", openssl is not None, "apt-get install openssl")
    cert, key = folder / "cert.pem", folder / "key.pem"
    kind = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    files = ["-subj", "/CN=shop.example", "-keyout", str(key), "-out", str(cert)]
    if hosts:
        kind += ["-addext", f"subjectAltName={','.join(hosts)}"]
    subprocess.run([str(openssl), *kind, *files], check=True, capture_output=True)  # noqa: S603 - our own words
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return Certificate(cert, key, context)
