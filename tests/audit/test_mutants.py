"""Each requirement is told apart: one defence dropped turns exactly its requirement red."""

from __future__ import annotations

import warnings

import pytest

from alpines_privacy.audit import Options, Report, run
from alpines_privacy.audit.requirements import REQUIREMENTS
from alpines_privacy.policy.warning import PrivacyWarning
from tests.audit.mutants import MUTANTS
from tests.audit.whole import Parts, site

# What two visits of the site's own cannot show.
BY_BROWSER = {each.id for each in REQUIREMENTS if each.needs == "browser"}


def audited(parts: Parts) -> Report:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", PrivacyWarning
        )  # of the keys, and of what a mutant has dropped
        return run(site(parts), Options(active=True), name="whole")


def test_every_requirement_has_a_mutant() -> None:
    assert set(MUTANTS) == {each.id for each in REQUIREMENTS} - BY_BROWSER


def test_the_whole_site_keeps_everything() -> None:
    report = audited(Parts())
    unknown = {v.requirement.id: v.note for v in report.verdicts if v.state == "unknown"}
    assert report.ids("broken") == ()
    assert set(unknown) == BY_BROWSER, unknown


@pytest.mark.parametrize("key", MUTANTS)
def test_one_defence_dropped_turns_its_requirement_red(key: str) -> None:
    report = audited(MUTANTS[key])
    evidence = [(v.requirement.id, v.evidence) for v in report.verdicts if v.state == "broken"]
    assert report.ids("broken") == (key,), evidence
    assert report.of(key).evidence
