"""One embed: what its page loads and from whom, and what must go on working without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

__all__ = ["Embed", "Way"]

# How the load comes about, and so what stops it.
# "markup": the URL stands in the page's markup (or its head): the filter.
# "inline": an inline script makes it: the shield.
# "element": a file of the site's own makes a script, frame, object or worker: the shield.
# "beacon": a file of the site's own, a style sheet or an event handler sends it: the shield, but for style sheets.
# "act": the visitor sends a form or follows a link: nobody stops it.
# "control": nobody stops it, and nobody should.
Way = Literal["markup", "inline", "element", "beacon", "act", "control"]

_PAGES = Path(__file__).parent / "pages"
_PARTS = ("head", "body", "own")


@dataclass(frozen=True, kw_only=True)
class Embed:
    """A page's third parties.

    `always` are the hosts it reaches that nobody's browser may (EasyPrivacy, analytics, tag
    managers, retargeting); `ads` those it may reach while there is no signal; `noscript` those
    that only a browser without scripts reaches; `named` those that hints speak of (`dns-prefetch`,
    `preconnect`): Debian's Chromium follows neither, so they are judged by markup and head. All
    of these are reached bare. `reached` are a control's: third parties that must be reached protected as well.
    `body` is what the page holds where no file of `pages` tells it.
    `allows` says by what the app's own Content-Security-Policy lets the page's scripts run.
    `left` are those of `always` that only `loads = "declared"` stops: a dynamic `import()`, a style sheet.
    `ran` is what the page's own code writes down when it ran to its end, `called` that a callback
    came which it gave the tracker and waits for. `slots` selects what an ad would fill.
    """

    name: str
    way: Way
    always: tuple[str, ...] = ()
    ads: tuple[str, ...] = ()
    noscript: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    ran: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    slots: str = ""
    body: str = ""
    allows: Literal["anything", "nonces", "hashes"] = "anything"
    fields: Mapping[str, str] = field(default_factory=dict)
    scheme: Literal["https", "http"] = "https"
    leaves: bool = False

    @property
    def stopped(self) -> tuple[str, ...]:
        """Every host that must not be reached whatever `loads` says."""
        return tuple(host for host in self.always if host not in self.left)

    @property
    def listed(self) -> frozenset[str]:
        """Every host that must not be reached under a signal."""
        return frozenset(self.always + self.ads)

    def expected(self, *, scripts: bool) -> set[str]:
        """Return the hosts that requests reach when nothing stops them."""
        return set(self.always + self.ads) if scripts else set(self.noscript)

    @cached_property
    def parts(self) -> dict[str, str]:
        """What the embed puts into a page's head, its body and after its text."""
        parts = {**dict.fromkeys(_PARTS, ""), "body": self.body}
        part = "body"
        file = _PAGES / f"{self.name}.html"
        for line in (
            file.read_text(encoding="utf-8").splitlines(keepends=True) if file.exists() else ()
        ):
            mark = line.strip().removeprefix("<!-- ").removesuffix(" -->")
            if mark in _PARTS:
                part = mark
            else:
                parts[part] += line
        return parts

    @cached_property
    def script(self) -> str | None:
        """The site's own file that injects, where there is one."""
        file = _PAGES / f"{self.name}.js"
        return file.read_text(encoding="utf-8") if file.exists() else None


def pages() -> set[str]:
    """Return the names of all that have a file, to see that the table has them all."""
    return {file.stem for file in _PAGES.iterdir()}
