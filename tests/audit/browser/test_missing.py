"""What is missing is said in a sentence, with the command that installs it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from alpines_privacy.audit.browser import chromium
from alpines_privacy.audit.browser.chromium import BrowserMissing, find_chromium, playwright_started
from alpines_privacy.audit.options import AuditError


def test_a_missing_chromium(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "_ELSEWHERE", ())
    with pytest.raises(BrowserMissing, match="playwright install chromium"):
        find_chromium(str(tmp_path / "absent"))


def test_playwrights_own_chromium_comes_first(tmp_path: Path) -> None:
    own = tmp_path / "chrome"
    own.touch()
    assert find_chromium(str(own)) == str(own)


def test_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    async def start() -> None:
        async with playwright_started():
            pass

    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    with pytest.raises(AuditError, match=r'pip install "alpines-privacy\[audit-browser\]"'):
        asyncio.run(start())
