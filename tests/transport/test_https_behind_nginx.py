"""Policy §6, transport: behind nginx that ends TLS, on gunicorn and uvicorn; no redirect leads in a circle."""

from __future__ import annotations

import http.client
import ssl
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.support.certificate import make_certificate
from tests.support.processes import debian_program, free_port, program

ROOT = Path(__file__).parents[2]
HOST = "www.shop.example"
SITES = {
    "gunicorn": """
from alpines_privacy import PrivacyPolicy, protect

def shop(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "sid=1")])
    return [b"<p>" + environ["REQUEST_METHOD"].encode()]

app = protect(shop, PrivacyPolicy.load("alpines-privacy.toml"))
""",
    "uvicorn": """
from alpines_privacy import PrivacyPolicy, protect

async def shop(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})
    elif scope["type"] == "http":
        fields = [(b"content-type", b"text/html"), (b"set-cookie", b"sid=1")]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": b"<p>" + scope["method"].encode()})

app = protect(shop, PrivacyPolicy.load("alpines-privacy.toml"))
""",
}
POLICY = """
https = "require"
https_exempt = ["/healthz"]
upgrade_insecure_requests = true
{proxies}
[hsts]
max_age = 300
"""
# gunicorn and uvicorn believe a proxy on the same machine unless they are told not to.
COMMANDS = {
    "gunicorn": ["gunicorn", "--forwarded-allow-ips", "", "--bind"],
    "uvicorn": ["uvicorn", "--no-proxy-headers", "--port"],
}
NGINX = """
daemon off; master_process off; pid nginx.pid; error_log stderr warn; events {{ }}
http {{
    access_log off;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
    server {{
        listen 127.0.0.1:{http};
        listen 127.0.0.1:{https} ssl;
        ssl_certificate cert.pem;
        ssl_certificate_key key.pem;
        location / {{
            proxy_pass http://127.0.0.1:{app};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            {told}
        }}
    }}
}}
"""
TELLS = """
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header Forwarded "";
"""
DROPS = 'proxy_set_header X-Forwarded-Proto ""; proxy_set_header Forwarded "";'
TRUSTS = 'trusted_proxies = ["127.0.0.1"]'


class Site(NamedTuple):
    """The ports of nginx, the app's own, and the folder where its log is."""

    http: int
    https: int
    app: int
    folder: Path


@contextmanager
def served(server: str, folder: Path, *, told: str, proxies: str) -> Iterator[Site]:
    found = debian_program("nginx", "nginx-light")
    make_certificate(folder)
    site = Site(free_port(), free_port(), free_port(), folder)
    (folder / "site.py").unlink(missing_ok=True)
    (folder / "shop.py").write_text(SITES[server], "utf-8")
    (folder / "alpines-privacy.toml").write_text(POLICY.format(proxies=proxies), "utf-8")
    ports = {"http": site.http, "https": site.https, "app": site.app}
    (folder / "nginx.conf").write_text(NGINX.format(told=told, **ports), "utf-8")
    name, *options = COMMANDS[server]
    at = f"127.0.0.1:{site.app}" if server == "gunicorn" else str(site.app)
    command = [sys.executable, "-m", name, *options, at, "shop:app"]
    environment = {"PYTHONPATH": f"{folder}:{ROOT / 'src'}", "PATH": "/usr/bin:/bin"}
    nginx = [found, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
    with (
        program(command, site.app, folder, env=environment),
        program(nginx, site.https, folder),
    ):
        yield site


class Got(NamedTuple):
    """An answer: its status and its fields."""

    status: int
    fields: http.client.HTTPMessage


def ask(site: Site, method: str, path: str, *, tls: bool, host: str = HOST, **fields: str) -> Got:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = (
        http.client.HTTPSConnection("127.0.0.1", site.https, timeout=60, context=context)
        if tls
        else http.client.HTTPConnection("127.0.0.1", site.http, timeout=60)
    )
    with closing(connection):
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        body = b"x=1" if method == "POST" else None
        connection.request(method, path, body, {"Host": host, **headers})
        response = connection.getresponse()
        response.read()
        return Got(response.status, response.headers)


def followed(site: Site, path: str, **fields: str) -> list[int]:
    """Return the statuses a browser sees that asks over http and follows redirects, as many as browsers do."""
    statuses, tls = [], False
    for _ in range(20):
        # A browser says where a request comes from over https alone.
        own = {"Sec_Fetch_Site": "none", "Sec_Fetch_Mode": "navigate"} if tls else {}
        got = ask(site, "GET", path, tls=tls, **own, **fields)
        statuses.append(got.status)
        if got.status != 308:
            return statuses
        leads = urlsplit(got.fields["Location"])
        assert (leads.scheme, leads.netloc) == ("https", HOST)
        path, tls = leads.path + (f"?{leads.query}" if leads.query else ""), True
    raise AssertionError("a circle")


servers = pytest.mark.parametrize("server", SITES)


@servers
def test_a_site_behind_nginx_takes_https_alone(server: str, tmp_path: Path) -> None:
    with served(server, tmp_path, told=TELLS, proxies=TRUSTS) as site:
        assert followed(site, "/a%2Fb?q=%20") == [308, 200]
        plain = ask(site, "GET", "/a%2Fb//c?q=%20&x", tls=False)
        assert plain.fields["Location"] == f"https://{HOST}/a%2Fb//c?q=%20&x"
        assert plain.fields["Strict-Transport-Security"] is None
        assert ask(site, "POST", "/", tls=False).status == 403
        page = ask(site, "GET", "/", tls=True)
        assert page.fields["Strict-Transport-Security"] == "max-age=300"
        assert page.fields["Content-Security-Policy"] == "upgrade-insecure-requests"
        assert "Secure" in page.fields["Set-Cookie"]
        assert ask(site, "POST", "/", tls=True).status == 200
        # A visitor's own word does not count: nginx writes over it.
        assert ask(site, "GET", "/", tls=False, X_Forwarded_Proto="https").status == 308
        assert ask(site, "GET", "/", tls=False, Forwarded="proto=https").status == 308
        assert ask(site, "GET", "/healthz", tls=False, host="10.0.0.7:8000").status == 200


@servers
@pytest.mark.parametrize(("told", "proxies"), [(TELLS, ""), (DROPS, ""), (DROPS, TRUSTS)])
def test_an_operator_s_mistake_is_an_answer_and_a_line_in_the_log_but_no_circle(
    server: str, told: str, proxies: str, tmp_path: Path
) -> None:
    with served(server, tmp_path, told=told, proxies=proxies) as site:
        assert followed(site, "/")[-1] == 403
        assert ask(site, "GET", "/", tls=False, X_Forwarded_Proto="https").status in {308, 403}
        log = next(tmp_path.glob(f"*-{site.app}.log")).read_text("utf-8")
        assert log.count("would lead in a circle") <= 2  # who says it: a proxy, a browser
        assert "trusted_proxies" in log


@pytest.mark.parametrize(("tls", "status"), [(True, 101), (False, 403)])
def test_a_websocket_through_nginx(*, tls: bool, status: int, tmp_path: Path) -> None:
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    with served("uvicorn", tmp_path, told=TELLS, proxies=TRUSTS) as site:
        assert ask(site, "GET", "/live", tls=tls, **upgrade).status == status
