"""What all visits of an audit share, and how long each part of one may take."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alpines_privacy.audit.browser.scope import Scope
from alpines_privacy.audit.browser.upstream import Upstream

__all__ = ["Bounds", "BrowserLost", "Setting"]


class BrowserLost(Exception):  # noqa: N818 - what happened, not an error of anybody's
    """The browser has ended or does not answer: it is to be started again."""


@dataclass(frozen=True)
class Bounds:
    """Seconds that parts of a visit may take.

    `load`: until the page is loaded; `quiet`: how long nothing happens before the visit goes on; `settle`: how long
    it waits for that; `step`: anything else.
    """

    load: float = 15.0
    quiet: float = 0.2
    settle: float = 2.0
    step: float = 5.0


@dataclass(frozen=True)
class Setting:
    """What all visits of an audit share.

    `cookies` are given to each context (a login's), as Playwright's `add_cookies` takes them; `known` are the visitor's
    own values, which no other host may get; `own_path` is where this library's own pages and scripts are.
    """

    scope: Scope
    upstream: Upstream
    tls: ssl.SSLContext
    cookies: Sequence[Mapping[str, Any]] = ()
    known: Sequence[str] = ()
    bounds: Bounds = field(default_factory=Bounds)
    own_path: str = "/_privacy/"
