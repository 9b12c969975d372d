"""The suite on every interpreter found, and public apps behind the layer: `nox -s tests-3.13 apps`."""

import nox

nox.options.default_venv_backend = "venv"
nox.options.sessions = ["tests"]  # the apps are asked for by name: they take 800 MB


@nox.session(python=["3.11", "3.12", "3.13", "3.14"])
def tests(session: nox.Session) -> None:
    """Run the tests against the built package, as a user would have it installed; one says which branches they take."""
    session.install(".[test]")
    parallel = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile")
    is_measured = (
        session.python == "3.13"
    )  # a tracer of branches makes the tests take twice as long
    measured = ("--cov", "--cov-branch", "--cov-report=term") if is_measured else ()
    session.run("python", "-m", "pytest", *parallel, *measured, *session.posargs)


# A release at a time: what the apps promise may change with the next.
APPS = (
    "datasette==0.65.*",
    "gradio==6.31.*",
    "pypiserver==2.4.*",
    "streamlit==1.67.*",
    "wagtail==8.0.*",
)


@nox.session(python="3.13")
def apps(session: nox.Session) -> None:
    """Drive public apps behind the layer in Chromium (their logins, queries and uploads), and audit them."""
    session.install(
        ".[audit,intrusion,serve]",
        *APPS,
        "hypothesis",
        "playwright>=1.48",
        "pytest>=8.3",
        "pytest-rerunfailures>=15.0",
        "pytest-xdist",
    )
    parallel = ("-n", "2", "--dist", "loadgroup")
    session.run("python", "-m", "pytest", "tests/apps", *parallel, *session.posargs)
