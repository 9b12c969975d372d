"""The suite on every interpreter found: `make test-all`, or `nox -s tests-3.13`."""

import nox

nox.options.default_venv_backend = "venv"


@nox.session(python=["3.11", "3.12", "3.13", "3.14"])
def tests(session: nox.Session) -> None:
    """Run the tests against the built package, as a user would have it installed."""
    session.install(".[test]")
    parallel = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile")
    session.run("python", "-m", "pytest", *parallel, *session.posargs)
