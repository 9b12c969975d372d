"""`alpines_privacy.breach`: what the commands do, from a program, as docs/breach.md shows it."""

from __future__ import annotations

import asyncio
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import alpines_privacy
from alpines_privacy import PrivacyPolicy, breach
from alpines_privacy.breach.drill.invented import write_policy
from alpines_privacy.breach.drill.sink import Sink
from alpines_privacy.breach.ledger import Counts
from alpines_privacy.policy.breach import Breach
from tests.breach.support import DRAFT, wait_until

_DOCS = Path(__file__).parents[2] / "docs" / "breach.md"
LIST = "email,name\nana@example.com,Ana\nben@example.com,Ben\nnonsense,Cy\n"
TEXTS = {key: value for key, value in DRAFT.items() if key not in {"zone", "contact", "email"}}


@pytest.fixture
def sink() -> Any:
    with Sink(seed=1, hold_after=1_000) as running:
        yield running


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a list and a mailbox, in which programs run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALPINES_PRIVACY_BREACH_LEDGER", raising=False)
    Path("customers.csv").write_text(LIST, "utf-8")
    Path("returned.mbox").write_bytes(b"")
    return tmp_path


def test_the_example_of_the_docs_runs(sink: Sink, capsys: pytest.CaptureFixture[str]) -> None:
    write_policy(Path("alpines-privacy.toml"), "sqlite:///breach.db", sink.port)
    section = _DOCS.read_text("utf-8").partition("## From Python")[2]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found is not None
    exec(found[1], {})  # noqa: S102 - the docs' own example
    said = capsys.readouterr().out
    assert "What Happened" in said
    assert "done" in said
    assert "accepted=2" in said
    assert Path("lost-laptop-evidence.html").is_file()
    assert set(sink.received) == {"ana@example.com", "ben@example.com", "privacy@example.com"}


class TestOperations:
    LEDGER = "sqlite:///mine.db"

    def opened(self, sink: Sink | None = None) -> Breach:
        write_policy(Path("policy.toml"), "sqlite:///never.db", sink.port if sink else 1)
        policy = PrivacyPolicy.load("policy.toml")
        assert policy.breach is not None
        breach.open_incident(TEXTS, ledger=self.LEDGER, policy=policy)
        return policy.breach

    def test_arguments_come_before_the_policy_and_the_policy_fills_in(self) -> None:
        settings = self.opened()
        incident = breach.status(ledger=self.LEDGER).incident
        assert incident.texts["email"] == "privacy@example.com"
        assert str(incident.zone) == settings.zone
        assert not Path("never.db").exists()

    def test_the_environment_names_the_ledger(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened()
        monkeypatch.setenv("ALPINES_PRIVACY_BREACH_LEDGER", self.LEDGER)
        assert breach.status(policy="policy.toml").incident.name == "lost-laptop"

    def test_what_is_amended_is_said(self) -> None:
        settings = self.opened()
        amended = breach.amend({"what_we_do": "More."}, ledger=self.LEDGER, policy=settings)
        assert amended.texts["what_we_do"] == "More."
        with pytest.raises(breach.BreachError, match="nothing new"):
            breach.amend({"what_we_do": "More."}, ledger=self.LEDGER, policy=settings)

    def test_a_list_is_stored_unless_somebody_does_not_agree(self) -> None:
        self.opened()
        with pytest.raises(breach.BreachError, match="nothing is stored"):
            breach.import_list("customers.csv", agree=lambda *_: False, ledger=self.LEDGER)
        assert breach.status(ledger=self.LEDGER).counts.total == 0
        done = breach.import_list("customers.csv", ledger=self.LEDGER)
        assert (done.rows, done.new) == (3, 3)

    def test_a_call_sends_after_a_test_message(self, sink: Sink) -> None:
        settings = self.opened(sink)
        breach.import_list("customers.csv", ledger=self.LEDGER)
        heard: list[Any] = []
        ending = breach.send(
            test_to="me@example.com", ledger=self.LEDGER, policy=settings, progress=heard.append
        )
        assert ending.kind == "done"
        assert heard[-1].done == heard[-1].people == 3
        assert breach.status(ledger=self.LEDGER).counts == Counts(accepted=2, failed=1)
        assert set(sink.received) == {"ana@example.com", "ben@example.com", "me@example.com"}
        assert breach.send(ledger=self.LEDGER, policy=settings).kind == "done"
        assert sum(map(len, sink.received.values())) == 3

    def test_in_an_event_loop(self, sink: Sink) -> None:
        settings = self.opened(sink)
        breach.import_list("customers.csv", ledger=self.LEDGER)
        ending = asyncio.run(breach.send_async(limit=1, ledger=self.LEDGER, policy=settings))
        assert ending.kind == "stopped"
        assert breach.status(ledger=self.LEDGER).counts.accepted == 1

    def test_a_cancelled_sending_stops_and_writes_what_was_answered(self, sink: Sink) -> None:
        settings = self.opened(sink)
        Path("many.csv").write_text(
            "email\n" + "".join(f"p{n}@example.com\n" for n in range(2_000)), "utf-8"
        )
        breach.import_list("many.csv", ledger=self.LEDGER)

        async def cancelled() -> None:
            sending = asyncio.create_task(breach.send_async(ledger=self.LEDGER, policy=settings))
            await asyncio.to_thread(wait_until, lambda: len(sink.received) >= 20)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending

        asyncio.run(cancelled())
        counts = breach.status(ledger=self.LEDGER).counts
        assert counts.sending == 0
        assert 19 <= counts.accepted < 2_000
        assert counts.accepted == len(sink.received) - 1  # the test message

    def test_without_a_server_nothing_is_sent(self) -> None:
        self.opened()
        with pytest.raises(breach.BreachError, match="there is no mail server"):
            breach.send(ledger=self.LEDGER)


def test_every_public_function_has_its_docstring_and_the_same_last_arguments() -> None:
    for name in breach.__all__:
        value = getattr(breach, name)
        assert inspect.getdoc(value)
        if inspect.isfunction(value):
            assert [*inspect.signature(value).parameters][-2:] == ["ledger", "policy"]


def test_nothing_is_imported_before_it_is_used() -> None:
    code = (
        "import sys, alpines_privacy\n"
        "assert 'alpines_privacy.breach' not in sys.modules\n"
        "alpines_privacy.breach\n"
        "heavy = {'sqlalchemy', 'holidays', 'aiosmtplib', 'imap_tools', 'flufl.bounce', 'jinja2'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "alpines_privacy.breach.status\n"
        "assert not (heavy - {'sqlalchemy', 'holidays'}) & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own interpreter


def test_the_package_is_public() -> None:
    assert alpines_privacy.breach is breach
    assert "breach" in alpines_privacy.__all__
    with pytest.raises(AttributeError, match="no attribute 'sent'"):
        _ = breach.sent
