"""`[breach.smtp]`: the mail server that notices of a data breach are given to (policy §14)."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Literal

from msgspec import Meta

from alpines_privacy.policy.errors import PolicyError
from alpines_privacy.policy.part import Part

__all__ = ["Smtp", "is_this_machine"]

_Text = Annotated[str, Meta(min_length=1)]
_Rate = Annotated[float, Meta(gt=0, le=100_000)]
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?")


class Smtp(Part, frozen=True, kw_only=True):
    """The mail server that notices are given to.

    - `host`, `port`: without a port 587 (RFC 6409), and 465 for `tls` (RFC 8314).
    - `security`: `starttls` and `tls` are required of the server, and its certificate is checked,
      against `ca_file` if there is one; `none` is for a server on this machine.
    - `user`: who signs in. The password comes from `ALPINES_PRIVACY_BREACH_SMTP_PASSWORD`.
    - `connections`: how many one process keeps open; `timeout`: seconds that an answer may take.
    - `rate`, `domain_rate`: messages a second of one process, to the server and to one recipient
      domain; without one, as many as the server takes.
    - `refusals`: the share of the last hundred answers which, refused for good, pauses the sending.
    """

    host: _Text
    port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: _Text | None = None
    connections: Annotated[int, Meta(ge=1, le=100)] = 4
    rate: _Rate | None = None
    domain_rate: _Rate | None = None
    ca_file: _Text | None = None
    timeout: Annotated[float, Meta(ge=0.1, le=600)] = 60
    refusals: Annotated[float, Meta(gt=0, le=1)] = 0.2

    def check(self) -> None:
        """Check the host, and that notices leave this machine encrypted."""
        if not _HOST.fullmatch(self.host) and _is_own_address(self.host) is None:
            raise PolicyError(
                f"{self.host[:60]!r} is no host; expected a name such as mail.example.com, "
                "the port apart",
                key="host",
            )
        if self.security == "none" and not is_this_machine(self.host):
            raise PolicyError(
                f'"none" sends notices unencrypted to {self.host[:60]}; expected "starttls" or '
                '"tls", or a host such as localhost',
                key="security",
            )

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port."""
        return self.host, self.port or (465 if self.security == "tls" else 587)


def _is_own_address(host: str) -> bool | None:
    """Return whether an IP address is this machine's own; None for a name."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return None


def is_this_machine(host: str) -> bool:
    """Whether a server's name or IP address is this machine itself, so that what is sent stays on it."""
    return host.lower().rstrip(".") == "localhost" or _is_own_address(host) is True
