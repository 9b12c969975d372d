"""`alpines-privacy policy init`: a first policy file, written from what was seen, for a person to read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

from alpines_privacy.cli.errors import Refusal
from alpines_privacy.cookies.known import FRAMEWORKS
from alpines_privacy.http.seen import SEEN_VARIABLE
from alpines_privacy.policy import PrivacyPolicy
from alpines_privacy.policy.bounds import read_bounded

__all__ = ["Sighting", "init", "read_seen", "written"]

_LARGEST = 4_000_000  # bytes of a file of what was seen
_THINGS = ("cookie", "host", "signup", "collection")

_HEAD = f"""\
# A privacy policy as data, written from what was seen. Nothing here is declared yet.
#
# Read each table. If it is true, remove the # before its lines and write what is empty: a purpose is
# what you tell your visitors. If it is not true, delete it, and the app should stop doing it.
# What a policy may say: docs/policy.md. More is seen with {SEEN_VARIABLE}=seen.jsonl and mode = "report".

# "report" changes nothing and logs what it would change. "enforce" keeps the policy.
mode = "report"
"""


class Sighting(NamedTuple):
    """One thing that was seen: what it is, its name, and two more names of a field of it."""

    what: str
    name: str
    field: str = ""
    kind: str = ""


@click.command(context_settings={"max_content_width": 80})
@click.option(
    "--seen",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help=f"What was seen: the file that {SEEN_VARIABLE} named.",
)
@click.option(
    "--out",
    "-o",
    metavar="FILE",
    default=PrivacyPolicy.FILE,
    show_default=True,
    help="The file to write; - prints it.",
)
def init(seen: str | None, out: str) -> None:
    """Write a first policy file, with all that was seen as comments.

    Run the app with ALPINES_PRIVACY_SEEN=seen.jsonl for a while, in mode "report":
    undeclared cookies, hosts, signups and personal fields are written there, names
    and never values. Then let this command make a file of it, and read that.
    """
    text = written(read_seen(seen) if seen else [])
    if out == "-":
        click.echo(text, nl=False)
        return
    try:
        with Path(out).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Refusal(f"{out} exists; name another file with --out, or - to print") from None
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror}") from None
    click.echo(f"{out} is written: read it, and remove the # of what is true.", err=True)


def read_seen(path: str) -> list[Sighting]:
    """Read a file of what was seen, each thing once; raises `Refusal` with the line of what is wrong."""
    try:
        text = read_bounded(path, _LARGEST, source=path).decode()
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise Refusal(f"{path} is not UTF-8 (byte {error.start})") from None
    lines = enumerate(text.split("\n"), start=1)
    found = [_sighting(line, f"{path}:{number}") for number, line in lines if line.strip()]
    return sorted(set(found))


def _sighting(line: str, place: str) -> Sighting:
    try:
        told: Any = json.loads(line)
    except (ValueError, RecursionError):
        told = None
    texts = list(told.values()) if isinstance(told, dict) else [None]
    if not all(isinstance(t, str) and t.isascii() and t.isprintable() for t in texts):
        raise Refusal(f"{place}: found no line of {SEEN_VARIABLE}; expected a JSON object of names")
    if told.get("seen") not in _THINGS or not told.get("name"):
        raise Refusal(f'{place}: found no "seen" and "name"; expected one of {", ".join(_THINGS)}')
    field = told.get("field") or told.get("birth_date") or ""
    return Sighting(told["seen"], told["name"], field, told.get("kind", ""))


def written(seen: list[Sighting]) -> str:
    """Return the text of a policy file that declares nothing and holds what was seen as comments."""
    tables = [*_cookies(seen), *_hosts(seen), *_signups(seen), *_collections(seen)]
    return "\n".join([_HEAD, *tables]) if tables else f"{_HEAD}\n# Nothing was seen yet.\n"


def _cookies(seen: list[Sighting]) -> Iterator[str]:
    purposes = {name: purpose for known in FRAMEWORKS.values() for name, purpose in known.items()}
    for each in seen:
        if each.what == "cookie":
            purpose = purposes.get(each.name, "")
            necessary = "# necessary = true  # only if the site does not work without it\n"
            yield _table("cookies", name=each.name, purpose=purpose) + necessary


def _hosts(seen: list[Sighting]) -> Iterator[str]:
    for each in seen:
        if each.what == "host":
            yield _table("third_parties", host=each.name, purpose="")


def _signups(seen: list[Sighting]) -> Iterator[str]:
    for each in seen:
        if each.what == "signup":
            yield _table("signups", path=_path(each.name), birth_date=each.field)


def _collections(seen: list[Sighting]) -> Iterator[str]:
    fields: dict[str, dict[str, str]] = {}
    for each in seen:
        if each.what == "collection" and each.field:
            fields.setdefault(each.name, {})[each.field] = each.kind
    for path, kinds in fields.items():
        told = ", ".join(f"{name}: {kind}" for name, kind in kinds.items())
        table = _table(
            "collections", path=_path(path), fields=list(kinds), purpose="", retention=""
        )
        yield f"# {told}\n{table}"


def _path(shape: str) -> str:
    """Return a path with parameters for the shape of one."""
    steps = shape.removesuffix("/...").split("/")
    return "/".join(f"{{part{n}}}" if step == "*" else step for n, step in enumerate(steps)) or "/"


def _table(table: str, /, **values: str | list[str]) -> str:
    """Return a table as comments; JSON's strings of printable ASCII are TOML's."""
    lines = (f"# {key} = {json.dumps(value)}\n" for key, value in values.items())
    return f"# [[{table}]]\n{''.join(lines)}"
