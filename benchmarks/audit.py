"""`python -m benchmarks.audit`: an audit of a site of fifty pages, in this process and in Chromium.

Seconds by the clock, and of processor time of this process and its children, the median of several
audits beside their budgets. The site is ours: each page of 20 KB has a script, pictures of its own, a
form, links to ten other pages, and loads from three other hosts, a tracker among them, which the
audit never reaches.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.support.processes import wsgi_origin

from alpines_privacy.audit import Options, run

_PAGES = 50
_LINE = "{:<34}{:>10}{:>10}{:>10}{:>10}"
_PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
_SCRIPT = b"document.title += ' ' + localStorage.length; fetch('/data.json').then(a => a.json());"
_BODY = "<p>" + "Tea of the high gardens, black and green, in tins of a pound. " * 30 + "</p>"


class _Took(NamedTuple):
    clock: float
    cpu: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="audits of each kind")
    parser.add_argument("--in-process", action="store_true", help="leave Chromium out")
    asked = parser.parse_args()
    print(_LINE.format("", "clock, s", "CPU, s", "budget, s", "pages"))
    _print("in this process", 20, [_audited(_site) for _ in range(asked.rounds)])
    with wsgi_origin(_site) as port:
        address = f"http://127.0.0.1:{port}"
        _print("by its URL", None, [_audited(address) for _ in range(asked.rounds)])
        if not asked.in_process:
            took = [_audited(address, browser=True) for _ in range(asked.rounds)]
            _print("by its URL, in Chromium too", 90, took)


def _audited(target: Any, *, browser: bool = False) -> _Took:
    clock, cpu = time.perf_counter(), _cpu()
    report = run(target, options=Options(pages=_PAGES, browser=browser))
    if report.pages != _PAGES:
        raise SystemExit(f"{report.pages} pages were visited; expected {_PAGES}")
    return _Took(time.perf_counter() - clock, _cpu() - cpu)


def _cpu() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def _print(name: str, budget: int | None, took: list[_Took]) -> None:
    clock = statistics.median(each.clock for each in took)
    cpu = statistics.median(each.cpu for each in took)
    print(_LINE.format(name, f"{clock:.1f}", f"{cpu:.1f}", budget or "", _PAGES), flush=True)


def _site(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    kind, body = _answer(environ["PATH_INFO"])
    fields = [("Content-Type", kind), ("Content-Length", str(len(body)))]
    if kind.startswith("text/html"):
        fields.append(("Set-Cookie", "session=s3cret; HttpOnly; SameSite=Lax; Path=/"))
    start_response("200 OK" if body else "404 Not Found", fields)
    return iter([body])


def _answer(path: str) -> tuple[str, bytes]:
    if path.endswith(".svg"):
        return "image/svg+xml", _PICTURE
    if path == "/site.js":
        return "text/javascript", _SCRIPT
    if path == "/data.json":
        return "application/json", b'{"tins": 9}'
    number = path.removeprefix("/page/") if path != "/" else "0"
    if not number.isdecimal() or int(number) >= _PAGES:
        return "text/plain", b""
    return "text/html; charset=utf-8", _page(int(number)).encode()


def _page(number: int) -> str:
    links = (f'<li><a href="/page/{(number + n) % _PAGES}">Tea {n}</a></li>' for n in range(1, 11))
    pictures = (f'<img src="/{number}-{n}.svg" alt="Tin {n}">' for n in range(5))
    return f"""<!doctype html><html lang="en"><title>Tea {number}</title>
<link rel="stylesheet" href="https://cdn.example.net/site.css">
<script src="/site.js" defer></script>
<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
<h1>Tea {number}</h1><ul>{"".join(links)}</ul>{"".join(pictures)}
<img src="https://img.example.org/{number}.png" alt="">
<form action="/order" method="post"><label>Tins <input name="tins"></label><button>Order</button></form>
{_BODY * 9}</html>"""


if __name__ == "__main__":
    main()
