"""`python -m benchmarks.harm`: what is wrongly redacted in texts that programs of others ship.

`fetch` downloads packages of PyPI and npm by name into a folder of the user's cache; their logs, JSON, tracebacks,
sources, documents and changelogs are read there, and none is part of this project. The packages are parted:
rules are made on the lines of `TUNED` alone, `HELD_OUT`, of which nobody has read a line, tells how they do elsewhere.
Once its lines are read it becomes part of `TUNED`, and a new one is chosen.

A line is wrong where something is redacted on it that `is_right` does not take for personal data. Its rules:

- what stands in an address or a form percent-encoded is judged as it reads, quotes and all;
- a mail address has a top-level domain of the public suffix list; an address of a network is one where a word for it or
  a port stands beside it, another on the line, or where a part is above 31, which parts of versions seldom are; so is
  one of 10.0.0.0/8, which is kept for private networks (RFC 1918), and one behind the time of a log's line, as the
  host that a program names there, if no word for a version stands before it;
- a telephone number is possible in the numbering plan (phonenumbers), or has a word for it beside it; cards, IBANs and
  numbers of states have a word for them on the line, or are written in groups;
- a User-Agent has a product and a version; a MAC address and coordinates are right as they are;
- a version, a path, the address of a document or `owner/project` is no value of any key;
- a password is any value in quotes, or bare of one word, that is no expression; a secret (a token, a session) has no
  blanks and digits or both cases, or is long, or six letters in quotes; names have no signs of programs.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote_plus
from zlib import crc32

import phonenumbers
from publicsuffixlist import PublicSuffixList

from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine.spans import Span

FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "alpines-privacy", "harm")

TUNED = {
    "npm": "aws-sdk@2 bunyan express npm pm2 log4js mocha sequelize passport har-examples karma"
    " @serverless/event-mocks newman alpine clf-parser syslog-parse couchdb-log-parse acorn"
    " @babel/parser firebase-admin ioredis jsonwebtoken koa mysql2 rollup twilio @octokit/rest"
    " square @octokit/webhooks-examples mongodb pino vega-datasets eslint webpack fastify winston"
    " postman-collection nodemailer socket.io stripe appium artillery glossy @hapi/hapi lighthouse"
    " log4js-json-layout morgan roarr winston-syslog axios braintree mailparser next-auth node-ssh"
    " openai parse-server pg simple-git @slack/web-api smtp-server",
    "PyPI": "jc sushy scrapy twisted friendly-traceback logparser3 celery pygithub salt zat logreduce"
    " pygrok elastalert2 cowrie haproxy-log-analysis iocextract logutils mtools ngxtop pylogbeat"
    " structlog apache-server-log-parser aws-log-parser blueteam_log_analyzer ci_log_intelligence"
    " common_log_parser dargslan_log_parser deeplog dewi_logparsers log_whisperer"
    " logwatch_analyzer nginxparser quantileflow buildbot_worker ironic nova rally keystoneauth1"
    " keystonemiddleware chalice cinder pytest keystone drain3 moto plaso lars stackprinter"
    " buildbot kombu ansible-core accesslog logai ntc-templates msticpy aws-lambda-powertools"
    " access-undenied-aws insights-core apachelogs netmiko logmerger apache-log-parser"
    " avocado-framework locust loguru luigi mitmproxy mrjob petl python-evtx robotframework"
    " textfsm ttp cloudfront-log-parser eduroam_log_parser log_ai_compressor lograder sshaa"
    " syslog_postmortem certbot exabgp gunicorn mercurial neutron scapy snakemake supervisor swift"
    " uwsgi barbican python_keystoneclient scrapyloganalyzer",
}
# Chosen by rule, nobody by looking: of the names that are not above, in the order of their CRC-32, of PyPI the first
# ten of the thousand most downloaded (but stubs, `types-…`), the first fourteen with log parsing or analysis in their
# name, and the first twelve programs (server, daemon or command line in the summary) of the 6,000 most downloaded; of
# npm the first eight of the thousand most downloaded (but `@types/…`) and the first eight programs of 5,000. Logs are
# rare in those: of all names of both with log parsing or analysis in them, of the first forty of PyPI's 15,000 whose
# summary has `log` or `syslog`, and of its first sixty whose summary has a log parser, analyzer, viewer or log files,
# access logs or server logs, those follow that ship five lines of logs or more.
HELD_OUT = {
    "npm": "@testing-library/dom readable-stream web-streams-polyfill @humanwhocodes/module-importer"
    " get-stream hasown p-map vitest @opentelemetry/instrumentation-tedious http2-client rehackt"
    " update-check sockjs @flmngr/flmngr-server-node-express wrangler"
    " @opentelemetry/instrumentation-http gitlog-parser",
    "PyPI": "cachetools tensorboard attrs jmespath torchvision dask configargparse pre-commit argparse"
    " einops nginx-logs-parser-and-process cloganalysis oracle-oci-log-analytics-mcp-server"
    " azure-mgmt-loganalytics log-analyzer-chenwenjun gen-log-parser loganalyze"
    " buildkite-log-parse nerlogparser azure-log-analytics-data-collector-api logparser-bit"
    " http-log-parser techtrekloganalyzer skybrush-log-analyzer pipdeptree emmet-api face"
    " awscli-local xenon langgraph-runtime-inmem connect-python opentok"
    " python-schema-registry-client rich-toolkit collate-data-diff vamp-log-analyzer"
    " log-parser loganalysis log-analyzer-mcp logparser xoter-security-log-analyzer loganalyzer"
    " universal-log-parser meraki-syslog-parser iflow-mcp-log-analyzer-mcp transistorsoft-loganalyzer"
    " jamf-log-analysis pyloganalyser codesdevs-log-analyzer regex-log-parser yzm-log log-merger"
    " log-generator-tool pylogcounter lightsaillogger logsift-cli",
}
_BUILDERS = (
    *(
        "setuptools>=77",
        "wheel",
        "hatchling",
        "hatch-vcs",
        "hatch-fancy-pypi-readme",
        "flit_core",
        "pbr",
    ),
    "poetry-core",
)
_MOST_LINES = 6_000  # of one kind in one package, so that none decides by its size
_MOST_BYTES = 400_000  # of one file
_LONGEST = 5_000  # characters of a line
_FRAMES = 12  # of a traceback made of a source


class Text(NamedTuple):
    """A text that is redacted at once: a line of a log, a page of a document, a traceback."""

    kind: str
    text: str


def main() -> None:
    """Print how many lines in 10,000 are wrong, by kind of text, and with `--show` what was redacted there."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.harm", description=__doc__)
    parser.add_argument("command", choices=["fetch", "tuned", "held-out", "all"], nargs="?")
    parser.add_argument("--show", type=int, default=0, help="distinct wrong redactions to print")
    parser.add_argument("--kind", help="of texts, of which alone they are printed")
    parser.add_argument("--right", action="store_true", help="print what counts as right instead")
    asked = parser.parse_args()
    if asked.command == "fetch":
        fetch()
        return
    parts = {"tuned": TUNED, "held-out": HELD_OUT}
    for name in parts if asked.command in {None, "all"} else [asked.command]:
        _report(name, parts[name], asked)


def fetch() -> None:
    """Download and unpack what is not there yet; a package that cannot be had is named and left out."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    python = FOLDER / "builder" / "bin" / "python"
    if not python.exists():  # a source needs what builds it to tell its name
        subprocess.run([sys.executable, "-m", "venv", FOLDER / "builder"], check=True)  # noqa: S603
        subprocess.run([python, "-m", "pip", "install", "-q", *_BUILDERS], check=True)  # noqa: S603
    pip = [python, "-m", "pip", "download", "-q", "--no-deps", "--no-build-isolation"]
    for half in (TUNED, HELD_OUT):
        for package in half["npm"].split():
            _unpacked(package, ["npm", "pack", "--silent", package])
        for package in half["PyPI"].split():
            _unpacked(package, [*pip, "--no-binary", package, package], [*pip, package])


def _unpacked(package: str, *commands: list[str | Path]) -> None:
    """Unpack what the first command that succeeds downloads into a folder of the package's name."""
    folder = _folder(package)
    if folder.exists():
        return
    work = FOLDER / "download"
    work.mkdir(exist_ok=True)
    for command in commands:
        done = subprocess.run(command, cwd=work, check=False, timeout=300)  # noqa: S603
        if done.returncode == 0:
            break
    archives = sorted(work.iterdir())
    if not archives:
        print(f"{package}: left out", file=sys.stderr)
    for archive in archives:
        _unpack(archive, folder)
        archive.unlink()


def _unpack(archive: Path, folder: Path) -> None:
    if archive.suffix in {".whl", ".zip"}:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)  # noqa: S202 - it keeps to the folder by itself
        return
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")


def _folder(package: str) -> Path:
    return FOLDER / "unpacked" / re.sub(r"(?!^)@.*|/", "", package)


def texts(package: str) -> Iterator[Text]:
    """Give the texts of an unpacked package in the order of their paths' hashes, so many lines of each kind."""
    folder = _folder(package)
    lines: Counter[str] = Counter()
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    for path in sorted(paths, key=lambda path: crc32(str(path.relative_to(folder)).encode())):
        for text in _texts_of(path):
            if lines[text.kind] < _MOST_LINES:
                lines[text.kind] += _count(text.text)
                yield text


def _count(text: str) -> int:
    return sum(1 for line in text.split("\n") if line.strip())


_SOURCES = {".py", ".js", ".mjs", ".ts", ".rb", ".go", ".java", ".c", ".h"}
_DOCUMENTS = {".md", ".rst", ".txt", ".adoc"}
_CHANGELOG = re.compile("change|history|news|release|whats[_-]?new", re.IGNORECASE)
_CHANGES = re.compile(
    "change(?:s|logs?)|news|history|release[_-]?notes?|releases|whatsnew", re.IGNORECASE
)
_CLOCK = re.compile(r"\b[0-2]?[0-9]:[0-5][0-9]:[0-5][0-9]\b")
# A line of a log, in a document or a test: its time first, or the form of an access log.
_RECORD = re.compile(
    r"""[\s>"'#*]*(?:\[?[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}[T ][0-9]{2}:|[A-Z][a-z]{2} [ 0-9][0-9] """
    r"""[0-9]{2}:[0-9]{2}:[0-9]{2} |[0-9]{2}:[0-9]{2}:[0-9]{2}[,. ]|[0-9]{1,3}(?:\.[0-9]{1,3}){3} \S+ \S+ \[)"""
)
_MINIFIED = 400  # characters of a line on average, in a source


def _texts_of(path: Path) -> Iterator[Text]:
    if path.stat().st_size > 50 * _MOST_BYTES:
        return
    data = path.read_bytes()[:_MOST_BYTES]
    if b"\0" in data[:4096]:
        return
    text = data.decode("utf-8", "replace")
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        return
    kind = _kind(path, text, lines)
    if kind == "JSON":
        yield from _documents(text)
        return
    if kind in {"source", "documents", "changelogs"}:
        for block in _TRACEBACKS.finditer(text):
            yield Text("tracebacks", block[0])
    if path.suffix == ".py":
        yield from _frames(path, text)
    for line in lines if kind else ():
        if len(line) < _LONGEST:
            yield Text("logs" if _RECORD.match(line) else kind, line.rstrip("\r"))


def _kind(path: Path, text: str, lines: list[str]) -> str:
    """Return what a file is; nothing for those that are read by nobody."""
    suffix = path.suffix.lower()
    if suffix in {".json", ".jsonl", ".har", ".ndjson"}:
        return "JSON"
    if suffix in _SOURCES:
        return "" if len(text) > _MINIFIED * len(lines) or ".min." in path.name else "source"
    if ".log" in path.name or sum(bool(_CLOCK.search(line)) for line in lines) * 2 > len(lines) > 4:
        return "logs"
    name = PurePosixPath(path).name
    if suffix in _DOCUMENTS or not suffix:
        is_changelog = _CHANGELOG.match(name) or _CHANGES.fullmatch(path.parts[-2])
        return "changelogs" if is_changelog else "documents"
    return ""


def _documents(text: str) -> Iterator[Text]:
    """Give JSON as it is, or one object a line where it is written in one line or as a list of such."""
    try:
        found = json.loads(text)
    except ValueError:
        for line in text.split("\n"):
            if line.strip() and len(line) < 20_000:
                yield Text("JSON", line)
        return
    if text.count("\n") * _MINIFIED < len(text):
        text = json.dumps(found, indent=1, ensure_ascii=False)
    yield Text("JSON", text)


_TRACEBACKS = re.compile(
    r"^([ >|]*)Traceback \(most recent call last\):\n(?:\1 .*\n|\n){2,80}\1\w.*$", re.MULTILINE
)


def _frames(path: Path, text: str) -> Iterator[Text]:
    """Give tracebacks as they look with the calls of a source in them, each statement once."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    lines = re.split(r"\r\n|\r|\n", text)
    frames = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for place in {inner.lineno for inner in ast.walk(node) if isinstance(inner, ast.Call)}:
                frame = f'  File "/srv/{path.name}", line {place}, in {node.name}\n'
                frames.append(f"{frame}    {lines[place - 1].strip()}\n")
    for start in range(0, len(frames), _FRAMES):
        block = "".join(frames[start : start + _FRAMES])
        yield Text("tracebacks", f"Traceback (most recent call last):\n{block}ValueError: no")


def _report(name: str, half: dict[str, str], asked: argparse.Namespace) -> None:
    redactor = Redactor()
    lines: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    programs: defaultdict[str, set[str]] = defaultdict(set)
    shown: Counter[str] = Counter()
    for package in " ".join(half.values()).split():
        for kind, text in texts(package):
            lines[kind] += _count(text)
            programs[kind].add(package)
            spans = redactor.findall(text)
            bad = [span for span in spans if not is_right(text, span)]
            wrong[kind] += len({text.count("\n", 0, span.start) for span in bad})
            good = [span for span in spans if span not in bad] if asked.right else bad
            if asked.kind in {None, kind}:
                shown.update(_shown(kind, text, span, package) for span in good)
    print(f"\n{name}: wrong in 10,000 lines")
    for kind in sorted(lines):
        rate = wrong[kind] / lines[kind] * 10_000
        print(f"  {kind:12}{rate:8.1f}  of {lines[kind]:7} lines of {len(programs[kind])} packages")
    for line, count in shown.most_common(asked.show):
        print(f"{count:5} {line}")


def _shown(kind: str, text: str, span: Span, package: str) -> str:
    """Return a redaction in short: its kind, what is before it, itself and what follows, each digit as 0."""
    first = max(text.rfind("\n", 0, span.start) + 1, span.start - 40)
    around = f"{text[first : span.start]}«{text[span.start : span.end][:60]}»{text[span.end : span.end + 12]}"
    return f"{kind[:5]:5} {span.kind:8} {re.sub('[0-9]', '0', around)!r} {package}"


def is_right(text: str, span: Span) -> bool:
    """Tell whether what was found is personal data, by the rules above."""
    first = text.rfind("\n", 0, span.start) + 1
    last = text.find("\n", span.end)
    before = text[max(first, span.start - 200) : span.start]
    after = text[span.end : last if last >= 0 else len(text)][:80]
    value = text[span.start : span.end]
    if "%22" in before + after:  # in a form's field, whose quotes are written so
        before, value, after = map(unquote_plus, (before, value, after))
        before = before.replace('\\"', '"')
    rule = _RULES.get(span.kind)
    return rule is None or rule(value, before, after)


_SUFFIXES = PublicSuffixList(accept_unknown=False)
_TESTS = {"test", "example", "invalid", "localhost", "local", "internal", "lan", "corp", "home"}
_NETWORK = re.compile(
    r"ip\b|ipv?[46]?|addr|host|client|inet|remote|server|peer|from|gateway|dns|proxy|bind|listen|rout|netw|hop|"
    r"_h\b|subnet|mask|src|dst|source|dest|sip|dip|url|https?:|ssh|ping|\bwhois|connect|cidr|endpoint",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"phone|\btel\b|tel:|mobile|cell|fax|call|sms|whatsapp|msisdn|contact", re.IGNORECASE
)
_CARD = re.compile(r"card|visa|master|amex|pan\b|\bcc", re.IGNORECASE)
_STATE = re.compile(
    r"cnic|ssn|social|passport|ntn|tax|birth|born|dob|iban|bank|account|cvv|cvc|security|identity",
    re.IGNORECASE,
)
_CODE = re.compile(r"[()\[\]{}|$%<>=]|\w\.\w+\(|^[a-z_]+(?:\.[a-z_A-Z]+)+$|\\n$|^[A-Z_a-z]+::")


def _is_mail(value: str, _before: str, _after: str) -> bool:
    domain = value.rpartition("@")[2].rstrip(">").lower() if "@" in value else ""
    if not domain:
        return True  # written in an encoding
    top = domain.rpartition(".")[2]
    return top in _TESTS or domain.startswith("[") or _SUFFIXES.publicsuffix(domain) is not None


def _is_address(value: str, before: str, after: str) -> bool:
    parts = value.split(".")
    if len(parts) != 4 or not all(part.isdigit() for part in parts):
        return True
    near = (
        _NETWORK.search(before[-120:]) is not None
        or re.match(r"[:/][0-9]|[ -]+\[|\t[0-9]", after) is not None
    )
    near = near or _OTHER_ADDRESS.search(before + after) is not None
    is_host = parts[0] == "10" or _CLOCK.search(before) is not None
    if is_host and _VERSION.search(before) is None:
        return True
    return near or max(map(int, parts)) > 31 or not before.strip()


_VERSION = re.compile(
    r"version|release|build|\bv[0-9]?\b|schema|firmware|driver|upgrade", re.IGNORECASE
)
_OTHER_ADDRESS = re.compile(r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.])")
_PUBLIC = re.compile(  # versions, addresses of documents, paths
    r"[\^~v<>=]{0,3}[0-9]{1,4}(?:\.[0-9x*]+){1,3}(?:[-+][\w.]+)?|https?://.*|[~.]?/[\w./-]+|-----BEGIN (?!.*PRIVATE).*",
    re.DOTALL,
)


def _is_telephone(value: str, before: str, after: str) -> bool:
    if _PUBLIC.fullmatch(value):
        return False
    if _PHONE.search(before[-60:]) or _PHONE.search(after[:12]):
        return True
    try:
        number = phonenumbers.parse(value, None if value[:1] == "+" else "US")
    except phonenumbers.NumberParseException:
        return False
    return value[:1] == "+" and phonenumbers.is_possible_number(number)


def _is_numbered(word: re.Pattern[str]) -> Callable[[str, str, str], bool]:
    return lambda value, before, _: (
        word.search(before) is not None or re.search("[0-9][ -][0-9]", value) is not None
    )


def _is_password(value: str, before: str, after: str) -> bool:
    quoted = before[-1:] in {'"', "'", "`"}
    if _PUBLIC.fullmatch(value):
        return False
    if quoted:
        return not value.endswith(": ") and (" " not in value or len(value) < 40)
    return _CODE.search(value) is None and after[:1] not in {"(", "[", "."} and not value.isspace()


def _is_secret(value: str, before: str, after: str) -> bool:
    if re.search(r"cookie|authorization|://$", before[-40:], re.IGNORECASE) and "(" not in value:
        return True
    if _PUBLIC.fullmatch(value) or (value.isalpha() and "==" in before[-4:]):
        return False
    if re.search(r"[ ]", value.strip()):
        return "PRIVATE KEY" in value
    if before[-1:] not in {'"', "'"} and (_CODE.search(value) or after[:1] in {"(", "["}):
        return False
    mixed = any(map(str.isdigit, value)) or not (
        value.islower() or value.isupper() or value.istitle()
    )
    if before[-1:] in {'"', "'"} and re.fullmatch("[A-Za-z0-9-]{6,}", value):
        return True
    return (mixed and len(value) >= 4) or len(value) >= 24


def _is_name(value: str, before: str, after: str) -> bool:
    quoted = before[-1:] in {'"', "'", ">"}
    if _PUBLIC.fullmatch(value) or re.fullmatch(r"[\w.-]+/[\w.-]+", value):
        return False
    if _CODE.search(value) or after[:1] in {"(", "["} or not any(map(str.isalpha, value)):
        return False
    return (quoted or "=" in before[-3:] or ": " in before[-3:]) and len(value) < 80


def _is_postal(value: str, before: str, after: str) -> bool:
    return _is_name(value + "a", before, after) and (" " in value or any(map(str.isdigit, value)))


_RULES: dict[str, Callable[[str, str, str], bool]] = {
    "EMAIL": _is_mail,
    "IP": _is_address,
    "PHONE": _is_telephone,
    "CARD": _is_numbered(_CARD),
    **dict.fromkeys(
        ("IBAN", "SSN", "CNIC", "NTN", "PASSPORT", "BIRTH_DATE", "CVV"), _is_numbered(_STATE)
    ),
    "PASSWORD": _is_password,
    "SECRET": _is_secret,
    "USERNAME": _is_name,
    "NAME": _is_name,
    "ADDRESS": _is_postal,
    "USER_AGENT": lambda value, _before, _after: "/" in value,
}


if __name__ == "__main__":
    main()
