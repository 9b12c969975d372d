"""Every example policy of the docs, in Django's admin on a real server, under DNT and under GPC."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from alpines_privacy import PrivacyPolicy
from alpines_privacy.policy.record import AuditRecord
from alpines_privacy.policy.secrets import VARIABLE
from tests.support.advice import advised
from tests.support.documented import DOCUMENTED, policies_in
from tests.support.processes import free_port, program
from tests.support.secret_keys import KEY

ROOT = Path(__file__).parents[2]
SIGNALS: Mapping[str, dict[str, str]] = {
    "none": {},
    "GPC": {"Sec-GPC": "1"},
    "DNT": {"DNT": "1"},
}
LOGIN = {"sessionid", "csrftoken"}


@dataclass
class Admin:
    """The admin's server: where it is, and where it writes its log and reads what is advised."""

    address: str
    folder: Path
    _first: dict[str, tuple[set[str], str]] = field(default_factory=dict)

    @property
    def log(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*.log"))

    def first(self, name: str) -> tuple[set[str], str]:
        """Return what worked at the first visit under DNT, and what the log said of it: it says it once."""
        if name not in self._first:
            before = len(self.log)
            done = worked(self, name, SIGNALS["DNT"])
            self._first[name] = done, self.log[before:]
        return self._first[name]


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    folder, port = tmp_path_factory.mktemp("admin"), free_port()
    for policy in DOCUMENTED.values():
        for file in (*policy.trackers.lists, *policy.trackers.signal_lists):
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text("||tracker.example^\n")
        for evidence in policy.evidence:
            if evidence.file:
                record = AuditRecord(audited=datetime.now(UTC), verdicts={"11.vary": "kept"})
                (folder / evidence.file).write_bytes(record.to_json())
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {VARIABLE: KEY, "PYTHONPATH": paths}
    command = [sys.executable, "-m", "waitress", "--listen", f"127.0.0.1:{port}"]
    command.append("--no-clear-untrusted-proxy-headers")  # the policy says whom to trust
    with program([*command, "tests.support.admin_site:application"], port, folder, env=environment):
        yield Admin(f"http://127.0.0.1:{port}", folder)


class EndingTLS(httpx.HTTPTransport):
    """A proxy on this machine: the browser speaks https, the server http."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(scheme="http")
        headers = [*request.headers.raw, (b"X-Forwarded-Proto", b"https")]
        handed_on = httpx.Request(request.method, url, headers=headers, stream=request.stream)
        return super().handle_request(handed_on)


def worked(admin: Admin, name: str, signal: dict[str, str]) -> set[str]:
    """Log in, and add a group: return which of it worked."""
    address = admin.address.replace("http", "https")
    headers = signal | {"Host": f"{name}.example", "Referer": f"https://{name}.example/"}
    with httpx.Client(base_url=address, headers=headers, transport=EndingTLS()) as browser:
        browser.follow_redirects = True
        warden = {"username": "warden", "password": "cairn-and-compass", "next": "/admin/"}
        if "Site administration" not in send(browser, "/admin/login/", warden).text:
            return set()
        group = f"{name} {' '.join(signal)}"
        page = send(browser, "/admin/auth/group/add/", {"name": group, "_save": "Save"}).text
        return {"login"} | ({"message"} if "was added successfully" in page else set())


def send(browser: httpx.Client, path: str, fields: dict[str, str]) -> httpx.Response:
    """Send the form that stands on a page."""
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(path).text)
    assert token
    return browser.post(path, data={"csrfmiddlewaretoken": token[1], **fields})


def promised(policy: PrivacyPolicy, signal: str) -> set[str]:
    """Return what docs/signals-and-cookies.md says will work under a signal."""
    if signal != "DNT":  # under GPC alone logins stay, and no example says otherwise
        return {"login", "message"}
    necessary = {cookie.name for cookie in policy.cookies if cookie.necessary}
    if not necessary >= LOGIN:
        return set()
    return {"login", "message"} if "messages" in necessary else {"login"}


def test_the_docs_show_policies_of_every_form() -> None:
    pages = {name.rpartition("-")[0] for name in DOCUMENTED}
    assert pages >= {"readme", "policy", "signups", "trackers", "frameworks"}
    assert len(DOCUMENTED) >= 8


@pytest.mark.parametrize(
    "shown",
    [
        '```toml\nkeep_logins = "never"\n```\n',
        '```python\nprotect(app, PrivacyPolicy(keep_logins="never"))\n```\n',
        '```python\nALPINES_PRIVACY = {"keep_logins": "never"}\n```\n',
    ],
)
def test_a_shown_policy_is_found(shown: str) -> None:
    assert list(policies_in(f"Text\n\n{shown}\nmore")) == [PrivacyPolicy(keep_logins="never")]


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_admin_works_as_the_docs_promise(admin: Admin, name: str, signal: str) -> None:
    done = admin.first(name)[0] if signal == "DNT" else worked(admin, name, SIGNALS[signal])
    assert done == promised(DOCUMENTED[name], signal)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_what_is_held_back_works_with_what_the_log_advises(admin: Admin, name: str) -> None:
    done, log = admin.first(name)
    policy = advised(log)
    assert bool(policy) == (done != {"login", "message"}), log
    (admin.folder / f"{name}.toml").write_text(policy)
    assert worked(admin, f"advised-{name}", SIGNALS["DNT"]) == {"login", "message"}
    assert "defect" not in admin.log
