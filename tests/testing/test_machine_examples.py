"""The machine plays a visitor of the three protected example apps, each in a process of its own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from alpines_privacy import PrivacyPolicy
from alpines_privacy.testing.machine import Form, VisitorMachine

ROOT = Path(__file__).parents[2]


def policy_of(name: str) -> PrivacyPolicy:
    if name == "site":
        protected = import_module("examples.site.settings_protected")
        return PrivacyPolicy.from_mapping(protected.ALPINES_PRIVACY)
    return PrivacyPolicy.load(ROOT / "examples" / name / "alpines-privacy.toml")


class Example(VisitorMachine):
    name: ClassVar[str]

    def app(self) -> Any:
        return import_module(f"examples.{self.name}.protected").app

    def births(self) -> Iterable[date]:
        return ()


class Shop(Example):
    name = "shop"
    paths = ("/", "/cart", "/orders", "/signup", "/privacy", "/products.json", "/missing")
    login = Form("/login", {"username": "ayesha", "password": "mountain-lake"})
    logout = "/logout"
    forms: ClassVar = {
        "/signup": {"name": "Mira Rossi", "username": "mira", "password": "four-words-in-a-row"}
    }


class Api(Example):
    name = "api"
    paths = ("/", "/bookings", "/privacy", "/api/huts", "/openapi.json", "/missing")
    login = Form("/login", {"username": "ayesha", "password": "mountain-lake"})
    forms: ClassVar = {
        "/api/guests": {
            "user.name": "Mira Rossi",
            "user.username": "mira",
            "user.password": "four-words-in-a-row",
        }
    }

    def births(self) -> Iterable[date]:
        database = Path(os.environ["EXAMPLES_INSTANCE"]) / "api-protected.sqlite3"
        with closing(sqlite3.connect(database)) as connection:
            rows = connection.execute("SELECT birth_date FROM guests").fetchall()
        return [date.fromisoformat(birth) for (birth,) in rows]


class Site(Example):
    name = "site"
    paths = ("/", "/account/", "/signup/", "/login/", "/privacy", "/articles.json", "/missing")
    login = Form("/login/", {"username": "ayesha", "password": "mountain-lake"})
    forms: ClassVar = {"/signup/": {"username": "mira", "password1": "a-b-c-d-1"}}


MACHINES: dict[str, type[Example]] = {"shop": Shop, "api": Api, "site": Site}


def play(name: str) -> None:
    """Play a visitor of one example; raises what the machine finds."""
    machine = MACHINES[name]
    machine.policy = policy_of(name)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=6,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            database=None,
        ),
    )


@pytest.mark.parametrize("name", MACHINES)
def test_a_protected_example_keeps_its_policy_whatever_a_visitor_does(
    name: str, tmp_path: Path
) -> None:
    script = f"from tests.testing.test_machine_examples import play; play({name!r})"
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "EXAMPLES_INSTANCE": str(tmp_path), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
