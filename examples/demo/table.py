"""The table, 80 columns wide, in colour where somebody looks at it."""

import os
import textwrap
from collections.abc import Sequence
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import TextIO

from alpines_privacy.breach.drill.drill import Check as Held
from examples.demo.checks import Row
from examples.demo.internet import Asked
from examples.demo.servers import Pair
from examples.demo.vendors import vendor_of

WIDTHS = (20, 11, 21, 21)
BOLD, DIM, GREEN, RED = "1", "2", "32", "1;31"


class Table:
    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colour = out.isatty() and not os.environ.get("NO_COLOR")
        self._last = ""
        self.total = self.wrong = 0

    def opening(self, *, has_browser: bool) -> None:
        self._say("Three apps, bare and protected, visited without a privacy signal and with each.")
        self._say("Pages: which cookies they set (-name: take away). Log in, fill the cart: which")
        self._say("cookies the browser holds once it worked. Sign up: what comes of it.")
        self._say("Trackers, ads, payment: whom the front page loads from. The log: which of")
        self._say("what a visitor told the app stands in it. A card, a weak password, guesses at a")
        self._say("password, data that no policy declares: what the app answers, or its log says.")
        if not has_browser:
            self._say("There is no Chromium here: no row shows what a browser asks for.")

    def heading(self, pair: Pair) -> None:
        exhibit = pair.exhibit
        versions = f"{exhibit.framework} {version(exhibit.framework)} on {exhibit.server}"
        self._say()
        self._say(self._painted(exhibit.name.upper(), BOLD) + f"  {versions}")
        self._say(self._painted("-" * 79, DIM))
        columns = "", "signal", f"bare :{pair.bare.port}", f"protected :{pair.protected.port}"
        self._say(self._painted(_line(columns).rstrip(), DIM))
        self._last = ""

    def row(self, row: Row) -> None:
        self.total += 1
        self.wrong += not row.expected
        what = row.what if row.what != self._last else ""
        self._last = row.what
        cells = [
            textwrap.wrap(cell, width)
            for cell, width in zip((what, row.signal, row.bare, row.protected), WIDTHS, strict=True)
        ]
        first, *rest = zip_longest(*cells, fillvalue="")
        mark = self._painted("ok", GREEN) if row.expected else self._painted("NO", RED)
        self._say(f"{_line(first)} {mark}")
        for line in rest:
            self._say(_line(line).rstrip())
        for label, text in row.quotes:
            for part in textwrap.wrap(
                text, 79, initial_indent=f"  {label:9} ", subsequent_indent=" " * 12
            ):
                self._say(self._painted(part, DIM))

    def drill_heading(self) -> None:
        self._say()
        self._say(
            self._painted("BREACH", BOLD)
            + "  a drill with invented people and a mail server of its own"
        )
        self._say(self._painted("-" * 79, DIM))

    def step(self, step: str, what: str) -> None:
        """Tell of a step of the drill."""
        self._say(self._painted(f"{step:<20} {what}"[:79], DIM))

    def check(self, check: Held) -> None:
        """Show what has to hold at the end of the drill."""
        self.total += 1
        self.wrong += not check.holds
        mark = self._painted("ok", GREEN) if check.holds else self._painted("NO", RED)
        self._say(f"{check.what:<54.54} {check.found:<21.21} {mark}")

    def evidence(self, folder: Path) -> None:
        self._say("The evidence that the drill has left:")
        self._say(f"  {folder}/evidence.html")
        self._say()

    def verdict(self) -> None:
        self._say()
        if self.wrong:
            self._say(self._painted(f"{self.wrong} of {self.total} rows are not as expected.", RED))
        else:
            self._say(self._painted(f"All {self.total} rows are as expected.", GREEN))

    def invitation(self, pairs: Sequence[Pair], others: int) -> None:
        self._say()
        self._say("Now look for yourself; Ctrl-C ends it. Every name below is this machine.")
        for pair in pairs:
            self._say(f"  {pair.exhibit.name:5} {pair.bare.url:36} {pair.protected.url}")
        self._say("Sign up, at any age; who is refused is until the browser is closed.")
        self._say("Log in as ayesha with mountain-lake; in the site's /admin/ as warden with")
        self._say("cairn-and-compass. A signal: Firefox's settings have one under Privacy, or")
        self._say(f"  curl -i -H 'Sec-GPC: 1' {pairs[0].protected.address}/")
        self._say()
        self._say("No page asks another company for anything: a policy of its own forbids that.")
        self._say("Started like this, Chromium finds stand-ins of theirs on this machine:")
        self._say("  chromium --user-data-dir=/tmp/demo --ignore-certificate-errors \\")
        self._say(
            f"    --host-resolver-rules='MAP *.example 127.0.0.1, MAP * 127.0.0.1:{others}' \\"
        )
        for server in (pairs[0].bare, pairs[0].protected):
            self._say(
                f"    http://{server.name}.example:{server.port}/"
                + (" \\" if server is pairs[0].bare else "")
            )
        self._say("Whom it asks is told here:")
        self._say()

    def asked(self, asked: Asked) -> None:
        """Tell of a request that reached a stand-in."""
        vendor = vendor_of(asked.host)
        who = f"{vendor.name}, {vendor.kind}" if vendor else "somebody else"
        page = asked.page.partition(".")[0] or "a page"
        line = f"{page:15} {who:20} {asked.host}"[:80]
        # Any program on the machine can ask, with whatever would move a terminal's cursor.
        self._say("".join(letter if letter.isprintable() else "?" for letter in line))

    def _say(self, text: str = "") -> None:
        self._out.write(text + "\n")
        self._out.flush()

    def _painted(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text


def _line(cells: Sequence[str]) -> str:
    return " ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True))
