"""The examples of docs/testing.md for property tests and OpenAPI, as they stand there."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from alpines_privacy import PrivacyPolicy, Signup, protect
from alpines_privacy.testing.machine import VisitorMachine
from tests.support.secret_keys import KEY
from tests.testing import test_machine, test_openapi

DOCS = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
FEW = settings(max_examples=5, stateful_step_count=15, derandomize=True, database=None)


def example_with(text: str) -> str:
    [found] = [code for code in re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL) if text in code]
    return str(found)


def executed(code: str, **names: Any) -> dict[str, Any]:
    exec(compile(code, "docs/testing.md", "exec"), names)  # noqa: S102 - the docs' own example
    return names


@pytest.fixture
def _shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The module of the example: an app that keeps accounts."""
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)
    shop = ModuleType("shop")
    made = test_machine.FlaskShop()
    shop.__dict__["create_app"] = made.bare
    monkeypatch.setitem(sys.modules, "shop", shop)
    yield
    made.teardown()


@pytest.mark.usefixtures("_shop")
def test_the_machine_of_the_docs_is_green_and_red_without_the_layer() -> None:
    names = executed(example_with("VisitorMachine"), __name__="docs")
    shop: type[VisitorMachine] = names["Shop"]
    assert names["TestShop"] is shop.TestCase
    run_state_machine_as_test(shop, settings=FEW)

    class Bare(shop):  # type: ignore[valid-type, misc]  # the docs' own
        def app(self) -> Any:
            return names["create_app"]()

    broken = settings(FEW, max_examples=50, phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises(AssertionError, match="§"):
        run_state_machine_as_test(Bare, settings=broken)


def test_the_property_of_the_docs_holds() -> None:
    executed(example_with("strategies.wsgi_apps()"))["test_no_app_sets_an_analytics_cookie"]()


def test_the_check_of_the_docs_takes_a_call() -> None:
    policy = PrivacyPolicy(signups=[Signup("/clubs/{club}/guests", birth_date="born")])
    app = protect(test_openapi.bare(), policy)
    names = executed(example_with("import policy_kept"), app=app, POLICY=policy)
    case = names["schema"]["/stock"]["GET"].Case()
    case.call_and_validate(headers={"Sec-GPC": "1"}, additional_checks=[names["policy_is_kept"]])
