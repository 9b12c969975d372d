"""Whether what stands under a key is a value of its kind: no `null`, no mask, no `password=password`.

A key alone is not enough. Programs log that a password is missing, that a token expired, how many
sessions there are, and the source line in which an argument is called `email`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from alpines_privacy.redaction.ways import network_of

__all__ = ["is_code", "is_said", "is_value", "may_be_code"]

_NOTHING = frozenset(
    {
        "[", "(", "{",
        "null", "none", "nil", "undefined", "nan", "true", "false", "yes", "no", "on",
        "off", "n/a", "na", "unset", "empty", "unknown", "anonymous", "optional", "string",
        "str", "int", "bytes", "object", "any", "-", "--", "...", "…", "?", "()", "[]",
        "{}", "$", "''", '""', "\\",
    }
)  # fmt: skip
_LONGEST_NOTHING = max(map(len, _NOTHING))
# Masks of other programs, the words they write for a value, and places for one.
_MASKED = re.compile(
    r"[\w.\-]{0,4}[*•●]{2,64}[\w.\-@]{0,4}|[xX]{4,32}"
    r"|[\[(<{]{0,2}(?:redacted|filtered|masked|hidden|removed|scrubbed|omitted|withheld|sensitive)[\])>}]{0,2}"
    r"|\[withheld: [\w ()]{1,80}\]|[$:@]\w{1,64}|\$?\{{1,2}[\w. :\-]{0,64}\}{1,2}|(?:[ ,]?%(?:\(\w{1,64}\))?[srd]){1,8}"
    r"|<(?!/)[^<>\n]{0,256}>",
    re.IGNORECASE,
)

# What prose says of such a thing after its name and a colon: "Password: must not be empty".
_SAID = frozenset(
    {
        "a", "an", "and", "are", "at", "auth", "bad", "basic", "bearer", "by", "can",
        "cannot", "changed", "check", "closed", "could", "created", "deleted", "denied",
        "did", "digest", "does", "done", "error", "errors", "exists", "expired", "expires",
        "failed", "failure", "field", "for", "found", "from", "given", "has", "have", "if",
        "in", "include", "incorrect", "invalid", "is", "it", "malformed", "may", "mismatch",
        "missing", "must", "need", "needs", "new", "not", "of", "ok", "omit", "only",
        "opened", "or", "please", "read", "refreshed", "rejected", "removed", "renewed",
        "require", "required", "requires", "reset", "revoked", "same-origin", "saved",
        "sent", "set", "should", "started", "stopped", "success", "successful",
        "successfully", "that", "the", "this", "to", "too", "unauthorized", "unexpected",
        "updated", "using", "valid", "verified", "was", "with", "wrong", "your",
    }
)  # fmt: skip

# Words of keys for one-time codes, which are shorter than other secrets.
_CODES = frozenset({"otp", "totp", "code", "codes"})
_ONE_TIME = re.compile(r"(?=[a-z-]*[0-9])[0-9a-z-]{4,16}")

_CALL = re.compile(r"[A-Za-z_]\w{0,64}(?:\.[A-Za-z_]\w{0,64}){0,8}[(\[]")
_ATTRIBUTE = re.compile(
    r"(?:self|cls|request|settings|config|kwargs|args|data|form|os|app|user|obj)\.[a-z_]"
)
_IDENTIFIER = re.compile(r"[a-z_]+(?:\.[a-z_]+)*[):,]*")
_WORDS_OF_CODE = frozenset({"await", "not", "lambda", "new", "yield", "if", "None):"})
_INDENT = "    "
_SOURCE = re.compile(r"\s{2,}|.{0,200}(?:\w\(|\bdef |\breturn |\bawait |\bself\.| = )", re.DOTALL)
_NOT_ALONE = re.compile(r"[0-9]|[^a-z]", re.ASCII)
_PLACE_IN_MEMORY = re.compile(
    r"0x[0-9A-Fa-f]+|[0-9A-Fa-f:.]+|[\w.\-]*:[0-9]{1,5}|[\w\-]+(?:\.[\w\-]+)+|/\S*|\w+://\S*"
)
_NAMED = re.compile(r"_?[a-z]+(?:_[a-z]+)+")
_NOBODY = frozenset(
    {
        "root",
        "nobody",
        "default",
        "postgres",
        "www-data",
        "system",
        "daemon",
        "guest",
        "anonymoususer",
    }
)
_CVV = re.compile(r"[0-9]{3,4}")
_MAC = re.compile(
    r"(?:[0-9A-Fa-f]{2}[:\-]?){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}"
)
_AT = re.compile(r"@|%(?:25)*40|&(?:#|commat)|\\(?:u00|x)40|\uff20")
_BEGINS_LIKE_IP = re.compile(r"[\[\]]*+[0-9A-Fa-f]{0,4}[.:\-]")
_OWN = ("127.", "0.", "::1", "255.")

# Fewest and most digits of kinds that are numbers, and of those that hold one.
_DIGITS = {
    "PHONE": (5, 20), "CNIC": (5, 15), "NTN": (5, 15), "SSN": (4, 11), "CARD": (8, 24), "IBAN": (6, 40),
    "PASSPORT": (4, 16), "BIRTH_DATE": (2, 24), "COORDINATES": (2, 64),
}  # fmt: skip
_NO_DIGITS = re.compile(r"\D+")
_MOST_READ = 128  # characters of a value that are looked at to judge it


def is_value(kind: str, word: str, value: str) -> bool:
    """Tell whether a text is a value of a kind; `word` is the last of its key."""
    start = value[:_MOST_READ].strip()
    if kind != "PASSWORD":
        start = start.rstrip("):,;") or start
    if not start or (len(start) <= _LONGEST_NOTHING and start.lower() in _NOTHING):
        return False
    if limits := _DIGITS.get(kind):
        if not limits[0] <= len(_NO_DIGITS.sub("", start)) <= limits[1]:
            return False
    elif (judge := _JUDGES.get(word) or _JUDGES.get(kind)) and not judge(start):
        return False
    return _MASKED.fullmatch(start) is None  # the last, since it takes the longest


def is_said(kind: str, word: str, value: str) -> bool:
    """Tell whether what follows a key and a colon in prose is a remark about it."""
    first = value.split(None, 1)[0].strip(".,;:!").lower() if value.strip() else ""
    if word == "passwords" and first.isalpha():
        return True
    if word in _CODES and _ONE_TIME.fullmatch(first):
        return False
    if first in _SAID:
        return True
    if kind == "SECRET" and word not in {"key", "authorization", "cookie"}:
        return len(first) < 8 or first.isalpha()
    return kind == "ADDRESS" and value.strip().isalpha()


def may_be_code(value: str, after: str) -> bool:
    """Tell whether a bare value can be an expression at all, wherever it stands."""
    if not (value[0].isalpha() or value[0] == "_"):
        return False
    return (
        "." in value
        or "(" in value
        or "[" in value
        or after in {"(", "["}
        or value in _WORDS_OF_CODE
        or _IDENTIFIER.fullmatch(value) is not None
    )


def is_code(line: str, value: str, after: str) -> bool:
    """Tell whether a bare value is an expression on a line of source, which tracebacks are full of.

    `line` is what stands before the key on its line, `after` the character after the value.
    """
    if line.startswith(_INDENT) and (value in _WORDS_OF_CODE or _IDENTIFIER.fullmatch(value)):
        return True
    called = after in {"(", "["} or "(" in value or "[" in value
    if (called and _CALL.match(value + after)) or ("." in value and _ATTRIBUTE.match(value)):
        return not line or _SOURCE.match(line) is not None
    return False


def _is_pin(value: str) -> bool:
    return 4 <= len(value) <= 12 and value.isdecimal()


def _is_pass(value: str) -> bool:
    """`pass=3` counts what passed."""
    return not (value.isdecimal() and len(value) < 4) and not value.startswith(("/", "~/"))


def _is_secret(value: str) -> bool:
    """Leave small numbers, and names in programs (`SESSION_KEY = "_auth_user_id"`)."""
    return not (value.isdecimal() and len(value) < 4) and _NAMED.fullmatch(value) is None


def _is_zip(value: str) -> bool:
    return len(value) <= 12 and any(map(str.isdecimal, value))


def _is_username(value: str) -> bool:
    """Leave short numbers: an identifier in a table tells nothing without it."""
    return not (value.isdecimal() and len(value) < 7) and value.lower() not in _NOBODY


def _is_address(value: str) -> bool:
    return len(value) > 1 and _PLACE_IN_MEMORY.fullmatch(value) is None


def _is_ip(value: str) -> bool:
    return (
        _BEGINS_LIKE_IP.match(value) is not None
        and network_of(value) is not None
        and not value.startswith(_OWN)
    )


def _is_long(value: str) -> bool:
    return len(value) > 1


_JUDGES: dict[str, Callable[[str], bool]] = {
    "pin": _is_pin, "pass": _is_pass, "pwd": _is_pass, "pw": _is_pass, "passwords": _is_pass,
    "zip": _is_zip, "zipcode": _is_zip, "postcode": _is_zip,
    "mail": lambda value: _AT.search(value) is not None,
    "SECRET": _is_secret,
    "USERNAME": _is_username,
    "ADDRESS": _is_address,
    "NAME": _is_long, "EMAIL": _is_long,
    "IP": _is_ip,
    "CVV": lambda value: _CVV.fullmatch(value) is not None,
    "MAC": lambda value: _MAC.fullmatch(value) is not None,
}  # fmt: skip
