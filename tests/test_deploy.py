"""What docs/deploy.md tells an operator to write down: written down, started, and asked.

Of each block only the loopback ports and the folder of the certificate are others.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
import yaml

from alpines_privacy import PrivacyPolicy, protect
from alpines_privacy.policy import SecretKeys
from tests.conftest import need
from tests.http.test_head_room import site as site_with_a_large_head
from tests.http.test_shared_cache import POLICY as CACHED_POLICY
from tests.http.test_shared_cache import VISITORS, Got, mistakes, orders, shop
from tests.support.certificate import make_certificate
from tests.support.processes import debian_program, free_port, program, wsgi_origin
from tests.support.proxies import apache, haproxy

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "deploy.md").read_text("utf-8")
DEPLOYED = Path(__file__).parent / "support" / "deployed"
HOST, VISITOR, LIAR = "www.shop.example", "127.0.0.2", "203.0.113.9"
GPC = {"Sec-GPC": "1"}
# What a visitor may send to be taken for somebody else, somewhere else.
SPOOFED = {
    "Forwarded": f"for={LIAR};host=evil.example;proto=http",
    "X-Forwarded-For": LIAR,
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Port": "81",
}


class Block(NamedTuple):
    """A block of code: the heading it stands below, its language, its text."""

    heading: str
    language: str
    text: str


def _blocks() -> Iterator[Block]:
    heading = ""
    for found in re.finditer(r"(?m)^#+ ([^\n]+)$|^```(\w+)\n(.*?)^```$", TEXT, re.DOTALL):
        # A line of a block that begins with # is inside one, and so never found by itself.
        if found[1]:
            heading = found[1]
        else:
            yield Block(heading, found[2], found[3])


BLOCKS = list(_blocks())


def block(heading: str, language: str) -> str:
    """Return the one block of a language below a heading."""
    (text,) = (b.text for b in BLOCKS if (b.heading, b.language) == (heading, language))
    return text


def placed(text: str, **places: str) -> str:
    """Put other places into a block; each must stand there."""
    for old, new in places.items():
        assert old in text
        text = text.replace(old, new)
    return text


def commands(heading: str) -> list[list[str]]:
    """Return the commands below a heading, as words."""
    lines = block(heading, "console").splitlines()
    return [shlex.split(line.removeprefix("$ ")) for line in lines if line.startswith("$ ")]


def placed_words(words: list[str], old: str, new: str) -> list[str]:
    """Put another place into a command."""
    return placed("\0".join(words), **{old: new}).split("\0")


# --- The app's servers


@contextmanager
def app_server(command: list[str], folder: Path, **more: str) -> Iterator[int]:
    """Run a command of the page on another port, in the folder of the sites.

    One that is to listen on a socket listens on a port beside it, which tells that it has begun.
    """
    port = free_port()
    if "unix:" in " ".join(command):
        command = [*placed_words(command, "/run/shop", str(folder)), "--bind", "127.0.0.1:8000"]
    settings = list(itertools.takewhile(lambda word: "=" in word, command))
    words = [
        re.sub(r"^(127\.0\.0\.1|0\.0\.0\.0):8000$", f"127.0.0.1:{port}", word)
        for word in command[len(settings) :]
    ]
    words = [str(port) if word == "8000" else word for word in words]
    assert str(port) in " ".join(words)
    bare = {name: v for name, v in os.environ.items() if not name.startswith("ALPINES_PRIVACY_")}
    path = os.pathsep.join([str(folder), str(ROOT / "src")])
    environment = {**bare, "PYTHONPATH": path, **dict(s.split("=", 1) for s in settings), **more}
    with program([sys.executable, "-m", *words], port, folder, env=environment):
        yield port


SERVERS = {words[1].partition(":")[0]: words for words in commands("gunicorn and uvicorn")}
POLICY_FILE, SETTINGS, FIXES = (
    block("Deploying", "toml"),
    *[b.text for b in BLOCKS if (b.heading, b.language) == ("Who the visitor is", "python")],
)


class Site(NamedTuple):
    """A site, and what the page says to write down beside it: a file's name and text."""

    module: str
    file: str = ""
    text: str = ""


SITES = {
    "Flask, the policy's proxies": Site("shop", "alpines-privacy.toml", POLICY_FILE),
    "Flask, ProxyFix": Site("shop", "fixes.py", FIXES),
    "FastAPI, the policy's proxies": Site("board", "alpines-privacy.toml", POLICY_FILE),
    "FastAPI, uvicorn": Site("board"),
}


@contextmanager
def running(site: Site, folder: Path) -> Iterator[int]:
    """Serve a site as the page says."""
    shutil.copytree(DEPLOYED, folder, dirs_exist_ok=True)
    if site.file:
        with (folder / site.file).open("a", encoding="utf-8") as file:
            file.write(site.text)
    with app_server(SERVERS[site.module], folder) as port:
        yield port


# --- The proxies


@contextmanager
def nginx(origin: int, folder: Path, text: str = "") -> Iterator[int]:
    found = debian_program("nginx", "nginx-light")
    port = free_port()
    server = placed(
        text or block("nginx", "nginx"),
        **{
            "listen 443": f"listen 127.0.0.1:{port}",
            "/etc/ssl/shop": str(folder),
        },
    ).replace("127.0.0.1:8000", f"127.0.0.1:{origin}")
    kept = " ".join(
        f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    around = "daemon off; master_process off; pid nginx.pid; error_log stderr warn; events { }"
    (folder / "nginx.conf").write_text(
        f"{around}\nhttp {{ access_log off; {kept}\n{server}\n}}\n", encoding="utf-8"
    )
    command = [found, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
    with program(command, port, folder):
        yield port


APACHE = """
ServerRoot {folder}
PidFile {folder}/pid
Listen 127.0.0.1:{port}
ErrorLog /dev/stderr
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
"""


def behind_apache(origin: int, folder: Path) -> AbstractContextManager[int]:
    port = free_port()
    enabled = re.search(r"`a2enmod ([^`]+)`", TEXT)
    assert enabled
    modules = "\n".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
        for name in enabled[1].split()
    )
    host = placed(
        block("Apache", "apache"),
        **{
            "*:443": f"*:{port}",
            "/etc/ssl/shop": str(folder),
            "127.0.0.1:8000": f"127.0.0.1:{origin}",
        },
    )
    text = f"{APACHE.format(folder=folder, port=port)}{modules}\n{host}"
    return apache(text, port, folder)


def behind_haproxy(origin: int, folder: Path) -> AbstractContextManager[int]:
    port = free_port()
    text = placed(
        block("HAProxy", "haproxy"),
        **{
            "bind :443": f"bind 127.0.0.1:{port}",
            "/etc/ssl/shop": str(folder),
            "127.0.0.1:8000": f"127.0.0.1:{origin}",
        },
    )
    (folder / "both.pem").write_bytes(
        (folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes()
    )
    return haproxy(text, port, folder)


@contextmanager
def varnish(origin: int, folder: Path) -> Iterator[int]:
    found = debian_program("varnishd", "varnish")
    port = free_port()
    heading = "Caches, CDNs and `Vary`"
    text = placed(block(heading, "vcl"), **{'.port = "8000"': f'.port = "{origin}"'})
    (folder / "site.vcl").write_text(text, encoding="utf-8")
    listen = ["-a", f"127.0.0.1:{port}", "-T", "none", "-s", "malloc,8m"]
    place = ["-j", "none", "-n", str(folder / "work"), "-f", str(folder / "site.vcl")]
    with program([found, "-F", *listen, *place], port, folder):
        yield port


@contextmanager
def nginx_and_varnish(origin: int, folder: Path) -> Iterator[int]:
    with varnish(origin, folder) as cache, nginx(cache, folder) as port:
        yield port


Proxy = Callable[[int, Path], AbstractContextManager[int]]
PROXIES: dict[str, Proxy] = {
    "nginx": nginx,
    "Apache": behind_apache,
    "HAProxy": behind_haproxy,
    "nginx and Varnish": nginx_and_varnish,
}


# --- A visitor


class Answer(NamedTuple):
    """What came back."""

    status: int
    fields: Message
    body: str

    def cookies(self) -> dict[str, str]:
        """Return each cookie's line by its name."""
        lines = self.fields.get_all("Set-Cookie") or []
        return {line.partition("=")[0]: line for line in lines}


class Visit(NamedTuple):
    """A visitor, whose address is not the proxy's, before a proxy that ends TLS."""

    port: int

    def ask(self, path: str, fields: dict[str, str], form: dict[str, str] | None = None) -> Answer:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=60, context=context, source_address=(VISITOR, 0)
        )
        with closing(connection):
            body = None if form is None else urlencode(form)
            kind = {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request(
                "GET" if form is None else "POST", path, body, {"Host": HOST, **kind, **fields}
            )
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with socket.socket() as other:
        try:
            other.bind((VISITOR, 0))
        except OSError:
            need("a second loopback address", present=False, hint=f"{VISITOR} cannot be bound")
    folder = tmp_path_factory.mktemp("certificate")
    make_certificate(folder)
    return folder


@pytest.fixture(scope="module", params=SITES.values(), ids=list(SITES))
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    with running(request.param, tmp_path_factory.mktemp("site")) as origin:
        yield origin


@pytest.mark.parametrize("proxy", PROXIES.values(), ids=PROXIES)
def test_a_site_behind_a_proxy_knows_its_visitors(
    proxy: Proxy, served: int, certificate: Path, tmp_path: Path
) -> None:
    shutil.copytree(certificate, tmp_path, dirs_exist_ok=True)
    with proxy(served, tmp_path) as port:
        visit = Visit(port)
        for fields in ({}, SPOOFED, GPC | SPOOFED):
            page = visit.ask("/", fields)
            assert page.status == 200
            assert not loads_tracker(page)
            assert {"DNT", "Sec-GPC"} <= set(re.split(r",\s*", page.fields["Vary"]))
            assert "Secure" in page.cookies()["session"]
            assert ("_ga" in page.cookies()) is not ("Sec-GPC" in fields)
            shield = re.search(r'<script src="?([^\s">]+)', page.body)
            assert shield
            assert visit.ask(shield[1], fields).status == 200
            seen = json.loads(visit.ask("/view", fields).body)
            assert seen["origin"] == f"https://{HOST}"
            assert _is_visitor(seen["address"], proxy)


def loads_tracker(page: Answer) -> bool:
    return re.search(r'\ssrc="?https://www.google-analytics.com', page.body) is not None


def _is_visitor(address: str, proxy: Proxy) -> bool:
    """Whether an address is the visitor's; Varnish adds its own peer, which is nginx."""
    return address == VISITOR or (proxy is nginx_and_varnish and address == "127.0.0.1")


@pytest.fixture(scope="module")
def mysite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve the Django site with the page's settings, and with somebody who may enter the admin."""
    folder = tmp_path_factory.mktemp("mysite")
    shutil.copytree(DEPLOYED, folder, dirs_exist_ok=True)
    with (folder / "mysite/settings.py").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS)
    script = (
        "import django; django.setup(); from django.core.management import call_command as c; "
        "c('migrate', verbosity=0); from django.contrib.auth.models import User; "
        "User.objects.create_superuser('mira', 'mira@example.org', 'the pass in July')"
    )
    path = os.pathsep.join([str(folder), str(ROOT / "src")])
    environment = os.environ | {"PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "mysite.settings"}
    command = [sys.executable, "-c", script]
    subprocess.run(command, check=True, cwd=folder, env=environment)  # noqa: S603 - our own
    with app_server(SERVERS["mysite.wsgi"], folder) as port:
        yield port


@pytest.mark.parametrize("fields", [{}, GPC, GPC | SPOOFED], ids=["none", "GPC", "GPC, spoofed"])
@pytest.mark.parametrize("proxy", PROXIES.values(), ids=PROXIES)
def test_djangos_admin_works_behind_a_proxy(
    proxy: Proxy, fields: dict[str, str], certificate: Path, mysite: int, tmp_path: Path
) -> None:
    shutil.copytree(certificate, tmp_path, dirs_exist_ok=True)
    with proxy(mysite, tmp_path) as port:
        _enter_admin(Visit(port), fields)


def _enter_admin(visit: Visit, fields: dict[str, str]) -> None:
    page = visit.ask("/admin/login/", fields)
    assert page.status == 200
    assert "*.shop.example" in page.fields["Content-Security-Policy"]
    assert "127.0.0.1" not in str(page.fields)
    token = page.cookies()["csrftoken"]
    assert "Secure" in token
    hidden = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.body)
    assert hidden
    form = {
        "csrfmiddlewaretoken": hidden[1],
        "username": "mira",
        "password": "the pass in July",
        "next": "/admin/",
    }
    sent = {"Cookie": token.partition(";")[0], "Referer": f"https://{HOST}/admin/login/"}
    entered = visit.ask("/admin/login/", {**fields, **sent}, form)
    assert entered.status == 302
    session = entered.cookies()["sessionid"]
    assert "Secure" in session
    inside = visit.ask("/admin/", {**fields, "Cookie": session.partition(";")[0]})
    assert inside.status == 200
    assert "Log out" in inside.body


def test_a_site_behind_a_socket_knows_its_visitors(
    certificate: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("s")  # a socket's path is short
    for each in (certificate, DEPLOYED):
        shutil.copytree(each, folder, dirs_exist_ok=True)
    heading = "Over a socket"
    trusted = block(heading, "toml")
    policy = placed(POLICY_FILE, **{'trusted_proxies = ["127.0.0.1"]\n': trusted})
    (folder / "alpines-privacy.toml").write_text(policy, encoding="utf-8")
    upstream = placed(block(heading, "nginx"), **{"/run/shop": str(folder)})
    server = placed(block("nginx", "nginx"), **{"proxy_pass http://127.0.0.1:8000;": upstream})
    (command,) = commands(heading)
    with app_server(command, folder), nginx(8000, folder, server) as port:
        for fields in ({}, SPOOFED):
            seen = json.loads(Visit(port).ask("/view", fields).body)
            assert (seen["origin"], seen["address"]) == (f"https://{HOST}", VISITOR)
            assert "Secure" in Visit(port).ask("/", fields).cookies()["session"]


# --- Caches


def test_varnish_keeps_visitors_apart_and_all_spellings_of_a_signal_together(
    tmp_path: Path,
) -> None:
    with ExitStack() as stack:
        origin = stack.enter_context(wsgi_origin(protect(shop, CACHED_POLICY)))
        port = stack.enter_context(varnish(origin, tmp_path))

        def ask(visitor: str, path: str, **other: str) -> Got:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
                connection.request("GET", path, headers={**VISITORS[visitor], **other})
                answer = connection.getresponse()
                hit = " " in (answer.getheader("X-Varnish") or "")
                return Got(answer.getheader("Set-Cookie") is not None, answer.read(), hit)

        assert [m for visits in orders() for m in mistakes(ask, visits)] == []
        assert [ask("DNT", "/page?x").from_cache for _ in range(2)] == [False, True]
        assert ask("none", "/page?x", DNT="1xyz").from_cache


def test_the_command_tells_whether_a_cache_hands_the_signal_on(
    certificate: Path, tmp_path: Path
) -> None:
    need("curl", shutil.which("curl") is not None, "apt-get install curl")
    shutil.copytree(certificate, tmp_path, dirs_exist_ok=True)
    site = SITES["Flask, the policy's proxies"]
    with running(site, tmp_path) as origin, nginx(origin, tmp_path) as port:
        line = block("Caches, CDNs and `Vary`", "console").removeprefix("$ ")
        here = {
            "curl -s": f"curl -s -k --resolve {HOST}:{port}:127.0.0.1",
            f"https://{HOST}/": f"https://{HOST}:{port}/",
        }
        said = _shell(placed(line, **here)).lower()
        assert "tk: n" in said
        assert "vary:" in said
        assert "_ga=1" not in said
        silent = _shell(placed(line, **here, **{"-H 'DNT: 1'": ""})).lower()
        assert "tk:" not in silent
        assert "_ga=1" in silent


def _shell(line: str) -> str:
    bash = shutil.which("bash")
    need("bash", bash is not None, "apt-get install bash")
    command = [str(bash), "-c", line]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - the page's own


# --- Keys, health checks, modes


def test_the_key_that_the_page_makes_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    line = block("The key", "console").removeprefix("$ ").strip()
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    keys = [_shell(f'{line}; echo "$ALPINES_PRIVACY_SECRET_KEY"').strip() for _ in range(2)]
    assert keys[0] != keys[1]
    for given in (keys[0], ",".join(keys)):
        assert SecretKeys.given({"ALPINES_PRIVACY_SECRET_KEY": given})


def test_a_health_check_gets_what_the_app_says(tmp_path: Path) -> None:
    with running(SITES["Flask, the policy's proxies"], tmp_path) as port:
        answer = _asked_directly(port, "/healthz")
    assert (answer.status, answer.body) == (200, "<p>well")
    assert not {"Vary", "Tk", "Permissions-Policy"} & set(answer.fields)


@pytest.mark.parametrize(("mode", "leaves"), [("report", True), ("off", True), ("enforce", False)])
def test_the_mode_of_the_environment_wins(mode: str, leaves: bool, tmp_path: Path) -> None:
    (command,) = commands("From report to enforce")
    assert f"`ALPINES_PRIVACY_MODE={mode}`" in TEXT
    shutil.copytree(DEPLOYED, tmp_path, dirs_exist_ok=True)
    (tmp_path / "alpines-privacy.toml").write_text(POLICY_FILE, encoding="utf-8")
    command = [word.replace("=report", f"={mode}") for word in command]
    with app_server(command, tmp_path) as port:
        answer = _asked_directly(port, "/")
    said = "".join(log.read_text("utf-8") for log in tmp_path.glob("*.log"))
    assert loads_tracker(answer) is leaves
    assert ("_ga" in answer.cookies()) is leaves
    assert ("overrides the policy's mode" in said) is (mode != "enforce")
    assert ("_ga" in said) is (mode != "off")


def _asked_directly(port: int, path: str) -> Answer:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", path, headers={"DNT": "1"})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read().decode())


# --- Head sizes


def test_more_room_for_heads_is_there_once_it_is_set(certificate: Path, tmp_path: Path) -> None:
    more = block("Head sizes", "nginx")
    for folder, text, status in (("as it is", "", 502), ("set", more, 200)):
        place = tmp_path / folder.replace(" ", "-")
        shutil.copytree(certificate, place)
        server = placed(block("nginx", "nginx"), proxy_pass=f"{text}\nproxy_pass")
        origin = wsgi_origin(protect(site_with_a_large_head, PrivacyPolicy()))
        with origin as app, nginx(app, place, server) as port:
            assert Visit(port).ask("/5000", {}).status == status


# --- Docker


DOCKERFILE = [
    line.partition(" ")[::2] for line in block("Docker", "dockerfile").splitlines() if line
]
COMPOSE: Any = yaml.safe_load(block("Docker", "yaml"))


def test_the_commands_of_the_dockerfile_start_the_app_and_find_it_well(tmp_path: Path) -> None:
    shutil.copytree(DEPLOYED, tmp_path, dirs_exist_ok=True)
    said = dict(DOCKERFILE)
    command = json.loads(said["CMD"])
    check = json.loads(said["HEALTHCHECK"].removeprefix("CMD "))
    with app_server(command, tmp_path) as port:
        words = [sys.executable, *(word.replace(":8000", f":{port}") for word in check[1:])]
        assert check[0] == "python"
        assert subprocess.run(words, check=False).returncode == 0  # noqa: S603 - the page's own
    assert subprocess.run(words, check=False, capture_output=True).returncode != 0  # noqa: S603 - the page's own


def test_the_dockerfile_runs_as_nobody_in_particular_and_names_its_port() -> None:
    words = [word for word, _ in DOCKERFILE]
    known = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}
    assert words[0] == "FROM"
    assert set(words) <= known
    assert words.index("USER") > words.index("RUN")
    assert dict(DOCKERFILE)["EXPOSE"] in json.loads(dict(DOCKERFILE)["CMD"])[-1]


def test_only_the_proxy_can_reach_the_composed_app_and_is_the_one_believed() -> None:
    app, proxy = COMPOSE["services"]["app"], COMPOSE["services"]["proxy"]
    assert "ports" not in app
    assert proxy["ports"] == ["443:443"]
    assert app["networks"] == proxy["networks"] == list(COMPOSE["networks"])
    (network,) = COMPOSE["networks"]["inner"]["ipam"]["config"]
    assert f'trusted_proxies = ["{network["subnet"]}"]' in TEXT
    PrivacyPolicy(trusted_proxies=[network["subnet"]])  # or it raises
    assert app["environment"]["ALPINES_PRIVACY_SECRET_KEY"].startswith(
        "${ALPINES_PRIVACY_SECRET_KEY:?"
    )
    # Where the block for nginx finds its certificate.
    folder = next(v.split(":")[1] for v in proxy["volumes"] if "certificates" in v)
    assert f"{folder}/cert.pem" in block("nginx", "nginx")


def test_every_block_is_tried_or_told_apart() -> None:
    """A block that is added to the page has to be tried too."""
    tried = {
        ("Deploying", "toml"),
        ("Who the visitor is", "python"),
        ("nginx", "nginx"),
        ("Over a socket", "console"),
        ("Over a socket", "nginx"),
        ("Over a socket", "toml"),
        ("Apache", "apache"),
        ("HAProxy", "haproxy"),
        ("gunicorn and uvicorn", "console"),
        ("The key", "console"),
        ("Caches, CDNs and `Vary`", "vcl"),
        ("Caches, CDNs and `Vary`", "console"),
        ("Docker", "dockerfile"),
        ("Docker", "yaml"),
        ("From report to enforce", "console"),
        ("Head sizes", "nginx"),
    }
    assert {(b.heading, b.language) for b in BLOCKS} == tried
    assert len(BLOCKS) == len(tried) + 1  # two of Python
