"""The command line: what it finds, what it refuses and how, and real servers that keep the policy."""

from __future__ import annotations

import contextlib
import http.client
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from quart import Quart
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import alpines_privacy
from alpines_privacy import Cookie, PrivacyPolicy, protect
from alpines_privacy.asgi import PrivacyMiddleware
from alpines_privacy.cli import main
from alpines_privacy.cli.apps import find_app
from alpines_privacy.cli.servers import with_policy
from alpines_privacy.flask import AlpinesPrivacy
from alpines_privacy.testing import visitor

SCRIPT = Path(sys.executable).with_name("alpines-privacy")

WSGI = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "seen=1")])
    return [environ.get("HTTP_X_FORWARDED_FOR", "direct").encode()]
"""
ASGI = """
async def app(scope, receive, send):
    assert scope["type"] == "http"
    headers = [(b"content-type", b"text/html"), (b"set-cookie", b"seen=1")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"direct"})
"""
MODULES = {
    "shop.py": WSGI,
    "factories.py": """
from shop import app as made
def create_app(name="x"): return made
def make(name, size=1): return (made, name, size)
def fail(): raise KeyError("no config")
async def later(): return made
""",
    "made.py": "from shop import app as inner\ndef make_app(): return inner\n",
    "both.py": "application = 1\ndef create_app(): return 2\n",
    "empty.py": "appl = 1\n",
    "missing_import.py": "import flsk\n",
    "failing.py": "def prepare():\n    raise ZeroDivisionError('no')\n\nprepare()\n",
    "unfinished.py": "x = (\n",
    "bad_policy.py": "from alpines_privacy import Cookie\n\nCookie('session')\n",
    "package/__init__.py": "",
    "package/web.py": "class site:\n    app = 7\n",
    "elsewhere/deep/__init__.py": "",
    "elsewhere/deep/web.py": "app = 8\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a folder of little apps the current directory, and forget them afterwards."""
    for name, text in MODULES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="alpines-privacy")


def test_the_version_is_the_packages() -> None:
    result = run("--version")
    assert (result.output, result.exit_code) == (
        f"alpines-privacy {alpines_privacy.__version__}\n",
        0,
    )


def commands(group: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    """Return the words of each command, groups too."""
    yield path
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield from commands(command, *path, name)


@pytest.mark.parametrize("path", [*commands(main), ("audit", "diff")], ids=" ".join)
def test_help_is_whole_within_eighty_columns(path: tuple[str, ...]) -> None:
    """No line is longer, no summary is cut off, and no mark of the text's layout is printed."""
    lines = run(*path, "--help").output.splitlines()
    assert lines[0].startswith(" ".join(("Usage: alpines-privacy", *path, "[OPTIONS]")))
    assert [
        line for line in lines[1:]
        if len(line) > 80 or line.endswith("...") or "\\b" in line or not line.isprintable()
    ] == []  # fmt: skip


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"]])
def test_help_fits_eighty_columns_and_names_what_there_is(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80
    names = ["serve"] if arguments == ["--help"] else ["--policy", "--host", "--port", "--factory"]
    assert [name for name in names if name not in result.output] == []


def test_help_imports_no_framework_and_no_policy() -> None:
    code = (
        "import sys; from alpines_privacy.cli import main\n"
        "try: main(['serve', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'starlette', 'werkzeug', 'msgspec', 'publicsuffixlist', 'uvicorn', 'waitress'}\n"
        "sys.exit(str(sorted(heavy & set(sys.modules))) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_command_is_refused() -> None:
    result = run("sevre")
    assert result.exit_code == 2
    assert "No such command 'sevre'" in result.output


# Finding the app


FOUND: list[tuple[str, dict[str, Any], Callable[[Any], bool]]] = [
    ("shop:app", {}, callable),
    ("shop", {}, callable),
    ("shop.py", {}, callable),
    ("./shop.py:app", {}, callable),
    ("factories", {}, callable),
    ("factories:made", {}, callable),
    ("factories:create_app", {"factory": True}, callable),
    ("factories:create_app()", {}, callable),
    ("made", {}, callable),
    ("both", {}, lambda app: app == 1),
    ("both", {"factory": True}, lambda app: app == 2),
    ("factories:make('a', size=2)", {}, lambda app: app[1:] == ("a", 2)),
    ("package.web:site.app", {}, lambda app: app == 7),
    ("package/web.py:site.app", {}, lambda app: app == 7),
    ("elsewhere/deep/web.py", {}, lambda app: app == 8),
]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("text", "options", "right"), FOUND)
def test_an_import_string_finds_its_app(
    text: str, options: dict[str, Any], right: Callable[[Any], bool]
) -> None:
    assert right(find_app(text, **options))


REFUSED = [  # import string, factory, what the line says
    ("shpo:app", False, r'there is no module "shpo" in .* or among what is installed \(did you mean "shop"\?\)'),
    ("nowhere.web:app", False, r'there is no module "nowhere" in .* \(importing nowhere\.web\)'),
    ("package.wbe", False, r'there is no module "package\.wbe" in package \(did you mean "web"\?\)'),
    ("shop.web", False, r'there is no module "shop\.web" in shop, which is no package'),
    ("shop:ap", False, r'the module shop \(.*shop\.py\) has no "ap" \(did you mean "app"\?\)'),
    ("package.web:site.apps", False, r'package\.web:site has no "apps" \(did you mean "app"\?\)'),
    ("empty", False, r"the module empty \(.*\) has no app, application, create_app or make_app; .* empty:NAME"),
    ("shop", True, r"the module shop \(.*\) has no create_app or make_app"),
    ("nothing.py", False, r'there is no Python file "nothing\.py" in '),
    ("shop:", False, r'"shop:" names no app after the colon'),
    (":app", False, r'":app" is no import string; expected module:app'),
    ("my shop", False, r'"my shop" is no import string'),
    ("shop:app:x", False, r'"app:x" in "shop:app:x" is no name'),
    ("shop:app + 1", False, r"is no name"),
    ("factories:make(made)", False, r"is no name"),
    ("factories:make()", False, r"factories:make cannot be called so: missing a required argument: 'name'"),
    ("factories:make", True, r"factories:make cannot be called so: missing a required argument: 'name'"),
    ("empty:appl", True, r"empty:appl is of type int, not a factory"),
]  # fmt: skip


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("text", "factory", "says"), REFUSED)
def test_a_wrong_import_string_is_one_line_that_says_what_was_tried(
    text: str,
    factory: bool,
    says: str,
) -> None:
    result = run("serve", text, *(["--factory"] if factory else []))
    assert result.exit_code == 2
    assert re.fullmatch(rf"Error: .*{says}.*\n", result.output)


NOT_APPS = [
    ("package.web:site", r"package\.web:site \(type\) is neither an ASGI app"),
    ("empty:appl", r"empty:appl \(int\) is neither an ASGI app .* nor a WSGI app"),
    ("factories:fail", r"factories:fail .* a function without parameters; .* add --factory"),
    (
        "factories:create_app",
        r"factories:create_app .* a function without parameters; .* add --factory",
    ),
]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("text", "says"), NOT_APPS)
def test_what_is_no_app_is_refused_with_a_hint(text: str, says: str) -> None:
    result = run("serve", text, "--port", "0")
    assert (result.exit_code, bool(re.fullmatch(rf"Error: {says}.*\n", result.output))) == (2, True)


RAISING = [  # import string, its own frame, its own error, what raised it
    (
        "missing_import",
        'missing_import.py", line 1',
        "No module named 'flsk'",
        "importing missing_import",
    ),
    ("failing", 'failing.py", line 2, in prepare', "ZeroDivisionError: no", "importing failing"),
    ("unfinished", 'unfinished.py", line 1', "SyntaxError: ", "importing unfinished"),
    (
        "factories:fail()",
        'factories.py", line 5, in fail',
        "KeyError: 'no",
        "calling factories:fail",
    ),
]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("text", "frame", "error", "doing"), RAISING)
def test_an_exception_of_the_apps_shows_its_own_traceback_and_none_of_ours(
    text: str, frame: str, error: str, doing: str
) -> None:
    result = run("serve", text)
    assert result.exit_code == 2
    assert frame in result.output
    assert error in result.output
    assert re.search(rf"Error: {doing} raised \w+Error, as shown above\n\Z", result.output)
    assert "alpines_privacy" not in result.output
    assert "importlib" not in result.output


# Policies


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, r"policy\.toml: cannot be read: .*"),
        ("mode = 'enforec'", r'policy\.toml:1: mode: found \'enforec\' .*did you mean "enforce".*'),
        ("mode = =\n", r"policy\.toml:1: is not valid TOML: .*"),
    ],
)
def test_a_wrong_policy_file_is_one_line(project: Path, text: str | None, says: str) -> None:
    if text is not None:
        (project / "policy.toml").write_text(text)
    result = run("serve", "shop:app", "--policy", "policy.toml")
    assert result.exit_code == 2
    assert re.fullmatch(rf"Error: {says}\n", result.output)


@pytest.mark.usefixtures("project")
def test_a_wrong_policy_in_the_apps_code_is_one_line_that_names_the_place() -> None:
    result = run("serve", "bad_policy")
    assert result.exit_code == 2
    assert re.fullmatch(r"Error: .*purpose.*bad_policy\.py, line 3\)\n", result.output)


@pytest.mark.usefixtures("project")
def test_a_wrong_mode_in_the_environment_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPINES_PRIVACY_MODE", "offf")
    result = run("serve", "shop:app", "--port", "0")
    assert result.exit_code == 2
    assert re.fullmatch(r"Error: .*ALPINES_PRIVACY_MODE.*\n", result.output)


OWN = PrivacyPolicy(cookies=[Cookie("seen", purpose="Shows what is new", necessary=True)])


def planting(app: Any) -> Any:
    """Make a Flask or Quart app plant a cookie."""
    app.add_url_rule("/", view_func=lambda: ("hi", {"Set-Cookie": "seen=1"}))
    return app


def starlette(**options: Any) -> Starlette:
    def home(_: Any) -> PlainTextResponse:
        return PlainTextResponse("hi", headers={"Set-Cookie": "seen=1"})

    return Starlette(routes=[Route("/", home)], **options)


def by_extension() -> Flask:
    app = planting(Flask(__name__))
    AlpinesPrivacy(app, OWN)
    return app  # type: ignore[no-any-return]  # as it was made above


def wsgi(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Set-Cookie", "seen=1")])
    return [b"hi"]


BARE: dict[str, Callable[[], Any]] = {
    "wsgi": lambda: wsgi,
    "flask": lambda: planting(Flask(__name__)),
    "quart": lambda: planting(Quart(__name__)),
    "starlette": starlette,
}
PROTECTED: dict[str, Callable[[], Any]] = {
    "wrapped": lambda: protect(wsgi, OWN),
    "flask": lambda: protect(planting(Flask(__name__)), OWN),
    "flask extension": by_extension,
    "quart": lambda: protect(planting(Quart(__name__)), OWN),
    "starlette": lambda: protect(starlette(), OWN),
    "starlette middleware": lambda: starlette(
        middleware=[Middleware(PrivacyMiddleware, policy=OWN)]
    ),
}


@pytest.mark.parametrize("make", BARE.values(), ids=BARE)
def test_a_bare_app_gets_the_literal_policy_or_the_given_one(make: Callable[[], Any]) -> None:
    app, kept = with_policy(make(), None)
    assert (visitor(app, dnt=True).get("/").plants, kept) == ([], "the literal policy")
    app, kept = with_policy(make(), OWN)
    assert (visitor(app, dnt=True).get("/").plants, kept) == (["seen"], "the given policy")


@pytest.mark.parametrize("make", PROTECTED.values(), ids=PROTECTED)
def test_an_app_with_a_policy_of_its_own_keeps_it_unless_one_is_given(
    make: Callable[[], Any],
) -> None:
    app, kept = with_policy(make(), None)
    assert (visitor(app, dnt=True).get("/").plants, kept) == (["seen"], "its own policy")
    app, kept = with_policy(make(), PrivacyPolicy())
    assert (visitor(app, dnt=True).get("/").plants, kept) == ([], "the given policy")


# Servers


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("server", "text"), [("waitress", WSGI), ("uvicorn", ASGI)])
def test_a_missing_server_says_how_to_install_it(
    server: str, text: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, server, None)
    (project / "one.py").write_text(text)
    result = run("serve", "one", "--port", "0")
    assert result.exit_code == 2
    assert re.fullmatch(
        rf'Error: {server}, .*, is not installed: pip install "alpines-privacy\[serve\]"\n',
        result.output,
    )


@pytest.mark.usefixtures("project")
def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = run("serve", "shop:app", "--port", str(port))
    assert (result.output, result.exit_code) == (
        f"Error: cannot listen on 127.0.0.1:{port}: Address already in use\n", 2
    )  # fmt: skip


@pytest.mark.usefixtures("project")
def test_an_address_of_another_machine_is_one_line() -> None:
    result = run("serve", "shop:app", "--host", "192.0.2.1", "--port", "0")
    assert re.fullmatch(
        r"Error: cannot listen on 192\.0\.2\.1:0: Cannot assign .*\n", result.output
    )
    assert result.exit_code == 2


FRAMEWORKS = {
    "wsgi": WSGI,
    "asgi": ASGI,
    "flask": """
from flask import Flask
app = Flask(__name__)
app.add_url_rule("/", view_func=lambda: ("direct", {"Set-Cookie": "seen=1"}))
""",
    "quart": """
from quart import Quart
app = Quart(__name__)
app.add_url_rule("/", view_func=lambda: ("direct", {"Set-Cookie": "seen=1"}))
""",
    "starlette": """
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
app = Starlette(routes=[
    Route("/", lambda _: HTMLResponse("direct", headers={"Set-Cookie": "seen=1"})),
])
""",
    "django": """
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

def home(request):
    response = HttpResponse("direct")
    response.set_cookie("seen", "1")
    return response

urlpatterns = [path("", home)]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"])
app = get_wsgi_application()
""",
}


class Served:
    """A server in a process of its own, on a free port, awaited by the line that says it serves."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own script
            [SCRIPT, "serve", *arguments, "--port", "0"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.said: list[str] = []
        self.port = 0
        for line in self.process.stderr:  # ends where the process does
            self.said.append(line)
            if match := re.search(r" on http://127\.0\.0\.1:(\d+)/ ", line):
                self.port = int(match[1])
                break

    def get(self, fields: Mapping[str, str]) -> tuple[str | None, str]:
        """Return the Set-Cookie and the body of the home page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", "/", headers=dict(fields))
            response = connection.getresponse()
            return response.getheader("Set-Cookie"), response.read().decode()

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; return the exit status and what was said until then."""
        self.process.send_signal(number)
        _, rest = self.process.communicate(timeout=120)
        return self.process.returncode, "".join(self.said) + rest


@contextlib.contextmanager
def served(folder: Path, *arguments: str) -> Iterator[Served]:
    server = Served(folder, *arguments)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.process.communicate()


@pytest.mark.parametrize("text", FRAMEWORKS.values(), ids=FRAMEWORKS)
def test_a_real_server_keeps_the_policy(text: str, tmp_path: Path) -> None:
    (tmp_path / "site_of_mine.py").write_text(text)
    with served(tmp_path, "site_of_mine:app") as server:
        assert server.port, "".join(server.said)
        assert server.said[-1].startswith("Serving site_of_mine:app on http://127.0.0.1:")
        cookie, body = server.get({"DNT": "1"})
        assert (cookie, body) == (None, "direct")
        cookie, body = server.get({})
        assert (cookie or "").startswith("seen=1")
        status, said = server.end(signal.SIGTERM)
    assert (status, "Traceback" in said) == (-signal.SIGTERM, False)


@pytest.mark.parametrize("text", [WSGI, ASGI], ids=["WSGI", "ASGI"])
def test_ctrl_c_ends_it_without_complaint(text: str, tmp_path: Path) -> None:
    (tmp_path / "site_of_mine.py").write_text(text)
    with served(tmp_path, "site_of_mine") as server:
        server.get({})
        status, said = server.end(signal.SIGINT)
    assert (status, "Traceback" in said, "Abort" in said) == (0, False, False)


def test_the_given_policy_is_the_one_kept_and_may_trust_a_proxy(tmp_path: Path) -> None:
    (tmp_path / "site_of_mine.py").write_text(WSGI)
    (tmp_path / "policy.toml").write_text(
        'trusted_proxies = ["127.0.0.1"]\n'
        '[[cookies]]\nname = "seen"\npurpose = "Shows what is new"\nnecessary = true\n'
    )
    forwarded = {"DNT": "1", "X-Forwarded-For": "203.0.113.7"}
    with served(tmp_path, "site_of_mine", "--policy", "policy.toml") as server:
        cookie, body = server.get(forwarded)
        assert ((cookie or "").partition(";")[0], body) == ("seen=1", "203.0.113.7")
    with served(tmp_path, "site_of_mine") as server:
        assert server.get(forwarded) == (None, "direct")


def test_a_django_site_with_a_policy_of_its_own_keeps_it_behind_its_own_proxies(
    tmp_path: Path,
) -> None:
    own = """
def home(request):
    response = HttpResponse(request.headers.get("X-Forwarded-For", "direct"))
    response.set_cookie("seen", "1")
    return response

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    MIDDLEWARE=["alpines_privacy.django.PrivacyMiddleware"],
    ALPINES_PRIVACY={"cookies": [{"name": "seen", "purpose": "News", "necessary": True}]},
)
"""
    before, _, _ = FRAMEWORKS["django"].partition("def home")
    (tmp_path / "site_of_mine.py").write_text(
        f"{before}{own}\nurlpatterns = [path('', home)]\napp = get_wsgi_application()\n"
    )
    with served(tmp_path, "site_of_mine") as server:
        assert "with its own policy kept" in server.said[-1], "".join(server.said)
        cookie, body = server.get({"DNT": "1", "X-Forwarded-For": "203.0.113.7"})
        assert ((cookie or "").partition(";")[0], body) == ("seen=1", "203.0.113.7")


def test_a_start_up_that_fails_is_not_said_to_serve(tmp_path: Path) -> None:
    (tmp_path / "site_of_mine.py").write_text(
        """
async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
"""
    )
    with served(tmp_path, "site_of_mine") as server:
        said = "".join(server.said)
        assert (server.port, "no database" in said) == (0, True)
        assert server.process.wait(timeout=120) == 3
