"""What the shield costs a page in Chromium at 4x CPU throttling: parse and run, and each wrapped call.

    python -m benchmarks.shield

Bare and shielded are measured in turns in one browser; a call's cost is what it takes beyond the
bare one, the best of many batches on either side (others use the machine too).
"""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page
from tests.support.chromium import chromium
from tests.support.shielded import Site, sites

_THROTTLING = 4
_ROUNDS = 15
_CALLS = {
    "setAttribute, a listed address": "e.setAttribute('src', 'https://www.google-analytics.com/collect?v=' + i)",
    "setAttribute, another host's": "e.setAttribute('src', 'https://cdn.partner.example/a/b.png?v=' + i)",
    "setAttribute, the site's own": "e.setAttribute('src', '/img/b.png?v=' + i)",
    "setAttribute, no address": "e.setAttribute('class', 'c' + (i & 7))",
    "getAttribute": "e.getAttribute('class')",
    "src of a script": "s.src = 'https://cdn.partner.example/a.js?v=' + i",
    "innerHTML, 1 KB": "d.innerHTML = html",
    "XHR.open": "x.open('GET', 'https://cdn.partner.example/a?v=' + i)",
    "document.cookie": "document.cookie = 'a=1'",
}  # fmt: skip
_TIME = """([code, count]) => {
  const e = document.createElement("embed"), s = document.createElement("script"), d = document.createElement("div");
  const x = new XMLHttpRequest(), html = '<p class="a">text <a href="https://partner.example/x">link</a></p>'.repeat(15);
  const run = new Function("e", "s", "d", "x", "html", "i", code);
  for (let i = 0; i < count; i++) run(e, s, d, x, html, i);
  const start = performance.now();
  for (let i = 0; i < count; i++) run(e, s, d, x, html, i);
  return (performance.now() - start) * 1000 / count;
}"""


def _throttle(page: Page) -> None:
    session: Any = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": _THROTTLING})


def _start(site: Site, signal: str) -> list[float]:
    """Return milliseconds to compile and run the file, each in a page of its own."""
    taken = []
    for _ in range(_ROUNDS):
        site.open(bare=True)
        text = site.script(signal)
        taken.append(
            site.page.evaluate(
                """([text, data]) => {
                  const script = document.createElement("script");
                  for (const [name, value] of Object.entries(data)) script.setAttribute(name, value);
                  script.textContent = text;
                  const start = performance.now();
                  document.head.append(script);
                  return performance.now() - start;
                }""",
                [text, {"data-site": "shop.example"}],
            )
        )
    return taken


def _calls(site: Site) -> dict[str, tuple[float, float]]:
    """Return microseconds bare and shielded of each call."""
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in _CALLS}
    for turn in range(_ROUNDS):
        for shielded in (turn % 2, 1 - turn % 2):
            site.open(bare=not shielded)
            for name, code in _CALLS.items():
                found[name][shielded].append(site.page.evaluate(_TIME, [code, 500]))
    return {name: (min(b), min(s)) for name, (b, s) in found.items()}


def main() -> None:
    with chromium() as browser, sites(browser) as site:
        site.open(bare=True)
        _throttle(site.page)
        for signal in ("", "gpc"):
            taken = _start(site, signal)
            print(
                f"parse and run ({signal or 'no signal'}): {json.dumps([round(t, 1) for t in sorted(taken)])} ms"
            )
        print(f"{'call, us at 4x throttling':34} {'bare':>8} {'shielded':>9} {'more':>7}")
        for name, (bare, shielded) in _calls(site).items():
            print(f"{name:34} {bare:8.2f} {shielded:9.2f} {shielded - bare:7.2f}")


if __name__ == "__main__":
    main()
