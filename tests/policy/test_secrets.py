"""Secret keys: those set, those of the app, and one that the processes of a site share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alpines_privacy import PolicyError, PrivacyWarning
from alpines_privacy.policy import SecretKeys, secrets
from alpines_privacy.policy.shared_key import shared_key

STRONG = "uC3mWwsmDh3yvCk7m9uZ8bq7yq0iB3yq4m0gq8mZb1E"
OTHER = "Zk5Jq1bS8xW2nV7tR4yP9mL3cF6hD0gA-eU_iO1sXvQ"


@pytest.fixture
def nothing_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has asked for no key yet."""
    monkeypatch.setattr(secrets, "_made", [])


def test_keys_that_are_set_come_first() -> None:
    assert SecretKeys.of_site([OTHER], {secrets.VARIABLE: f"{STRONG}, {OTHER}"}) == (STRONG, OTHER)


@pytest.mark.parametrize(
    "key", [STRONG, STRONG.encode(), os.urandom(32)], ids=["text", "bytes", "random"]
)
def test_the_apps_own_key_makes_ours_and_neither_tells_the_other(key: str | bytes) -> None:
    (ours,) = SecretKeys.of_site([key], {})
    assert SecretKeys.of_site([key], {}) == (ours,)
    assert SecretKeys.of_site([OTHER], {}) != (ours,)
    assert STRONG not in ours


def test_an_apps_older_keys_go_on_verifying() -> None:
    newest, older = SecretKeys.of_site([STRONG, OTHER], {})
    assert (newest,) == SecretKeys.of_site([STRONG], {})
    assert (older,) == SecretKeys.of_site([OTHER], {})


@pytest.mark.usefixtures("nothing_made")
def test_an_app_key_that_can_be_guessed_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.warns(PrivacyWarning, match="not set"):
        shared = SecretKeys.of_site(["dev"], {})
    assert shared == SecretKeys.of_site([], {})


def test_processes_of_a_site_share_a_key_that_nobody_set(tmp_path: Path) -> None:
    code = "from alpines_privacy.policy.shared_key import shared_key; print(shared_key())"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", code]
    workers = [
        subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=subprocess.PIPE, env=environment, cwd=tmp_path, text=True
        )
        for _ in range(6)
    ]
    keys = {worker.communicate()[0].strip() for worker in workers}
    assert len(keys) == 1
    assert len(keys.pop()) >= 43
    (folder,) = tmp_path.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    assert [path.stat().st_mode & 0o077 for path in folder.iterdir()] == [0]


def test_another_folder_is_another_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = set()
    for name in ("shop", "club"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        keys.add(shared_key(tmp_path / "keys"))
    assert len(keys) == 2


@pytest.mark.usefixtures("nothing_made")
@pytest.mark.parametrize(
    "what", ["open to others", "a file", "a link", "a key that is a link", "emptied"]
)
def test_what_is_not_this_users_alone_stops_the_start_and_says_what_to_set(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    shared_key()
    (folder,) = tmp_path.iterdir()
    (key,) = folder.iterdir()
    match what:
        case "open to others":
            folder.chmod(0o755)
        case "emptied":
            key.write_text("")
        case "a key that is a link":
            key.rename(tmp_path / "elsewhere")
            key.symlink_to(tmp_path / "elsewhere")
        case _:
            folder.rename(tmp_path / "elsewhere")
            folder.touch() if what == "a file" else folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PolicyError, match=r"ALPINES_PRIVACY_SECRET_KEY.*token_urlsafe"):
        SecretKeys.of_site([], {})
