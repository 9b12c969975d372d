"""`docs/keys.md`, written from the tables that decide: `python -m tests.support.key_table` writes it anew."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from alpines_privacy.cli.reports import KIND_NAMES
from alpines_privacy.http.key_names import _ABOUT, _JOINED, _KINDS, _MORE, _OTHER
from alpines_privacy.redaction.engine.people import PEOPLE

__all__ = ["PAGE", "page"]

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"

_TEXT = """\
# Keys of personal data

What stands under one of these keys is redacted, in text, JSON, query strings, logfmt, headers, forms and nested data
([redaction.md](redaction.md#by-key)). This page is written from the table itself: `make keys`.

A key is read as words, in any spelling: `firstname` below stands for `first_name`, `firstName`, `First-Name` and
`FIRST_NAME`. Its end decides: `billing_email` and `userEmail` end with `email`. The longest end counts.

`alpines-privacy explain-log` tells which key hides a value. `[logs]` in the policy has the last word:

```toml
[logs]
safe_keys = ["page_token"]   # this very key hides nothing

[[logs.keys]]                # a key of the site's own
name = "roll_number"
kind = "CNIC"
```

## By kind

| Kind | What it is | Ends of keys |
|---|---|---|
{kinds}

A key that is one word may also end with {joined}: `myapikey`, `usertoken`.

`name` alone counts in JSON, and in what Python prints of a dict, in an object or a list under one of these keys:
{people}.

## What changes nothing

Numbers at the end (`password1`), and these last words: {more}.

## What is no such key

Keys that begin with a question or an amount, since their values tell about the data: {about}.

Keys that end with one of these, which mean something else: {other}.
"""


def page() -> str:
    """Return the page as the tables are now."""
    rows = [
        f"| `{kind}` | {KIND_NAMES[kind]} | {_words(_KINDS[kind].split())} |" for kind in _KINDS
    ]
    joined = [
        word for word in _JOINED.pattern.replace("(", "|").replace(")", "|").split("|") if word
    ]
    return _TEXT.format(
        kinds="\n".join(rows),
        joined=_words(word for word in joined if word.isalpha()),
        people=_words(sorted(PEOPLE)),
        more=_words(sorted(_MORE)),
        about=_words(sorted(_ABOUT)),
        other=_words(sorted(_OTHER)),
    )


def _words(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
