"""The docs say what is checked, and each requirement says how it is mended."""

from __future__ import annotations

import pytest

from alpines_privacy.audit import Requirement
from alpines_privacy.audit.checks import CHECKS
from alpines_privacy.audit.requirements import BY_ID, REQUIREMENTS
from tests.audit.documented import table, written


def test_the_table_in_the_docs_is_that_of_the_code() -> None:
    assert written() == table(), "python -m tests.audit.documented writes it"


def test_requirements_stand_in_the_order_of_the_clauses() -> None:
    clauses = [int(each.clause) for each in REQUIREMENTS]
    assert clauses == sorted(clauses)
    assert set(clauses) == set(range(1, 15))
    assert len(BY_ID) == len(REQUIREMENTS)


def test_each_requirement_is_checked_here_or_by_a_browser() -> None:
    by_browser = {each.id for each in REQUIREMENTS if each.needs == "browser"}
    assert set(CHECKS) == set(BY_ID) - by_browser


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda each: each.id)
def test_each_requirement_says_how_it_is_mended(requirement: Requirement) -> None:
    for framework in ("Flask", "Django", "FastAPI", ""):
        ours = requirement.mend.of(framework, protected=True)
        both = requirement.mend.of(framework, protected=False)
        assert ours.endswith(".")
        assert requirement.mend.elsewhere.endswith(".")
        assert both.startswith(requirement.mend.elsewhere)
        assert ours in both
    assert not requirement.title.endswith(".")
