"""The plugin of pytest: `pytest --privacy-app shop.web:app` gives one test for each requirement of the policy.

Without its options or fixtures it does nothing, and imports nothing but pytest.

def test_policy_is_kept(privacy_audit):        # one test for each requirement
    assert_policy_kept(privacy_audit)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from alpines_privacy.audit import Report, Verdict

__all__ = ["privacy_app", "privacy_audit", "privacy_report"]

_FIXTURE = "privacy_audit"
_GROUP = "privacy"
_NO_TARGET = (
    "there is no app to audit: give --privacy-app module:app or --privacy-url URL, or a fixture named privacy_app "
    '(scope="session") that returns an app'
)

_audited = pytest.StashKey["Report | str"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup(_GROUP, "privacy policy (alpines-privacy)")
    group.addoption(
        "--privacy-app",
        metavar="MODULE:APP",
        help="audit this app: one test for each requirement of the policy",
    )
    group.addoption("--privacy-url", metavar="URL", help="audit the site at this address instead")
    group.addoption(
        "--privacy-policy", metavar="FILE", help="the policy file that says what is declared"
    )
    group.addoption(
        "--privacy-pages",
        metavar="N",
        type=int,
        default=50,
        help="visit at most so many pages (50)",
    )
    group.addoption(
        "--privacy-active", action="store_true", help="also send forms: it creates accounts"
    )
    group.addoption(
        "--privacy-browser", action="store_true", help="also look with Chromium at what scripts do"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse two targets."""
    if config.option.privacy_app and config.option.privacy_url:
        raise pytest.UsageError("--privacy-app and --privacy-url are two targets; expected one")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the tests of the requirements, unless tests of the user's have them by the fixture."""
    if not _target(config) or any(_FIXTURE in getattr(item, "fixturenames", ()) for item in items):
        return
    items.extend(_Requirements.from_parent(session, name=_GROUP, nodeid=_GROUP).collect())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test with the fixture one for each requirement, unless it names some itself."""
    if _FIXTURE not in metafunc.fixturenames:
        return
    marks = metafunc.definition.iter_markers("parametrize")
    if any(
        _FIXTURE in str(mark.args[0] if mark.args else mark.kwargs.get("argnames"))
        for mark in marks
    ):
        return
    from alpines_privacy.audit import REQUIREMENTS  # noqa: PLC0415 - only where it is used

    ids = [requirement.id for requirement in REQUIREMENTS]
    metafunc.parametrize(_FIXTURE, ids, ids=ids, indirect=True)


# -- Fixtures


@pytest.fixture(scope="session")
def privacy_app(pytestconfig: pytest.Config) -> Any:
    """Return what is audited: an app, or an address. Define one of this name to audit an app of a fixture."""
    return _app(pytestconfig)


@pytest.fixture(scope="session")
def privacy_report(pytestconfig: pytest.Config, privacy_app: Any) -> Report:
    """Return the report of one audit of `privacy_app`."""
    return _audit(pytestconfig, privacy_app)


@pytest.fixture
def privacy_audit(request: pytest.FixtureRequest, privacy_report: Report) -> Verdict:
    """Return the verdict on the test's requirement; a test whose requirement cannot be told is skipped."""
    return _told(privacy_report.of(request.param))


# -- Tests without a file


class _Requirements(pytest.Collector):
    """The requirements of the policy."""

    def collect(self) -> Iterator[pytest.Item]:
        from alpines_privacy.audit import REQUIREMENTS  # noqa: PLC0415 - only where it is asked for

        for requirement in REQUIREMENTS:
            yield _Requirement.from_parent(self, name=requirement.id, title=requirement.title)


class _Requirement(pytest.Item):
    """The test of one requirement."""

    def __init__(self, *, title: str, **given: Any) -> None:
        super().__init__(**given)
        self._title = title

    def runtest(self) -> None:
        from alpines_privacy.audit.assertions import told  # noqa: PLC0415 - only where it is asked for

        report = _report(self.config)
        verdict = _told(report.of(self.name))
        if verdict.state == "broken":
            raise AssertionError(told([verdict], report))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any, **__: Any) -> Any:
        if isinstance(excinfo.value, AssertionError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[str, None, str]:
        return _GROUP, None, f"{self.name}: {self._title}"


def _told(verdict: Verdict) -> Verdict:
    if verdict.state == "unknown":
        pytest.skip(verdict.note or "cannot be told")
    return verdict


def _report(config: pytest.Config) -> Report:
    """Return the report of the one audit of a session; an audit that cannot be made fails each of its tests."""
    found = config.stash.get(_audited, None)
    if found is None:
        try:
            found = _audit(config, _app(config))
        except pytest.fail.Exception as error:
            found = str(error.msg)
        config.stash[_audited] = found
    if isinstance(found, str):
        pytest.fail(found, pytrace=False)
    return found


def _target(config: pytest.Config) -> str | None:
    app: str | None = config.option.privacy_app or config.option.privacy_url
    return app


def _app(config: pytest.Config) -> Any:
    if config.option.privacy_url:
        return config.option.privacy_url
    if not config.option.privacy_app:
        pytest.fail(_NO_TARGET, pytrace=False)
    from alpines_privacy.cli.apps import find_app  # noqa: PLC0415 - only where it is asked for
    from alpines_privacy.cli.errors import Refusal  # noqa: PLC0415 - as above

    try:
        return find_app(config.option.privacy_app)
    except Refusal as error:
        pytest.fail(f"--privacy-app: {error.message}", pytrace=False)


def _audit(config: pytest.Config, app: Any) -> Report:
    try:
        from alpines_privacy.audit import AuditError, Options, run  # noqa: PLC0415 - only where it is asked for
    except ModuleNotFoundError as error:
        pytest.fail(
            f"{error.name} is missing; expected pip install 'alpines-privacy[audit]'", pytrace=False
        )
    from alpines_privacy.interface import is_asgi  # noqa: PLC0415 - as above
    from alpines_privacy.policy import PolicyError, PrivacyPolicy  # noqa: PLC0415 - as above

    if not isinstance(app, str):
        try:
            is_asgi(app)
        except TypeError as error:
            pytest.fail(f"the audit cannot be made: {error}", pytrace=False)
    option = config.option
    try:
        policy = PrivacyPolicy.load(option.privacy_policy) if option.privacy_policy else None
        options = Options(
            policy=policy,
            pages=option.privacy_pages,
            active=option.privacy_active,
            browser=option.privacy_browser,
        )
        return run(app, options, name=_target(config) or "")
    except (AuditError, PolicyError) as error:
        pytest.fail(f"the audit cannot be made: {error}", pytrace=False)
