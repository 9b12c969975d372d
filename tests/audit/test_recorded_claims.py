"""From an audit to what is published, and back: what is broken is not claimed, until it is kept again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from alpines_privacy import Cookie, Evidence, PrivacyPolicy, protect
from alpines_privacy.audit.requirements import BY_ID
from alpines_privacy.cli import main
from alpines_privacy.policy import claims
from alpines_privacy.testing import visitor
from tests.support.operators import OPERATOR, TODAY
from tests.support.secret_keys import KEY

HOME = '<title>Summit</title><a href="/leak">Leak</a> <a href="/privacy">Privacy</a>'
FILE = "privacy-audit.json"


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    known = environ["PATH_INFO"] in {"/", "/leak"}
    start_response(
        "200 OK" if known else "404 Not Found",
        [("Content-Type", "text/html"), ("Set-Cookie", "theme=dark")],
    )
    return [HOME.encode()]


async def _answer(request: Request) -> HTMLResponse:
    answer = HTMLResponse(HOME)
    answer.set_cookie("theme", "dark")
    return answer


asgi_app = Starlette(routes=[Route("/", _answer), Route("/leak", _answer)])


def site(protocol: str, policy: PrivacyPolicy) -> Any:
    return protect(wsgi_app if protocol == "WSGI" else asgi_app, policy)


def claimed(app: Any) -> tuple[str, str, bool, bool]:
    """Return what `Tk`, /.well-known/dnt/, gpc.json and the policy's page say."""
    v = visitor(app, dnt=True)
    page = v.get("/privacy", headers={"accept": "text/plain"}).text
    return (
        v.get("/").headers["tk"],
        json.loads(v.get("/.well-known/dnt/").content)["tracking"],
        json.loads(v.get("/.well-known/gpc.json").content)["gpc"],
        "not all that this policy says is kept" not in " ".join(page.split()),
    )


@pytest.mark.parametrize("protocol", ["WSGI", "ASGI"])
def test_claims_follow_the_audit_and_come_back(
    protocol: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_SECRET_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    theme = Cookie("theme", purpose="Remembers your colours")
    leaking = PrivacyPolicy(operator=OPERATOR, effective=TODAY, cookies=[theme], exempt=["/leak"])
    evidence = [Evidence("audit", file=FILE, max_age=30)]

    def audited(policy: PrivacyPolicy) -> dict[str, str]:
        app = site(protocol, policy)
        monkeypatch.setattr("alpines_privacy.cli.audit.running.find_app", lambda *_, **__: app)
        CliRunner().invoke(main, ["audit", "shop:app", "--record", FILE], catch_exceptions=False)
        verdicts: dict[str, str] = json.loads(Path(FILE).read_bytes())["verdicts"]
        return verdicts

    assert claimed(site(protocol, leaking)) == ("N", "N", True, True)  # nobody has looked yet
    assert audited(leaking)["11.cookies-dnt"] == "broken"
    known = msgspec.structs.replace(leaking, evidence=evidence)
    assert claimed(site(protocol, known)) == ("!", "!", False, False)

    mended = msgspec.structs.replace(known, exempt=())
    found = audited(mended)  # of a site that still takes its claims back
    assert (found["11.cookies-dnt"], found["11.gpc-json"], found["11.dnt-status"]) == (
        "kept", "broken", "broken",
    )  # fmt: skip
    assert [key for key, state in found.items() if state == "broken"] == [
        "11.gpc-json",
        "11.dnt-status",
    ]
    assert claimed(site(protocol, mended)) == ("N", "N", True, True)


def test_the_requirements_about_claims_are_the_audits() -> None:
    assert set(BY_ID) >= claims._ABOUT_CLAIMS
