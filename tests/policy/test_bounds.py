"""Policy and filter files that are huge, deep or made to take long: refused with file, key and bound, or read."""

from __future__ import annotations

import subprocess
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from alpines_privacy import PolicyError, PrivacyPolicy
from alpines_privacy.policy.parts import Trackers
from alpines_privacy.trackers import rules_for
from alpines_privacy.trackers.lists import read_list
from alpines_privacy.trackers.pattern import Slow, compile_pattern
from alpines_privacy.trackers.table import MAGIC, Table

DEEP = 100_000

# A policy file's text, and what its error says beside the file.
FILES = {
    "a list in lists": ("exempt = " + "[" * DEEP + "]" * DEEP, "nested too deep"),
    "a table in tables": ("a = " + "{a = " * DEEP + "1" + "}" * DEEP, "nested too deep"),
    "lists just as deep as tomllib reads": ("exempt = " + "[" * 40 + "]" * 40, "exempt[0][0]"),
    "a dotted name": (".".join(["a"] * DEEP) + " = 1", "more than 100 parts"),
    "a dotted name in quotes": (" . ".join(['"a"'] * DEEP) + " = 1", "more than 100 parts"),
    "a dotted header": ("[" + ".".join(["a"] * DEEP) + "]", "more than 100 parts"),
    "a dotted name further down": ("x = 1\na = {" + ".".join(["a"] * 200) + " = 1}", ":2: "),
    "a long file": ("#" * (1 << 20) + "\n", "larger than 1,048,576 bytes"),
    "many entries": ("exempt = [" + '"/",' * 60_000 + "]", "at most 50,000"),
    "many tables": ("[[cookies]]\n" * 60_000, "at most 50,000"),
    "a long name": ("a" * 500_000 + " = 1", "unknown key"),
    "a long wrong value": ("mode = '" + "a" * 500_000 + "'", "mode: found"),
    "many escapes": ('mode = "' + r"\n" * 300_000 + '"', "mode: found"),
}


@pytest.mark.parametrize(("text", "said"), FILES.values(), ids=FILES)
def test_a_policy_file_without_measure_is_refused_in_one_short_sentence(
    text: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "alpines-privacy.toml"
    path.write_text(text)
    with pytest.raises(PolicyError) as caught:
        PrivacyPolicy.load(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 4000


def test_a_policy_file_without_an_end_is_read_no_further_than_the_bound() -> None:
    with pytest.raises(PolicyError, match="larger than 1,048,576 bytes"):
        PrivacyPolicy.load("/dev/zero")


def _in_lists(depth: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(depth):
        made = [made]
    return made


def _in_tables(depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for _ in range(depth):
        made = {"a": made}
    return made


class Endless(Mapping[str, Any]):
    """A mapping that holds itself under each of its names."""

    def __getitem__(self, _: str) -> Endless:
        return self

    def __iter__(self) -> Any:
        return iter(("a", "b"))

    def __len__(self) -> int:
        return 2


HOLDS_ITSELF: dict[str, Any] = {"exempt": []}
HOLDS_ITSELF["exempt"] += [HOLDS_ITSELF, HOLDS_ITSELF]

MAPPINGS: dict[str, tuple[Any, str]] = {
    "holds itself": (HOLDS_ITSELF, "holds itself"),
    "holds itself, and is no dict": (Endless(), "holds itself"),
    "a list in lists": ({"exempt": _in_lists(DEEP)}, "exempt[0]"),
    "a table in tables": ({"logs": _in_tables(DEEP)}, "logs.a"),
    "a range": ({"exempt": range(10**12)}, "at most 50,000"),
    "long texts": ({"exempt": ["/" * 1000] * 2000}, "1,048,576 characters"),
}


@pytest.mark.parametrize(("mapping", "said"), MAPPINGS.values(), ids=MAPPINGS)
def test_a_mapping_without_measure_is_refused_by_its_key(mapping: Any, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        PrivacyPolicy.from_mapping(mapping, source="settings")
    assert said in str(caught.value)
    assert str(caught.value).startswith("settings")


@pytest.mark.parametrize("value", [_in_lists(DEEP), HOLDS_ITSELF["exempt"], "a" * 10**6])
@pytest.mark.parametrize("name", ["cookies", "mode", "trackers", "minimum_age"])
def test_an_argument_without_measure_is_refused_by_its_name(name: str, value: Any) -> None:
    arguments: dict[str, Any] = {name: value}
    with pytest.raises(PolicyError) as caught:
        PrivacyPolicy(**arguments)
    assert str(caught.value).startswith(name)
    assert len(str(caught.value)) < 1000


LISTS = {
    "one long line": ("||a.example^$domain=" + "a.example|" * 10_000, "65,536"),
    "many lines": ("a.example\n" * 1_000_001, "at most 1,000,000"),
}


@pytest.mark.parametrize(("text", "said"), LISTS.values(), ids=LISTS)
def test_a_filter_list_without_measure_is_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text(text)
    with pytest.raises(PolicyError) as caught:
        rules_for(Trackers(lists=(str(path),)))
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_filter_list_of_many_megabytes_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    with path.open("wb") as file:
        file.truncate(500_000_000)
    with pytest.raises(PolicyError, match=r"trackers\.lists\[0\].*larger than 67,108,864 bytes"):
        rules_for(Trackers(lists=(str(path),)))


def _compiled(header: bytes, payload: bytes = b"") -> bytes:
    return MAGIC + header + b"\n" + zlib.compress(payload)


INFO = b'{"name":"x","when":"always"}'


def _table(rules: bytes, lengths: list[int], names: bytes = b"", slots: int = 1) -> bytes:
    index = b"".join(length.to_bytes(4, "little") for length in lengths)
    sizes = f"[{len(rules)},{len(index)},{len(names)}]".encode()
    header = (
        b'{"lists":[' + INFO + b'],"slots":' + str(slots).encode() + b',"sizes":' + sizes + b"}"
    )
    return _compiled(header, rules + index + names)


COMPILED = {
    "a deep header": (_compiled(b'{"lists":[' + b"[" * DEEP), "is damaged"),
    "a deep header in a member nobody knows": (
        _compiled(b'{"x":' + b"[" * DEEP + b"]" * DEEP + b"}"),
        "is damaged",
    ),
    "a bomb": (_compiled(b'{"lists":[],"slots":1,"sizes":[0,4,0]}', bytes(80 << 20)), "unpacks to"),
    "a million rules and more": (_table(b"0a\n" * 1_000_001, [0]), "more than 1,000,000"),
    "an index beyond 32 bits": (_table(b"", [2**32 - 1] * 4, slots=4), "does not fit"),
}


@pytest.mark.parametrize(("data", "said"), COMPILED.values(), ids=COMPILED)
def test_a_compiled_file_without_measure_is_refused(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "own.rules"
    path.write_bytes(data)
    with pytest.raises(PolicyError) as caught:
        rules_for(Trackers(lists=(str(path),)))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [b"0/(a+)+$/", b"0/(unclosed/", b"0||a.example^$new-option", b"0*", b"zb.example", b"?c.example", b"0\xff\xfe"],
)  # fmt: skip
def test_a_compiled_line_that_is_no_rule_stops_no_request(line: bytes) -> None:
    table = Table(_table(line + b"\n0||good.example^\n", [0]))
    assert [rule.text for rule in table.loose][-1] == "||good.example^"
    words = Table(_table(line + b"\n", [0, len(line) + 1], names=b"/word"))
    assert len(words.with_word["/word"]) <= 1


SLOW = [
    r"(a+)+$", r"(a*)*b", r"(a|a)*b", r"(a|aa)+$", r"(.*)*x", r"^(?:[a-z]+)+\d$", r"((a{1,20}){1,20}){1,20}b",
    r".*a.*b.*c", r"a*a*a*b", r"\w+\w+\w+!", "a?" * 40 + "a" * 40, r"(?=(a+)+$)a", r"(?!(a|a)*b)c",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
]  # fmt: skip


@pytest.mark.parametrize("source", SLOW)
def test_an_expression_that_may_take_long_is_left_out_and_counted(source: str) -> None:
    with pytest.raises(Slow):
        compile_pattern(f"/{source}/")
    read = read_list(f"/{source}/\n||a.example^", source="own")
    assert len(read.rules) == 1
    assert sum(read.info.unsupported.values()) == 1
    with pytest.raises(PolicyError, match=r"trackers\.add\[0\]: .*take too long"):
        rules_for(Trackers(add=(f"/{source}/",)))


KEPT = [
    r"^https?:\/\/.*\/.*sw[0-9._].*", r"(https?:\/\/)\w{30,}\.me\/\w{30,}\.", r"\/[0-9a-f]{32}\/invoke\.js",
    r"^https?:\/\/(35|104)\.(\d){1,3}\.(\d){1,3}\.(\d){1,3}\/", r"^https?:\/\/.*\.(club|xyz|top|casa)\/",
    r"^https?:\/\/s3\.*\.amazonaws\.com\/[a-f0-9]{45,}\/[a-f,0-9]{8,10}$", r"(https?:\/\/)104\.154\..{100,}",
    r"[?&]utm_[a-z]+=", r"banner(s|_ad)?\d*\.(gif|png|jpe?g)",
]  # fmt: skip


@pytest.mark.parametrize("source", KEPT)
def test_an_expression_as_lists_have_them_is_kept(source: str) -> None:
    assert compile_pattern(f"/{source}/").test is not None


def test_options_are_found_in_one_pass() -> None:
    line = "a.example/" + "$a=" * 20_000 + ",,"
    program = f"from alpines_privacy.trackers.rule import _split; assert _split({line!r})[1] == ''"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)  # noqa: S603 - ours
