"""What tests share."""

from __future__ import annotations

import logging
import os
import re
import signal
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

from alpines_privacy.http.privacy import OUTSIDE, current_privacy
from alpines_privacy.redaction.logs.submitted import current_requests, failed

# Machines are busy at times: no test is about how long one example takes. The examples are the same
# each time, so that a failure is always the change's own; `--hypothesis-profile=random` draws others.
settings.register_profile("random", deadline=None)
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile("same")

# A shell that runs the tests in the background has SIGINT ignored, in every child of theirs too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Files whose tests take the longest, in the order in which they begin: no worker is left with one at the end.
LONGEST = (
    "tests/browser", "tests/audit/browser/test_in_chromium.py", "tests/audit/browser/test_embeds.py",
    "tests/fuzz/test_signups_differential.py", "tests/fuzz/test_growth.py", "tests/audit/test_mutants.py",
    "tests/shield/test_shield_browser.py", "tests/test_deploy.py", "tests/test_examples.py",
    "tests/audit/test_examples.py", "tests/http/test_html.py", "tests/signups/test_signup_fuzz.py",
    "tests/trackers/test_trackers_rules.py",
)  # fmt: skip
# Files whose tests go apart by their first parameter, a server or a proxy.
IN_PARTS = ("tests/fuzz/test_signups_differential.py", "tests/test_deploy.py")


def work_of(nodeid: str) -> str:
    """Return what a worker is given together with a test: its file, or part of one, or the folder with one browser."""
    file, _, name = nodeid.partition("::")
    if file.startswith("tests/browser/"):
        return "tests/browser"
    part = re.search(r"\[([^\]-]+)", name) if file in IN_PARTS else None
    return f"{file}[{part[1]}]" if part else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes the longest."""

    def place(item: pytest.Item) -> int:
        work = work_of(item.nodeid).partition("[")[0]
        return LONGEST.index(work) if work in LONGEST else len(LONGEST)

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run one more at once than there are cores: each waits at times, for a server or a browser."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep together what `work_of` says, in place of whole files, and in the order that tests have."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415 - absent where tests run one by one

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # it has no types
        def _split_scope(self, nodeid: str) -> str:
            return work_of(nodeid)

    config.option.loadscopereorder = False
    return Scheduling(config, log)


class _Log(NamedTuple):
    """How logs are configured: the root's handlers, each logger's level and so on, and what is disabled."""

    handlers: list[logging.Handler]
    loggers: dict[logging.Logger, tuple[int, bool, bool]]
    disabled: int


_LOG = pytest.StashKey[_Log]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Leave logs to the next file as they were: some frameworks configure the root's for each app."""
    stash = item.config.stash
    if _LOG not in stash:
        stash[_LOG] = _configured_log()
    result = yield
    if nextitem is None or nextitem.path != item.path:
        _configure(stash[_LOG])
        del stash[_LOG]
    return result


def _configured_log() -> _Log:
    root = logging.getLogger()
    named = root.manager.loggerDict.values()
    loggers = [root, *(each for each in named if isinstance(each, logging.Logger))]
    states = {each: (each.level, each.propagate, each.disabled) for each in loggers}
    return _Log(root.handlers[:], states, root.manager.disable)


def _configure(log: _Log) -> None:
    logging.disable(log.disabled)
    logging.getLogger().handlers[:] = log.handlers
    for logger, (level, propagate, disabled) in log.loggers.items():
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled


def need(part: str, present: bool, hint: str) -> None:
    """Skip a test whose part is absent on this machine; in CI, where it must be there, fail."""
    if present:
        return
    reason = f"{part} is not installed: {hint}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def _outside() -> Iterator[None]:
    """Begin each test outside a request: test clients that close no response leave one behind.

    What visitors of the test before submitted, whose request failed, is no longer to be hidden.
    """
    current_privacy.set(OUTSIDE)
    current_requests.references.clear()
    failed.kept.clear()
    yield
    current_privacy.set(OUTSIDE)
