"""The table for terminals: its width, its words, its colours."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alpines_privacy.audit.formats.terminal import cells, terminal, wrapped
from alpines_privacy.audit.model import Evidence
from alpines_privacy.audit.requirements import REQUIREMENTS
from tests.support.audit_reports import EVIDENCE, HOSTILE, KEPT_REPORT, REPORT, report_of

ANSI = re.compile(r"\x1b\[[0-9;]*m")
WITH_HOSTILE = report_of(
    {**EVIDENCE, "9.hosts": HOSTILE}, target="https://shop.example/" + "x" * 200
)
REPORTS: dict[str, Any] = {"broken": REPORT, "kept": KEPT_REPORT, "hostile": WITH_HOSTILE}


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("colour", [False, True])
def test_no_line_is_wider_than_asked_for(name: str, width: int, colour: bool) -> None:
    text = ANSI.sub("", terminal(REPORTS[name], width=width, colour=colour))
    assert max(map(cells, text.splitlines())) <= width


@pytest.mark.parametrize("name", REPORTS)
def test_the_colours_add_nothing_to_the_words(name: str) -> None:
    assert ANSI.sub("", terminal(REPORTS[name], colour=True)) == terminal(REPORTS[name])
    assert "\x1b" not in terminal(REPORTS[name])
    assert "\x1b" in terminal(REPORTS[name], colour=True)


def test_each_requirement_has_a_row_with_its_verdict() -> None:
    rows = terminal(REPORT, width=200).partition("\n\n")[2].partition("\n\n")[0].splitlines()[2:]
    assert [row[5:].split("  ")[0] for row in rows] == [each.title for each in REQUIREMENTS]
    assert [row.split()[-1] for row in rows] == [
        {"broken": "BROKEN"}.get(each.state, each.state) for each in REPORT.verdicts
    ]
    assert [row[:5].strip() for row in rows if row[:5].strip()] == [str(n) for n in range(1, 15)]


def test_what_is_broken_comes_with_evidence_and_how_to_mend_it() -> None:
    text = squeezed(terminal(REPORT))
    assert (
        "§12 Pages name no tracker to load from (12.trackers) "
        "script src https://www.googletagmanager.com/gtag/js "
        "||googletagmanager.com^, Google Tag Manager GET /; GET / (DNT: 1) Mend: Take the tracker's element out"
    ) in text
    assert "not seen without a browser: 7.script-cookies," in text
    assert text.endswith("3 broken (§6, §11, §12), 42 kept, 20 unknown")


def test_a_protected_app_is_told_of_the_library_alone() -> None:
    told = squeezed(terminal(report_of(EVIDENCE, protected=True)))
    assert "Flask, protected by alpines-privacy; 12 pages" in told
    assert "Or protect the app" not in told
    assert "Mend: Add a table [hsts] to the policy file." in told


def test_what_a_baseline_holds_is_a_word_and_no_evidence() -> None:
    text = squeezed(terminal(REPORT, known={"6.hsts", "12.trackers"}))
    assert "for at least 180 days known" in text
    assert "(12.trackers)" not in text
    assert text.endswith("1 broken (§11), 2 broken and known, 42 kept, 20 unknown")


def test_evidence_left_out_is_counted() -> None:
    many = tuple(Evidence(f"GET /{n} (DNT: 1)", "Set-Cookie: a") for n in range(30))
    assert "and 18 more like these" in terminal(report_of({"11.cookies-dnt": many}))


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300)


@given(TEXTS, st.integers(20, 80), st.integers(0, 6), st.integers(0, 6))
def test_wrapping_loses_nothing_and_stays_within(
    text: str, width: int, first: int, after: int
) -> None:
    lines = [*wrapped(text, width, " " * first, " " * after)]
    assert all(cells(line) <= width for line in lines)
    shown = "".join("".join(lines).split()).replace(r"\x3a", ":")
    assert shown == "".join(text.split()).replace(r"\x3a", ":")


@given(
    st.text(":a \u00a0商", max_size=60), st.integers(20, 24), st.integers(0, 6), st.integers(0, 6)
)
@example("a" * 20 + "::error::x", 20, 0, 0)
@example("a ::error::x", 20, 0, 0)
def test_no_line_begins_as_a_command_to_ci_services(
    text: str, width: int, first: int, after: int
) -> None:
    lines = [*wrapped(text, width, " " * first, " " * after)]
    assert not any(line.strip().startswith("::") for line in lines)
    assert all(cells(line) <= width for line in lines)


@pytest.mark.parametrize(
    ("text", "wide"), [("abc", 3), ("é", 1), ("e\u0301", 1), ("商品", 4), ("\u200b", 0)]
)
def test_cells_are_counted_as_terminals_do(text: str, wide: int) -> None:
    assert cells(text) == wide


def test_wide_letters_fill_a_line_sooner() -> None:
    assert [*wrapped("商品商品 " * 4, 22)] == ["商品商品 商品商品", "商品商品 商品商品"]


@pytest.mark.parametrize("started", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:00-12:00", "?"])
def test_a_report_of_no_day_is_shown_with_what_it_says(started: str) -> None:
    assert started in squeezed(terminal(report_of({}, started=started), width=200))
