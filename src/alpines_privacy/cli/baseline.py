"""A baseline: the earlier findings of a check, so that it reports only new ones.

It is a JSON file that can be committed. For each file it counts the values of each kind by their
context (`redaction.contexts`): no value can be read from it, or guessed with a list of values.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import unquote_to_bytes

import msgspec

from alpines_privacy.atomic_file import Replacement
from alpines_privacy.cli.errors import Refusal
from alpines_privacy.cli.reports import Gone, printable, uri
from alpines_privacy.policy.bounds import read_bounded
from alpines_privacy.redaction.archives.blocks import Cleaned, Place

__all__ = ["Baseline"]

_VERSION = 1
_LONGEST = 64 << 20  # bytes of a baseline: half a million entries


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: str
    context: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
    count: Annotated[int, msgspec.Meta(ge=1)] = 1


class _Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    files: dict[str, list[_Entry]]


_Counts = Counter[tuple[str, str]]  # by kind and context


class Baseline:
    """The earlier findings in each file, minus those found again.

    Files are named by their path from the baseline's folder, as references of RFC 3986. `kinds` are
    the kinds that are searched: entries of other kinds are not reported, and are kept.
    """

    def __init__(self, path: Path, files: Mapping[str, _Counts], kinds: Collection[str]) -> None:
        self._path = Path(os.path.realpath(path))
        self._kinds = kinds
        self._known = files
        self._left = {file: counts.copy() for file, counts in files.items()}
        self._found: dict[str, _Counts] = {}
        self._read: set[str] = set()  # whole files

    @classmethod
    def load(cls, path: Path, kinds: Collection[str], *, may_be_absent: bool = False) -> Self:
        """Read a baseline; raises `Refusal` for a missing or malformed one."""
        if may_be_absent and not path.exists():
            return cls(path, {}, kinds)
        try:
            contents = msgspec.json.decode(read_bounded(path, _LONGEST), type=_Contents)
        except FileNotFoundError:
            raise Refusal(f"--baseline {path}: absent; write it with --update-baseline") from None
        except (OSError, ValueError, RecursionError) as error:
            raise Refusal(f"--baseline {path}: cannot be read ({printable(str(error))})") from None
        if contents.version != _VERSION:
            raise Refusal(
                f"--baseline {path}: version {contents.version}, this is for {_VERSION}; "
                "write it anew with --update-baseline"
            )
        return cls(path, {file: _counted(each) for file, each in contents.files.items()}, kinds)

    def is_itself(self, name: str) -> bool:
        """Tell whether a file is this baseline itself, which is not searched."""
        with suppress(OSError):
            return self._path.samefile(name)
        return False

    def new_in(self, name: str, cleaned: Cleaned) -> Cleaned:
        """Return a block with only the findings that are not in the baseline."""
        file = self._name(name)
        left = self._left.get(file, _Counts())
        found = self._found.setdefault(file, _Counts())
        places: list[Place] = []
        for place in cleaned.places:
            key = (place.kind, place.context)
            found[key] += 1
            if left[key] > 0:
                left[key] -= 1
            else:
                places.append(place)
        return cleaned._replace(places=places, kinds=Counter(place.kind for place in places))

    def is_read(self, name: str) -> None:
        """Note that a file was read to its end, so that its missing findings are gone."""
        self._read.add(self._name(name))

    def gone(self) -> Iterator[Gone]:
        """Yield the baseline's findings that are gone: in files that were read, or that no longer exist."""
        for file, left in sorted(self._left.items()):
            if not self._is_judged(file):
                continue
            kinds: Counter[str] = Counter()
            for (kind, _), count in left.items():
                kinds[kind] += count * (kind in self._kinds)
            name = self._shown(file)
            yield from (Gone(name, kind, count) for kind, count in sorted(kinds.items()) if count)

    def update(self) -> tuple[int, int]:
        """Write the findings; return the number of values, and of files, in the new baseline.

        Entries of files that were not read, and of kinds that were not searched, are kept.
        """
        files: dict[str, _Counts] = {}
        for file in self._known.keys() | self._found.keys():
            known = self._known.get(file, _Counts())
            counts = self._updated(file, known) if self._is_judged(file) else known
            if counts:
                files[file] = counts
        self._write(files)
        return sum(counts.total() for counts in files.values()), len(files)

    def _updated(self, file: str, known: _Counts) -> _Counts:
        if file not in self._read:
            return _Counts()
        others = {key: count for key, count in known.items() if key[0] not in self._kinds}
        return _Counts(others) + self._found.get(file, _Counts())

    def _is_judged(self, file: str) -> bool:
        return file in self._read or (file != "-" and not self._place(file).exists())

    def _write(self, files: Mapping[str, _Counts]) -> None:
        contents = {
            "version": _VERSION,
            "files": {
                file: [
                    {"kind": kind, "context": context, "count": count}
                    for (kind, context), count in sorted(counts.items())
                ]
                for file, counts in sorted(files.items())
            },
        }
        try:
            with Replacement(self._path) as replacement:
                replacement.write(f"{json.dumps(contents, indent=1)}\n".encode())
                replacement.commit(self._path if self._path.exists() else None)
        except OSError as error:
            raise Refusal(f"--baseline {self._path}: {error.strerror or error}") from None

    def _name(self, name: str) -> str:
        if name == "-":
            return name
        path = os.path.realpath(name)
        with suppress(ValueError):  # another drive of Windows
            path = os.path.relpath(path, self._path.parent)
        return uri(path)

    def _shown(self, file: str) -> str:
        """Return a file's path from the current folder, as on the command line."""
        if file == "-":
            return file
        with suppress(ValueError):  # as above
            return os.path.relpath(self._place(file))
        return str(self._place(file))

    def _place(self, file: str) -> Path:
        return self._path.parent / os.fsdecode(unquote_to_bytes(file.removeprefix("file://")))


def _counted(entries: list[_Entry]) -> _Counts:
    counts: Any = Counter()
    for entry in entries:
        counts[entry.kind, entry.context] += entry.count
    return counts  # type: ignore[no-any-return]
