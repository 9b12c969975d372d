"""`alpines-privacy explain-log`: the rule behind each mark, advice that works, and never a value."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Literal

import pytest
from click.testing import CliRunner, Result

from alpines_privacy.cli import main
from alpines_privacy.policy import LogKey, Logs, PrivacyPolicy
from alpines_privacy.redaction import Redactor
from alpines_privacy.redaction.engine.explanation import BY_SHAPE, explain
from alpines_privacy.redaction.kinds import KINDS

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


def run(*arguments: str, given: str | bytes = "") -> Result:
    return CliRunner().invoke(main, ["explain-log", *arguments], input=given)


# A line, where a value begins, its kind, what the rule names, and the first advice.
RULES = [
    ("user=zbibi ok", 6, "USERNAME", 'the key "user"', 'safe_keys = ["user"]'),
    ('{"apiKey": "x9Kp2mQ7"}', 13, "SECRET", 'the key "apiKey"', 'safe_keys = ["apiKey"]'),
    ("first name: Zarqa", 13, "NAME", 'the key "first name"', 'safe_keys = ["first_name"]'),
    ("run --password hunter22", 16, "PASSWORD", 'the key "password"', 'safe_keys = ["password"]'),
    ("Cookie: a=b; c=d", 9, "SECRET", 'the key "Cookie"', 'safe_keys = ["Cookie"]'),
    ("form[password]=hunter22", 16, "PASSWORD", 'the key "password"', 'safe_keys = ["password"]'),
    ("?q=1%26token%3Dx9Kp2mQ7", 16, "SECRET", 'the key "token"', 'safe_keys = ["token"]'),
    ("<email>zarqa</email>", 8, "EMAIL", 'the key "email"', 'safe_keys = ["email"]'),
    ('{"user": {"name": "Zarqa Bibi"}}', 20, "NAME", 'the key "name" of somebody', 'name = "keep"'),
    ("from 203.0.113.7", 6, "IP", "the form of an address", 'ip = "keep"'),
    ("from ip-203-0-113-7", 9, "IP", "in the name of a host", 'ip = "keep"'),
    ("pay 4111111111111111 now", 5, "CARD", "Luhn's check digit", 'card = "keep"'),
    ("DE89370400440532013000", 1, "IBAN", "check digits that fit", 'iban = "keep"'),
    ("q=zarqa%40qutub.example", 3, "EMAIL", "(RFC 5321), once decoded", 'email = "keep"'),
    (f"x {JWT}", 3, "SECRET", "the form of a credential", 'secret = "keep"'),
    # By key and by shape: the key alone would not keep it, nor would one kind.
    ("user=zarqa@qutub.example", 6, "EMAIL", "RFC 5321", 'email = "keep"\nusername = "keep"'),
    # The visitor's own key is nearer than another, and the other is the one.
    ("password=hunter22,user=", 10, "PASSWORD", 'the key "password"', 'safe_keys = ["password"]'),
]


@pytest.mark.parametrize(("line", "column", "kind", "rule", "keep"), RULES)
def test_a_value_is_explained(line: str, column: int, kind: str, rule: str, keep: str) -> None:
    explanation = explain(line)
    (finding,) = explanation.findings
    assert (finding.column, finding.kind) == (column, kind)
    assert rule in finding.rule
    assert finding.keep[0] == keep
    start, end = finding.mark
    assert explanation.text[start:end] == f"[{kind}]"
    assert line.startswith(explanation.text[:start])
    assert line.endswith(explanation.text[end:])


ADVISED = [
    *(line for line, *_ in RULES),
    "user=zbibi password=hunter22 from 203.0.113.7, zarqa@qutub.example",
    "Authorization: Bearer x9Kp2mQ7Lw",
    "card: 4111 1111 1111 1111 cvv=123 dob=1990-01-02",
]


@pytest.mark.parametrize("line", ADVISED)
def test_each_advice_keeps_what_it_is_about(line: str) -> None:
    for finding in explain(line).findings:
        assert finding.keep, finding.kind
        for keep in finding.keep:
            policy = PrivacyPolicy.from_mapping({"logs": tomllib.loads(keep)})
            begun = [span.start + 1 for span in Redactor(policy).findall(line)]
            assert finding.column not in begun, keep


def test_advice_goes_on_from_the_policy() -> None:
    logs = Logs(safe_keys=("page_token",), keys=(LogKey("roll_number", "CNIC"),), ip="mark")
    policy = PrivacyPolicy(logs=logs)
    (finding,) = explain("user=zbibi page_token=x9Kp2mQ7", policy).findings
    assert finding.keep[0] == 'safe_keys = ["page_token", "user"]'
    (finding,) = explain("roll_number=4210112345671", policy).findings
    assert finding.rule == 'the key "roll_number"'
    assert finding.keep[0] == 'no [[logs.keys]] with name = "roll_number"'
    kept = PrivacyPolicy(logs=Logs(username="keep"))
    assert explain("user=zbibi", kept).findings == []


MARKS = [
    ("pulled [NAME]", "what the visitor of the request had sent, or what hide() was given"),
    ("user=[USERNAME]", 'the key "user"'),
    ("to [EMAIL]", "RFC 5321"),
    ("to EMAIL:d3a91c0b72fe", "RFC 5321"),
]


@pytest.mark.parametrize(("line", "rule"), MARKS)
def test_a_mark_that_is_there_is_explained(line: str, rule: str) -> None:
    way: Literal["pseudonym", "mark"] = "pseudonym" if ":" in line else "mark"
    policy = PrivacyPolicy(logs=Logs(email=way))
    explanation = explain(line, policy)
    (finding,) = explanation.findings
    assert finding.rule.startswith("a mark already: ")
    assert rule in finding.rule
    assert explanation.text == line
    assert finding.keep


def test_every_shape_has_a_rule() -> None:
    assert BY_SHAPE.keys() == {*KINDS}


def test_a_line_with_many_values_is_explained_in_part() -> None:
    explanation = explain(" ".join(f"203.0.113.{n}" for n in range(1, 40)))
    assert (len(explanation.findings), explanation.more) == (12, 27)


def test_carets_stand_under_the_marks() -> None:
    told = run("漢字 user=zbibi from 203.0.113.7\x1b[2J é\u0301").output.splitlines()
    assert told[:2] == [
        "漢字 user=[USERNAME] from [IP]\\x1b[2J é\u0301",
        "          ^^^^^^^^^^      ^^^^",
    ]
    assert told[2:] == [
        "column 9: USERNAME",
        '  found by the key "user"',
        '  kept by  safe_keys = ["user"]',
        '  or       username = "keep"',
        "column 20: IP",
        "  found by the form of an address (IPv4, IPv6)",
        '  kept by  ip = "keep"',
        "",
        "What keeps a value is for [logs] in the policy; any one of those given will do.",
    ]


LONG = f"{'no ' * 200}user=zbibi {'no ' * 200}from 203.0.113.7 {'no ' * 200}"


@pytest.mark.parametrize("line", [*ADVISED, LONG, *(line for line, _ in MARKS)])
def test_the_output_fits_eighty_columns_and_holds_no_value(line: str) -> None:
    result = run("-", given=line)
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80
    for span in Redactor().findall(line):
        for part in re.findall(r"\w{4,}", line[span.start : span.end]):
            assert part not in result.output


def test_of_a_long_line_only_rows_with_marks_are_shown() -> None:
    told = run("-", given=LONG).output.splitlines()
    rows = told[: told.index("column 606: USERNAME")]
    assert [row == "…" or "^" in row or "[" in row for row in rows] == [True] * len(rows)
    assert rows.count("…") == 1 + (rows[0] == "…")


def test_lines_are_told_by_their_numbers() -> None:
    told = run("-", given="x\nuser=zbibi\n\nfrom 203.0.113.7\n").output.splitlines()
    assert [line for line in told if line.startswith("line ")] == ["line 2", "line 4"]
    told = run("-", given="user=zbibi\n" * 9).output.splitlines()
    assert (told.count("line 5"), told.count("line 6")) == (1, 0)
    assert "The lines after line 5 were not looked at." in told


def test_what_is_not_redacted_is_said_so() -> None:
    result = run("started in 12 ms")
    assert result.exit_code == 0
    assert result.output.startswith("Nothing is redacted in it.")


def test_a_line_may_begin_like_an_option() -> None:
    assert 'the key "password"' in run("--password hunter22").output


def test_a_policy_is_followed(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('[logs]\nsafe_keys = ["user"]\n', "utf-8")
    assert run("--policy", str(file), "user=zbibi").output.startswith("Nothing")
    assert run("--policy", str(tmp_path / "absent.toml"), "x").exit_code == 2


@pytest.mark.parametrize("given", [b"\xff\xfe user=zbibi", b"x" * ((1 << 20) + 1), b""])
def test_any_input_has_an_answer(given: bytes) -> None:
    result = run("-", given=given)
    assert result.exit_code == (2 if len(given) > 1 << 20 else 0)
    assert "zbibi" not in result.output


def test_help_fits_eighty_columns() -> None:
    assert max(map(len, run("--help").output.splitlines())) <= 80
