"""The shield's script as it is sent: the minified source and its tables.

`shield.js` is a function of two arguments. The file calls it with a policy's tables. The file's name
holds its digest.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from alpines_privacy.http.weights import weights
from alpines_privacy.shield.shortening import shortened

__all__ = ["Script"]

# The sources of the tables, and their licences.
_NOTICE = (
    "/* alpines-privacy shield (MIT). Tables: third-party-web (MIT); EasyPrivacy, EasyList: "
    "easylist.to, CC BY-SA 3.0, modified */\n"
)


class Script:
    """One file: its text, its digest (16 hex digits), and its bytes in each available coding."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self.text = f"{_NOTICE}{source()}({json.dumps(tables, separators=(',', ':'))});\n"
        data = self.text.encode("ascii")
        self.digest = hashlib.blake2b(data, digest_size=8).hexdigest()
        self._codings = _coded(data)

    def coded(self, accepted: list[str]) -> tuple[str, bytes]:
        """Return the best coding that an Accept-Encoding accepts (RFC 9110 §12.5.3), and the file in it."""
        weighed = weights(", ".join(accepted))
        for name, data in self._codings.items():
            if weighed.get(name, weighed.get("*", 0.0)) > 0:
                return name, data
        return "identity", self._codings["identity"]


@cache
def source() -> str:
    """Return the minified source: one expression, without comments and long names."""
    text = (files(__package__) / "shield.js").read_text(encoding="ascii")
    return shortened(text).strip()


@lru_cache(
    maxsize=8
)  # guards of the same policy, as in tests and worker threads, share their files
def _coded(data: bytes) -> dict[str, bytes]:
    """Return the codings, the smallest first."""
    # Smaller blocks fit the code and the tables better: 1 % less.
    packing = zlib.compressobj(9, wbits=31, memLevel=6)
    codings = {"gzip": packing.compress(data) + packing.flush(), "identity": data}
    for library in ("brotli", "brotlicffi"):
        try:
            brotli = import_module(library)
        except ImportError:
            continue
        return {"br": brotli.compress(data, quality=9), **codings}
    return codings
